"""What people do in Slack; the app hears of it in its own time."""

from collections.abc import Callable, Mapping
from datetime import datetime

from sandbox.acts.lookups import ActError, conversation, member
from sandbox.http.message import Json
from sandbox.slack import set_status
from sandbox.slack.interactivity import user_actions
from sandbox.slack.interactivity.form_input import elements
from sandbox.slack.messages import message_log
from sandbox.slack.people.users import set_quiet
from sandbox.state.world import Row, World


def newest_message(world: World, channel: str, action: str | None = None) -> str:
    """The ts of the app's newest message in a conversation, or of that with an action to press.

    Raises `ActError`.
    """
    for row in reversed(world.table(message_log.MESSAGE).values()):
        if row["channel"] == channel and row.get("bot_id") and _has(row, action):
            return str(row["ts"])
    what = f"to press {action}" if action else "of the app"
    raise ActError(f"there is no message {what} in {channel}")


def _has(message: Row, action: str | None) -> bool:
    if action is None:
        return True
    wanted = action.rpartition("/")[2]
    return any(one["action_id"] == wanted for _, one in elements(message.get("blocks") or []))


def _place(world: World, deed: Row) -> tuple[str, str, str]:
    """Who does it, in which conversation, at which message."""
    user = member(world, deed["user"])
    if "view" in deed:
        return user, user_actions.VIEW, deed["view"]
    channel = conversation(world, user, str(deed.get("channel", "dm")))
    return user, channel, deed.get("ts") or newest_message(world, channel, deed.get("action"))


def _set_status(world: World, deed: Row) -> Json:
    user = member(world, deed["user"])
    until = datetime.fromisoformat(deed["until"]) if deed.get("until") else None
    set_status(world, user, text=deed["text"], emoji=deed.get("emoji", ""), until=until)
    return user


def _say(world: World, deed: Row) -> Json:
    user = member(world, deed["user"])
    channel = conversation(world, user, str(deed.get("channel", "dm")))
    return user_actions.say(world, user, channel, deed["text"], thread=deed.get("thread", ""))


def _press(world: World, deed: Row) -> Json:
    user, channel, ts = _place(world, deed)
    user_actions.press(world, user, channel, ts, deed["action"], chosen=deed.get("chosen"))
    return ts


def _submit(world: World, deed: Row) -> Json:
    user_actions.submit(world, member(world, deed["user"]), deed["values"])


def _command(world: World, deed: Row) -> Json:
    user = member(world, deed["user"])
    channel = conversation(world, user, str(deed.get("channel", "dm")))
    user_actions.command(world, user, channel, deed["line"])


def _react(world: World, deed: Row) -> Json:
    user, channel, ts = _place(world, deed)
    user_actions.react(world, user, channel, ts, deed["emoji"])
    return ts


def _close(world: World, deed: Row) -> Json:
    user_actions.close(world, member(world, deed["user"]))


def _quiet(world: World, deed: Row) -> Json:
    user = member(world, deed["user"])
    set_quiet(world, user, datetime.fromisoformat(deed["until"]))
    return user


def _subscribe(world: World, deed: Row) -> Json:
    user_actions.subscribe(world, deed["url"])


def _look_at_home(world: World, deed: Row) -> Json:
    user_actions.open_home(world, member(world, deed["user"]))


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
    "slack.close": _close,
    "slack.quiet": _quiet,
    "slack.subscribe": _subscribe,
}
