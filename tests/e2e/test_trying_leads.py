"""Trying leads with what is there now: the worker's own answers, and nothing is written."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import inspect, text
from typer.testing import CliRunner

from agent.app import FIELDS
from agent.cli.main import cli
from agent.preview.columns import read_columns
from agent.preview.output import told
from agent.preview.situation import present
from agent.preview.verdicts import preview
from tests.e2e.test_commands import environment
from tests.e2e.test_console import QUINN
from tests.language.test_console_words import ANA, MARTA
from tests.support.consoles import form_secret, serving
from tests.support.worlds import Town

LEADS: tuple[Mapping[str, Any], ...] = (
    {"lastName": "One", "email": "one@one.example", "company": "One"},
    {"lastName": "Two", "email": "two@two.example", "company": "Two"},
    {"lastName": "Three", "email": "three@three.example", "company": "Three", "state": "Texas"},
    {"lastName": "Four", "email": "f@four.example", "company": "Four", "country": "Deutschland"},
    {"lastName": "Five", "email": "five@five.example", "company": "Five", "country": None},
    {"lastName": "Test", "email": "test@six.example", "company": "Six", "firstName": "test"},
)
USUAL: Mapping[str, Any] = {"firstName": "Dana", "country": "United States", "state": "California"}


def everything(here: Town) -> tuple[dict[str, list[Any]], list[Any]]:
    """All rows of the ledger, and all that vendors were made to do."""
    engine = here.app.ledger.engine
    with engine.connect() as connection:
        names = inspect(connection).get_table_names()
        rows = {
            name: sorted(map(repr, connection.execute(text(f"SELECT * FROM {name}"))))  # noqa: S608
            for name in names
        }
    return rows, [one for one in here.world.journal if one.kind == "effect"]


def test_what_is_tried_is_what_the_worker_then_does(here: Town) -> None:
    """The same owners, pool by pool; and trying them moved nothing."""
    sheet = [{**USUAL, "numberOfEmployees": "500", **one} for one in LEADS]
    columns = read_columns(list(sheet[0]), FIELDS)
    rows = [
        (line, columns.lead(line, [str(one[name] or "") for name in sheet[0]]))
        for line, one in enumerate(sheet, 2)
    ]
    before = everything(here)
    situation = present(here.app.context(), here.app.policy)
    tried = [told(one, ZoneInfo("UTC")) for one in preview(rows, situation, in_order=True)]
    assert before == everything(here)
    people = [here.arrive(**{**USUAL, **one}) for one in LEADS]
    here.pass_time(minutes=11)
    here.tick()
    verdicts = ["READY"] * 4 + ["PARK", "REJECT"]
    assert verdicts == [one["verdict"] for one in tried]
    ready = [here.owner(person) for person in people[:4]]
    assert ready == [one["owner_name"] for one in tried[:4]]
    assert ["parked", "rejected"] == [here.cycle(person).status for person in people[4:]]


def test_the_command_only_reads(
    here: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With credentials and a database both stay as they are; without a database none is made."""
    for name, value in environment(here, tmp_path).items():
        monkeypatch.setenv(name, value)
    before = everything(here)
    words = ["try", "email=dana@acme.example", "lastName=Fox", "company=Acme", "country=Germany"]
    done = CliRunner().invoke(cli, [*words, "--format", "json"])
    assert (0, "READY") == (done.exit_code, json.loads(done.stdout)[0]["verdict"])
    assert before == everything(here)
    absent = tmp_path / "absent" / "no.sqlite3"
    monkeypatch.setenv("ROUTEREADY_DATABASE", f"sqlite:///{absent}")
    failed = CliRunner().invoke(cli, words)
    assert "There is no database at" in str(failed.exception)
    assert not absent.parent.exists()


def test_leads_are_tried_in_the_console(here: Town) -> None:
    """Pasted rows or a filled form, for the current policy and for one that is tested."""
    with serving(here.app, "http://127.0.0.1:{port}") as served:
        session = served.visitor(QUINN)
        secret = {"csrf": form_secret(session.get(f"{served.url}/policy", timeout=60).text)}

        def post(path: str, **form: str) -> Any:  # noqa: ANN401  (a response)
            return session.post(f"{served.url}{path}", data={**secret, **form}, timeout=60)

        before, done = everything(here)
        before.pop("visit", None)
        rows = "email\tlastName\tcompany\tcountry\nd@a.example\tFox\tAcme\tDeutschland\nx\t=1\t\t\n"
        pasted = post("/policy/leads", rows=rows)
        assert (200, True) == (pasted.status_code, "2 leads tried" in pasted.text)
        assert "Ready to route" in pasted.text
        assert "Needs review" in pasted.text
        one = post("/policy/leads", country="Germany", lastName="<script>")
        assert (200, True) == (one.status_code, "1 lead tried" in one.text)
        assert "<script>alert" not in one.text
        assert "&lt;script&gt;" in one.text
        wrong = [post("/policy/leads", rows=each).status_code for each in ("", '"', "a,b\n1,2")]
        assert [422, 422, 422] == wrong
        after, effects = everything(here)
        changed = {name for name in after if after[name] != before.get(name)}
        assert (True, done) == (changed <= {"visit", "looks", "look"}, effects)
        policy = here.app.settings.routeready_policy.read_text("utf-8")
        tested = post("/policy/tries", policy=policy.replace("[US, CA]", "[DE]", 1))
        attempt = tested.url.rpartition("/")[2]
        both = post("/policy/leads", rows=rows, attempt=attempt)
        assert ("Current policy" in both.text, "Tested policy" in both.text) == (True, True)
        assert ("Ready to route" in both.text, "Missing: state." in both.text) == (True, True)
        for email, status in ((ANA, 403), (MARTA, 200)):
            other = served.visitor(email)
            known = form_secret(other.get(f"{served.url}/policy", timeout=60).text)
            form = {"csrf": known, "rows": rows}
            answer = other.post(f"{served.url}/policy/leads", data=form, timeout=60)
            assert status == answer.status_code
