"""What owners read in Slack, as Block Kit. Pure: facts in, blocks out, within Slack's limits.

Lead-supplied text stands only in `plain_text` objects and in the text and link elements of
`rich_text`, which Slack shows as they are: no mention, link or format can be smuggled in.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from tools.slack.text import neutral, plain

Block = dict[str, Any]
"""One block as Slack's JSON."""

MOST_BLOCKS = 50
"""Blocks per message (Slack: Block Kit, "Blocks")."""
MOST_CHARACTERS = 10_000
"""Slack refuses a message at some 13,200 characters of blocks, which it does not document."""
TITLE_LENGTH = 200
REASON_LENGTH = 600

_ROOM_FOR_END = 200


@dataclass(frozen=True, slots=True)
class Item:
    """One lead as its owner is told of it."""

    title: str
    url: str
    """The record's page; made by us, never taken from a lead."""
    reason: str
    due: datetime | None


def owned(items: Sequence[Item], zone: ZoneInfo) -> list[Block]:
    """All leads of one owner; those that don't fit are counted at the end."""
    blocks: list[Block] = [_header(_title(len(items)))]
    size = _size(blocks)
    for shown, item in enumerate(items):
        block = _lead(item, zone)
        size += _size([block])
        if len(blocks) > MOST_BLOCKS - 2 or size > MOST_CHARACTERS - _ROOM_FOR_END:
            return [*blocks, _context(f"and {len(items) - shown} more in Salesforce")]
        blocks.append(block)
    return blocks


def summary(items: Sequence[Item]) -> str:
    """The same in one line, for notifications and screen readers."""
    named = "; ".join(neutral(item.title, 80) for item in items[:3])
    more = f"; and {len(items) - 3} more" if len(items) > 3 else ""  # noqa: PLR2004  (as above)
    return f"{_title(len(items))}: {named}{more}"


def due_sentence(due: datetime, zone: ZoneInfo) -> str:
    """When the first touch is due, by the owner's own clock."""
    local = due.astimezone(zone)
    return f"First touch due {local:%a} {local.day} {local:%b}, {local:%H:%M %Z}"


def zone_named(name: str | None) -> ZoneInfo:
    """A time zone by its IANA name; UTC, which the sentence then shows, when there is none."""
    try:
        return ZoneInfo(name or "UTC")
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")


def _title(count: int) -> str:
    return "1 new lead is yours" if count == 1 else f"{count} new leads are yours"


def _header(text: str) -> Block:
    return {"type": "header", "text": {"type": "plain_text", "text": text, "emoji": False}}


def _context(text: str) -> Block:
    element = {"type": "plain_text", "text": text, "emoji": False}
    return {"type": "context", "elements": [element]}


def _lead(item: Item, zone: ZoneInfo) -> Block:
    title = plain(item.title, TITLE_LENGTH) or "A lead without a name"
    reason = plain(item.reason, REASON_LENGTH)
    elements: list[Block] = [
        {"type": "link", "url": item.url, "text": title, "style": {"bold": True}}
    ]
    if reason:
        elements.append({"type": "text", "text": f"\n{reason}"})
    if item.due is not None:
        elements.append({"type": "text", "text": f"\n{due_sentence(item.due, zone)}"})
    section = {"type": "rich_text_section", "elements": elements}
    return {"type": "rich_text", "elements": [section]}


def _size(blocks: Sequence[Block]) -> int:
    """Characters as they travel, escapes included: the larger of the two ways to count."""
    return len(json.dumps(blocks))
