"""What all messages share: Block Kit's limits, the names of buttons, and dated lines.

Lead-supplied text stands only in `plain_text` objects and in the text and link elements of
`rich_text`, which Slack shows as they are: no mention, link or format can be smuggled in.
"""

from typing import Any
from zoneinfo import ZoneInfo

from domain.effects import Line
from domain.grammar import moment
from tools.slack.messages.text import plain

Block = dict[str, Any]
"""One block as Slack's JSON."""

MOST_BLOCKS = 50
"""Blocks per message (Slack: Block Kit, "Blocks")."""
MOST_CHARACTERS = 10_000
"""Slack refuses a message at some 13,200 characters of blocks, which it does not document."""
TITLE_LENGTH = 200
NAMELESS = "Lead without a name"
"""What stands for a lead whose title has nothing to see."""
REASON_LENGTH = 600

ON_IT = "routeready_on_it"
LOG_CALL = "routeready_log_call"
SNOOZE = "routeready_snooze"
NOT_MINE = "routeready_not_mine"
GIVE_ON = "routeready_give_on"
KEEP = "routeready_keep"
"""What the buttons are called when they are pressed."""


def happening(one: Line, zone: ZoneInfo) -> str:
    """Something that happened, by the reader's own clock."""
    return f"{moment(one.at, zone)}: {plain(one.what, 160)}"
