"""The workspace's messages: rows of `slack.message` by `channel/ts`, and how they are shown.

A row's `ephemeral_to` names the one person who sees it; such rows are in `slack.ephemeral`.
"""

from sandbox.slack.events import subscriptions
from sandbox.slack.web.app import TEAM_ID
from sandbox.state.world import Row, World

MESSAGE, EPHEMERAL = "slack.message", "slack.ephemeral"
HIDDEN = frozenset({"channel"})
"""What a row says and Slack's own message objects don't."""


def next_ts(world: World) -> str:
    """A message's id: seconds and microseconds, later than any given before."""
    team = world.table("slack.team").setdefault(TEAM_ID, {"last_ts": 0})
    now = int(world.now.timestamp()) * 1_000_000 + world.now.microsecond
    stamp = max(now, team["last_ts"] + 1)
    team["last_ts"] = stamp
    return f"{stamp // 1_000_000}.{stamp % 1_000_000:06d}"


def shown(message: Row) -> Row:
    """A message as Slack gives it out."""
    return {name: value for name, value in message.items() if name not in HIDDEN}


def find(world: World, channel: str, ts: str) -> Row | None:
    """A message by its channel and ts."""
    return world.table(MESSAGE).get(f"{channel}/{ts}")


def write(world: World, channel: Row, message: Row) -> Row:
    """Put a message into a conversation, count it in its thread, and tell who subscribed."""
    table, channel_id = world.table(MESSAGE), channel["id"]
    thread = message.get("thread_ts")
    if thread and thread != message["ts"]:
        parent = table[f"{channel_id}/{thread}"]
        parent.setdefault("thread_ts", thread)
        parent["reply_count"] = parent.get("reply_count", 0) + 1
        parent["latest_reply"] = message["ts"]
    table[f"{channel_id}/{message['ts']}"] = message
    subscriptions.message(world, channel, shown(message))
    return message


def change(world: World, channel: Row, message: Row, said: Row, by: str) -> None:
    """Give a message other parts; it is marked as edited."""
    before = shown(message)
    message.update(said)
    message["edited"] = {"user": by, "ts": next_ts(world)}
    changed = {"subtype": "message_changed", "hidden": True, "message": shown(message)}
    told = {**changed, "previous_message": before, "ts": message["edited"]["ts"]}
    subscriptions.message(world, channel, {"type": "message", **told})


def remove(world: World, channel: Row, ts: str) -> None:
    """Take a message out of a conversation."""
    message = world.table(MESSAGE).pop(f"{channel['id']}/{ts}")
    parent = find(world, channel["id"], message.get("thread_ts") or "")
    if parent is not None:
        parent["reply_count"] = parent.get("reply_count", 1) - 1
    deleted = {"subtype": "message_deleted", "hidden": True, "deleted_ts": ts}
    told = {**deleted, "previous_message": shown(message), "ts": next_ts(world)}
    subscriptions.message(world, channel, {"type": "message", **told})
