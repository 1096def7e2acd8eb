"""What people do reaches the app: by HTTP with signatures and retries, by Socket Mode with acks."""

import json
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import cast
from urllib.parse import parse_qs

import pytest
import requests
from slack_bolt import App, BoltRequest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from sandbox import faults, slack
from sandbox.acts import ActError, act
from sandbox.http.message import Json, Request, Response
from sandbox.server.http_server import Server
from sandbox.slack.conversations.channels import open_dm
from sandbox.slack.interactivity import user_actions, views
from sandbox.slack.transport.deliveries import Deliveries
from sandbox.slack.transport.socket_mode import SocketMode
from sandbox.slack.web.app import installed, serve_at
from sandbox.state.world import World
from tests.support import slack_app

ANA = "ana@x.example"
TOKEN, APP_TOKEN = "xoxb-test", "xapp-test"
QUICK = 0.6
"""Seconds of the wall clock that an app gets to answer where a test lets it be late."""


@dataclass
class Workspace:
    """One person and an app that can be reached either way."""

    world: World
    socket: SocketMode
    deliveries: Deliveries
    url: str
    ana: str
    dm: str

    def act(self, do: str, **deed: Json) -> None:
        """Let Ana do something, and wait until the app was told."""
        with self.world.lock:
            act(self.world, {"do": do, "user": ANA, **deed})
        self.settle()

    def settle(self) -> None:
        """Wait until nothing is on its way."""
        assert self.deliveries.settle()

    def advance(self, **by: float) -> None:
        """Let time pass, and wait until what fell due is delivered."""
        self.world.advance(timedelta(**by))
        self.settle()

    def said(self) -> list[str]:
        """What stands in Ana's direct message, oldest first, her own view of it."""
        rows = self.world.table("slack.message"), self.world.table("slack.ephemeral")
        found = [row for table in rows for row in table.values() if row["channel"] == self.dm]
        return [row["text"] for row in sorted(found, key=lambda row: float(row["ts"]))]

    def delivered(self, name: str) -> list[Json]:
        """What the journal says of deliveries of a kind."""
        entries = [one for one in self.world.journal if one.kind == "delivery"]
        return [one.data for one in entries if one.name == name]

    def tickets(self) -> str:
        """An address for one connection."""
        return str(self.client().apps_connections_open(app_token=APP_TOKEN)["url"])

    def client(self) -> Json:
        """slack_sdk's client; its answers are mappings, which it does not say."""
        return WebClient(token=TOKEN, base_url=f"{self.url}/api/")


@pytest.fixture(scope="module")
def served() -> Iterator[Workspace]:
    """The running workspace of all tests of this module."""
    world = World()
    slack.add_token(world, TOKEN)
    slack.add_token(world, APP_TOKEN, kind="app")
    ana = slack.add_user(world, name="Ana", email=ANA, timezone="UTC")
    socket = SocketMode(world)
    deliveries = Deliveries(world, socket, faults.delivered)
    server = Server(world, {"/slack": slack.face(world)})
    server.start()
    socket.start()
    url = f"http://127.0.0.1:{server.port}/slack"
    serve_at(world, url)
    dm = open_dm(world, ana)[0]["id"]
    yield Workspace(world, socket, deliveries, url, ana, dm)
    deliveries.stop()
    socket.stop()
    server.stop()


@pytest.fixture
def place(served: Workspace) -> Iterator[Workspace]:
    """The same workspace, as it was at first."""
    installed(served.world)
    moment = served.world.snapshot()
    yield served
    served.settle()
    served.world.restore(moment)


@pytest.fixture
def impatient(place: Workspace) -> Iterator[None]:
    """Slack waits for a moment only, so that a test needn't."""
    usual = place.deliveries.answer_seconds, place.socket.ack_seconds
    place.deliveries.answer_seconds = place.socket.ack_seconds = QUICK
    yield
    place.deliveries.answer_seconds, place.socket.ack_seconds = usual


