"""Slack's face, spoken to with slack_sdk and, where that hides too much, with requests."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import requests
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from sandbox import slack
from sandbox.http.message import Json
from sandbox.server.http_server import Server
from sandbox.state.world import World

TOKEN = "xoxb-test"


@pytest.fixture
def world() -> World:
    """A workspace with three people and two channels, the app in only one of them."""
    world = World()
    slack.add_token(world, TOKEN)
    for name, zone in (("Ana Torres", "America/Los_Angeles"), ("Lena Vogel", "Europe/Berlin")):
        email = f"{name.lower().replace(' ', '.')}@meridian.example"
        slack.add_user(world, name=name, email=email, timezone=zone)
    slack.add_user(
        world,
        name="Rob Diaz",
        email="rob.diaz@meridian.example",
        timezone="America/New_York",
        deleted=True,
    )
    slack.add_channel(world, "sales-inbound")
    slack.add_channel(world, "secret-plans", member=False)
    return world


@pytest.fixture
def url(world: World) -> Iterator[str]:
    """The base address of a running face."""
    server = Server(world, {"/slack": slack.face(world)})
    server.start()
    yield f"http://127.0.0.1:{server.port}/slack/api/"
    server.stop()


@pytest.fixture
def client(url: str) -> Json:
    """slack_sdk's client, aimed at the face; its answers are mappings, which it does not say."""
    return WebClient(token=TOKEN, base_url=url)


def channel_named(world: World, name: str) -> str:
    """The id of a channel."""
    rows = world.table("slack.channel").values()
    return next(row["id"] for row in rows if row.get("name") == name)


def error_of(call: Json, **arguments: Json) -> Json:
    """The error body of a call that must fail."""
    with pytest.raises(SlackApiError) as caught:
        call(**arguments)
    error: Json = caught.value
    return error.response.data


def test_auth_test_with_empty_json_body(client: Json) -> None:
    """slack_sdk sends auth.test as JSON with no body at all."""
    assert client.auth_test()["team"] == "Meridian Systems"


@pytest.mark.parametrize(("token", "error"), [("", "not_authed"), ("xoxb-other", "invalid_auth")])
def test_tokens_are_checked(url: str, token: str, error: str) -> None:
    """No token and a foreign token have different names."""
    answer = requests.post(
        f"{url}auth.test", headers={"Authorization": f"Bearer {token}"}, timeout=5
    )
    assert (200, {"ok": False, "error": error}) == (answer.status_code, answer.json())


def test_missing_scope_names_what_is_needed(world: World, client: Json) -> None:
    """A method beyond the token's scopes says which scope it wants."""
    world.table("slack.token")[TOKEN]["scopes"] = ["chat:write"]
    body = error_of(client.users_list)
    assert (
        body["error"],
        body["needed"],
        body["provided"],
    ) == ("missing_scope", "users:read", "chat:write")


@pytest.mark.parametrize("way", ["query", "form", "json", "json_in_form"])
def test_arguments_in_every_encoding(world: World, url: str, way: str) -> None:
    """Query, form, JSON, and JSON strings in a form mean the same."""
    channel, blocks = channel_named(world, "sales-inbound"), '[{"type": "divider"}]'
    plain = {"channel": channel, "text": "hello"}
    parts: Json = {
        "query": {"params": plain},
        "form": {"data": plain},
        "json": {"json": plain | {"blocks": [{"type": "divider"}]}},
        "json_in_form": {"data": plain | {"blocks": blocks}},
    }[way]
    headers = {"Authorization": f"Bearer {TOKEN}"}
    answer = requests.post(f"{url}chat.postMessage", headers=headers, timeout=5, **parts).json()
    assert (answer["ok"], answer["message"]["text"]) == (True, "hello")


def test_users_are_paged(client: Json) -> None:
    """Following the cursor sees everybody once, those who left included."""
    pages = [page["members"] for page in client.users_list(limit=2)]
    names = [member["real_name"] for page in pages for member in page]
    assert names == ["routeready", "Ana Torres", "Lena Vogel", "Rob Diaz"]


def test_lookup_finds_active_people_only(client: Json) -> None:
    """An address finds its member whatever its case; a deactivated one is not found."""
    found = client.users_lookupByEmail(email="Ana.Torres@Meridian.example")
    assert found["user"]["tz"] == "America/Los_Angeles"
    body = error_of(client.users_lookupByEmail, email="rob.diaz@meridian.example")
    assert body["error"] == "users_not_found"


