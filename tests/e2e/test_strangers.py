"""What strangers send over the wire concerns their own lead alone; files that they save, nobody."""

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.activity import observation
from agent.ledger.tables.states import CycleStatus
from agent.routing import graph
from agent.worker import isolation
from agent.worker.service import Service
from domain.follow_through.first_touch import Activity, Touched, Turn, Untouched
from domain.gate.snapshot import Snapshot
from domain.gate.verdict import Verdict
from domain.policy.first_touch import TouchRules
from domain.policy.model import Policy
from sandbox.marketo.lead_database import people
from tests.support.repository import ROOT
from tests.support.worlds import Town

HALF = "\ud83d"
NASTY = (
    pytest.param({"firstName": f"Dana{HALF}"}, id="half an emoji in the first name"),
    pytest.param({"lastName": f"{HALF}Fox"}, id="half an emoji in the last name"),
    pytest.param({"company": f"Acme {HALF}"}, id="half an emoji in the company"),
    pytest.param({"title": f"VP {HALF}"}, id="half an emoji in the title"),
    pytest.param({"city": f"San{HALF} Jose"}, id="half an emoji in the city"),
    pytest.param({"company": "Ac\x00me"}, id="a NUL in the company"),
    pytest.param({"title": "VP\x1b[2J\x07 Sales"}, id="a terminal's commands in the title"),
    pytest.param({"form": f"Demo Request{HALF}"}, id="half an emoji in the form's name"),
)


@pytest.mark.parametrize("values", NASTY)
def test_text_that_nobody_can_store_stops_no_other_lead(here: Town, values: dict[str, Any]) -> None:
    """The tick ends well, and the ordinary lead beside it has its owner."""
    here.arrive(email="odd@acme.example", **values)
    other = here.arrive(email="other@beta.example", company="Beta")
    here.pass_time(minutes=1)
    assert None is here.tick().error
    assert CycleStatus.ASSIGNED == here.cycle(other).status


def test_half_an_emoji_is_one_sign_on_the_record_and_in_slack(here: Town) -> None:
    """The lead itself is routed, too; who reads its name sees where something was lost."""
    odd = here.arrive(email="odd@acme.example", firstName=f"Dana{HALF}")
    here.pass_time(minutes=1)
    here.tick()
    assert CycleStatus.ASSIGNED == here.cycle(odd).status
    assert "Dana\ufffd Fox" in here.cycle(odd).title
    assert HALF in here.world.table(people.PERSON)[str(odd)]["firstName"]


