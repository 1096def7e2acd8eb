"""Messages: posting, changing, deleting, reacting; one a second per channel."""

import json
import math
from typing import cast

from sandbox.slack.blocks import check_blocks
from sandbox.slack.call import Call, RateLimitedError, SlackError
from sandbox.slack.channels import conversation, joined
from sandbox.wire import Json
from sandbox.world import Row, World

BURST = 5
"""Posts to one channel that are let through at once, above one a second (Slack: Rate limits)."""
MOST_TEXT = 40_000
"""Slack: chat.postMessage, "Truncating content"."""
MOST_METADATA = 8_000
MOST_REACTIONS = 50


def post(call: Call) -> Json:
    """chat.postMessage."""
    row = joined(call)
    if row["is_archived"]:
        raise SlackError("is_archived")
    content = _content(call)
    thread = call.text("thread_ts")
    messages = call.world.table("slack.message")
    if thread and f"{row['id']}/{thread}" not in messages:
        raise SlackError("cannot_reply_to_message")
    _spend(call.world, row["id"])
    ts = _next_ts(call.world)
    message: Row = {
        "type": "message",
        "channel": row["id"],
        "ts": ts,
        "user": call.token["user_id"],
        "bot_id": call.token["bot_id"],
        **content,
    }
    if thread:
        message["thread_ts"] = thread
        messages[f"{row['id']}/{thread}"].setdefault("thread_ts", thread)
        if call.flag("reply_broadcast"):
            message["subtype"] = "thread_broadcast"
    messages[f"{row['id']}/{ts}"] = message
    shown = {name: value for name, value in message.items() if name != "channel"}
    call.world.record(
        "effect",
        "slack",
        "message.post",
        channel=row["id"],
        to=row.get("user"),
        ts=ts,
        thread_ts=thread or None,
        text=content["text"],
        blocks=content.get("blocks"),
        metadata=content.get("metadata"),
        by=call.token["user_id"],
    )
    return {"channel": row["id"], "ts": ts, "message": shown}


def update(call: Call) -> Json:
    """chat.update; only the app's own messages."""
    message = _own(call, "cant_update_message")
    content = _content(call)
    old = message["text"]
    message.update(content)
    message["edited"] = {"user": call.token["user_id"], "ts": _next_ts(call.world)}
    channel, ts = message["channel"], message["ts"]
    call.world.record(
        "effect",
        "slack",
        "message.update",
        channel=channel,
        ts=ts,
        old=old,
        new=message["text"],
        by=call.token["user_id"],
    )
    shown = {name: value for name, value in message.items() if name != "channel"}
    return {"channel": channel, "ts": ts, "text": message["text"], "message": shown}


def delete(call: Call) -> Json:
    """chat.delete; only the app's own messages."""
    message = _own(call, "cant_delete_message")
    channel, ts = message["channel"], message["ts"]
    del call.world.table("slack.message")[f"{channel}/{ts}"]
    by = call.token["user_id"]
    call.world.record("effect", "slack", "message.delete", channel=channel, ts=ts, by=by)
    return {"channel": channel, "ts": ts}


def post_ephemeral(call: Call) -> Json:
    """chat.postEphemeral: seen by one person, kept by nobody."""
    row = joined(call)
    content = _content(call)
    user = call.text("user")
    if user not in call.world.table("slack.user"):
        raise SlackError("user_not_in_channel")
    ts = _next_ts(call.world)
    call.world.record(
        "effect",
        "slack",
        "message.ephemeral",
        channel=row["id"],
        to=user,
        ts=ts,
        text=content["text"],
        blocks=content.get("blocks") or [],
        by=call.token["user_id"],
    )
    return {"message_ts": ts}


def permalink(call: Call) -> Json:
    """chat.getPermalink."""
    channel, ts = conversation(call)["id"], call.text("message_ts")
    if f"{channel}/{ts}" not in call.world.table("slack.message"):
        raise SlackError("message_not_found")
    link = f"https://meridian.slack.invalid/archives/{channel}/p{ts.replace('.', '')}"
    return {"channel": channel, "permalink": link}


def react(call: Call) -> Json:
    """reactions.add."""
    channel, ts, name = joined(call)["id"], call.text("timestamp"), call.text("name")
    if not name:
        raise SlackError("invalid_name")
    message = call.world.table("slack.message").get(f"{channel}/{ts}")
    if message is None:
        raise SlackError("message_not_found")
    reactions: list[Row] = message.get("reactions") or []
    by = call.token["user_id"]
    found = [each for each in reactions if each["name"] == name]
    users: list[str] = found[0]["users"] if found else []
    if by in users:
        raise SlackError("already_reacted")
    if not users and len(reactions) >= MOST_REACTIONS:
        raise SlackError("too_many_reactions")
    kept = [each for each in reactions if each["name"] != name]
    count = len(users) + 1
    message["reactions"] = [*kept, {"name": name, "users": [*users, by], "count": count}]
    call.world.record("effect", "slack", "reaction.add", channel=channel, ts=ts, emoji=name, by=by)
    return {}


def _own(call: Call, refusal: str) -> Row:
    message = call.world.table("slack.message").get(f"{joined(call)['id']}/{call.text('ts')}")
    if message is None:
        raise SlackError("message_not_found")
    if message["user"] != call.token["user_id"]:
        raise SlackError(refusal)
    return message


def _content(call: Call) -> Row:
    text = call.text("text") or call.text("markdown_text")
    blocks = call.decoded("blocks", "invalid_blocks_format")
    attachments = call.decoded("attachments", "invalid_attachments")
    metadata = call.decoded("metadata", "invalid_metadata_format")
    if not (text or blocks or attachments):
        raise SlackError("no_text")
    if len(text) > MOST_TEXT:
        raise SlackError("msg_too_long")
    content: Row = {"text": text}
    if blocks:
        check_blocks(blocks)
        content["blocks"] = blocks
    if attachments:
        content["attachments"] = attachments
    if metadata is not None:
        _check_metadata(metadata)
        content["metadata"] = metadata
    return content


def _check_metadata(metadata: Json) -> None:
    if not isinstance(metadata, dict):
        raise SlackError("invalid_metadata_format")
    row = cast("Row", metadata)
    if not row.get("event_type") or not isinstance(row.get("event_payload"), dict):
        raise SlackError("invalid_metadata_schema")
    if len(json.dumps(row)) > MOST_METADATA:
        raise SlackError("metadata_too_large")


def _spend(world: World, channel: str) -> None:
    """Take one post out of the channel's bucket, or raise `RateLimitedError`."""
    at = world.now.timestamp()
    bucket = world.table("slack.pace").setdefault(channel, {"left": float(BURST), "at": at})
    left = min(BURST, bucket["left"] + at - bucket["at"])
    if left < 1:
        raise RateLimitedError(math.ceil(1 - left))
    bucket["left"], bucket["at"] = left - 1, at


def _next_ts(world: World) -> str:
    """A message's id: seconds and microseconds, later than any given before."""
    team = world.table("slack.team").setdefault("T0000000001", {"last_ts": 0})
    now = int(world.now.timestamp()) * 1_000_000 + world.now.microsecond
    stamp = max(now, team["last_ts"] + 1)
    team["last_ts"] = stamp
    return f"{stamp // 1_000_000}.{stamp % 1_000_000:06d}"
