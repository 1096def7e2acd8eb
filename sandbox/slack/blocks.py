"""Block Kit's limits: what Slack refuses as `invalid_blocks`.

Source: Slack, Block Kit reference, "Blocks" and "Block elements". That the sum of a message's
blocks is limited near 13,200 characters is undocumented but observed.
"""

import json
from collections.abc import Iterator
from typing import cast

from sandbox.slack.call import SlackError
from sandbox.wire import Json
from sandbox.world import Row

MOST_BLOCKS = 50
MOST_CHARACTERS = 13_200
MOST_ELEMENTS = {"actions": 25, "context": 10, "context_actions": 5}
MOST_FIELDS = 10
MOST_OPTIONS = 100
TYPES = {
    "actions",
    "alert",
    "card",
    "carousel",
    "context",
    "context_actions",
    "divider",
    "file",
    "header",
    "image",
    "input",
    "markdown",
    "rich_text",
    "section",
    "table",
    "video",
}
LENGTHS = {
    ("section", "text"): 3000,
    ("section", "fields"): 2000,
    ("header", "text"): 150,
    ("button", "text"): 75,
    ("option", "text"): 75,
    ("select", "placeholder"): 150,
    ("input", "label"): 2000,
    ("input", "hint"): 2000,
}
"""Longest text object by (holder, its field)."""
PLAIN = {"block_id": 255, "action_id": 255, "url": 3000, "accessibility_label": 75}
BUTTON_VALUE = 2000


def check_blocks(blocks: Json) -> None:
    """Raise `SlackError` when Slack would refuse these blocks; say where, as Slack does."""
    if not isinstance(blocks, list):
        raise SlackError("invalid_blocks_format")
    rows = cast("list[Json]", blocks)
    faults = list(_faults(rows))
    if faults:
        raise SlackError("invalid_blocks", *(f"[ERROR] {fault}" for fault in faults))
    if len(json.dumps(rows, ensure_ascii=False)) > MOST_CHARACTERS:
        raise SlackError("msg_blocks_too_long")


def _faults(blocks: list[Json]) -> Iterator[str]:
    if len(blocks) > MOST_BLOCKS:
        yield f"no more than {MOST_BLOCKS} items allowed [json-pointer:/blocks]"
    for index, block in enumerate(blocks):
        where = f"/blocks/{index}"
        row = cast("Row", block) if isinstance(block, dict) else {}
        if row.get("type") in TYPES:
            yield from _block_faults(row, where)
        else:
            yield f"unsupported block type [json-pointer:{where}/type]"


def _block_faults(block: Row, where: str) -> Iterator[str]:
    kind = block["type"]
    yield from _plain_faults(block, where)
    if kind == "section" and not (block.get("text") or block.get("fields")):
        yield f"missing required field: text [json-pointer:{where}]"
    for name in ("text", "label", "hint"):
        yield from _length_faults(block.get(name), kind, name, f"{where}/{name}")
    fields: list[Json] = block.get("fields") or []
    if len(fields) > MOST_FIELDS:
        yield f"no more than {MOST_FIELDS} items allowed [json-pointer:{where}/fields]"
    for at, text in enumerate(fields):
        yield from _length_faults(text, "section", "fields", f"{where}/fields/{at}")
    elements: list[Row] = block.get("elements") or []
    if len(elements) > MOST_ELEMENTS.get(kind, len(elements)):
        yield f"no more than {MOST_ELEMENTS[kind]} items allowed [json-pointer:{where}/elements]"
    for at, element in enumerate(elements):
        yield from _element_faults(element, f"{where}/elements/{at}")
    for name in ("accessory", "element"):
        if name in block:
            yield from _element_faults(block[name], f"{where}/{name}")


def _element_faults(element: Row, where: str) -> Iterator[str]:
    yield from _plain_faults(element, where)
    kind = element.get("type", "")
    if kind == "button":
        yield from _length_faults(element.get("text"), "button", "text", f"{where}/text")
        if len(element.get("value") or "") > BUTTON_VALUE:
            yield f"must be less than {BUTTON_VALUE + 1} characters [json-pointer:{where}/value]"
    options: list[Row] = element.get("options") or []
    if len(options) > MOST_OPTIONS:
        yield f"no more than {MOST_OPTIONS} items allowed [json-pointer:{where}/options]"
    for at, option in enumerate(options):
        yield from _length_faults(
            option.get("text"), "option", "text", f"{where}/options/{at}/text"
        )
    hint = element.get("placeholder")
    yield from _length_faults(hint, "select", "placeholder", f"{where}/placeholder")


def _plain_faults(holder: Row, where: str) -> Iterator[str]:
    for name, most in PLAIN.items():
        if len(str(holder.get(name) or "")) > most:
            yield f"must be less than {most + 1} characters [json-pointer:{where}/{name}]"


def _length_faults(text: Json, holder: str, name: str, where: str) -> Iterator[str]:
    most = LENGTHS.get((holder, name))
    if most is None or text is None:
        return
    if not isinstance(text, dict) or "type" not in text or "text" not in text:
        yield f"must be a text object [json-pointer:{where}]"
        return
    length = len(str(cast("Row", text)["text"]))
    if length == 0:
        yield f"must be more than 0 characters [json-pointer:{where}/text]"
    if length > most:
        yield f"must be less than {most + 1} characters [json-pointer:{where}/text]"
