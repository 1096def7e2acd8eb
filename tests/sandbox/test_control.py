"""The control face: looking at a world, moving its clock, acting in it."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
import requests

from sandbox import acts, slack
from sandbox.acts import plan
from sandbox.control import api
from sandbox.http.message import Json
from sandbox.people import roster
from sandbox.server.clock_thread import ClockThread
from sandbox.server.http_server import Server
from sandbox.slack.events import envelopes
from sandbox.state.world import World

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
    server = Server(world, {"/_control": api.face(world)})
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


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"to": "tomorrow"},
        {"to": "2026-11-24T10:00:00"},
        {"advance_seconds": -1},
        {"advance_seconds": "1"},
        {"mode": "backwards"},
        {"mode": "fast"},
    ],
)
def test_a_clock_call_must_make_sense(call: Control, body: Json) -> None:
    """No instant, no time zone: refused, and time stands still."""
    assert call("POST", "/clock", body)[0] == 400
    assert call("GET", "/state")["now"] == NOON.isoformat()


def test_the_clock_has_modes(world: World, call: Control) -> None:
    """Stepped at first; real and fast run with the wall clock; a pause is resumed as it was."""
    assert "stepped" == call("GET", "/clock")["mode"]
    told = call("POST", "/clock", {"mode": "fast", "factor": 3600})
    assert ("fast", 3600) == (told["mode"], told["factor"])
    assert "paused" == call("POST", "/clock", {"mode": "paused"})["mode"]
    paused = world.now
    assert NOON < paused == datetime.fromisoformat(call("GET", "/clock")["now"])
    assert "fast" == call("POST", "/clock", {"mode": "resumed"})["mode"]
    assert "real" == call("POST", "/clock", {"mode": "real"})["mode"]
    assert "stepped" == call("POST", "/clock", {"mode": "stepped"})["mode"]


def test_a_running_clock_lets_things_happen_unasked(world: World) -> None:
    """Nobody has to call for what falls due while time passes."""
    done = threading.Event()
    world.on("ring", lambda _: done.set())
    world.schedule(world.now + timedelta(hours=1), "ring")
    clock_thread = ClockThread(world)
    clock_thread.start()
    world.clock.run(100_000)
    assert done.wait(10)
    clock_thread.stop()


def test_the_journal_is_asked_by_time_and_text_page_by_page(world: World, call: Control) -> None:
    """Lines of a stretch of time that contain a text; more of them after the last one."""
    for number in range(5):
        world.record("effect", "sandbox", "step", number=number, who="Zoë")
        world.advance(timedelta(minutes=1))
    since, until = "2026-11-23T12:01:00Z", "2026-11-23T12:04:00Z"
    found = call("GET", f"/journal?since={since}&until={until}&text=Zoë&limit=2")
    assert ([1, 2], True) == ([one["data"]["number"] for one in found["entries"]], found["more"])
    after = found["entries"][-1]["seq"]
    rest = call("GET", f"/journal?since={since}&until={until}&text=Zoë&after={after}")
    assert ([3], False) == ([one["data"]["number"] for one in rest["entries"]], rest["more"])
    assert rest["hash"] == call("GET", "/state")["hash"] == world.journal.digest()


@pytest.mark.parametrize("asked", ["limit=few", "vendors=slack", "since=yesterday"])
def test_a_question_to_the_journal_must_make_sense(call: Control, asked: str) -> None:
    """An unknown filter, no number, no instant: refused with a sentence."""
    assert 400 == call("GET", f"/journal?{asked}")[0]


def test_people_are_listed_and_switched(call: Control) -> None:
    """Who they are, whether they are at work, and whether they live at all."""
    everybody = {one["address"]: one for one in call("GET", "/people")["people"]}
    jack, rob = (everybody[f"{name}@meridian.example"] for name in ("jack.byrne", "rob.diaz"))
    assert ("Europe/London", True) == (jack["timezone"], jack["is_at_work"])
    assert (True, False) == (bool(jack["habit"]), rob["is_at_work"])
    assert {"reps": True, "prospects": False, "admin": False} == call(
        "POST", "/people", {"on": True, "kinds": ["reps"]}
    )["living"]
    assert 400 == call("POST", "/people", {"on": True, "kinds": ["ghosts"]})[0]


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


def test_leads_are_converted_merged_and_deleted(world: World, call: Control) -> None:
    """What else a rep does in Salesforce."""
    made = [
        call(
            "POST", "/act", {"do": "salesforce.insert", "object": "Lead", "by": ANA, "values": row}
        )
        for row in (LEAD, LEAD, LEAD | {"Email": "other@x.example"})
    ]
    ids = [one["result"] for one in made]
    call("POST", "/act", {"do": "salesforce.merge", "id": ids[0], "losers": [ids[1]], "by": ANA})
    call("POST", "/act", {"do": "salesforce.convert", "where": {"Email": LEAD["Email"]}, "by": ANA})
    call("POST", "/act", {"do": "salesforce.delete", "object": "Lead", "id": ids[2], "by": ANA})
    leads = world.table("salesforce.Lead")
    assert [True, True] == [leads[ids[0]]["IsConverted"], leads[ids[1]]["IsDeleted"]]
    assert leads[ids[2]]["IsDeleted"]


@pytest.mark.parametrize(
    ("then", "mark"),
    [("bounced", "emailInvalid"), ("unsubscribed", "unsubscribed"), ("clicked", None)],
)
def test_mails_are_read_bounce_and_are_the_last_straw(
    world: World, call: Control, then: str, mark: str | None
) -> None:
    """What came of a mail is in the activities, and marks the person where it must."""
    values = {"email": "keld@alderfoods.example", "lastName": "Keld"}
    call("POST", "/act", {"do": "marketo.form", "form": "Webinar", "values": values})
    mail = {"do": "marketo.mail", "email": values["email"], "mailing": "News", "then": then}
    key = str(call("POST", "/act", mail)["result"])
    row = world.table("marketo.person")[key]
    assert (mark is None) == (not row["emailInvalid"] and not row["unsubscribed"])
    assert mark is None or row[mark] is True
    assert 400 == call("POST", "/act", mail | {"then": "burned"})[0]


def test_talking_in_slack(world: World, call: Control) -> None:
    """A colleague writes to the app, types a command, reacts to what they wrote, and leaves."""
    slack.add_token(world, "xoxb")
    world.on(envelopes.EVENT, lambda _: None)
    ts = call("POST", "/act", {"do": "slack.say", "user": ANA, "text": "What is open?"})["result"]
    call("POST", "/act", {"do": "slack.react", "user": ANA, "ts": ts, "emoji": "eyes"})
    call("POST", "/act", {"do": "slack.command", "user": ANA, "line": "/leads unworked"})
    call("POST", "/act", {"do": "slack.home", "user": ANA})
    call("POST", "/act", {"do": "slack.leave", "user": ANA})
    names = [entry.name for entry in world.journal.select(kind="effect", vendor="slack")]
    assert ["message.say", "reaction.add", "command", "user.leave"] == [
        name for name in names if name not in ("user.status", "conversation.open")
    ][-4:]
    status, sentence = call("POST", "/act", {"do": "slack.say", "user": ANA, "text": "Still here"})
    assert (400, True) == (status, "Slack refuses" in sentence)


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