@dataclass
class Receiver:
    """An app's own address, which keeps what it gets and answers as it is told."""

    statuses: list[int] = field(default_factory=list[int])
    """One for each request; 200 when none is left."""
    headers: dict[str, str] = field(default_factory=dict[str, str])
    hold: float = 0
    got: list[Request] = field(default_factory=list[Request])
    url: str = ""

    def answer(self, request: Request) -> Response:
        """Answer a challenge, else as told."""
        told: Json = request.json() if request.content_type == "application/json" else {}
        if told.get("type") == "url_verification":
            return Response.of({"challenge": told["challenge"]})
        self.got.append(request)
        status = self.statuses.pop(0) if self.statuses else 200
        return Response(status, b"", self.headers, hold_seconds=self.hold)

    @property
    def retries(self) -> list[tuple[str, str]]:
        """Number and reason of each request that was a retry."""
        names = "x-slack-retry-num", "x-slack-retry-reason"
        heads = [one.headers for one in self.got if names[0] in one.headers]
        return [(head[names[0]], head[names[1]]) for head in heads]


@contextmanager
def listening(place: Workspace, handler: Json) -> Generator[str]:
    """The address of an app that listens by HTTP, subscribed to as its owner does."""
    server = Server(World(), {"/app": handler})
    server.start()
    url = f"http://127.0.0.1:{server.port}/app/slack/events"
    place.act("slack.subscribe", url=url)
    try:
        yield url
    finally:
        place.settle()
        server.stop()


@pytest.fixture
def receiver(place: Workspace) -> Iterator[Receiver]:
    """A plain receiver that Slack delivers to."""
    made = Receiver()
    with listening(place, made.answer) as url:
        made.url = url
        yield made


def by_bolt(app: App) -> Json:
    """A handler that lets Bolt answer."""

    def answer(request: Request) -> Response:
        headers: dict[str, str | Sequence[str]] = {**request.headers}
        told = app.dispatch(BoltRequest(body=request.body.decode(), headers=headers))
        first = {name: values[0] for name, values in told.headers.items()}
        return Response(told.status, (told.body or "").encode(), first)

    return answer


@pytest.fixture
def bolt(place: Workspace) -> Iterator[None]:
    """Bolt listening by HTTP, with signatures checked."""
    secret = str(installed(place.world)["signing_secret"])
    app = slack_app.build(TOKEN, f"{place.url}/api/", secret=secret)
    with listening(place, by_bolt(app)):
        yield


@pytest.mark.usefixtures("bolt")
def test_bolt_is_talked_with_by_http(place: Workspace) -> None:
    """The challenge, an event, a press, a form with an error, a form, and a command."""
    assert [True] == [one["acked"] for one in place.delivered("url_verification")]
    place.act("slack.say", text="hello")
    wait_for(place, "A new lead")
    place.advance(seconds=2)
    place.act("slack.press", action="log")
    wait_until(lambda: bool(views.screen(place.world, place.ana)["stack"]))
    filled = {"outcome/outcome": "connected", "note/note": "nothing"}
    place.act("slack.submit", values=filled)
    assert {"note": "Say what was said."} == views.screen(place.world, place.ana)["errors"]
    place.act("slack.submit", values=filled | {"note/note": "a budget"})
    wait_for(place, "Logged: connected, a budget")
    assert [] == views.screen(place.world, place.ana)["stack"]
    place.act("slack.command", line="/leads unworked")
    assert "You asked: unworked" == place.said()[-1]


@pytest.mark.usefixtures("bolt")
def test_bolt_refuses_a_wrong_signature(place: Workspace) -> None:
    """With another secret every delivery is a 401; whoever typed a command is told."""
    installed(place.world)["signing_secret"] = "another"
    place.act("slack.command", line="/leads unworked")
    assert ["http_error"] == [one["reason"] for one in place.delivered("slash_commands")]
    assert place.said() == ['/leads unworked failed with the error "dispatch_failed"']


