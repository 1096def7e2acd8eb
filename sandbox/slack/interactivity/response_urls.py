"""Response addresses: where an app answers an interaction, five times within half an hour.

Source: Slack, Handling user interaction, "Message responses". Rows of `slack.hook`.
"""

from datetime import timedelta
from typing import cast

from sandbox.http.message import Json, Request, Response
from sandbox.slack.blocks.block_limits import check_blocks, with_ids
from sandbox.slack.messages import chat, message_log
from sandbox.slack.web.app import address, bot
from sandbox.slack.web.call import SlackError
from sandbox.state.world import Row, World

PATH = "/response/"
HOOK = "slack.hook"
MOST_USES = 5
LASTS = timedelta(minutes=30)


def grant(world: World, user: str, channel: str, *, message: str = "") -> str:
    """An address to answer what a person did in a channel, by a message where there is one."""
    hook = f"{world.next_serial():012x}"
    world.table(HOOK)[hook] = {
        "user": user,
        "channel": channel,
        "message": message,
        "uses": 0,
        "at": world.now.timestamp(),
    }
    return f"{address(world)}{PATH}{hook}"


def respond(world: World, request: Request) -> Response:
    """Take an answer. Unless it says otherwise, only who acted sees it."""
    row = world.table(HOOK).get(request.path.removeprefix(PATH))
    if row is None:
        return _refused(world, 404, "invalid_hook")
    if row["uses"] >= MOST_USES:
        return _refused(world, 404, "used_url")
    if world.now.timestamp() - row["at"] > LASTS.total_seconds():
        return _refused(world, 404, "expired_url")
    try:
        body = _body(request)
        check_blocks(body.get("blocks") or [])
    except SlackError as error:
        return _refused(world, 400, error.error)
    row["uses"] += 1
    world.record(
        "effect",
        "slack",
        "response",
        text=body.get("text", ""),
        blocks=body.get("blocks") or [],
        replaces=bool(body.get("replace_original")),
    )
    answer(world, row, body)
    return Response(200, b"ok", {"content-type": "text/plain"})


def answer(world: World, hook: Row, body: Row) -> None:
    """Show an answer where the hook's person acted: to them, to all, or in place of a message."""
    channel, original = world.table("slack.channel").get(hook["channel"]), hook["message"]
    if channel is None:
        return
    said: Row = {"text": body.get("text", ""), "blocks": with_ids(body.get("blocks") or [])}
    if original and body.get("delete_original"):
        _delete(world, channel, original)
    elif original and body.get("replace_original"):
        _replace(world, channel, original, said)
    elif body.get("response_type") == "in_channel":
        token = bot(world)
        thread = str(body.get("thread_ts") or "")
        if token is not None:
            chat.put(world, channel, token, said, thread=thread)
    else:
        chat.whisper(world, channel["id"], hook["user"], said)


def _replace(world: World, channel: Row, ts: str, said: Row) -> None:
    whispered = world.table(message_log.EPHEMERAL).get(f"{channel['id']}/{ts}")
    message = message_log.find(world, channel["id"], ts)
    if whispered is not None:
        whispered.update(said)
    elif message is not None:
        message_log.change(world, channel, message, said, message["user"])


def _delete(world: World, channel: Row, ts: str) -> None:
    if world.table(message_log.EPHEMERAL).pop(f"{channel['id']}/{ts}", None) is None:
        message_log.remove(world, channel, ts)


def _body(request: Request) -> Row:
    try:
        body: Json = request.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise SlackError("invalid_payload")
    return cast("Row", body)


def _refused(world: World, status: int, error: str) -> Response:
    world.record("request", "slack", "response", status=status, ok=False, error=error)
    return Response.of({"ok": False, "error": error}, status)
