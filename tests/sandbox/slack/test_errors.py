"""Slack's error names: whatever a method is told, it answers with one that its page documents."""

import json
from collections.abc import Iterator

import pytest

from sandbox import slack
from sandbox.http.message import Json, Request
from sandbox.slack.api import METHODS
from sandbox.slack.web.reference import pages
from sandbox.state.world import World

TOKEN, APP_TOKEN = "xoxb-test", "xapp-test"
LONG = "x" * 60_000
HARMFUL: dict[str, tuple[Json, ...]] = {
    "blocks": (
        "{",
        {},
        [{}],
        [{"type": "divider"}] * 51,
        [{"type": "section", "text": {"type": "mrkdwn", "text": "y" * 2900}}] * 5,
    ),
    "attachments": ("{", {}, [{}] * 101),
    "metadata": ("{", [], {}, {"event_type": "a", "event_payload": {"b": LONG}}),
    "view": ("{", {}, {"type": "modal"}, {"type": "home", "blocks": [{}]}),
    "files": ("{", {}, [], [{"id": "F404"}]),
    "prompts": ("{", []),
}
"""Bad values of arguments that hold JSON."""
PLAIN: tuple[Json, ...] = ("", "nothing", "C404", "U404", "-1", "1.5", "99999999999", LONG)
"""Bad values of the others."""
NAMES = (
    "channel channel_id cursor bot email error external_id file filename hash latest length limit"
    " markdown_text message_ts name oldest post_at recipient_user_id scheduled_message_id status"
    " text thread_ts timestamp title trigger_id ts types user user_id users view_id"
).split()


class Workspace:
    """A face without a server, and what a person and a channel are called in it."""

    def __init__(self) -> None:
        self.world = World()
        slack.add_token(self.world, TOKEN)
        slack.add_token(self.world, APP_TOKEN, kind="app")
        self.user = slack.add_user(self.world, name="Ana", email="ana@x.example", timezone="UTC")
        self.left = slack.add_user(
            self.world, name="Rob", email="rob@x.example", timezone="UTC", deleted=True
        )
        self.channel = slack.add_channel(self.world, "sales")
        self.foreign = slack.add_channel(self.world, "secret", member=False)
        self.archived = slack.add_channel(self.world, "old")
        self.world.table("slack.channel")[self.archived]["is_archived"] = True
        self._face = slack.face(self.world)
        posted = self.call("chat.postMessage", {"channel": self.channel, "text": "x"})
        self.ts = posted["ts"]

    def call(self, method: str, args: dict[str, Json]) -> Json:
        """Call a method with the token of its kind."""
        self.world.table("slack.pace").clear()
        token = APP_TOKEN if method.startswith("apps.") else TOKEN
        given = {name: value for name, value in args.items() if value is not None}
        return json.loads(self._face(_request(method, token, given)).body)

    def good(self) -> dict[str, Json]:
        """Arguments that make sense, for whatever method takes them."""
        return {
            "channel": self.channel,
            "channel_id": self.channel,
            "message_ts": self.ts,
            "name": "eyes",
            "text": "x",
            "thread_ts": self.ts,
            "timestamp": self.ts,
            "ts": self.ts,
            "user": self.user,
            "user_id": self.user,
        }


def _request(method: str, token: str, args: dict[str, Json]) -> Request:
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json;charset=utf-8"}
    query: dict[str, list[str]] = {}
    if not pages()[method].takes_json:
        query = {name: [str(value)] for name, value in args.items()}
    return Request("POST", f"/api/{method}", query, headers, json.dumps(args).encode())


def mistakes(place: Workspace) -> Iterator[dict[str, Json]]:
    """Sensible arguments with one of them missing or wrong, and each alone."""
    good = place.good()
    rooms = (place.foreign, place.archived, place.user)
    yield {}
    yield good
    for name in NAMES:
        values = (None, *PLAIN, *(rooms if name.startswith("channel") else ()), place.left)
        for value in values:
            yield good | {name: value}
    for name, values in HARMFUL.items():
        for value in values:
            yield good | {name: value}


@pytest.mark.parametrize("method", sorted(METHODS))
def test_every_refusal_is_documented(method: str) -> None:
    """No mistake gets an answer that the method's page doesn't know; the face would raise."""
    place = Workspace()
    errors = {place.call(method, args).get("error") for args in mistakes(place)} - {None}
    assert set() == errors - pages()[method].errors
    assert errors or not pages()[method].required


def test_every_served_method_has_its_page() -> None:
    """The table of facts and the methods that are served are the same."""
    assert set(METHODS) == set(pages())


@pytest.mark.parametrize(
    ("token", "method"), [(APP_TOKEN, "auth.test"), (TOKEN, "apps.connections.open")]
)
def test_a_token_of_the_wrong_kind(token: str, method: str) -> None:
    """The app-level token opens sockets and nothing else; the bot's opens none."""
    answer = slack.face(Workspace().world)(_request(method, token, {}))
    assert "not_allowed_token_type" == json.loads(answer.body)["error"]
