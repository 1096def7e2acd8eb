"""Messages of the app: posting, changing, deleting; one a second per channel."""

from sandbox.http.message import Json
from sandbox.slack.conversations.channels import conversation
from sandbox.slack.events import subscriptions
from sandbox.slack.messages import message_log
from sandbox.slack.messages.content import content
from sandbox.slack.web.app import TEAM_DOMAIN
from sandbox.slack.web.call import Call, SlackError
from sandbox.slack.web.rate_limits import spend_post
from sandbox.state.world import Row, World


def post(call: Call) -> Json:
    """chat.postMessage."""
    row = writable(call)
    said, thread = content(call), call.text("thread_ts")
    if thread and message_log.find(call.world, row["id"], thread) is None:
        raise SlackError("cannot_reply_to_message")
    spend_post(call.world, row["id"])
    message = put(call.world, row, call.token, said, thread=thread, is_broadcast=broadcasts(call))
    return {"channel": row["id"], "ts": message["ts"], "message": message_log.shown(message)}


def put(
    world: World, row: Row, token: Row, said: Row, *, thread: str = "", is_broadcast: bool = False
) -> Row:
    """Let the app's bot say something in a conversation; returns the message."""
    ts = message_log.next_ts(world)
    message: Row = {
        "type": "message",
        "channel": row["id"],
        "ts": ts,
        "user": token["user_id"],
        "bot_id": token["bot_id"],
        **said,
    }
    if thread:
        message["thread_ts"] = thread
    if thread and is_broadcast:
        message["subtype"] = "thread_broadcast"
    world.record(
        "effect",
        "slack",
        "message.post",
        channel=row["id"],
        to=row.get("user"),
        ts=ts,
        thread_ts=thread or None,
        text=said["text"],
        blocks=said.get("blocks"),
        metadata=said.get("metadata"),
        by=token["user_id"],
    )
    message_log.write(world, row, message)
    subscriptions.metadata(world, "posted", message)
    return message


def broadcasts(call: Call) -> bool:
    """Whether a reply is shown in the conversation as well."""
    return call.flag("reply_broadcast")


def update(call: Call) -> Json:
    """chat.update; only the app's own messages."""
    message = _own(call, "cant_update_message")
    said, by = content(call), call.token["user_id"]
    old, channel, ts = message["text"], message["channel"], message["ts"]
    message_log.change(call.world, conversation(call), message, said, by)
    call.world.record(
        "effect",
        "slack",
        "message.update",
        channel=channel,
        ts=ts,
        old=old,
        new=message["text"],
        by=by,
    )
    subscriptions.metadata(call.world, "updated", message)
    shown = message_log.shown(message)
    return {"channel": channel, "ts": ts, "text": message["text"], "message": shown}


def delete(call: Call) -> Json:
    """chat.delete; only the app's own messages."""
    message = _own(call, "cant_delete_message")
    channel, ts, by = message["channel"], message["ts"], call.token["user_id"]
    message_log.remove(call.world, conversation(call), ts)
    call.world.record("effect", "slack", "message.delete", channel=channel, ts=ts, by=by)
    subscriptions.metadata(call.world, "deleted", message)
    return {"channel": channel, "ts": ts}


def post_ephemeral(call: Call) -> Json:
    """chat.postEphemeral: seen by one person until they look away, kept by nobody else."""
    row = writable(call)
    said, user = content(call), call.text("user")
    if user not in call.world.table("slack.user"):
        raise SlackError("user_not_in_channel")
    message = whisper(call.world, row["id"], user, said, thread=call.text("thread_ts"))
    call.world.record(
        "effect",
        "slack",
        "message.ephemeral",
        channel=row["id"],
        to=user,
        ts=message["ts"],
        text=said["text"],
        blocks=said.get("blocks") or [],
        by=call.token["user_id"],
    )
    return {"message_ts": message["ts"]}


def whisper(world: World, channel: str, user: str, said: Row, *, thread: str = "") -> Row:
    """Show something to one person in a conversation; returns the message."""
    ts, token = message_log.next_ts(world), world.table("slack.token")
    by = next((row["user_id"] for row in token.values() if row["kind"] == "bot"), "")
    message: Row = {"type": "message", "channel": channel, "ts": ts, "user": by, **said}
    if thread:
        message["thread_ts"] = thread
    world.table(message_log.EPHEMERAL)[f"{channel}/{ts}"] = message | {"ephemeral_to": user}
    return message


def permalink(call: Call) -> Json:
    """chat.getPermalink."""
    channel, ts = conversation(call)["id"], call.text("message_ts")
    if message_log.find(call.world, channel, ts) is None:
        raise SlackError("message_not_found")
    link = f"https://{TEAM_DOMAIN}.slack.invalid/archives/{channel}/p{ts.replace('.', '')}"
    return {"channel": channel, "permalink": link}


def writable(call: Call) -> Row:
    """The conversation that a call writes to; the app is in it, or may write to all public ones."""
    row = conversation(call)
    is_public = not row["is_im"] and not row.get("is_private")
    if not (row["is_member"] or (is_public and "chat:write.public" in call.token["scopes"])):
        raise call.refusal("not_in_channel", "channel_not_found")
    if row["is_archived"]:
        raise call.refusal("is_archived", "channel_not_found")
    return row


def _own(call: Call, refusal: str) -> Row:
    message = message_log.find(call.world, conversation(call)["id"], call.text("ts"))
    if message is None:
        raise SlackError("message_not_found")
    if message["user"] != call.token["user_id"]:
        raise SlackError(refusal)
    return message