def test_an_event_says_who_sent_it(place: Workspace, receiver: Receiver) -> None:
    """Its envelope names team, app and event; its text is what was typed."""
    place.act("slack.say", text="hello")
    (request,) = receiver.got
    told = request.json()
    assert ("event_callback", "T0000000001", "message", "im", "hello", place.ana) == (
        told["type"],
        told["team_id"],
        told["event"]["type"],
        told["event"]["channel_type"],
        told["event"]["text"],
        told["event"]["user"],
    )
    assert {"event_id", "event_time", "authorizations", "api_app_id"} <= set(told)


def test_an_event_is_tried_four_times(place: Workspace, receiver: Receiver) -> None:
    """At once, after a minute, after five more; each says why, all are the same event."""
    receiver.statuses = [500] * 4
    place.act("slack.say", text="hello")
    assert 2 == len(receiver.got)
    place.advance(minutes=1)
    assert 3 == len(receiver.got)
    place.advance(minutes=5)
    place.advance(hours=1)
    assert [("1", "http_error"), ("2", "http_error"), ("3", "http_error")] == receiver.retries
    assert 1 == len({one.json()["event_id"] for one in receiver.got})


def test_an_app_can_stop_the_retries(place: Workspace, receiver: Receiver) -> None:
    """X-Slack-No-Retry ends them."""
    receiver.statuses, receiver.headers = [500], {"x-slack-no-retry": "1"}
    place.act("slack.say", text="hello")
    place.advance(hours=1)
    assert [] == receiver.retries


@pytest.mark.usefixtures("impatient")
def test_a_late_answer_is_a_timeout(place: Workspace, receiver: Receiver) -> None:
    """An event is tried again, a press is not, and a command's author is told."""
    receiver.hold = QUICK * 1.6
    place.act("slack.say", text="hello")
    assert [("1", "http_timeout")] == receiver.retries
    place.act("slack.command", line="/leads unworked")
    assert '/leads unworked failed with the error "operation_timeout"' == place.said()[-1]


def test_nobody_at_the_address(place: Workspace, receiver: Receiver) -> None:
    """A refused connection has its own reason; an address that fails the challenge is not used."""
    installed(place.world)["request_url"] = "http://127.0.0.1:1/"
    place.act("slack.say", text="hello")
    assert {"connection_failed"} == {one["reason"] for one in place.delivered("events_api")}
    place.act("slack.subscribe", url="http://127.0.0.1:1/other")
    assert "http://127.0.0.1:1/" == installed(place.world)["request_url"]
    assert receiver.got == []


def test_metadata_events_reach_who_subscribed(place: Workspace, receiver: Receiver) -> None:
    """What an app says about its message is an event of its own."""
    installed(place.world)["events"].append("message_metadata_posted")
    client = place.client()
    about = {"event_type": "lead_routed", "event_payload": {"decision_id": "d1"}}
    client.chat_postMessage(channel=place.dm, text="yours", metadata=about)
    place.settle()
    events = {one.json()["event"]["type"]: one.json()["event"] for one in receiver.got}
    assert about == events["message_metadata_posted"]["metadata"]
    assert "metadata" not in events["message"]


