"""Slack's methods beyond plain messages, spoken to with slack_sdk."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import requests
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from sandbox import slack
from sandbox.http.message import Json
from sandbox.server.http_server import Server
from sandbox.slack.conversations.channels import open_dm
from sandbox.slack.interactivity import response_urls, triggers
from sandbox.slack.messages import scheduled_messages
from sandbox.slack.web.app import address, installed, serve_at
from sandbox.state.world import World

TOKEN = "xoxb-test"
MODAL: Json = {"type": "modal", "title": {"type": "plain_text", "text": "Form"}, "blocks": []}


class Workspace:
    """Two people, a channel, and slack_sdk's client with the world that it speaks to."""

    def __init__(self) -> None:
        self.world = World()
        slack.add_token(self.world, TOKEN)
        self.ana, self.ben = (
            slack.add_user(self.world, name=name, email=f"{name}@x.example", timezone="UTC")
            for name in ("Ana", "Ben")
        )
        self.channel = slack.add_channel(self.world, "sales")
        self.dm = open_dm(self.world, self.ana)[0]["id"]
        scheduled_messages.live(self.world)
        self.server = Server(self.world, {"/slack": slack.face(self.world)})
        self.server.start()
        serve_at(self.world, f"http://127.0.0.1:{self.server.port}/slack")
        self.url = f"{address(self.world)}/api/"
        self.client: Json = WebClient(token=TOKEN, base_url=self.url)

    def say(self, text: str = "x", **more: Json) -> Json:
        """Let the app post in the channel, a second later."""
        self.world.advance(timedelta(seconds=1))
        return self.client.chat_postMessage(channel=self.channel, text=text, **more)

    def history(self) -> list[str]:
        """What stands in the channel, oldest first."""
        shown = self.client.conversations_history(channel=self.channel)["messages"]
        return [one["text"] for one in reversed(shown)]


@pytest.fixture(scope="module")
def served() -> Iterator[Workspace]:
    """A running workspace for all tests of this module."""
    place = Workspace()
    yield place
    place.server.stop()


@pytest.fixture
def place(served: Workspace) -> Iterator[Workspace]:
    """The same workspace, as it was at first."""
    moment = served.world.snapshot()
    yield served
    served.world.restore(moment)


def refused(call: Json, **arguments: Json) -> str:
    """The error's name of a call that must fail."""
    with pytest.raises(SlackApiError) as caught:
        call(**arguments)
    error: Json = caught.value
    return error.response["error"]


def limited(call: Json, **arguments: Json) -> tuple[int, str]:
    """Status and Retry-After of a call that comes too often."""
    with pytest.raises(SlackApiError) as caught:
        call(**arguments)
    answer: Json = caught.value
    return answer.response.status_code, answer.response.headers["retry-after"]


def test_each_method_has_its_tier(place: Workspace) -> None:
    """conversations.list is of tier 2: twenty at once, then one every three seconds."""
    for _ in range(20):
        place.client.conversations_list()
    assert (429, "3") == limited(place.client.conversations_list)
    place.client.users_info(user=place.ana)
    place.world.advance(timedelta(seconds=3))
    assert place.client.conversations_list()["ok"]


def test_history_of_a_commercial_app(place: Workspace) -> None:
    """Such an app gets 15 messages, once a minute; an internal one a hundred."""
    for number in range(17):
        place.say(str(number))
    assert 17 == len(place.client.conversations_history(channel=place.channel)["messages"])
    installed(place.world)["distribution"] = "commercial"
    page = place.client.conversations_history(channel=place.channel, limit=100)
    assert (15, True) == (len(page["messages"]), page["has_more"])
    assert (429, "60") == limited(place.client.conversations_history, channel=place.channel)


def test_scopes_are_of_the_kind_of_conversation(place: Workspace) -> None:
    """A token for direct messages alone reads no channel; the answer's headers name the scopes."""
    place.world.table("slack.token")[TOKEN]["scopes"] = ["im:history"]
    answer = place.client.conversations_history(channel=place.dm)
    assert "im:history" == answer.headers["x-oauth-scopes"]
    assert "channels:history" in answer.headers["x-accepted-oauth-scopes"]
    assert "missing_scope" == refused(place.client.conversations_history, channel=place.channel)