def test_status_ends_by_itself(world: World, client: Json) -> None:
    """A status is shown until it expires."""
    ana = client.users_lookupByEmail(email="ana.torres@meridian.example")["user"]["id"]
    until = world.now + timedelta(hours=2)
    slack.set_status(world, ana, text="On vacation", emoji=":palm_tree:", until=until)
    assert client.users_profile_get(user=ana)["profile"]["status_emoji"] == ":palm_tree:"
    world.advance(timedelta(hours=2))
    assert client.users_info(user=ana)["user"]["profile"]["status_emoji"] == ""


def test_a_bot_cannot_set_a_status(client: Json) -> None:
    """users.profile.set belongs to people."""
    body = error_of(client.users_profile_set, name="status_text", value="x")
    assert body["error"] == "not_allowed_token_type"


def test_quiet_hours_are_local(world: World, client: Json) -> None:
    """Do-not-disturb runs from ten to eight in the member's own zone."""
    lena = client.users_lookupByEmail(email="lena.vogel@meridian.example")["user"]["id"]
    quiet = client.dnd_info(user=lena)
    begins = quiet["next_dnd_start_ts"] - world.now.timestamp()
    assert begins == 13 * 3600
    assert [lena] == list(client.dnd_teamInfo(users=[lena])["users"])


def test_a_dm_opens_once(client: Json) -> None:
    """Opening a direct message twice gives the same one."""
    ana = client.users_lookupByEmail(email="ana.torres@meridian.example")["user"]["id"]
    first, second = (client.conversations_open(users=[ana]) for _ in range(2))
    assert first["channel"]["id"] == second["channel"]["id"]
    assert (first["already_open"], second["already_open"]) == (False, True)


def test_a_dm_with_who_left_is_refused(world: World, client: Json) -> None:
    """user_disabled, as for any deactivated member."""
    rob = next(row["id"] for row in world.table("slack.user").values() if row["deleted"])
    assert error_of(client.conversations_open, users=[rob])["error"] == "user_disabled"


def test_metadata_comes_back_on_request(world: World, client: Json) -> None:
    """History shows metadata only with include_all_metadata."""
    channel = channel_named(world, "sales-inbound")
    metadata = {"event_type": "lead_routed", "event_payload": {"decision_id": "d1"}}
    client.chat_postMessage(channel=channel, text="a lead", metadata=metadata)
    shown = client.conversations_history(channel=channel)["messages"][0]
    assert "metadata" not in shown
    shown = client.conversations_history(channel=channel, include_all_metadata=True)
    assert metadata == shown["messages"][0]["metadata"]


def test_history_is_newest_first_and_paged(world: World, client: Json) -> None:
    """Pages join to all messages; `oldest` is exclusive unless inclusive."""
    channel = channel_named(world, "sales-inbound")
    stamps = [client.chat_postMessage(channel=channel, text=f"{n}")["ts"] for n in range(4)]
    pages = [page["messages"] for page in client.conversations_history(channel=channel, limit=3)]
    assert [each["text"] for page in pages for each in page] == ["3", "2", "1", "0"]
    after = client.conversations_history(channel=channel, oldest=stamps[2])["messages"]
    assert [each["text"] for each in after] == ["3"]
    since = client.conversations_history(channel=channel, oldest=stamps[2], inclusive=True)
    assert len(since["messages"]) == 2


def test_ts_only_grows_while_time_stands_still(world: World, client: Json) -> None:
    """Two messages of one instant have different, growing ids."""
    channel = channel_named(world, "sales-inbound")
    first, second = (client.chat_postMessage(channel=channel, text="x")["ts"] for _ in range(2))
    assert float(first) < float(second)


def test_threads(world: World, client: Json) -> None:
    """Replies stand under their parent, not in the channel's history."""
    channel = channel_named(world, "sales-inbound")
    parent = client.chat_postMessage(channel=channel, text="parent")["ts"]
    client.chat_postMessage(channel=channel, text="reply", thread_ts=parent)
    thread = client.conversations_replies(channel=channel, ts=parent)["messages"]
    assert [each["text"] for each in thread] == ["parent", "reply"]
    assert len(client.conversations_history(channel=channel)["messages"]) == 1


