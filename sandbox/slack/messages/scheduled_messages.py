"""Messages that are to be posted later, by the world's clock."""

from datetime import UTC, datetime, timedelta

from sandbox.http.message import Json
from sandbox.slack.conversations.channels import conversation, page_of
from sandbox.slack.messages import chat
from sandbox.slack.messages.content import content
from sandbox.slack.web.call import Call, SlackError
from sandbox.state.world import World

SCHEDULED = "slack.scheduled"
EVENT = "slack.scheduled"
FARTHEST = timedelta(days=120)
"""Slack: chat.scheduleMessage."""
CLOSED_FOR = timedelta(seconds=60)
"""So near to its time a message can't be deleted (Slack: chat.deleteScheduledMessage)."""


def live(world: World) -> None:
    """Let scheduled messages be posted when their time has come."""

    def post(payload: Json) -> None:
        row = world.table(SCHEDULED).pop(str(payload), None)
        token = world.table("slack.token").get(row["token"]) if row else None
        channel = world.table("slack.channel").get(row["channel_id"]) if row else None
        if row is not None and token is not None and channel is not None:
            chat.put(world, channel, token, row["said"], thread=row["thread"])

    world.on(EVENT, post)


def schedule(call: Call) -> Json:
    """chat.scheduleMessage."""
    row, said = chat.writable(call), content(call)
    at = datetime.fromtimestamp(call.number("post_at", "invalid_time"), UTC)
    if at <= call.world.now:
        raise SlackError("time_in_past")
    if at > call.world.now + FARTHEST:
        raise SlackError("time_too_far")
    scheduled_id = f"Q{call.world.next_serial():010d}"
    call.world.table(SCHEDULED)[scheduled_id] = {
        "id": scheduled_id,
        "channel_id": row["id"],
        "post_at": int(at.timestamp()),
        "date_created": int(call.world.now.timestamp()),
        "text": said["text"],
        "said": said,
        "thread": call.text("thread_ts"),
        "token": call.token["token"],
    }
    call.world.schedule(at, EVENT, scheduled_id)
    shown = {"type": "delayed_message", "user": call.token["user_id"], **said}
    return {
        "channel": row["id"],
        "scheduled_message_id": scheduled_id,
        "post_at": int(at.timestamp()),
        "message": shown,
    }


def cancel(call: Call) -> Json:
    """chat.deleteScheduledMessage."""
    channel, table = conversation(call)["id"], call.world.table(SCHEDULED)
    row = table.get(call.text("scheduled_message_id"))
    soon = (call.world.now + CLOSED_FOR).timestamp()
    if row is None or row["channel_id"] != channel or row["post_at"] <= soon:
        raise SlackError("invalid_scheduled_message_id")
    del table[row["id"]]
    return {}


def waiting(call: Call) -> Json:
    """chat.scheduledMessages.list."""
    wanted, shown = call.text("channel"), ("id", "channel_id", "post_at", "date_created", "text")
    rows = [
        {name: row[name] for name in shown}
        for row in call.world.table(SCHEDULED).values()
        if wanted in ("", row["channel_id"])
    ]
    return page_of(call, rows, "scheduled_messages")