def test_reading_methods_take_no_json(place: Workspace) -> None:
    """users.info does not look at a JSON body, and says what it lacks; a charset is asked for."""
    headers = {"authorization": f"Bearer {TOKEN}"}
    asked = requests.post(
        f"{place.url}users.info", json={"user": place.ana}, headers=headers, timeout=5
    ).json()
    assert ("invalid_arguments", "[ERROR] missing required field: user") == (
        asked["error"],
        asked["response_metadata"]["messages"][0],
    )
    message = {"channel": place.channel, "text": "x"}
    told = requests.post(
        f"{place.url}chat.postMessage", json=message, headers=headers, timeout=5
    ).json()
    assert "missing_charset" == told["warning"]


def test_a_scheduled_message_comes_in_time(place: Workspace) -> None:
    """It is listed until then, posted at its time, and one that was cancelled never is."""
    at = int(place.world.now.timestamp()) + 3600
    later = {"channel": place.channel, "post_at": at}
    place.client.chat_scheduleMessage(text="later", **later)
    dropped = place.client.chat_scheduleMessage(text="dropped", **later)["scheduled_message_id"]
    waiting = place.client.chat_scheduledMessages_list()["scheduled_messages"]
    assert ["later", "dropped"] == [one["text"] for one in waiting]
    named = {"channel": place.channel, "scheduled_message_id": dropped}
    place.client.chat_deleteScheduledMessage(**named)
    place.world.advance(timedelta(hours=1))
    assert ["later"] == place.history()
    assert "time_in_past" == refused(place.client.chat_scheduleMessage, text="x", **later)


def test_an_answer_grows_until_it_is_stopped(place: Workspace) -> None:
    """A stream is a message in a thread, appended to by pieces."""
    root = place.say("question")["ts"]
    names = {"recipient_user_id": place.ana, "recipient_team_id": "T0000000001"}
    started = place.client.chat_startStream(channel=place.channel, thread_ts=root, **names)
    stream = {"channel": place.channel, "ts": started["ts"]}
    place.client.chat_appendStream(markdown_text="half ", **stream)
    assert (
        "half done"
        == place.client.chat_stopStream(markdown_text="done", **stream)["message"]["text"]
    )
    error = refused(place.client.chat_appendStream, markdown_text="more", **stream)
    assert "message_not_in_streaming_state" == error


def test_rooms_are_made_joined_and_archived(place: Workspace) -> None:
    """A channel's life, with the names of its mistakes."""
    made = place.client.conversations_create(name="deal-acme")["channel"]["id"]
    assert "name_taken" == refused(place.client.conversations_create, name="deal-acme")
    members = place.client.conversations_members(channel=made)["members"]
    assert {place.ana, place.ben} <= set(members)
    place.client.conversations_leave(channel=made)
    assert "not_in_channel" == refused(place.client.chat_postMessage, channel=made, text="x")
    place.client.conversations_join(channel=made)
    assert made in [one["id"] for one in place.client.users_conversations()["channels"]]
    place.client.conversations_archive(channel=made)
    assert "is_archived" == refused(place.client.chat_postMessage, channel=made, text="x")


def test_a_group_conversation_opens_once(place: Workspace) -> None:
    """The same people, in any order, share one."""
    people = [place.ana, place.ben]
    first = place.client.conversations_open(users=people)["channel"]["id"]
    again = place.client.conversations_open(users=people[::-1])
    assert (first, True) == (again["channel"]["id"], again["already_open"])


def test_reactions_come_and_go(place: Workspace) -> None:
    """Added, read, removed."""
    item = {"channel": place.channel, "timestamp": place.say()["ts"]}
    place.client.reactions_add(name="eyes", **item)
    assert "eyes" == place.client.reactions_get(**item)["message"]["reactions"][0]["name"]
    place.client.reactions_remove(name="eyes", **item)
    assert "no_reaction" == refused(place.client.reactions_remove, name="eyes", **item)


def test_a_file_is_uploaded_in_three_steps(place: Workspace) -> None:
    """slack_sdk asks for an address, uploads, and completes; the message carries the file."""
    sent = {"channel": place.channel, "content": b"a,b\n1,2\n", "filename": "week.csv"}
    place.client.files_upload_v2(title="Week", initial_comment="The week", **sent)
    shown = place.client.conversations_history(channel=place.channel)["messages"][0]
    assert ("The week", "Week", 8) == (
        shown["text"],
        shown["files"][0]["title"],
        shown["files"][0]["size"],
    )
    assert "file_not_found" == refused(place.client.files_info, file="F404")


