"""App Home and the assistant pane: what an app shows outside of messages."""

from typing import cast

from sandbox.slack import blocks
from sandbox.slack.call import Call, SlackError
from sandbox.wire import Json
from sandbox.world import Row

HOME, PANE = "slack.home", "slack.pane"


def publish(call: Call) -> Json:
    """views.publish: a user's App Home; the newest replaces the one before."""
    user = call.text("user_id")
    if user not in call.world.table("slack.user"):
        raise SlackError("user_not_found")
    view = call.decoded("view", "invalid_arguments")
    if not isinstance(view, dict) or cast("Row", view).get("type") != "home":
        raise SlackError("invalid_arguments", "[ERROR] view must be a home tab")
    shown = cast("Row", view)
    blocks.check_blocks(shown.get("blocks") or [])
    kept: Row = {**shown, "id": f"V{call.world.next_serial()}"}
    call.world.table(HOME)[user] = kept
    call.world.record("effect", "slack", "view.publish", user=user, blocks=kept["blocks"])
    return {"view": kept}


def suggest(call: Call) -> Json:
    """assistant.threads.setSuggestedPrompts: at most four (Slack: its reference)."""
    prompts = call.decoded("prompts", "invalid_arguments")
    if not isinstance(prompts, list) or not 0 < len(cast("list[Json]", prompts)) <= 4:  # noqa: PLR2004
        raise SlackError("invalid_arguments", "[ERROR] one to four prompts")
    key = f"{call.text('channel_id')}/{call.text('thread_ts')}"
    call.world.table(PANE)[key] = {"prompts": prompts}
    return {}
