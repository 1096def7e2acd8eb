"""What becomes of the app's answer to a delivery, and of its silence.

A form closes, changes or shows errors; a command's answer is shown; who gets no answer is told so,
as Slack's own clients do.
"""

from typing import cast

from sandbox.http.message import Json
from sandbox.slack.events.envelopes import CHALLENGE, Push
from sandbox.slack.interactivity import response_urls, views
from sandbox.slack.messages import chat
from sandbox.slack.web import app
from sandbox.slack.web.call import SlackError
from sandbox.state.world import Row, World


def accept(world: World, push: Push, answer: Json) -> None:
    """Carry out an answer: a JSON object, plain text for a command, or nothing."""
    about = push.about
    if push.kind == CHALLENGE:
        _verify(world, push, answer)
    elif push.payload.get("type") == "view_submission":
        _close_form(world, about, cast("Row", answer) if isinstance(answer, dict) else {})
    elif push.kind == "slash_commands" and answer:
        body = cast("Row", answer) if isinstance(answer, dict) else {"text": str(answer)}
        if body.get("text") or body.get("blocks"):
            response_urls.answer(world, {**about, "message": ""}, body)
            text = body.get("text", "")
            world.record("effect", "slack", "command.answered", to=about["user"], text=text)


def fail(world: World, push: Push, reason: str) -> None:
    """Tell who waits that no answer came."""
    about = push.about
    if push.payload.get("type") == "view_submission":
        if about["view"] in views.screen(world, about["user"])["stack"]:
            world.table(views.SCREEN)[about["user"]]["state"] = views.FAILED
            world.record("effect", "slack", "view.unanswered", user=about["user"], why=reason)
    elif push.kind == "slash_commands":
        error = "operation_timeout" if "timeout" in reason else "dispatch_failed"
        said: Row = {"text": f'{about["line"]} failed with the error "{error}"'}
        chat.whisper(world, about["channel"], about["user"], said)
        world.record("effect", "slack", "command.failed", to=about["user"], text=said["text"])


def _verify(world: World, push: Push, answer: Json) -> None:
    """Use a request URL from now on if it gave the challenge back, as JSON or as text."""
    row = app.installed(world)
    told: Json = cast("Row", answer).get("challenge") if isinstance(answer, dict) else answer
    row["is_verified"] = told == push.payload["challenge"]
    if row["is_verified"]:
        row.update(request_url=push.about["url"], socket_mode=False)


def _close_form(world: World, about: Row, answer: Row) -> None:
    user, view_id = about["user"], about["view"]
    shown = views.screen(world, user)
    if view_id not in shown["stack"]:
        return
    shown["state"] = views.OPEN
    try:
        _respond(world, user, view_id, answer)
        action = answer.get("response_action", "close")
        world.record("effect", "slack", "view.answered", user=user, view=view_id, action=action)
    except SlackError as error:
        shown["state"] = views.FAILED
        why = "; ".join(error.messages) or error.error
        world.record("effect", "slack", "view.refused", user=user, view=view_id, why=why)


def _respond(world: World, user: str, view_id: str, answer: Row) -> None:
    match answer.get("response_action"):
        case "errors":
            views.screen(world, user)["errors"] = dict(answer.get("errors") or {})
        case "update":
            view = views.check(answer.get("view"), "modal")
            views.replace(world, world.table(views.VIEW)[view_id], view)
        case "push":
            views.put_on_top(world, views.check(answer.get("view"), "modal"), user)
        case "clear":
            views.close_all(world, user)
        case _:
            views.close_top(world, user)
