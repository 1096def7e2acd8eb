"""Block Kit's limits: what Slack refuses as `invalid_blocks`, and where it says the fault is.

Source: Slack, Block Kit reference, "Blocks", "Block elements" and "Views"; the lengths are those of
slack_sdk's own validators. That the sum of a message's blocks is limited near 13,200 characters is
undocumented but observed (slackapi/bolt-js, issue 2509).
"""

import json
from collections.abc import Iterator, Sequence
from typing import cast

from sandbox.http.message import Json
from sandbox.slack.blocks.element_limits import (
    element_faults,
    few,
    plain_faults,
    text_faults,
    texts_faults,
)
from sandbox.slack.web.call import Call, SlackError
from sandbox.state.world import Row

MOST_BLOCKS, MOST_IN_VIEW = 50, 100
MOST_CHARACTERS = 13_200
MOST_ELEMENTS = {"actions": 25, "context": 10, "context_actions": 5}
MOST_FIELDS = 10
MOST_MARKDOWN = 12_000
"""Characters of all markdown blocks of a message together."""
TYPES = frozenset(
    {
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
        "plan",
        "rich_text",
        "section",
        "table",
        "task_card",
        "video",
    }
)
REQUIRED = {
    "actions": ("elements",),
    "context": ("elements",),
    "context_actions": ("elements",),
    "header": ("text",),
    "image": ("alt_text",),
    "input": ("label", "element"),
    "markdown": ("text",),
    "rich_text": ("elements",),
    "table": ("rows",),
}
VIEW_TEXTS = ("title", "submit", "close")
MOST_VIEW_TEXT = 24
VIEW_LENGTHS = {"private_metadata": 3000, "callback_id": 255, "external_id": 255}


def check_blocks(blocks: Json, call: Call | None = None) -> None:
    """Raise `SlackError` when Slack would refuse these blocks; say where, as Slack does.

    With a call, blocks that are too long together get the name that its method documents.
    """
    if not isinstance(blocks, list):
        raise SlackError("invalid_blocks_format")
    rows = cast("list[Json]", blocks)
    faults = list(block_faults(rows, MOST_BLOCKS))
    if faults:
        raise SlackError("invalid_blocks", *(f"[ERROR] {fault}" for fault in faults))
    if len(json.dumps(rows, ensure_ascii=False)) > MOST_CHARACTERS:
        names = ("msg_blocks_too_long", "msg_too_long")
        raise SlackError(names[0]) if call is None else call.refusal(*names)


def view_faults(view: Row) -> Iterator[str]:
    """What Slack would refuse in a modal or a home tab."""
    blocks: Json = view.get("blocks")
    if not isinstance(blocks, list):
        yield "missing required field: blocks [json-pointer:/view]"
        return
    rows = cast("list[Json]", blocks)
    yield from block_faults(rows, MOST_IN_VIEW, "/view/blocks")
    if view["type"] != "modal":
        return
    if not view.get("title"):
        yield "missing required field: title [json-pointer:/view]"
    for name in VIEW_TEXTS:
        yield from text_faults(view.get(name), MOST_VIEW_TEXT, f"/view/{name}", is_plain=True)
    for name, most in VIEW_LENGTHS.items():
        if len(str(view.get(name) or "")) > most:
            yield f"must be less than {most + 1} characters [json-pointer:/view/{name}]"
    has_inputs = any(isinstance(one, dict) and _kind(one) == "input" for one in rows)
    if has_inputs and not view.get("submit"):
        yield "missing required field: submit [json-pointer:/view]"


def block_faults(blocks: Sequence[Json], most: int, place: str = "/blocks") -> Iterator[str]:
    """What is wrong with blocks, each fault with its place."""
    yield from few(blocks, most, place)
    seen: set[str] = set()
    for index, block in enumerate(blocks):
        where = f"{place}/{index}"
        row = cast("Row", block) if isinstance(block, dict) else {}
        if row.get("type") not in TYPES:
            yield f"unsupported type: {row.get('type')} [json-pointer:{where}/type]"
            continue
        name = row.get("block_id")
        if name in seen:
            yield f'"block_id" `{name}` already exists for another block [json-pointer:{where}]'
        seen |= {name} if name else set()
        yield from _one_block(row, where)
    spoken = [row["text"] for row in blocks if _kind(row) == "markdown" and row.get("text")]
    if sum(len(text) for text in spoken) > MOST_MARKDOWN:
        yield f"must be less than {MOST_MARKDOWN + 1} characters [json-pointer:{place}]"


def with_ids(blocks: Sequence[Row]) -> list[Row]:
    """Blocks as Slack keeps them: each has an id, its own or one by its place."""
    return [
        {**block, "block_id": block.get("block_id") or f"blk{place}"}
        for place, block in enumerate(blocks)
    ]


def _kind(block: Json) -> str:
    return str(cast("Row", block).get("type")) if isinstance(block, dict) else ""


def _one_block(block: Row, where: str) -> Iterator[str]:
    kind = block["type"]
    yield from plain_faults(block, where)
    for name in REQUIRED.get(kind, ()):
        if block.get(name) in (None, "", []):
            yield f"missing required field: {name} [json-pointer:{where}]"
    if kind == "section":
        yield from _section(block, where)
    elif kind == "header":
        yield from text_faults(block.get("text"), 150, f"{where}/text", is_plain=True)
    elif kind == "input":
        yield from texts_faults(block, {"label": 2000, "hint": 2000}, where)
    elif kind == "image":
        yield from _image(block, where)
    if kind in MOST_ELEMENTS:
        yield from _elements(block, kind, where)
    for name in ("accessory", "element"):
        if isinstance(block.get(name), dict):
            yield from element_faults(block[name], f"{where}/{name}")


def _section(block: Row, where: str) -> Iterator[str]:
    if not (block.get("text") or block.get("fields")):
        yield f"missing required field: text [json-pointer:{where}]"
    yield from text_faults(block.get("text"), 3000, f"{where}/text")
    fields: list[Json] = block.get("fields") or []
    yield from few(fields, MOST_FIELDS, f"{where}/fields")
    for at, text in enumerate(fields):
        yield from text_faults(text, 2000, f"{where}/fields/{at}")


def _image(block: Row, where: str) -> Iterator[str]:
    if not (block.get("image_url") or block.get("slack_file")):
        yield f"missing required field: image_url [json-pointer:{where}]"
    yield from text_faults(block.get("title"), 2000, f"{where}/title", is_plain=True)


def _elements(block: Row, kind: str, where: str) -> Iterator[str]:
    elements: list[Row] = block.get("elements") or []
    yield from few(elements, MOST_ELEMENTS[kind], f"{where}/elements")
    seen: set[str] = set()
    for at, element in enumerate(elements):
        place, name = f"{where}/elements/{at}", element.get("action_id")
        if name in seen:
            yield f'"action_id" `{name}` already exists for another element [json-pointer:{place}]'
        seen |= {name} if name else set()
        yield from element_faults(element, place)
