"""The assistant pane: what an app shows beside a thread that somebody opened with it.

Rows of `slack.pane` by `channel/thread`: prompts, status, title.
"""

from typing import cast

from sandbox.http.message import Json
from sandbox.slack.web.call import Call, SlackError
from sandbox.state.world import Row

PANE = "slack.pane"
MOST_PROMPTS = 4


def suggest(call: Call) -> Json:
    """assistant.threads.setSuggestedPrompts: at most four (Slack: its reference)."""
    prompts = call.decoded("prompts", "invalid_arguments")
    if not isinstance(prompts, list) or not 0 < len(cast("list[Json]", prompts)) <= MOST_PROMPTS:
        raise SlackError("invalid_arguments", "[ERROR] one to four prompts")
    _pane(call)["prompts"] = cast("list[Json]", prompts)
    return {}


def set_status(call: Call) -> Json:
    """assistant.threads.setStatus; an empty one takes it away."""
    _pane(call)["status"] = call.text("status")
    return {}


def set_title(call: Call) -> Json:
    """assistant.threads.setTitle."""
    _pane(call)["title"] = call.text("title")
    return {}


def _pane(call: Call) -> Row:
    channel = call.text("channel_id")
    if channel not in call.world.table("slack.channel"):
        raise SlackError("channel_not_found")
    return call.world.table(PANE).setdefault(f"{channel}/{call.text('thread_ts')}", {})
