"""Answers of a conversation as Block Kit: words, leads as links, what would change, two buttons.

Text that leads, the CRM or a model supplied stands only where Slack shows it as it is.
"""

from collections.abc import Callable, Sequence

from domain.conversation.answers import Answer, Ask, Card, Shown
from domain.values import RecordId
from tools.slack.messages.blocks import (
    MOST_BLOCKS,
    MOST_CHARACTERS,
    NAMELESS,
    TITLE_LENGTH,
    Block,
)
from tools.slack.messages.text import neutral, plain

YES, NO = "routeready_yes", "routeready_no"
"""What the buttons of a proposal are called when they are pressed."""
ASK = "routeready_ask_"
"""What the buttons that ask something are called, before their number."""
WORDS = 600
LINE = 300
LINES = 30
_ROOM = 400

Link = Callable[[RecordId], str]


def shown(what: Shown, link: Link) -> list[Block]:
    """One turn of a conversation; what does not fit is said to be left out."""
    blocks: list[Block] = []
    if what.said:
        blocks.append(_rich([_text(plain(what.said, WORDS))]))
    size = len(what.said)
    for place, answer in enumerate(what.answers):
        between: list[Block] = [{"type": "divider"}] if place else []
        for block in [*between, *_answer(answer, link)]:
            size += len(str(block))
            if len(blocks) + 2 > MOST_BLOCKS or size > MOST_CHARACTERS - _ROOM:
                return [
                    *blocks,
                    _context("More is not shown. Ask for something narrower."),
                ]
            blocks.append(block)
    return blocks or [_context("Nothing to show.")]


def summary(what: Shown) -> str:
    """The same in one line, for notifications and screen readers."""
    return neutral(what.summary, 200)


def _answer(answer: Answer, link: Link) -> list[Block]:
    """One answer, whole: whatever a model said above it, the record's own sentences are there."""
    blocks: list[Block] = [_rich([_text(plain(answer.title, LINE), bold=True)])]
    if answer.lines:
        blocks.append(_list([_text(plain(line, LINE)) for line in answer.lines[:LINES]]))
    for card in answer.cards:
        blocks.append(_card(card, link))
        if card.proposal is not None:
            blocks.append(_decide(card.proposal, card.yes, card.no))
        if card.asks:
            blocks.append(_asks(card.asks))
    if answer.proposal is not None:
        blocks.append(_decide(answer.proposal, answer.yes, answer.no))
    if answer.source:
        blocks.append(_context(plain(answer.source, LINE)))
    return blocks


def _decide(proposal: str, yes: str, no: str) -> Block:
    """The two buttons of a proposal, named for what each does."""
    first = {**_button(YES, yes, proposal), "style": "primary"}
    return {"type": "actions", "elements": [first, _button(NO, no, proposal)]}


def _asks(asks: Sequence[Ask]) -> Block:
    buttons = [_button(f"{ASK}{place}", one.label, one.says) for place, one in enumerate(asks)]
    return {"type": "actions", "elements": buttons}


def _card(card: Card, link: Link) -> Block:
    title = plain(card.title, TITLE_LENGTH) or NAMELESS
    head: Block = _text(title, bold=True)
    if card.record_id is not None:
        head = {
            "type": "link",
            "url": link(card.record_id),
            "text": title,
            "style": {"bold": True},
        }
    return _rich([head, *(_text(f"\n{plain(line, LINE)}") for line in card.lines)])


def _text(text: str, *, bold: bool = False) -> Block:
    told: Block = {"type": "text", "text": text or "-"}
    return {**told, "style": {"bold": True}} if bold else told


def _rich(elements: Sequence[Block]) -> Block:
    section = {"type": "rich_text_section", "elements": list(elements)}
    return {"type": "rich_text", "elements": [section]}


def _list(lines: Sequence[Block]) -> Block:
    items = [{"type": "rich_text_section", "elements": [line]} for line in lines]
    bullets = {"type": "rich_text_list", "style": "bullet", "elements": items}
    return {"type": "rich_text", "elements": [bullets]}


def _context(text: str) -> Block:
    element = {"type": "plain_text", "text": text, "emoji": False}
    return {"type": "context", "elements": [element]}


def _button(action: str, text: str, value: str) -> Block:
    label = {"type": "plain_text", "text": text, "emoji": False}
    return {"type": "button", "action_id": action, "text": label, "value": value}
