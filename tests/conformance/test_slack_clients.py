"""Slack's face, used by Slack's own clients: Web API, Bolt over Socket Mode and over HTTP."""

import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, cast
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_bolt.adapter.wsgi import SlackRequestHandler
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from sandbox.http.message import Json
from sandbox.server.instance import Running
from sandbox.slack.interactivity import user_actions
from sandbox.slack.people import users
from sandbox.slack.web import app as installed
from sandbox.state.world import World
from tests.conformance.conftest import Conversation

PEOPLE = 2_600
SEVERAL = 100
CLAIM = {
    "type": "actions",
    "block_id": "lead",
    "elements": [
        {
            "type": "button",
            "action_id": "claim",
            "text": {"type": "plain_text", "text": "I'm on it"},
            "value": "lead-1",
        }
    ],
}
HEARD = ["heard: unworked?", "pressed: lead-1", "asked: mine"]
"""What an app that is told of a message, a press and a command answers."""


@pytest.fixture(scope="module")
def somebody(world: World) -> str:
    """A person of the workspace; 2,600 more are in it."""
    for number in range(PEOPLE):
        mail = f"person{number}@crowd.example"
        users.add_user(world, name=f"Person {number}", email=mail, timezone="Europe/Berlin")
    return users.add_user(
        world, name="Conny Form", email="conny@crowd.example", timezone="Europe/Berlin"
    )


@pytest.fixture(scope="module")
def client(details: Json) -> Json:
    """slack_sdk's client."""
    return WebClient(token=details["slack"]["bot_token"], base_url=details["slack"]["api_url"])


def test_everybody_is_read_page_by_page(client: Json, somebody: str) -> None:
    """slack_sdk follows the cursors to the end."""
    pages: Any = client.users_list(limit=1_000)
    ids = [one["id"] for page in pages for one in page["members"]]
    assert somebody in ids
    assert PEOPLE < len(ids) == len(set(ids))


def test_a_message_lives_and_ends(client: Json, somebody: str) -> None:
    """Post with metadata, update, read back, delete."""
    channel = client.conversations_open(users=somebody)["channel"]["id"]
    metadata = {"event_type": "digest", "event_payload": {"key": "k1"}}
    ts = client.chat_postMessage(channel=channel, text="Two wait", metadata=metadata)["ts"]
    client.chat_update(channel=channel, ts=ts, text="One waits")
    (message,) = client.conversations_history(channel=channel, include_all_metadata=True)[
        "messages"
    ]
    client.chat_delete(channel=channel, ts=ts)
    left = client.conversations_history(channel=channel)["messages"]
    assert ("One waits", {"key": "k1"}, []) == (
        message["text"],
        message["metadata"]["event_payload"],
        left,
    )


def test_errors_and_limits_are_told(client: Json, running: Running, somebody: str) -> None:
    """A documented name for each mistake; and who is too fast is told how long to wait."""
    channel = client.conversations_open(users=somebody)["channel"]["id"]
    running.world.advance(timedelta(minutes=1))

    def refused(call: Callable[[], Json]) -> Json:
        with pytest.raises(SlackApiError) as error:
            call()
        return cast("Json", error.value).response

    def hurry() -> None:
        for number in range(SEVERAL):
            client.chat_postMessage(channel=channel, text=str(number))

    stranger: Json = WebClient(token="xoxb-nobody", base_url=client.base_url)
    limited = refused(hurry)
    assert ["invalid_auth", "channel_not_found", "ratelimited"] == [
        refused(stranger.auth_test)["error"],
        refused(lambda: client.chat_postMessage(channel="C000", text="?"))["error"],
        limited["error"],
    ]
    assert (429, True) == (limited.status_code, int(limited.headers["Retry-After"]) >= 1)


@contextmanager
def by_socket(app: App, running: Running) -> Generator[None]:
    """The app listens through Socket Mode."""
    row = installed.installed(running.world)
    row["socket_mode"] = True
    handler = SocketModeHandler(app, app_token=running.details()["slack"]["app_token"])
    handler.connect()
    assert running.socket.wait_for_connection()
    yield
    handler.close()


def subscribe(running: Running, url: str) -> None:
    """Set the app's request URL, which Slack verifies with a challenge."""
    with running.world.lock:
        user_actions.subscribe(running.world, url)
    assert running.deliveries.settle()
    row = installed.installed(running.world)
    assert (url, True, False) == (row["request_url"], row["is_verified"], row["socket_mode"])


class _Silent(WSGIRequestHandler):
    def log_message(self, format: str, *args: Json) -> None:  # noqa: A002  (its names)
        """Say nothing."""


@contextmanager
def by_http(app: App, running: Running) -> Generator[None]:
    """The app listens to signed requests at an address of its own, which Slack verifies."""
    with make_server("127.0.0.1", 0, SlackRequestHandler(app), handler_class=_Silent) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        subscribe(running, f"http://127.0.0.1:{server.server_port}/slack/events")
        yield
        server.shutdown()
        thread.join()


@pytest.fixture(params=[by_socket, by_http])
def listening(request: pytest.FixtureRequest, running: Running, details: Json) -> Iterator[None]:
    """A Bolt app that answers a message, a press and a command."""
    app = App(
        token=details["slack"]["bot_token"],
        signing_secret=details["slack"]["signing_secret"],
        client=WebClient(token=details["slack"]["bot_token"], base_url=details["slack"]["api_url"]),
    )

    @app.event("message")
    def hear(event: dict[str, Any], say: Json) -> None:
        say(text=f"heard: {event['text']}", blocks=[CLAIM])

    @app.action("claim")
    def claim(ack: Json, action: dict[str, Any], say: Json) -> None:
        ack()
        say(f"pressed: {action['value']}")

    @app.command("/leads")
    def leads(ack: Json, command: dict[str, Any], say: Json) -> None:
        ack()
        say(f"asked: {command['text']}")

    _ = (hear, claim, leads)
    with request.param(app, running):
        yield


@pytest.mark.usefixtures("listening")
def test_bolt_hears_a_message_a_press_and_a_command(running: Running, somebody: str) -> None:
    """Over Socket Mode and over HTTP alike: each is delivered, acknowledged and answered."""
    assert HEARD == converse(running, somebody)


def converse(running: Running, somebody: str) -> list[str]:
    """Somebody writes, presses the button of the answer, and types a command; the answers."""
    conversation = Conversation(running, somebody)
    return [
        conversation.after(lambda: conversation.say("unworked?")),
        conversation.after(lambda: conversation.press("claim")),
        conversation.after(lambda: conversation.command("/leads mine")),
    ]


def test_the_web_api_of_node_does_the_same(node: Callable[..., Json], somebody: str) -> None:
    """@slack/web-api pages, posts, updates, reads metadata, and is told errors and limits."""
    seen = node("slack.mjs", somebody)
    assert seen.pop("people") > PEOPLE
    assert {
        "changed": "One lead waits",
        "text": "One lead waits",
        "metadata": "k1",
        "errors": ["invalid_auth", "channel_not_found", "invalid_blocks"],
        "limited": ["slack_webapi_rate_limited_error", True],
    } == seen


@pytest.mark.parametrize("way", ["socket", "http"])
def test_bolt_of_node_hears_the_same(
    node_app: Callable[..., Any], running: Running, somebody: str, way: str
) -> None:
    """Bolt for JavaScript, over Socket Mode and over HTTP."""
    with node_app("bolt.mjs", way) as said:
        if way == "http":
            subscribe(running, said)
        else:
            installed.installed(running.world)["socket_mode"] = True
            assert running.socket.wait_for_connection()
        assert HEARD == converse(running, somebody)
