"""What the page's forms do: people's deeds in Slack, the clock, faults, the model's character."""

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import NamedTuple
from urllib.parse import urlencode

from sandbox.http.message import Json
from sandbox.look import switches
from sandbox.look.clock import move
from sandbox.look.slack import APP_NAME, STATUSES
from sandbox.look.web import MOUNT, LookError
from sandbox.slack import set_status
from sandbox.slack.conversations.channels import open_dm
from sandbox.slack.interactivity import user_actions, views
from sandbox.slack.interactivity.form_input import FormError
from sandbox.slack.web.app import bot
from sandbox.state.world import World

Form = Mapping[str, str]
MOMENT = timedelta(seconds=2)
"""What a deed takes while time stands, so that the app's answers don't come too fast for Slack."""
TAKES_A_MOMENT = frozenset({"close", "home", "pane", "press", "react", "say", "submit"})
_AT_APP = re.compile(rf"@{APP_NAME}\b", re.IGNORECASE)


def do(world: World, name: str, form: Form) -> str | None:
    """Carry out one form; where it leads, unless back. Raises `LookError` with a sentence."""
    action = ACTIONS.get(name)
    if action is None:
        raise LookError(f"there is nothing to do named {name!r}", 404)
    try:
        if name in TAKES_A_MOMENT and not world.clock.factor:
            world.advance(MOMENT)
        return action(world, form)
    except KeyError as error:
        raise LookError(f"the form lacks {error}") from None
    except user_actions.DoingError as error:
        raise LookError(str(error)) from error


class Place(NamedTuple):
    """Where somebody acts, and who."""

    user: str
    channel: str


def _place(form: Form) -> Place:
    return Place(form["user"], form["channel"])


def _say(world: World, form: Form) -> None:
    """Write a message, or a command when it begins with a slash."""
    who, text = _place(form), form["text"].replace("\r\n", "\n").strip()
    if not text:
        return
    if text.startswith("/"):
        user_actions.command(world, who.user, who.channel, text)
        return
    user_actions.say(
        world, who.user, who.channel, _typed(world, text), thread=form.get("thread", "")
    )


def _typed(world: World, text: str) -> str:
    """What somebody chooses while they type: the app's name becomes a mention."""
    token = bot(world)
    return _AT_APP.sub(f"<@{token['user_id']}>", text) if token else text


def _press(world: World, form: Form) -> None:
    who, action = _place(form), form["action"]
    filled = _filled(form)
    if who.channel == user_actions.VIEW and form["ts"] in views.screen(world, who.user)["stack"]:
        user_actions.fill(world, who.user, filled)
    user_actions.press(world, who.user, who.channel, form["ts"], action, chosen=filled.get(action))


def _submit(world: World, form: Form) -> None:
    """Send the form on top; what Slack itself would refuse is shown at its fields."""
    user = form["user"]
    try:
        user_actions.submit(world, user, _filled(form))
    except FormError as error:
        views.screen(world, user)["errors"] = error.errors
        world.record("effect", "slack", "view.incomplete", user=user, fields=list(error.errors))


def _filled(form: Form) -> dict[str, Json]:
    """What was filled in, by `block_id/action_id`; a list for elements that hold several."""
    filled: dict[str, Json] = {}
    for name, text in form.items():
        kind, _, place = name.partition(".")
        if kind == "chosen":
            is_many = form.get(f"kind.{place}", "").startswith(("multi", "checkboxes"))
            filled[place] = text.split("\n") if is_many and text else text
    return filled


def _home(world: World, form: Form) -> None:
    user_actions.open_home(world, form["user"])


def _pane(world: World, form: Form) -> str:
    """Open a thread with the app; it stands beside the conversation."""
    user = form["user"]
    channel = open_dm(world, user)[0]["id"]
    thread = user_actions.open_pane(world, user)
    return f"{MOUNT}/slack/{channel}?{urlencode({'as': user, 'thread': thread})}"


def _set_status(world: World, form: Form) -> None:
    """Say that one is away for some days, or at work again."""
    status = STATUSES.get(form["status"])
    if status is None:
        raise LookError(f"there is no status {form['status']!r}")
    if form["user"] not in world.table("slack.user"):
        raise LookError(f"nobody is {form['user']!r}")
    until = world.now + timedelta(days=status.days) if status.days else None
    text = form["status"] if status.days else ""
    set_status(world, form["user"], text=text, emoji=status.emoji, until=until)


def _react(world: World, form: Form) -> None:
    who = _place(form)
    user_actions.react(world, who.user, who.channel, form["ts"], form["name"])


def _close(world: World, form: Form) -> None:
    user_actions.close(world, form["user"])


ACTIONS: Mapping[str, Callable[[World, Form], str | None]] = {
    "clock": move,
    "close": _close,
    "fault": switches.switch,
    "home": _home,
    "model": switches.become,
    "pane": _pane,
    "press": _press,
    "react": _react,
    "say": _say,
    "status": _set_status,
    "submit": _submit,
}
"""By the last part of the address that a form is sent to."""
