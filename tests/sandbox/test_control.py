"""The control face: looking at a world, moving its clock, acting in it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
import requests

from sandbox import acts, control
from sandbox.acts import plan
from sandbox.server import Server
from sandbox.wire import Json
from sandbox.world import World
from sandbox.worlds import roster

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
ANA = "ana.torres@meridian.example"
LEAD = {"LastName": "Keld", "Company": "Alder Foods Ltd", "Email": "keld@alderfoods.example"}

Control = Callable[..., Json]
"""Method, path and body in; the answer's JSON out."""


@pytest.fixture
def world() -> World:
    """The demo company at work, without any lead."""
    world = World(now=NOON)
    acts.live(world)
    roster.settle(world)
    return world


@pytest.fixture
def call(world: World) -> Iterator[Control]:
    """A way to call the running face; an answer other than 200 comes with its status."""
    server = Server(world, {"/_control": control.face(world)})
    server.start()

    def call(method: str, path: str, body: Json = None) -> Json:
        url = f"http://127.0.0.1:{server.port}/_control{path}"
        answer = requests.request(method, url, json=body, timeout=5)
        return answer.json() if answer.ok else (answer.status_code, answer.json()["error"])

    yield call
    server.stop()


def test_state(call: Control) -> None:
    """The state names the present and how many rows each table has."""
    state = call("GET", "/state")
    assert state["now"] == NOON.isoformat()
    assert state["tables"]["salesforce.User"] == len(roster.COLLEAGUES)


def test_clock_moves_and_events_happen(world: World, call: Control) -> None:
    """Advancing runs what was scheduled, each event at its own instant."""
    away = {"do": "slack.status", "user": ANA, "text": "Lunch"}
    plan(world, NOON + timedelta(minutes=10), away)
    assert call("POST", "/clock", {"advance_seconds": 3600})["now"] == "2026-11-23T13:00:00+00:00"
    assert world.journal[-1].at == "2026-11-23T12:10:00+00:00"
    moved = call("POST", "/clock", {"to": "2026-11-24T10:00:00+01:00"})
    assert moved["now"] == "2026-11-24T09:00:00+00:00"


@pytest.mark.parametrize("body", [{}, {"to": "tomorrow"}, {"to": "2026-11-24T10:00:00"}])
def test_a_clock_call_must_make_sense(call: Control, body: Json) -> None:
    """No instant, no time zone: refused, and time stands still."""
    assert call("POST", "/clock", body)[0] == 400
    assert call("GET", "/state")["now"] == NOON.isoformat()


def test_journal_is_filtered(world: World, call: Control) -> None:
    """The journal can be read from a place on, by vendor, kind and name."""
    last = call("GET", "/journal")["last"]
    world.record("request", "slack", "auth.test", status=200)
    world.record("effect", "slack", "message.post", channel="C1")
    found = call("GET", f"/journal?after={last}&vendor=slack&kind=effect")["entries"]
    assert [entry["name"] for entry in found] == ["message.post"]
    assert found[0]["data"] == {"channel": "C1"}


def test_tables_are_read_and_written(call: Control) -> None:
    """Rows are put and, as null, removed."""
    rule = {"id": "r1", "when": {}, "reply": {"text": "hi"}}
    assert call("POST", "/table/openai.script", {"rows": {"r1": rule}}) == {"count": 1}
    assert call("GET", "/table/openai.script?id=r1") == {"rows": {"r1": rule}}
    assert call("POST", "/table/openai.script", {"rows": {"r1": None}}) == {"count": 0}


def test_snapshot_and_restore(call: Control) -> None:
    """Restoring brings back clock and records."""
    taken = call("POST", "/snapshot")
    call("POST", "/clock", {"advance_seconds": 60})
    call("POST", "/table/sandbox.note", {"rows": {"n": {"id": "n"}}})
    assert call("POST", "/restore", taken)["now"] == NOON.isoformat()
    assert call("GET", "/table/sandbox.note") == {"rows": {}}
    assert call("POST", "/restore", {"snapshot": 9})[0] == 404