def test_presses_and_closed_forms_are_forms(place: Workspace, receiver: Receiver) -> None:
    """Interactivity arrives as `payload` in a form, with a trigger and a response address."""
    client = place.client()
    ts = client.chat_postMessage(channel=place.dm, text="card", blocks=slack_app.CARD)["ts"]
    place.settle()
    receiver.got.clear()
    place.act("slack.press", action="snooze", chosen="4")
    told = json.loads(receiver.got[0].form["payload"][0])
    (action,) = told["actions"]
    assert ("block_actions", ts, "4 hours", place.ana) == (
        told["type"],
        told["message"]["ts"],
        action["selected_option"]["text"]["text"],
        told["user"]["id"],
    )
    answer = requests.post(told["response_url"], json={"text": "quiet"}, timeout=5)
    assert (200, "quiet") == (answer.status_code, place.said()[-1])
    view = slack_app.VIEW | {"notify_on_close": True}
    client.views_open(trigger_id=told["trigger_id"], view=view)
    place.act("slack.close")
    closed = json.loads(parse_qs(receiver.got[-1].body.decode())["payload"][0])
    assert ("view_closed", False) == (closed["type"], closed["is_cleared"])


def test_a_repeated_delivery_is_a_fault(place: Workspace, receiver: Receiver) -> None:
    """The profile that delivers often works by HTTP as well."""
    with place.world.lock:
        faults.add(place.world, faults.Repeat(vendor="slack", method="PUSH", copies=2))
    place.act("slack.say", text="hello")
    assert 3 == len(receiver.got)


def test_a_late_delivery_is_overtaken(place: Workspace, receiver: Receiver) -> None:
    """What was said first comes last."""
    with place.world.lock:
        late = faults.Delay(vendor="slack", path="^/events_api$", seconds=60, times=1)
        faults.add(place.world, late)
    place.act("slack.say", text="first")
    place.act("slack.say", text="second")
    place.advance(minutes=1)
    assert ["second", "first"] == [one.json()["event"]["text"] for one in receiver.got]


def test_a_lost_acknowledgement_brings_the_event_again(
    place: Workspace, receiver: Receiver
) -> None:
    """The app gets it twice, as the same event; one that is lost on its way comes once."""
    with place.world.lock:
        unheard = faults.Reset(vendor="slack", path="^/events_api$", after=True, times=1)
        lost = faults.Reset(vendor="slack", path="^/events_api$", body="lost", times=1)
        faults.add(place.world, unheard)
        faults.add(place.world, lost)
    place.act("slack.say", text="hello")
    place.act("slack.say", text="lost")
    heard = [(one.json()["event"]["text"], one.json()["event_id"]) for one in receiver.got]
    assert (["hello", "hello", "lost"], 2) == ([text for text, _ in heard], len(set(heard)))


@pytest.fixture
def link(place: Workspace) -> Iterator[ClientConnection]:
    """One open connection that acknowledges nothing by itself."""
    with connect(place.tickets()) as opened:
        assert "hello" == json.loads(opened.recv())["type"]
        yield opened
    wait_until(lambda: not place.socket.connections)


@pytest.mark.usefixtures("impatient")
def test_what_is_not_acknowledged_comes_again(place: Workspace, link: ClientConnection) -> None:
    """With its number and reason, as the same event in a new envelope; acknowledged, no more."""
    with place.world.lock:
        act(place.world, {"do": "slack.say", "user": ANA, "text": "hello"})
    first, second = (json.loads(link.recv(timeout=5)) for _ in range(2))
    link.send(json.dumps({"envelope_id": second["envelope_id"]}))
    place.settle()
    place.advance(hours=1)
    assert (0, 1, "timeout") == (
        first["retry_attempt"],
        second["retry_attempt"],
        second["retry_reason"],
    )
    assert first["payload"]["event_id"] == second["payload"]["event_id"]
    assert [False, True] == [one["acked"] for one in place.delivered("events_api")]


@pytest.mark.usefixtures("impatient")
def test_it_comes_again_on_another_connection(place: Workspace, link: ClientConnection) -> None:
    """With two connections a retry goes to the other one."""
    with connect(place.tickets()) as other:
        assert 2 == json.loads(other.recv())["num_connections"]
        with place.world.lock:
            act(place.world, {"do": "slack.say", "user": ANA, "text": "hello"})
        assert 0 == json.loads(link.recv(timeout=5))["retry_attempt"]
        again = json.loads(other.recv(timeout=5))
        other.send(json.dumps({"envelope_id": again["envelope_id"]}))
        place.settle()
        assert 1 == again["retry_attempt"]
    wait_until(lambda: len(place.socket.connections) == 1)