@pytest.fixture
def policy(here: Town, tmp_path: Path) -> Iterator[Path]:
    """The example policy in a folder of its own, with the worker's health beside it."""
    for name in ("policy.yaml", "territories.csv"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    settings = here.app.settings
    here.app.settings = settings.model_copy(
        update={
            "routeready_policy": tmp_path / "policy.yaml",
            "routeready_health_file": tmp_path / "health.json",
            "routeready_stop_file": tmp_path / "stop",
        }
    )
    yield tmp_path
    here.app.settings = settings


def health(folder: Path) -> tuple[str, str]:
    """How the worker says that it is, and why."""
    said = json.loads((folder / "health.json").read_text("utf-8"))
    return said["state"], said["error"] or ""


Save = Callable[[bytes], bytes]


def as_windows(body: bytes) -> bytes:
    """With one name that Windows-1252 writes in its own way."""
    return body.replace(b"DACH", "Zürich".encode("cp1252"), 1)


def with_an_open_quote(body: bytes) -> bytes:
    """With a last row that never ends."""
    return body + b'"open'


def with_a_remark(body: bytes) -> bytes:
    """With a cell right of the table."""
    return body + b"x,,,,,,,,queue:review,a remark\n"


def as_half_of_utf_16(body: bytes) -> bytes:
    """As a file that was cut off."""
    return b"\xff\xfe" + body + b"x" * (1 - len(body) % 2)


def as_zeros(body: bytes) -> bytes:
    """As a full disk leaves it."""
    return b"\x00" * len(body)


SAVED: tuple[Save, ...] = (
    as_windows,
    with_an_open_quote,
    with_a_remark,
    as_half_of_utf_16,
    as_zeros,
)


@pytest.mark.parametrize("save", SAVED)
def test_no_territories_whatever_stop_the_worker(here: Town, policy: Path, save: Save) -> None:
    """The policy in force stays, leads are routed, and health says what is wrong."""
    Service(here.app).tick()
    assert ("ok", "") == health(policy)
    table = policy / "territories.csv"
    good = table.read_bytes()
    table.write_bytes(save(good))
    lead = here.arrive()
    here.pass_time(minutes=1)
    Service(here.app).tick()
    state, why = health(policy)
    assert ("degraded", True) == (state, "territories.csv:" in why)
    assert CycleStatus.ASSIGNED == here.cycle(lead).status
    table.write_bytes(good)
    Service(here.app).tick()
    assert ("ok", "") == health(policy)


@pytest.mark.parametrize("name", ["policy.yaml", "territories.csv"])
def test_a_folder_in_the_place_of_a_file_stops_no_worker(
    here: Town, policy: Path, name: str
) -> None:
    """A mount that went wrong is told, and the policy in force stays."""
    (policy / name).unlink()
    (policy / name).mkdir()
    lead = here.arrive()
    here.pass_time(minutes=1)
    Service(here.app).tick()
    assert "degraded" == health(policy)[0]
    assert CycleStatus.ASSIGNED == here.cycle(lead).status


def test_an_unforeseen_error_is_told_by_its_place_without_the_leads_data(
    here: Town, policy: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever breaks inside a tick, the next one comes, and no log holds a lead's name."""

    def breaks(*_: object) -> None:
        raise UnicodeEncodeError("utf-8", "Dana Fox", 0, 1, "surrogates not allowed")

    here.arrive()
    here.pass_time(minutes=1)
    with monkeypatch.context() as patched:
        patched.setattr("agent.routing.graph.judge", breaks)
        Service(here.app).tick()
    assert "degraded" == health(policy)[0]
    (aside,) = here.app.ledger.workings.set_aside()
    assert aside.error.startswith("UnicodeEncodeError at agent/routing/graph.py:")
    assert "Dana" not in aside.error + health(policy)[1] + capsys.readouterr().err


@pytest.fixture
def broken(here: Town) -> tuple[int, list[int]]:
    """A lead on which something will fail, and four others that are due with it."""
    leads = [here.arrive(email=f"p{one}@acme.example", company=f"Co {one}") for one in range(5)]
    here.pass_time(minutes=1)
    victim, *others = leads
    return victim, others


def test_a_lead_on_which_something_fails_is_set_aside_alone(
    here: Town, policy: Path, broken: tuple[int, list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All others get their owners; the victim is listed, is tried again by itself, and recovers."""
    victim, others = broken
    whole = graph.judge

    def breaks(snapshot: Snapshot, policy_in_force: Policy) -> Verdict:
        if snapshot.lead.key == str(victim):
            raise KeyError("Dana Fox")
        return whole(snapshot, policy_in_force)

    with monkeypatch.context() as patched:
        patched.setattr(graph, "judge", breaks)
        Service(here.app).tick()
        assert [CycleStatus.ASSIGNED] * 4 == [here.cycle(one).status for one in others]
        (aside,) = here.app.ledger.workings.set_aside()
        assert (str(victim), "routing", 1) == (aside.lead, aside.where, aside.tries)
        assert aside.error.startswith("KeyError at agent/routing/graph.py:")
        assert ("degraded", "1 lead or update set aside after internal errors") == health(policy)
        here.pass_time(minutes=6)
        Service(here.app).tick()
        (aside,) = here.app.ledger.workings.set_aside()
        assert (2, timedelta(minutes=10)) == (aside.tries, aside.again_at - here.world.now)
    here.pass_time(minutes=11)
    Service(here.app).tick()
    assert (CycleStatus.ASSIGNED, ("ok", "")) == (here.cycle(victim).status, health(policy))


@pytest.mark.usefixtures("policy")
def test_a_lead_set_aside_is_tried_again_at_once_by_another_release(
    here: Town, broken: tuple[int, list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may know how by now; a worker of the same release leaves it its pause."""
    victim, _ = broken
    whole = graph.judge

    def breaks(snapshot: Snapshot, policy_in_force: Policy) -> Verdict:
        if snapshot.lead.key == str(victim):
            raise KeyError("Dana Fox")
        return whole(snapshot, policy_in_force)

    with monkeypatch.context() as patched:
        patched.setattr(graph, "judge", breaks)
        for _ in range(2):  # its arrival is a change of its data, which wakes it once more
            Service(here.app).tick()
    Service(here.app).tick()
    assert [str(victim)] == [one.lead for one in here.app.ledger.workings.set_aside()]
    monkeypatch.setattr(isolation, "running_release", lambda: "another")
    Service(here.app).tick()
    assert CycleStatus.ASSIGNED == here.cycle(victim).status


def test_an_error_on_every_lead_is_nobodys_fault(
    here: Town, policy: Path, broken: tuple[int, list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then the code is wrong: no lead is set aside, and the next tick finds them all."""
    victim, others = broken

    def breaks(*_: object) -> None:
        raise KeyError("everything")

    with monkeypatch.context() as patched:
        patched.setattr(graph, "judge", breaks)
        Service(here.app).tick()
    assert ("failed", []) == (health(policy)[0], here.app.ledger.workings.set_aside())
    Service(here.app).tick()
    expected = [CycleStatus.ASSIGNED] * 5
    assert expected == [here.cycle(one).status for one in (victim, *others)]


@pytest.mark.usefixtures("policy")
def test_a_worker_that_is_shut_down_blames_no_lead(
    here: Town, broken: tuple[int, list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thread that can't be had any more is nobody's fault: no lead is set aside."""
    victim, others = broken
    pool = ThreadPoolExecutor(1)
    pool.shutdown()
    judge = graph.judge

    def judge_late(snapshot: Snapshot, policy_in_force: Policy) -> Verdict:
        if snapshot.lead.key == str(victim):
            pool.submit(print)
        return judge(snapshot, policy_in_force)

    with monkeypatch.context() as patched:
        patched.setattr(graph, "judge", judge_late)
        Service(here.app).tick()
    assert [] == here.app.ledger.workings.set_aside()
    Service(here.app).tick()
    expected = [CycleStatus.ASSIGNED] * 5
    assert expected == [here.cycle(one).status for one in (victim, *others)]


@pytest.mark.usefixtures("policy")
def test_an_assigned_lead_on_which_something_fails_is_set_aside_alone(
    here: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The owners of all others are reminded as ever."""
    victim, *others = [
        here.arrive(email=f"p{one}@acme.example", company=f"Co {one}") for one in range(3)
    ]
    here.pass_time(minutes=1)
    Service(here.app).tick()
    record, whole = here.cycle(victim).record_id, observation.judge

    def breaks(done: Sequence[Activity], turn: Turn, rules: TouchRules) -> Touched | Untouched:
        if record in turn.record_ids:
            raise ZeroDivisionError
        return whole(done, turn, rules)

    here.pass_time(hours=3)
    Service(here.app).tick()  # the morning begins for the owners: they are told
    here.pass_time(minutes=20)
    with monkeypatch.context() as patched:
        patched.setattr(observation, "judge", breaks)
        Service(here.app).tick()
    (aside,) = here.app.ledger.workings.set_aside()
    assert (str(victim), "follow-through") == (aside.lead, aside.where)
    effects = [here.app.ledger.history.effects(here.cycle(one).id) for one in others]
    told = [{row.action["tone"] for row in rows if row.kind == "tell_owner"} for rows in effects]
    assert [{"assigned", "reminder"}] * 2 == told
    here.pass_time(minutes=6)
    Service(here.app).tick()
    assert [] == here.app.ledger.workings.set_aside()
