"""Views: modals, one upon another, and the App Home.

Rows of `slack.view` hold a view as Slack gives it out; `slack.screen` says by user which modals
are open, the top one last, and `slack.home` which home tab was published last.
"""

import json
from typing import cast

from sandbox.http.message import Json
from sandbox.slack.blocks import block_limits
from sandbox.slack.interactivity import triggers
from sandbox.slack.web.app import APP_ID, TEAM_ID, bot
from sandbox.slack.web.call import Call, SlackError
from sandbox.state.world import Row, World

VIEW, SCREEN, HOME = "slack.view", "slack.screen", "slack.home"
MOST_BYTES = 250_000
DEEPEST = 3
"""Views in one stack (Slack: Modals, "Adding views")."""
OPEN, SENDING, FAILED = "open", "sending", "failed"
"""What a screen is doing: waiting for its user, for the app's answer, or in vain."""


def open_view(call: Call) -> Json:
    """views.open: a modal for whoever's trigger it is; what was open is closed."""
    view = _given(call, "modal")
    user = triggers.redeem(call.world, _trigger(call))
    row = keep(call.world, view)
    call.world.table(SCREEN)[user] = _screen([row["id"]])
    _record(call.world, "open", row, user)
    return {"view": row}


def push(call: Call) -> Json:
    """views.push: a modal on top of the one that is open."""
    view = _given(call, "modal")
    user = triggers.redeem(call.world, _trigger(call))
    stack = screen(call.world, user)["stack"]
    if not stack:
        raise SlackError("not_found")
    return {"view": put_on_top(call.world, view, user)}


def put_on_top(world: World, view: Row, user: str) -> Row:
    """Open a modal over those that are open. Raises `push_limit_reached`."""
    stack: list[str] = screen(world, user)["stack"]
    if len(stack) >= DEEPEST:
        raise SlackError("push_limit_reached")
    row = keep(world, view, root=stack[0], previous=stack[-1])
    world.table(SCREEN)[user] = _screen([*stack, row["id"]])
    _record(world, "push", row, user)
    return row


def update(call: Call) -> Json:
    """views.update, by id or external id; with `hash`, only what has not changed since."""
    wanted, external = call.text("view_id"), call.text("external_id")
    table = call.world.table(VIEW)
    named = [one for one in table.values() if external and one["external_id"] == external]
    row = table.get(wanted) or (named[0] if named else None)
    if row is None:
        raise SlackError("not_found")
    if call.text("hash") and call.text("hash") != row["hash"]:
        raise SlackError("hash_conflict")
    return {"view": replace(call.world, row, _given(call, row["type"]))}


def replace(world: World, row: Row, view: Row) -> Row:
    """Give a view other contents; what was filled in stays where the fields stay."""
    row.update(_shape(view), hash=_hash(world))
    user = next((one for one, it in world.table(SCREEN).items() if row["id"] in it["stack"]), None)
    if user is not None:
        world.table(SCREEN)[user].update(state=OPEN, errors={})
        _record(world, "update", row, user)
    return row


def publish(call: Call) -> Json:
    """views.publish: a user's App Home; the newest replaces the one before."""
    user, homes = call.text("user_id"), call.world.table(HOME)
    if user not in call.world.table("slack.user"):
        raise SlackError("invalid_arguments", "[ERROR] user_id was not found")
    before = homes.get(user)
    if call.text("hash") and before is not None and call.text("hash") != before["hash"]:
        raise SlackError("hash_conflict")
    row = keep(call.world, _given(call, "home"))
    homes[user] = row
    _record(call.world, "publish", row, user)
    return {"view": row}


def screen(world: World, user: str) -> Row:
    """What is open for a user: the stack of views, its state, and errors by block."""
    return world.table(SCREEN).get(user) or _screen([])


def close_top(world: World, user: str) -> None:
    """Close the modal on top; the one below is seen again."""
    world.table(SCREEN)[user] = _screen(screen(world, user)["stack"][:-1])


def close_all(world: World, user: str) -> None:
    """Close every modal of a user."""
    world.table(SCREEN)[user] = _screen([])


def keep(world: World, view: Row, *, root: str = "", previous: str = "") -> Row:
    """A new view as Slack gives it out."""
    token = bot(world) or {"bot_id": ""}
    view_id = f"V{world.next_serial():010d}"
    row: Row = {
        "id": view_id,
        "team_id": TEAM_ID,
        "app_id": APP_ID,
        "app_installed_team_id": TEAM_ID,
        "bot_id": token["bot_id"],
        "hash": _hash(world),
        "root_view_id": root or view_id,
        "previous_view_id": previous or None,
        "state": {"values": {}},
        **_shape(view),
    }
    world.table(VIEW)[view_id] = row
    return row


def check(view: Json, kind: str) -> Row:
    """Raise `SlackError` when Slack would refuse this view."""
    if not isinstance(view, dict) or cast("Row", view).get("type") != kind:
        raise SlackError("invalid_arguments", f"[ERROR] view must be of type {kind}")
    row = cast("Row", view)
    if len(json.dumps(row)) > MOST_BYTES:
        raise SlackError("view_too_large")
    faults = list(block_limits.view_faults(row))
    if faults:
        raise SlackError("invalid_arguments", *(f"[ERROR] {fault}" for fault in faults))
    return row


def _given(call: Call, kind: str) -> Row:
    view = check(call.decoded("view", "invalid_arguments"), kind)
    external = view.get("external_id")
    own = call.text("view_id")
    for row in call.world.table(VIEW).values():
        if external and row["external_id"] == external and row["id"] != own:
            raise SlackError("duplicate_external_id")
    return view


def _trigger(call: Call) -> str:
    return call.text("trigger_id") or call.text("interactivity_pointer")


def _shape(view: Row) -> Row:
    """A view's own parts, those that were left out included; each block gets an id."""
    return {
        "type": view["type"],
        "title": view.get("title"),
        "submit": view.get("submit"),
        "close": view.get("close"),
        "blocks": block_limits.with_ids(view["blocks"]),
        "private_metadata": view.get("private_metadata", ""),
        "callback_id": view.get("callback_id", ""),
        "external_id": view.get("external_id", ""),
        "clear_on_close": bool(view.get("clear_on_close")),
        "notify_on_close": bool(view.get("notify_on_close")),
    }


def _screen(stack: list[str]) -> Row:
    return {"stack": stack, "state": OPEN, "errors": {}}


def _hash(world: World) -> str:
    return f"{int(world.now.timestamp())}.{world.next_serial():08x}"


def _record(world: World, what: str, row: Row, user: str) -> None:
    world.record("effect", "slack", f"view.{what}", user=user, view=row["id"], blocks=row["blocks"])