def test_posting_too_fast_is_limited(world: World, client: Json) -> None:
    """A burst of five passes, then one message a second per channel."""
    channel = channel_named(world, "sales-inbound")
    for _ in range(5):
        client.chat_postMessage(channel=channel, text="x")
    with pytest.raises(SlackApiError) as caught:
        client.chat_postMessage(channel=channel, text="x")
    error: Json = caught.value
    answer = error.response
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
    world.advance(timedelta(seconds=1))
    assert client.chat_postMessage(channel=channel, text="x")["ok"]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"channel": "C404", "text": "x"}, "channel_not_found"),
        ({"text": ""}, "no_text"),
        ({"blocks": [{"type": "divider"}] * 51, "text": "x"}, "invalid_blocks"),
        ({"blocks": [{"type": "invented"}], "text": "x"}, "invalid_blocks"),
        ({"text": "x", "metadata": {"event_type": "a"}}, "invalid_metadata_schema"),
        ({"text": "x", "thread_ts": "1.000001"}, "cannot_reply_to_message"),
    ],
)
def test_bad_messages_are_refused(
    world: World, client: Json, arguments: dict[str, Json], error: str
) -> None:
    """Each mistake has its documented name."""
    message = {"channel": channel_named(world, "sales-inbound")} | arguments
    body = error_of(client.api_call, api_method="chat.postMessage", json=message)
    assert error == body["error"]


@pytest.mark.parametrize(
    ("block", "where"),
    [
        (
            {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}},
            "/blocks/0/text/text",
        ),
        (
            {"type": "header", "text": {"type": "plain_text", "text": "x" * 151}},
            "/blocks/0/text/text",
        ),
        (
            {
                "type": "actions",
                "elements": [{"type": "button", "text": {"type": "plain_text", "text": "x" * 76}}],
            },
            "/blocks/0/elements/0/text/text",
        ),
        (
            {"type": "section", "fields": [{"type": "mrkdwn", "text": "x"}] * 11},
            "/blocks/0/fields",
        ),
        ({"type": "divider", "block_id": "x" * 256}, "/blocks/0/block_id"),
        ({"type": "context", "elements": [{"type": "mrkdwn", "text": "x"}] * 11}, "/elements"),
    ],
)
def test_block_limits_say_where(
    world: World, client: Json, block: dict[str, Json], where: str
) -> None:
    """invalid_blocks points at the part that is too long."""
    body = error_of(
        client.chat_postMessage,
        channel=channel_named(world, "sales-inbound"),
        text="x",
        blocks=[block],
    )
    assert body["error"] == "invalid_blocks"
    assert where in body["response_metadata"]["messages"][0]


def test_the_app_must_be_in_the_channel(world: World, client: Json) -> None:
    """A channel that the app is not in refuses posts and reading."""
    channel = channel_named(world, "secret-plans")
    assert error_of(client.chat_postMessage, channel=channel, text="x")["error"] == "not_in_channel"
    assert error_of(client.conversations_history, channel=channel)["error"] == "not_in_channel"


def test_update_react_and_delete(world: World, client: Json) -> None:
    """A message can be changed, reacted to once, and removed."""
    channel = channel_named(world, "sales-inbound")
    ts = client.chat_postMessage(channel=channel, text="open")["ts"]
    client.chat_update(channel=channel, ts=ts, text="done")
    client.reactions_add(channel=channel, timestamp=ts, name="white_check_mark")
    again = {"channel": channel, "timestamp": ts, "name": "white_check_mark"}
    assert error_of(client.reactions_add, **again)["error"] == "already_reacted"
    shown = client.conversations_history(channel=channel)["messages"][0]
    assert (shown["text"], shown["reactions"][0]["count"]) == ("done", 1)
    client.chat_delete(channel=channel, ts=ts)
    assert (
        error_of(client.chat_update, channel=channel, ts=ts, text="x")["error"]
        == "message_not_found"
    )


def test_effects_are_in_the_journal(world: World, client: Json) -> None:
    """A direct message is journaled with its reader, text and metadata."""
    ana = client.users_lookupByEmail(email="ana.torres@meridian.example")["user"]["id"]
    client.chat_postMessage(channel=ana, text="yours")
    effect = next(entry for entry in world.journal if entry.name == "message.post")
    assert (ana, "yours") == (effect.data["to"], effect.data["text"])
    assert world.journal[-1].name == "chat.postMessage"


def test_socket_mode_is_honestly_absent(world: World, url: str) -> None:
    """apps.connections.open fails instead of handing out an address that leads nowhere."""
    slack.add_token(world, "xapp-test", kind="app")
    body = error_of(WebClient(base_url=url).apps_connections_open, app_token="xapp-test")
    assert body["error"] == "internal_error"
