"""What owners read in Slack, as Block Kit: their new, late and covered leads, with buttons."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from domain.effects import Tone
from domain.lead.brief import Happening
from tools.slack.messages.blocks import (
    LOG_CALL,
    MOST_BLOCKS,
    MOST_CHARACTERS,
    NOT_MINE,
    ON_IT,
    REASON_LENGTH,
    SNOOZE,
    TITLE_LENGTH,
    Block,
    happening,
)
from tools.slack.messages.text import neutral, plain

_ROOM_FOR_END = 200


@dataclass(frozen=True, slots=True)
class Buttons:
    """What a lead's buttons are about, and how long it may be put off."""

    cycle: str
    stage: int
    snoozes: tuple[timedelta, ...] = ()

    @property
    def value(self) -> str:
        """What a press of a button brings back."""
        return json.dumps({"cycle": self.cycle, "stage": self.stage}, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Item:
    """One lead as its owner is told of it."""

    title: str
    url: str
    """The record's page; made by us, never taken from a lead."""
    reason: str
    due: datetime | None
    tone: Tone = Tone.ASSIGNED
    did: tuple[Happening, ...] = ()
    opening: str | None = None
    for_whom: str | None = None
    """Name of the absent owner that the reader covers for."""
    buttons: Buttons | None = None
    news: str | None = None
    """What became of it; it then needs nothing any more."""
    note: str | None = None
    """What its reader did about it; it still waits."""


def owned(items: Sequence[Item], zone: ZoneInfo) -> list[Block]:
    """All leads of one message; those that don't fit are counted at the end."""
    blocks: list[Block] = [_header(_title(items))]
    size = _size(blocks)
    for shown, item in enumerate(items):
        added = _lead(item, zone)
        size += _size(added)
        if len(blocks) + len(added) > MOST_BLOCKS - 1 or size > MOST_CHARACTERS - _ROOM_FOR_END:
            return [*blocks, _context(f"and {len(items) - shown} more in Salesforce")]
        blocks += added
    return blocks


def summary(items: Sequence[Item]) -> str:
    """The same in one line, for notifications and screen readers."""
    named = "; ".join(neutral(item.title, 80) for item in items[:3])
    more = f"; and {len(items) - 3} more" if len(items) > 3 else ""  # noqa: PLR2004  (as above)
    return f"{_title(items)}: {named}{more}"


def due_sentence(due: datetime, zone: ZoneInfo) -> str:
    """When the first touch is due, by the owner's own clock."""
    local = due.astimezone(zone)
    return f"First touch due {local:%a} {local.day} {local:%b}, {local:%H:%M %Z}"


def _title(items: Sequence[Item]) -> str:
    waiting = [item for item in items if item.news is None]
    if not waiting:
        return "Nothing here needs you any more"
    count = len(waiting)
    if all(item.tone is Tone.ASSIGNED for item in waiting):
        return "1 new lead is yours" if count == 1 else f"{count} new leads are yours"
    if all(item.tone is Tone.COVER for item in waiting):
        return "A lead needs cover" if count == 1 else f"{count} leads need cover"
    return "A lead waits for you" if count == 1 else f"{count} leads wait for you"


def _header(text: str) -> Block:
    return {"type": "header", "text": {"type": "plain_text", "text": text, "emoji": False}}


def _context(text: str) -> Block:
    element = {"type": "plain_text", "text": text, "emoji": False}
    return {"type": "context", "elements": [element]}


def _lead(item: Item, zone: ZoneInfo) -> list[Block]:
    title = plain(item.title, TITLE_LENGTH) or "A lead without a name"
    if item.news is not None:
        return [_over(title, item)]
    elements: list[Block] = [
        {"type": "link", "url": item.url, "text": title, "style": {"bold": True}}
    ]
    is_new = item.tone in (Tone.ASSIGNED, Tone.COVER)
    lines = [_urgency(item, zone), plain(item.reason, REASON_LENGTH) if is_new else ""]
    lines += [f"• {happening(one, zone)}" for one in item.did]
    elements += [{"type": "text", "text": f"\n{line}"} for line in lines if line]
    if item.opening:
        elements += [
            {"type": "text", "text": "\nSay first: ", "style": {"bold": True}},
            {"type": "text", "text": plain(item.opening, REASON_LENGTH)},
        ]
    if item.note:
        note = f"\n{plain(item.note, REASON_LENGTH)}"
        elements.append({"type": "text", "text": note, "style": {"italic": True}})
    shown: list[Block] = [_rich(elements)]
    if item.buttons is None:
        return shown
    return [*shown, _actions(item.buttons, is_new=item.note is None)]


def _over(title: str, item: Item) -> Block:
    """A lead that needs nothing any more: its name struck through, and why."""
    link = {"type": "link", "url": item.url, "text": title, "style": {"strike": True}}
    return _rich([link, {"type": "text", "text": f"\n{plain(item.news or '', REASON_LENGTH)}"}])


def _urgency(item: Item, zone: ZoneInfo) -> str:
    due = due_sentence(item.due, zone) if item.due is not None else ""
    match item.tone:
        case Tone.ASSIGNED:
            return due
        case Tone.REMINDER:
            return f"Reminder. {due}"
        case Tone.BREACH:
            return f"Late. {due.replace('First touch due', 'The first touch was due')}"
        case Tone.COVER:
            return f"{plain(item.for_whom or 'The owner', 80)} is away. {due}"


def _actions(buttons: Buttons, *, is_new: bool) -> Block:
    value = buttons.value
    elements: list[Block] = [_button(LOG_CALL, "Log a call", value)]
    if is_new:
        elements.insert(0, {**_button(ON_IT, "I'm on it", value), "style": "primary"})
    if buttons.snoozes:
        options = [
            {
                "text": {"type": "plain_text", "text": _length(one), "emoji": False},
                "value": f"{int(one.total_seconds())} {buttons.stage} {buttons.cycle}",
            }
            for one in buttons.snoozes
        ]
        elements.append(
            {
                "type": "static_select",
                "action_id": SNOOZE,
                "placeholder": {"type": "plain_text", "text": "Snooze", "emoji": False},
                "options": options,
            }
        )
    elements.append(_button(NOT_MINE, "Not mine", value))
    return {"type": "actions", "elements": elements}


def _button(action: str, text: str, value: str) -> Block:
    label = {"type": "plain_text", "text": text, "emoji": False}
    return {"type": "button", "action_id": action, "text": label, "value": value}


def _length(duration: timedelta) -> str:
    hours = duration.total_seconds() / 3600
    if hours % 24 == 0:
        return "1 day" if hours == 24 else f"{hours / 24:g} days"  # noqa: PLR2004  (hours of a day)
    return "1 hour" if hours == 1 else f"{hours:g} hours"


def _rich(elements: Sequence[Block]) -> Block:
    section = {"type": "rich_text_section", "elements": list(elements)}
    return {"type": "rich_text", "elements": [section]}


def _size(blocks: Sequence[Block]) -> int:
    """Characters as they travel, escapes included: the larger of the two ways to count."""
    return len(json.dumps(blocks))