def test_a_trigger_opens_one_view_for_three_seconds(place: Workspace) -> None:
    """Used twice, too late or invented, it has three different names."""
    opened = place.client.views_open
    trigger = triggers.issue(place.world, place.ana)
    assert opened(trigger_id=trigger, view=MODAL)["view"]["type"] == "modal"
    assert "exchanged_trigger_id" == refused(opened, trigger_id=trigger, view=MODAL)
    late = triggers.issue(place.world, place.ana)
    place.world.advance(timedelta(seconds=4))
    assert "expired_trigger_id" == refused(opened, trigger_id=late, view=MODAL)
    assert "invalid_trigger_id" == refused(opened, trigger_id="1.2.3", view=MODAL)


def test_views_stack_and_change(place: Workspace) -> None:
    """Three on one another at most; an update with an old hash is refused."""

    def push() -> Json:
        trigger = triggers.issue(place.world, place.ana)
        return place.client.views_push(trigger_id=trigger, view=MODAL)

    trigger = triggers.issue(place.world, place.ana)
    first = place.client.views_open(trigger_id=trigger, view=MODAL)["view"]
    assert first["id"] == push()["view"]["root_view_id"]
    push()
    assert "push_limit_reached" == refused(push)
    named = {"view_id": first["id"], "view": MODAL}
    changed = place.client.views_update(hash=first["hash"], **named)["view"]
    assert changed["hash"] != first["hash"]
    assert "hash_conflict" == refused(place.client.views_update, hash=first["hash"], **named)


@pytest.mark.parametrize(
    ("view", "where"),
    [
        ({"title": None}, "missing required field: title"),
        ({"title": {"type": "plain_text", "text": "x" * 25}}, "/view/title/text"),
        ({"private_metadata": "x" * 3001}, "/view/private_metadata"),
        ({"blocks": [{"type": "divider"}] * 101}, "no more than 100 items"),
        (
            {
                "blocks": [
                    {
                        "type": "input",
                        "label": {"type": "plain_text", "text": "x"},
                        "element": {"type": "plain_text_input", "action_id": "a"},
                    }
                ]
            },
            "missing required field: submit",
        ),
    ],
)
def test_view_limits_say_where(place: Workspace, view: Json, where: str) -> None:
    """A modal that Slack refuses gets invalid_arguments, with the place."""
    trigger = triggers.issue(place.world, place.ana)
    with pytest.raises(SlackApiError, match="invalid_arguments") as caught:
        place.client.views_open(trigger_id=trigger, view=MODAL | view)
    error: Json = caught.value
    assert where in error.response["response_metadata"]["messages"][0]


def test_a_response_address_is_used_five_times(place: Workspace) -> None:
    """And for half an hour, whichever ends first."""
    early = response_urls.grant(place.world, place.ana, place.channel)

    def answer(url: str) -> int:
        return requests.post(url, json={"text": "done"}, timeout=5).status_code

    assert [200] * 5 + [404] == [answer(early) for _ in range(6)]
    late = response_urls.grant(place.world, place.ana, place.channel)
    place.world.advance(timedelta(minutes=31))
    assert (404, 404) == (answer(late), answer(late.replace("/response/", "/response/x")))


def test_an_answer_can_replace_what_was_pressed(place: Workspace) -> None:
    """The message itself changes, or goes, or everybody sees an answer."""
    ts = place.say("press me")["ts"]
    url = response_urls.grant(place.world, place.ana, place.channel, message=ts)
    requests.post(url, json={"text": "pressed", "replace_original": True}, timeout=5)
    requests.post(url, json={"text": "for all", "response_type": "in_channel"}, timeout=5)
    assert ["pressed", "for all"] == place.history()
    requests.post(url, json={"delete_original": True}, timeout=5)
    assert ["for all"] == place.history()


def test_people_and_the_team_are_described(place: Workspace) -> None:
    """Presence follows quiet hours; bots and the team say who they are."""
    assert "active" == place.client.users_getPresence(user=place.ana)["presence"]
    place.world.advance(timedelta(hours=15))
    assert "away" == place.client.users_getPresence(user=place.ana)["presence"]
    assert "bot" == place.client.bots_info()["bot"]["name"]
    assert "T0000000001" == place.client.team_info()["team"]["id"]


def test_long_text_is_cut_by_a_post_and_refused_by_an_update(place: Workspace) -> None:
    """Slack: chat.postMessage, "Truncating content"; chat.update, `msg_too_long`."""
    posted = place.say("x" * 40_001)
    assert 40_000 == len(posted["message"]["text"])
    long = {"channel": place.channel, "ts": posted["ts"], "text": "x" * 40_001}
    assert "msg_too_long" == refused(place.client.chat_update, **long)
