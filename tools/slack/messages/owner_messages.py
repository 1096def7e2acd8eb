"""What owners read in Slack, as Block Kit: new leads, reminders and breaches, with buttons."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from domain.effects import Line, Tone
from domain.grammar import counted, lasting, moment
from tools.slack.messages.blocks import (
    LOG_CALL,
    MOST_BLOCKS,
    MOST_CHARACTERS,
    NAMELESS,
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
    did: tuple[Line, ...] = ()
    opening: str | None = None
    for_whom: str | None = None
    """Name of the absent owner that the reader covers for."""
    buttons: Buttons | None = None
    news: str | None = None
    """What became of it; nobody needs to act any more."""
    note: str | None = None
    """What its reader did about it; the first touch is still due."""
    is_reassigned: bool = False
    """Whether somebody else had it before."""


def owned(items: Sequence[Item], zone: ZoneInfo) -> list[Block]:
    """All leads of one message; those that don't fit are counted at the end."""
    blocks: list[Block] = [_header(_title(items))] if len(items) > 1 else []
    size = _size(blocks)
    for shown, item in enumerate(items):
        added = _lead(item, zone, _headline(item) if _is_told(item, items) else "")
        size += _size(added)
        if len(blocks) + len(added) > MOST_BLOCKS - 1 or size > MOST_CHARACTERS - _ROOM_FOR_END:
            return [*blocks, _context(f"and {len(items) - shown} more in Salesforce")]
        blocks += added
    return blocks


def summary(items: Sequence[Item], zone: ZoneInfo) -> str:
    """The same in one line, for notifications and screen readers."""
    if len(items) == 1:
        (item,) = items
        title = neutral(item.title, 80) or NAMELESS
        if item.news is not None:
            return f"{title}: {neutral(item.news)}"
        due = _due(item, zone)
        return f"{neutral(_headline(item))} {title}{due and f'. {due}'}"
    named = "; ".join(neutral(item.title, 80) or NAMELESS for item in items[:3])
    more = f"; and {len(items) - 3} more" if len(items) > 3 else ""  # noqa: PLR2004  (as above)
    return f"{_title(items)}: {named}{more}"


_THINGS = {
    Tone.ASSIGNED: "new lead",
    Tone.REMINDER: "SLA reminder",
    Tone.BREACH: "SLA breach",
}


def _title(items: Sequence[Item]) -> str:
    """What a message of several leads is about."""
    waiting = [item for item in items if item.news is None]
    if not waiting:
        return "No action needed"
    tones = {item.tone for item in waiting}
    count = len(waiting)
    if tones == {Tone.COVER}:
        return f"{counted(count, 'lead')} to cover"
    if len(tones) == 1:
        return counted(count, _THINGS[tones.pop()])
    return f"{counted(count, 'lead')} {'needs' if count == 1 else 'need'} a first touch"


def _headline(item: Item) -> str:
    """What the first line about a lead begins with."""
    match item.tone:
        case Tone.ASSIGNED:
            return "Reassigned to you:" if item.is_reassigned else "New lead:"
        case Tone.REMINDER:
            return "SLA reminder:"
        case Tone.BREACH:
            return "SLA breach:"
        case Tone.COVER:
            return f"Cover for {plain(item.for_whom or 'the owner', 80)} (away):"


def _is_told(item: Item, items: Sequence[Item]) -> bool:
    """Whether a lead has a headline of its own; among others like it the message's says it all."""
    alike = len({one.tone for one in items if one.news is None}) == 1
    return len(items) == 1 or not alike or item.tone is Tone.COVER or item.is_reassigned


def _due(item: Item, zone: ZoneInfo) -> str:
    """When the first touch is due, by the reader's own clock."""
    if item.due is None:
        return ""
    is_over = item.tone is Tone.BREACH
    return f"First touch {'was due' if is_over else 'due'} {moment(item.due, zone)}"


def _header(text: str) -> Block:
    return {"type": "header", "text": {"type": "plain_text", "text": text, "emoji": False}}


def _context(text: str) -> Block:
    element = {"type": "plain_text", "text": text, "emoji": False}
    return {"type": "context", "elements": [element]}


def _lead(item: Item, zone: ZoneInfo, headline: str) -> list[Block]:
    title = plain(item.title, TITLE_LENGTH) or NAMELESS
    if item.news is not None:
        return [_over(title, item)]
    elements: list[Block] = [
        {"type": "link", "url": item.url, "text": title, "style": {"bold": True}}
    ]
    if headline:
        elements.insert(0, {"type": "text", "text": f"{headline} ", "style": {"bold": True}})
    is_new = item.tone in (Tone.ASSIGNED, Tone.COVER)
    lines = [_due(item, zone), plain(item.reason, REASON_LENGTH) if is_new else ""]
    lines += [f"• {happening(one, zone)}" for one in item.did]
    elements += [{"type": "text", "text": f"\n{line}"} for line in lines if line]
    if item.opening:
        elements += [
            {"type": "text", "text": "\nSuggested opener: ", "style": {"bold": True}},
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
    """A lead that is done: its name struck through, and what happened."""
    link = {"type": "link", "url": item.url, "text": title, "style": {"strike": True}}
    return _rich([link, {"type": "text", "text": f"\n{plain(item.news or '', REASON_LENGTH)}"}])


def _actions(buttons: Buttons, *, is_new: bool) -> Block:
    value = buttons.value
    elements: list[Block] = [_button(LOG_CALL, "Log call", value)]
    if is_new:
        elements.insert(0, {**_button(ON_IT, "I'm on it", value), "style": "primary"})
    if buttons.snoozes:
        options = [
            {
                "text": {"type": "plain_text", "text": f"Snooze {lasting(one)}", "emoji": False},
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


def _rich(elements: Sequence[Block]) -> Block:
    section = {"type": "rich_text_section", "elements": list(elements)}
    return {"type": "rich_text", "elements": [section]}


def _size(blocks: Sequence[Block]) -> int:
    """Characters as they travel, escapes included: the larger of the two ways to count."""
    return len(json.dumps(blocks))
