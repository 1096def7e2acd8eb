"""Reactions to messages."""

from sandbox.http.message import Json
from sandbox.slack.conversations.channels import conversation
from sandbox.slack.messages import message_log
from sandbox.slack.web.call import Call, SlackError
from sandbox.state.world import Row, World

MOST_REACTIONS = 50


def add(call: Call) -> Json:
    """reactions.add."""
    message, name, by = _message(call), call.text("name"), call.token["user_id"]
    if not name:
        raise SlackError("invalid_name")
    users = _users(message, name)
    if by in users:
        raise SlackError("already_reacted")
    if not users and len(message.get("reactions") or ()) >= MOST_REACTIONS:
        raise SlackError("too_many_reactions")
    react(call.world, message, name, by)
    return {}


def react(world: World, message: Row, name: str, by: str) -> None:
    """Let somebody react to a message, once."""
    _set(message, name, [*(one for one in _users(message, name) if one != by), by])
    channel, ts = message["channel"], message["ts"]
    world.record("effect", "slack", "reaction.add", channel=channel, ts=ts, emoji=name, by=by)


def remove(call: Call) -> Json:
    """reactions.remove; only the app's own."""
    name, by = call.text("name"), call.token["user_id"]
    if not name:
        raise SlackError("invalid_name")
    if not call.text("channel") or not call.text("timestamp"):
        raise SlackError("no_item_specified")
    message = _message(call)
    users = _users(message, name)
    if by not in users:
        raise SlackError("no_reaction")
    _set(message, name, [one for one in users if one != by])
    return {}


def get(call: Call) -> Json:
    """reactions.get."""
    if not call.text("channel") or not call.text("timestamp"):
        raise SlackError("no_item_specified")
    message = _message(call)
    return {"type": "message", "channel": message["channel"], "message": message_log.shown(message)}


def _users(message: Row, name: str) -> list[str]:
    """Who reacted with this."""
    given: list[Row] = message.get("reactions") or []
    return next((list(one["users"]) for one in given if one["name"] == name), list[str]())


def _set(message: Row, name: str, users: list[str]) -> None:
    given: list[Row] = message.get("reactions") or []
    kept = [one for one in given if one["name"] != name]
    added = [{"name": name, "users": users, "count": len(users)}] if users else list[Row]()
    message["reactions"] = [*kept, *added]


def _message(call: Call) -> Row:
    row, ts = conversation(call), call.text("timestamp")
    if not row["is_member"]:
        raise call.refusal("no_access", "channel_not_found")
    if not ts.replace(".", "", 1).isdecimal():
        raise SlackError("bad_timestamp")
    message = message_log.find(call.world, row["id"], ts)
    if message is None:
        raise SlackError("message_not_found")
    return message
