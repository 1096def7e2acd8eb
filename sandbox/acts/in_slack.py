"""What people do in Slack; the app hears of it in its own time."""

from collections.abc import Callable, Mapping
from datetime import datetime

from sandbox.acts.lookups import ActError, conversation, member
from sandbox.slack import doings, log, set_status
from sandbox.slack.filling import elements
from sandbox.wire import Json
from sandbox.world import Row, World


def newest_message(world: World, channel: str, *, to_press: bool) -> str:
    """The ts of the app's newest message in a conversation. Raises `ActError`."""
    for row in reversed(world.table(log.MESSAGE).values()):
        is_apps = row["channel"] == channel and row.get("bot_id")
        if is_apps and (not to_press or any(elements(row.get("blocks") or []))):
            return str(row["ts"])
    what = "with anything to press" if to_press else "of the app"
    raise ActError(f"there is no message {what} in {channel}")


def _place(world: World, deed: Row, *, to_press: bool = False) -> tuple[str, str, str]:
    """Who does it, in which conversation, at which message."""
    user = member(world, deed["user"])
    if "view" in deed:
        return user, doings.VIEW, deed["view"]
    channel = conversation(world, user, str(deed.get("channel", "dm")))
    return user, channel, deed.get("ts") or newest_message(world, channel, to_press=to_press)


def _set_status(world: World, deed: Row) -> Json:
    user = member(world, deed["user"])
    until = datetime.fromisoformat(deed["until"]) if deed.get("until") else None
    set_status(world, user, text=deed["text"], emoji=deed.get("emoji", ""), until=until)
    return user


def _say(world: World, deed: Row) -> Json:
    user = member(world, deed["user"])
    channel = conversation(world, user, str(deed.get("channel", "dm")))
    return doings.say(world, user, channel, deed["text"], thread=deed.get("thread", ""))


def _press(world: World, deed: Row) -> Json:
    user, channel, ts = _place(world, deed, to_press=True)
    doings.press(world, user, channel, ts, deed["action"], chosen=deed.get("chosen"))
    return ts


def _submit(world: World, deed: Row) -> Json:
    doings.submit(world, member(world, deed["user"]), deed["values"])


def _command(world: World, deed: Row) -> Json:
    user = member(world, deed["user"])
    channel = conversation(world, user, str(deed.get("channel", "dm")))
    doings.command(world, user, channel, deed["line"])


def _react(world: World, deed: Row) -> Json:
    user, channel, ts = _place(world, deed)
    doings.react(world, user, channel, ts, deed["emoji"])
    return ts


def _look_at_home(world: World, deed: Row) -> Json:
    doings.open_home(world, member(world, deed["user"]))


def _leave(world: World, deed: Row) -> Json:
    user = member(world, deed["user"])
    world.table("slack.user")[user]["deleted"] = True
    world.record("effect", "slack", "user.leave", user=user)
    return user


DEEDS: Mapping[str, Callable[[World, Row], Json]] = {
    "slack.status": _set_status,
    "slack.say": _say,
    "slack.press": _press,
    "slack.submit": _submit,
    "slack.command": _command,
    "slack.react": _react,
    "slack.home": _look_at_home,
    "slack.leave": _leave,
}
