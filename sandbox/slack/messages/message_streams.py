"""Answers that are written while people watch: a message in a thread that grows until stopped."""

from sandbox.http.message import Json
from sandbox.slack.conversations.channels import conversation
from sandbox.slack.messages import chat, message_log
from sandbox.slack.messages.content import MOST_MARKDOWN
from sandbox.slack.web.call import Call, SlackError
from sandbox.slack.web.rate_limits import spend_post
from sandbox.state.world import Row

STREAM = "slack.stream"


def start(call: Call) -> Json:
    """chat.startStream."""
    row, thread = chat.writable(call), call.text("thread_ts")
    if not row["is_im"] and not call.text("recipient_user_id"):
        raise SlackError("missing_recipient_user_id")
    if not row["is_im"] and not call.text("recipient_team_id"):
        raise SlackError("missing_recipient_team_id")
    if message_log.find(call.world, row["id"], thread) is None:
        raise SlackError("invalid_arguments", "[ERROR] thread_ts must be of a message")
    spend_post(call.world, row["id"])
    said: Row = {"text": _words(call)}
    message = chat.put(call.world, row, call.token, said, thread=thread)
    call.world.table(STREAM)[f"{row['id']}/{message['ts']}"] = {"open": True}
    return {"channel": row["id"], "ts": message["ts"]}


def append(call: Call) -> Json:
    """chat.appendStream."""
    message = _open(call)
    message["text"] += _words(call)
    return {"channel": message["channel"], "ts": message["ts"]}


def stop(call: Call) -> Json:
    """chat.stopStream; blocks are shown below the words."""
    message = _open(call)
    message["text"] += _words(call)
    blocks = call.decoded("blocks", "invalid_blocks_format")
    if blocks:
        message["blocks"] = blocks
    call.world.table(STREAM)[f"{message['channel']}/{message['ts']}"]["open"] = False
    shown = message_log.shown(message)
    return {"channel": message["channel"], "ts": message["ts"], "message": shown}


def _open(call: Call) -> Row:
    channel, ts = conversation(call)["id"], call.text("ts")
    message = message_log.find(call.world, channel, ts)
    if message is None:
        raise SlackError("message_not_found")
    if not call.world.table(STREAM).get(f"{channel}/{ts}", {}).get("open"):
        raise SlackError("message_not_in_streaming_state")
    return message


def _words(call: Call) -> str:
    words = call.text("markdown_text")
    if len(words) > MOST_MARKDOWN:
        raise call.refusal("msg_too_long", "invalid_arguments")
    return words
