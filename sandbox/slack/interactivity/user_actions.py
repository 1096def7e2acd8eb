"""What people do in Slack: write, press, choose, fill in, open, react.

Each does it in the workspace first and then tells the app, as Slack does; the app's answer comes
in its own time (`sandbox.slack.transport.deliveries`). Users are given by Slack's ids.
"""

from collections.abc import Mapping
from typing import cast

from sandbox.http.message import Json
from sandbox.slack.conversations.channels import open_dm
from sandbox.slack.conversations.membership import present
from sandbox.slack.events import subscriptions
from sandbox.slack.events.envelopes import CHALLENGE, Push, push
from sandbox.slack.interactivity import response_urls, triggers, views
from sandbox.slack.interactivity.form_input import action, check, state
from sandbox.slack.messages import message_log, reactions
from sandbox.slack.messages.typed_text import delivered
from sandbox.slack.web import app
from sandbox.state.world import Row, World

VIEW = "view"
"""In place of a channel: what is pressed stands in a view, not in a message."""


class DoingError(Exception):
    """Nobody can do that: no such person, conversation, message, button or form."""


def say(world: World, user: str, channel: str, text: str, *, thread: str = "") -> str:
    """Write a message, in a thread or not; returns its ts.

    `text` is as typed, with mentions such as `<@U0000000001>`; the rest is delivered in Slack's
    notation.
    """
    row = _conversation(world, channel)
    _known(world, user)
    if user not in present(world, row):
        raise DoingError(f"{user} is not in {channel}")
    if thread and message_log.find(world, channel, thread) is None:
        raise DoingError(f"there is no message {thread} in {channel}")
    ts = message_log.next_ts(world)
    message: Row = {
        "type": "message",
        "channel": channel,
        "ts": ts,
        "user": user,
        "team": app.TEAM_ID,
        "client_msg_id": f"msg-{world.next_serial():012d}",
        "text": delivered(text),
    }
    if thread:
        message["thread_ts"] = thread
    world.record("effect", "slack", "message.say", channel=channel, ts=ts, text=text, by=user)
    message_log.write(world, row, message)
    return ts


def command(world: World, user: str, channel: str, line: str) -> None:
    """Type a slash command, such as `/leads unworked`."""
    row, who = _conversation(world, channel), _known(world, user)
    name, _, text = line.strip().partition(" ")
    if name not in app.installed(world)["commands"]:
        known = ", ".join(app.installed(world)["commands"])
        raise DoingError(f"{name} is not a command; there are {known}")
    payload: Row = {
        "token": "legacy-verification-token",
        "team_id": app.TEAM_ID,
        "team_domain": app.TEAM_DOMAIN,
        "channel_id": channel,
        "channel_name": "directmessage" if row["is_im"] else row["name"],
        "user_id": user,
        "user_name": who["name"],
        "command": name,
        "text": delivered(text.strip()),
        "api_app_id": app.APP_ID,
        "is_enterprise_install": "false",
        "response_url": response_urls.grant(world, user, channel),
        "trigger_id": triggers.issue(world, user),
    }
    world.record("effect", "slack", "command", channel=channel, text=line, by=user)
    push(world, Push("slash_commands", payload, {"user": user, "channel": channel, "line": line}))


def press(
    world: World, user: str, channel: str, ts: str, action_id: str, *, chosen: Json = None
) -> None:
    """Press a button of a message, or choose in one of its menus.

    `ts` is the message's, or with `VIEW` for a channel the view's id; `action_id` may be
    `block_id/action_id` where several blocks have the same. `chosen` is an option's value, a user's
    id, a date or a text, as the element wants it.
    """
    _known(world, user)
    holder = _view(world, user, ts) if channel == VIEW else _message(world, user, channel, ts)
    pressed = action(holder["blocks"], action_id, chosen)
    if pressed is None:
        raise DoingError(f"there is nothing to press named {action_id}")
    pressed["action_ts"] = message_log.next_ts(world)
    payload = _interaction(world, user, "block_actions") | {"actions": [pressed]}
    if channel == VIEW:
        told = {"type": "view", "view_id": ts}
        payload |= {"container": told, "view": holder}
    else:
        payload |= _in_message(world, user, channel, holder) | {"state": {"values": {}}}
    world.record("effect", "slack", "press", channel=channel, ts=ts, action=action_id, by=user)
    push(world, Push("interactive", payload, {"user": user, "channel": channel}))


def submit(world: World, user: str, values: Mapping[str, Json]) -> None:
    """Send the form on top; `values` are what was filled in, by `block_id/action_id`.

    Raises `form_input.FormError` for what Slack itself would not send: a field left empty.
    """
    row, shown = fill(world, user, values)
    shown.update(state=views.OPEN, errors={})
    check(row["blocks"], values)
    shown["state"] = views.SENDING
    payload = _interaction(world, user, "view_submission")
    payload |= {"view": row, "response_urls": list[Row]()}
    world.record("effect", "slack", "view.submit", user=user, view=row["id"], state=row["state"])
    push(world, Push("interactive", payload, {"user": user, "view": row["id"]}))


def fill(world: World, user: str, values: Mapping[str, Json]) -> tuple[Row, Row]:
    """Fill in the form on top without sending it; the form, and the screen that it is on."""
    row, shown = _top(world, user)
    row["state"] = {"values": state(row["blocks"], values)}
    return row, shown


