"""Who says on a command line that they are somebody: on record, and never a second pair of eyes."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from agent.cli.main import cli
from agent.cli.person import person
from agent.console.door import make_token
from agent.conversation.changes.decisions import decide
from agent.ledger.stores.visits import Look
from agent.policy.example import example_policy
from agent.run.holder import os_user
from tests.support.consoles import Served, form_secret, serving
from tests.support.environments import environment
from tests.support.worlds import Town

ANA = "ana.torres@meridian.example"
HELEN, MARTA = "helen.brooks@meridian.example", "marta.silva@meridian.example"
QUINN = "quinn.walsh@meridian.example"
TIMEOUT = 30
ELSEWHERE = "Somebody else must approve this in Slack, or signed in to the console."


@dataclass
class Terminal:
    """Commands over a town whose policy wants two people."""

    here: Town
    policy: Path
    env: dict[str, str]

    def run(self, *words: str) -> str:
        """What a command prints."""
        done = CliRunner(env=self.env).invoke(cli, list(words))
        return done.output + str(done.exception or "")

    def looks(self) -> list[Look]:
        """The audit log, newest first."""
        return list(self.here.app.ledger.visits.latest(50))


@pytest.fixture
def terminal(here: Town, tmp_path: Path) -> Terminal:
    """Pauses and publications need two; Helen works in operations, too."""
    text = example_policy().read_text()
    text = re.sub(r"(Helen Brooks.*role: )viewer", r"\1ops", text)
    text += "\nconversation: {two_person: [pause]}\npublishing: {two_person: true}\n"
    policy = tmp_path / "policy.yaml"
    policy.write_text(text)
    territories = example_policy().with_name("territories.csv")
    policy.with_name("territories.csv").write_text(territories.read_text())
    here.app.settings = here.app.settings.model_copy(update={"routeready_policy": policy})
    assert here.app.reload_policy()
    env = {**environment(here, tmp_path), "ROUTEREADY_POLICY": str(policy)}
    return Terminal(here, policy, env)


def word(served: Served, email: str, proposal: str) -> str:
    """Approve a proposal, signed in to the console; what the page says of it."""
    session = served.visitor(email)
    page = session.get(f"{served.url}/proposals/{proposal}", timeout=TIMEOUT)
    given = {"csrf": form_secret(page.text), "word": "yes"}
    return session.post(page.url, data=given, timeout=TIMEOUT).text


def test_what_is_requested_by_a_command_is_not_approved_by_one(terminal: Terminal) -> None:
    """One user of the machine can say two names; whoever signed in is one more person."""
    here = terminal.here
    asked = terminal.run("ask", "pause worker, wrong territories", "--by", QUINN, "--yes")
    assert "Somebody else must approve this" in asked
    (waiting,) = here.app.ledger.conversations.pending()
    helen = person(HELEN, here.app)
    assert ELSEWHERE in decide(waiting.id, yes=True, by=helen, context=here.app.context())
    assert {} == here.app.ledger.conversations.stops()
    with serving(here.app) as opened, serving(here.app, "http://127.0.0.1:{port}") as closed:
        started = opened.office.door.let_in(HELEN, started=True)
        session = opened.visitor(HELEN)
        session.cookies.set(opened.office.door.cookie, started, domain="127.0.0.1")
        page = session.get(f"{opened.url}/proposals/{waiting.id}", timeout=TIMEOUT)
        given = {"csrf": form_secret(page.text), "word": "yes"}
        assert ELSEWHERE in session.post(page.url, data=given, timeout=TIMEOUT).text
        assert "Approved by Helen Brooks" in word(closed, HELEN, waiting.id)
    assert ["worker"] == list(here.app.ledger.conversations.stops())


def test_a_policy_that_is_published_by_a_command_is_not_agreed_to_by_one(
    terminal: Terminal, tmp_path: Path
) -> None:
    """The second person signs in to the console."""
    folder = tmp_path / "new"
    folder.mkdir()
    for name in ("policy.yaml", "territories.csv"):
        (folder / name).write_text(terminal.policy.with_name(name).read_text())
    new = folder / "policy.yaml"
    new.write_text(new.read_text().replace("choices: [1h, 4h, 1d]", "choices: [1h, 4h]"))
    words = ["policy", "publish", str(new), "--by", QUINN, "--because", "shorter"]
    assert "who signs in to the console" in terminal.run(*words)
    made = terminal.here.app.ledger.publications.current()
    assert made is not None
    assert (QUINN, os_user()) == (made.by, made.asserted_by)
    refused = terminal.run("policy", "agree", made.id, "--by", HELEN)
    assert "Someone else must approve it, signed in to the console." in refused
    with serving(terminal.here.app, "http://127.0.0.1:{port}") as served:
        session = served.visitor(HELEN)
        secret = form_secret(session.get(f"{served.url}/policy", timeout=TIMEOUT).text)
        given = {"csrf": secret, "publication": made.id}
        answer = session.post(f"{served.url}/policy/agree", data=given, timeout=TIMEOUT)
    assert "Approved:" in answer.text


def test_what_a_command_does_is_on_record_with_who_said_so(terminal: Terminal) -> None:
    """The name is asserted; the user of the machine is the system's word."""
    terminal.run("approve", "a-none", "--by", MARTA)
    terminal.run("console", "token", ANA)
    terminal.run("console", "link", "--by", QUINN)
    seen = [(one.who, one.page, one.did, one.outcome) for one in terminal.looks()]
    assert [
        (QUINN, "routeready console link", "made a link", 200),
        (ANA, "routeready console token", "made a token", 200),
        (MARTA, "routeready approvals", "approved", 403),
    ] == seen
    assert {os_user()} == {one.asserted_by for one in terminal.looks()}
    with serving(terminal.here.app, "http://127.0.0.1:{port}") as served:
        html = served.visitor(QUINN).get(f"{served.url}/system", timeout=TIMEOUT).text
    assert f"asserted on this machine by {os_user()}" in html


def test_who_signed_in_is_not_asserted(terminal: Terminal) -> None:
    """With a token or with Slack somebody is who they are, on a console of either kind."""
    here = terminal.here
    with serving(here.app) as served:
        door = served.office.door
        token = make_token(here.app.ledger.visits, QUINN, datetime.now(UTC))
        session = served.visitor(HELEN)
        session.post(f"{served.url}/enter", data={"token": token}, timeout=TIMEOUT)
        assert QUINN == door.visitor(session.cookies.get(door.cookie, domain="127.0.0.1"))
    assert {None} == {one.asserted_by for one in terminal.looks()}


@pytest.mark.parametrize(
    "words",
    [
        ("ask", "unworked", "--by", QUINN),
        ("approve", "a1", "--by", QUINN),
        ("policy", "rollback", "--by", QUINN, "--because", "so"),
        ("console", "token", QUINN),
        ("console", "link", "--by", QUINN),
    ],
    ids=" ".join,
)
def test_a_name_is_worth_nothing_without_the_ledger(
    terminal: Terminal, words: tuple[str, ...]
) -> None:
    """Whoever can't open it reads so, and nothing else happens."""
    terminal.env["ROUTEREADY_DATABASE"] = "postgresql+psycopg://nobody:wrong@127.0.0.1:1/ledger"
    assert "Can't open the database" in terminal.run(*words)
    assert [] == terminal.looks()