def test_a_ticket_is_for_one_connection(place: Workspace, link: ClientConnection) -> None:
    """The second one with it is closed at once; so is one with an invented ticket."""
    del link
    ticket = place.tickets()
    with connect(ticket) as opened:
        opened.recv()
        for address in (ticket, ticket.replace("ticket=", "ticket=x")):
            with connect(address) as refused, pytest.raises(ConnectionClosed, match="ticket"):
                refused.recv()
    wait_until(lambda: len(place.socket.connections) == 1)


def test_connections_are_refreshed(place: Workspace) -> None:
    """A warning, then the end; slack_sdk's client connects anew and goes on."""
    heard: list[str] = []

    def listen(client: SocketModeClient, request: SocketModeRequest) -> None:
        client.send_socket_mode_response(SocketModeResponse(envelope_id=request.envelope_id))
        payload = cast("dict[str, Json]", request.payload)
        heard.append(payload["event"]["text"])

    client = SocketModeClient(app_token=APP_TOKEN, web_client=place.client(), ping_interval=1)
    client.socket_mode_request_listeners.append(listen)  # pyright: ignore[reportArgumentType]  (its own type is wider)
    client.connect()
    assert place.socket.wait_for_connection()
    (old,) = place.socket.connections
    place.socket.refresh(warning_seconds=0.1)
    wait_until(lambda: bool(place.socket.connections) and old not in place.socket.connections)
    place.act("slack.say", text="still there?")
    wait_until(lambda: "still there?" in heard)
    client.close()
    wait_until(lambda: not place.socket.connections)


def test_a_disabled_link_ends_for_good(place: Workspace, link: ClientConnection) -> None:
    """The app is told why, and gets no new address."""
    with place.world.lock:
        address = dict(place.world.table("slack.socket")["address"])
    place.socket.disable()
    assert "link_disabled" == json.loads(link.recv(timeout=5))["reason"]
    with pytest.raises(SlackApiError, match="internal_error"):
        place.tickets()
    with place.world.lock:
        place.world.table("slack.socket")["address"] = address


@pytest.mark.parametrize(
    ("deed", "sentence"),
    [
        ({"do": "slack.say", "user": "nobody@x.example", "text": "x"}, "knows nobody"),
        ({"do": "slack.say", "user": ANA, "text": "x", "channel": "none"}, "no conversation none"),
        ({"do": "slack.press", "user": ANA, "action": "none"}, "no message to press none"),
        ({"do": "slack.submit", "user": ANA, "values": {}}, "no form is open"),
        ({"do": "slack.command", "user": ANA, "line": "/none"}, "is not a command"),
    ],
)
def test_impossible_deeds_say_why(place: Workspace, deed: Json, sentence: str) -> None:
    """What nobody can do in Slack is refused with a sentence."""
    with pytest.raises(ActError, match=sentence):
        act(place.world, deed)


def test_people_react_rest_and_leave(place: Workspace) -> None:
    """The other deeds: a reaction, a quiet evening, leaving the company."""
    ts = user_actions.say(place.world, place.ana, place.dm, "hello")
    place.act("slack.react", ts=ts, emoji="eyes")
    place.act("slack.quiet", user=ANA, until="2026-11-24T08:00:00Z")
    place.act("slack.leave", user=ANA)
    with pytest.raises(ActError, match="no active person"):
        act(place.world, {"do": "slack.home", "user": ANA})


def wait_for(place: Workspace, text: str) -> None:
    """Wait until somebody said something; Bolt answers events on threads of its own."""
    wait_until(lambda: text in place.said())


def wait_until(is_so: Json, seconds: float = 15.0) -> None:
    """Wait for something that another thread does."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)
