"""What managers read in Slack, as Block Kit: a breach with its timeline, digests, lead lists.

Text that leads or the CRM supplied stands only where Slack shows it as it is.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from domain.effects import SendReport, TellManager
from domain.grammar import counted, lasting, moment
from tools.slack.messages.blocks import (
    GIVE_ON,
    KEEP,
    MOST_BLOCKS,
    MOST_CHARACTERS,
    NAMELESS,
    REASON_LENGTH,
    TITLE_LENGTH,
    Block,
    happening,
)
from tools.slack.messages.text import neutral, plain

MOST_ALT = 2000
"""Characters of an image's alt text (Slack: image block)."""
ROOM_FOR_END = 200
"""Characters that are kept for saying how many more there are."""
LINES = 20
"""Lines of one section of a report; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Reading:
    """When a message is read, and on whose clock."""

    now: datetime
    zone: ZoneInfo


def breach(told: TellManager, url: str, reading: Reading, *, is_reply: bool) -> list[Block]:
    """A breach; in a thread that has the timeline already, only what is new."""
    title = plain(told.title, TITLE_LENGTH) or NAMELESS
    elements: list[Block] = []
    if not is_reply:
        owner = plain(told.owner_name, 80)
        elements += [
            {"type": "text", "text": _headline(told, reading.now), "style": {"bold": True}},
            {"type": "link", "url": url, "text": title, "style": {"bold": True}},
            {"type": "text", "text": f"\nOwner: {owner}. {_due(told.sla_due, reading)}\n"},
        ]
    elements.append({"type": "text", "text": plain(told.sentence, REASON_LENGTH)})
    blocks: list[Block] = [_section(elements)]
    if told.timeline and not is_reply:
        lines = [happening(one, reading.zone) for one in told.timeline]
        blocks.append(_list(lines))
    if told.dispute is not None:
        blocks.append(_ruling(f"{told.dispute} {told.cycle}", told.owner_name))
    return blocks


def breach_summary(told: TellManager, now: datetime) -> str:
    """The same in one line, for notifications."""
    title = neutral(told.title, 80) or NAMELESS
    return f"{_headline(told, now)}{title}. Owner: {neutral(told.owner_name, 60)}"


def breaches(
    leads: Sequence[tuple[TellManager, str]], reading: Reading, *, is_reply: bool
) -> list[Block]:
    """All that one message tells, each lead with its record's page; a lead is shown once.

    Those that don't fit are counted at the end.
    """
    several = _by_lead(leads)
    if len(several) == 1:
        ((told, url),) = several
        return breach(told, url, reading, is_reply=is_reply)
    title = [{"type": "text", "text": _title([one for one, _ in several], reading.now)}]
    heading = _section([{**title[0], "style": {"bold": True}}])
    items: list[Block] = []
    size = len(json.dumps(heading))
    for shown, (told, url) in enumerate(several):
        item = _item(told, url, reading)
        size += len(json.dumps(item))
        if size > MOST_CHARACTERS - ROOM_FOR_END:
            more = {"type": "text", "text": f"and {len(several) - shown} more in Salesforce"}
            items.append({"type": "rich_text_section", "elements": [more]})
            break
        items.append(item)
    listed = {"type": "rich_text_list", "style": "bullet", "elements": items}
    return [heading, {"type": "rich_text", "elements": [listed]}]


def summary(told: Sequence[TellManager], now: datetime) -> str:
    """The same in one line, for notifications."""
    several = [one for one, _ in _by_lead([(one, "") for one in told])]
    if len(several) == 1:
        return breach_summary(several[0], now)
    named = "; ".join(neutral(one.title, 80) or NAMELESS for one in several[:3])
    more = f"; and {len(several) - 3} more" if len(several) > 3 else ""  # noqa: PLR2004  (as named)
    return f"{_title(several, now)}: {named}{more}"


def _by_lead(leads: Sequence[tuple[TellManager, str]]) -> list[tuple[TellManager, str]]:
    """Each lead once; where several steps of it piled up, with what each of them says."""
    found: dict[str, tuple[TellManager, str]] = {}
    for told, url in leads:
        known = found.get(told.cycle)
        if known is None:
            found[told.cycle] = (told, url)
        elif told.sentence not in known[0].sentence:
            said = f"{known[0].sentence} {told.sentence}"
            found[told.cycle] = (told.model_copy(update={"sentence": said}), url)
    return list(found.values())


def _title(several: Sequence[TellManager], now: datetime) -> str:
    """What a message of several leads is about."""
    over = sum(one.sla_due is None or one.sla_due <= now for one in several)
    if over == len(several):
        return counted(over, "SLA breach", "SLA breaches")
    if over == 0:
        return f"{counted(len(several), 'lead')} with the SLA at risk"
    return f"{counted(over, 'SLA breach', 'SLA breaches')}, {len(several) - over} at risk"


def _item(told: TellManager, url: str, reading: Reading) -> Block:
    """One lead of several, in short."""
    title, owner = plain(told.title, TITLE_LENGTH) or NAMELESS, plain(told.owner_name, 80)
    said = f"\nOwner: {owner}. {_due(told.sla_due, reading)} {plain(told.sentence, REASON_LENGTH)}"
    return {
        "type": "rich_text_section",
        "elements": [
            {"type": "link", "url": url, "text": title, "style": {"bold": True}},
            {"type": "text", "text": said},
        ],
    }


def _headline(told: TellManager, now: datetime) -> str:
    if told.dispute is not None:
        return "Not mine: "
    is_over = told.sla_due is None or told.sla_due <= now
    return "SLA breach: " if is_over else "SLA at risk: "


def _due(due: datetime | None, reading: Reading) -> str:
    if due is None:
        return ""
    late, at = reading.now - due, moment(due, reading.zone)
    if late < timedelta():
        return f"First touch due {at}."
    if late < timedelta(minutes=1):
        return f"First touch was due {at}."
    return f"Overdue by {lasting(late)}: first touch was due {at}."


@dataclass(frozen=True, slots=True)
class Pictures:
    """A report's charts as uploaded, or why they are missing."""

    files: Mapping[str, str] = field(default_factory=dict[str, str])
    """What each shows, by the id of its file."""
    missing: str = ""
    """Why there is none; empty when there are, or none was wanted."""