def close(world: World, user: str) -> None:
    """Close the form on top without sending it."""
    row, _ = _top(world, user)
    views.close_top(world, user)
    world.record("effect", "slack", "view.close", user=user, view=row["id"])
    if row["notify_on_close"]:
        payload = _interaction(world, user, "view_closed") | {"view": row, "is_cleared": False}
        push(world, Push("interactive", payload, {"user": user}))


def open_home(world: World, user: str) -> None:
    """Look at the app's home tab."""
    _known(world, user)
    channel = open_dm(world, user)[0]["id"]
    event: Row = {"type": "app_home_opened", "user": user, "channel": channel, "tab": "home"}
    home = world.table(views.HOME).get(user)
    if home is not None:
        event["view"] = home
    subscriptions.emit(world, event | {"ts": message_log.next_ts(world)}, "app_home_opened")


def open_pane(world: World, user: str) -> str:
    """Open the assistant pane, which begins a thread with the app; returns its ts."""
    _known(world, user)
    row, token = open_dm(world, user)[0], app.bot(world)
    ts = message_log.next_ts(world)
    opening: Row = {"type": "message", "channel": row["id"], "ts": ts, "text": "New chat"}
    opening |= {"user": token["user_id"] if token else "", "subtype": "assistant_app_thread"}
    world.table(message_log.MESSAGE)[f"{row['id']}/{ts}"] = opening | {"thread_ts": ts}
    thread: Row = {"user_id": user, "channel_id": row["id"], "thread_ts": ts, "context": {}}
    event: Row = {"type": "assistant_thread_started", "assistant_thread": thread, "ts": ts}
    subscriptions.emit(world, event, "assistant_thread_started")
    return ts


def subscribe(world: World, url: str) -> None:
    """Set the app's request URL, as its owner does: used by HTTP once it answers a challenge."""
    told: Row = {"token": "legacy-verification-token", "type": CHALLENGE}
    told["challenge"] = f"challenge{world.next_serial():032x}"
    push(world, Push(CHALLENGE, told, {"url": url}))


def react(world: World, user: str, channel: str, ts: str, name: str) -> None:
    """React to a message."""
    row, message = _conversation(world, channel), message_log.find(world, channel, ts)
    _known(world, user)
    if message is None:
        raise DoingError(f"there is no message {ts} in {channel}")
    reactions.react(world, message, name, user)
    item = {"type": "message", "channel": channel, "ts": ts}
    event = {"type": "reaction_added", "user": user, "reaction": name, "item": item}
    if row["is_member"]:
        subscriptions.emit(world, event | {"item_user": message["user"]}, "reaction_added")


def _interaction(world: World, user: str, kind: str) -> Row:
    """What every interaction says."""
    who = _known(world, user)
    return {
        "type": kind,
        "user": {
            "id": user,
            "username": who["name"],
            "name": who["name"],
            "team_id": app.TEAM_ID,
        },
        "api_app_id": app.APP_ID,
        "token": "legacy-verification-token",
        "trigger_id": triggers.issue(world, user),
        "team": app.team(),
        "enterprise": None,
        "is_enterprise_install": False,
    }


def _in_message(world: World, user: str, channel: str, message: Row) -> Row:
    row, ts = _conversation(world, channel), message["ts"]
    container: Row = {
        "type": "message",
        "message_ts": ts,
        "channel_id": channel,
        "is_ephemeral": "ephemeral_to" in message,
    }
    if message.get("thread_ts"):
        container["thread_ts"] = message["thread_ts"]
    shown = {
        name: value for name, value in message_log.shown(message).items() if name != "ephemeral_to"
    }
    return {
        "container": container,
        "channel": {"id": channel, "name": row.get("name", "directmessage")},
        "message": shown,
        "response_url": response_urls.grant(world, user, channel, message=ts),
    }


def _message(world: World, user: str, channel: str, ts: str) -> Row:
    whispered = world.table(message_log.EPHEMERAL).get(f"{channel}/{ts}")
    if whispered is not None and whispered["ephemeral_to"] == user:
        return whispered
    message = message_log.find(world, channel, ts)
    if message is None or not message.get("blocks"):
        raise DoingError(f"there is no message with anything to press at {ts} in {channel}")
    return message


def _view(world: World, user: str, view_id: str) -> Row:
    home = world.table(views.HOME).get(user)
    if home is not None and home["id"] == view_id:
        return home
    if view_id not in views.screen(world, user)["stack"]:
        raise DoingError(f"the view {view_id} is not open for {user}")
    return world.table(views.VIEW)[view_id]


def _top(world: World, user: str) -> tuple[Row, Row]:
    """The form on top, and the screen that it is on."""
    shown = views.screen(world, user)
    if not shown["stack"]:
        raise DoingError(f"no form is open for {user}")
    return world.table(views.VIEW)[cast("str", shown["stack"][-1])], shown


def _known(world: World, user: str) -> Row:
    row = world.table("slack.user").get(user)
    if row is None or row["deleted"] or row["is_bot"]:
        raise DoingError(f"Slack knows no active person {user}")
    return row


def _conversation(world: World, channel: str) -> Row:
    row = world.table("slack.channel").get(channel)
    if row is None:
        raise DoingError(f"there is no conversation {channel}")
    return row