def test_acting_in_salesforce(world: World, call: Control) -> None:
    """A person inserts a lead, and another takes it, by their e-mail addresses."""
    made = call(
        "POST",
        "/act",
        {
            "do": "salesforce.insert",
            "object": "Lead",
            "values": LEAD | {"OwnerId": {"queue": "EMEA_Inbound"}},
            "by": "sven.olsen@meridian.example",
        },
    )["result"]
    taken = {
        "do": "salesforce.update",
        "object": "Lead",
        "where": {"Email": LEAD["Email"]},
        "values": {"OwnerId": {"user": ANA}},
        "by": ANA,
    }
    assert call("POST", "/act", taken) == {"result": made}
    assert world.table("salesforce.Lead")[made]["OwnerId"] == acts.user_id(world, ANA)


def test_acting_in_marketo_and_slack(world: World, call: Control) -> None:
    """A visitor fills in a form; a colleague goes on vacation."""
    values = {"email": "keld@alderfoods.example", "lastName": "Keld"}
    form = {"do": "marketo.form", "form": "Demo Request", "values": values}
    person = call("POST", "/act", form)["result"]
    assert world.table("marketo.person")[str(person)]["lastName"] == "Keld"
    status = {"do": "slack.status", "user": ANA, "text": "Away", "emoji": ":palm_tree:"}
    user = call("POST", "/act", status)["result"]
    assert world.table("slack.user")[user]["profile"]["status_emoji"] == ":palm_tree:"


@pytest.mark.parametrize(
    "deed",
    [
        {},
        {"do": "fly"},
        {"do": "salesforce.insert", "object": "Lead"},
        {"do": "salesforce.insert", "object": "Lead", "values": {}, "by": "nobody@x.example"},
        {"do": "slack.status", "user": "nobody@x.example", "text": "x"},
        {"do": "marketo.visit", "email": "nobody@x.example", "page": "/"},
    ],
)
def test_impossible_acts_are_refused(call: Control, deed: Json) -> None:
    """A deed without its parts, or of somebody unknown, is a 400 with a sentence."""
    status, sentence = call("POST", "/act", deed)
    assert (status, bool(sentence)) == (400, True)


def test_faults_are_kept_until_cleared(world: World, call: Control) -> None:
    """A posted fault stands, is listed with what it has struck, and can be removed."""
    first = call("POST", "/fault", {"do": "status", "vendor": "slack", "status": 503})["id"]
    second = call("POST", "/fault", {"profile": "slack.lost_answer"})["ids"]
    listed = call("GET", "/faults")["faults"]
    assert list(listed) == [first, *second]
    assert (listed[first]["seen"], listed[first]["struck"]) == (0, 0)
    call("DELETE", f"/fault?id={first}")
    assert list(call("GET", "/faults")["faults"]) == second
    call("DELETE", "/faults")
    assert world.table("sandbox.fault") == {}


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ({}, "do"),
        ({"do": "explode"}, "explode"),
        ({"do": "status"}, "status: Field required"),
        ({"do": "reset", "path": "("}, "is not a regular expression"),
        ({"do": "stale", "vendor": "openai"}, "stale reads are for"),
        ({"profile": "nowhere"}, "there is no profile 'nowhere'"),
    ],
)
def test_a_fault_must_make_sense(call: Control, fault: Json, sentence: str) -> None:
    """A fault that can't be is a 400 that says which part is wrong."""
    status, told = call("POST", "/fault", fault)
    assert (status, sentence in told) == (400, True)


def test_profiles_are_listed(call: Control) -> None:
    """Each named profile says what goes wrong."""
    assert "answer is lost" in call("GET", "/profiles")["profiles"]["salesforce.lost_answer"]


def test_unknown_calls_are_404(call: Control) -> None:
    """A path that is not documented says so."""
    assert call("GET", "/nowhere")[0] == 404