def report(told: SendReport, pictures: Pictures) -> list[Block]:
    """A digest or list: a heading, a sentence, pictures, and sections of lines."""
    blocks: list[Block] = [
        {"type": "header", "text": {"type": "plain_text", "text": told.title[:150]}},
        _section([{"type": "text", "text": plain(told.intro, REASON_LENGTH)}]),
    ]
    blocks += [
        {"type": "image", "slack_file": {"id": one}, "alt_text": plain(alt, MOST_ALT)}
        for one, alt in pictures.files.items()
    ]
    if pictures.missing:
        said = plain(f"Chart not available: {pictures.missing}", REASON_LENGTH)
        blocks.append(_section([{"type": "text", "text": said, "style": {"italic": True}}]))
    size = len(told.intro)
    for heading, lines in told.sections:
        if not lines:
            continue
        shown = [plain(line, TITLE_LENGTH) for line in lines[:LINES]]
        if len(lines) > LINES:
            shown.append(f"and {len(lines) - LINES} more")
        size += sum(len(line) for line in shown) + len(heading)
        if len(blocks) + 2 > MOST_BLOCKS or size > MOST_CHARACTERS:
            break
        style = {"bold": True}
        blocks.append(
            _section([{"type": "text", "text": plain(heading, TITLE_LENGTH), "style": style}])
        )
        blocks.append(_list(shown))
    return blocks


def _section(elements: Sequence[Block]) -> Block:
    section = {"type": "rich_text_section", "elements": list(elements)}
    return {"type": "rich_text", "elements": [section]}


def _list(lines: Sequence[str]) -> Block:
    items = [
        {"type": "rich_text_section", "elements": [{"type": "text", "text": line or "-"}]}
        for line in lines
    ]
    return {
        "type": "rich_text",
        "elements": [{"type": "rich_text_list", "style": "bullet", "elements": items}],
    }


def _ruling(about: str, owner: str) -> Block:
    def button(action: str, text: str) -> Block:
        label = {"type": "plain_text", "text": text[:75], "emoji": False}
        return {"type": "button", "action_id": action, "text": label, "value": about}

    keep = button(KEEP, f"Keep with {plain(owner, 50)}")
    return {"type": "actions", "elements": [button(GIVE_ON, "Reassign"), keep]}
