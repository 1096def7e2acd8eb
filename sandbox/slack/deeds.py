"""Deeds of people in Slack, as `sandbox.acts` does them; e-mail addresses stand for people.

    {"do": "slack.say", "by": "...@...", "text": "...", "channel": "sales-inbound", "thread": ts}
    {"do": "slack.command", "by": "...@...", "text": "/leads unworked", "channel": "..."}
    {"do": "slack.press", "by": "...@...", "action": "...", "ts": ts, "chosen": "..."}
    {"do": "slack.submit", "by": "...@...", "values": {"<block_id>/<action_id>": "..."}}
    {"do": "slack.close", "by": "...@..."}: the form on top, without sending it
    {"do": "slack.home", "by": "...@..."}: looks at the app's home tab
    {"do": "slack.react", "by": "...@...", "ts": ts, "name": "eyes"}
    {"do": "slack.quiet", "user": "...@...", "until": "2026-11-27T18:00:00Z"}
    {"do": "slack.leave", "user": "...@..."}: is deactivated, for having left the company
    {"do": "slack.subscribe", "url": "http://..."}: the app's own address, for deliveries by HTTP

Without `channel` it happens in the direct message with the app; without `ts` a press is on the
newest message there that has such a button or menu.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from sandbox.slack import doings, log
from sandbox.slack.channels import open_dm
from sandbox.slack.doings import DoingError
from sandbox.slack.filling import elements
from sandbox.slack.people import set_quiet, user_by_email
from sandbox.wire import Json
from sandbox.world import Row, World


def _say(world: World, deed: Row) -> Json:
    thread = deed.get("thread", "")
    return doings.say(world, _user(world, deed), _channel(world, deed), deed["text"], thread=thread)


def _command(world: World, deed: Row) -> Json:
    doings.command(world, _user(world, deed), _channel(world, deed), deed["text"])


def _press(world: World, deed: Row) -> Json:
    user, channel, action = _user(world, deed), _channel(world, deed), deed["action"]
    ts = deed.get("ts") or _newest(world, channel, action)
    doings.press(world, user, channel, ts, action, chosen=deed.get("chosen"))
    return ts


def _submit(world: World, deed: Row) -> Json:
    doings.submit(world, _user(world, deed), deed["values"])


def _close(world: World, deed: Row) -> Json:
    doings.close(world, _user(world, deed))


def _home(world: World, deed: Row) -> Json:
    doings.open_home(world, _user(world, deed))


def _react(world: World, deed: Row) -> Json:
    doings.react(world, _user(world, deed), _channel(world, deed), deed["ts"], deed["name"])


def _quiet(world: World, deed: Row) -> Json:
    set_quiet(world, _named(world, deed["user"]), datetime.fromisoformat(deed["until"]))


def _leave(world: World, deed: Row) -> Json:
    user = _named(world, deed["user"])
    world.table("slack.user")[user]["deleted"] = True
    world.record("effect", "slack", "user.leave", user=user)
    return user


def _subscribe(world: World, deed: Row) -> Json:
    doings.subscribe(world, deed["url"])


def _user(world: World, deed: Row) -> str:
    return _named(world, deed["by"])


def _named(world: World, email: str) -> str:
    row = user_by_email(world, email)
    if row is None:
        raise DoingError(f"Slack knows nobody with the address {email}")
    return row["id"]


def _channel(world: World, deed: Row) -> str:
    """A conversation by its id or its name; the direct message with the app where none is named."""
    named = str(deed.get("channel") or "").removeprefix("#")
    if not named:
        return open_dm(world, _user(world, deed))[0]["id"]
    for row in world.table("slack.channel").values():
        if named in (row["id"], row.get("name")):
            return row["id"]
    raise DoingError(f"there is no conversation {named}")


def _newest(world: World, channel: str, action: str) -> str:
    for row in reversed(world.table(log.MESSAGE).values()):
        if row["channel"] == channel:
            found = elements(row.get("blocks") or [])
            if any(element["action_id"] == action for _, element in found):
                return row["ts"]
    raise DoingError(f"no message in {channel} has anything named {action}")


DEEDS: Mapping[str, Callable[[World, Row], Json]] = {
    "slack.close": _close,
    "slack.command": _command,
    "slack.home": _home,
    "slack.leave": _leave,
    "slack.press": _press,
    "slack.quiet": _quiet,
    "slack.react": _react,
    "slack.say": _say,
    "slack.submit": _submit,
    "slack.subscribe": _subscribe,
}
"""What people can do in Slack, by name."""
