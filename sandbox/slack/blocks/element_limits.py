"""The limits of Block Kit's elements: buttons, menus, fields, and the texts within them.

Source: Slack, Block Kit reference, "Block elements" and "Composition objects".
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from sandbox.http.message import Json
from sandbox.state.world import Row

PLAIN = {
    "block_id": 255,
    "action_id": 255,
    "url": 3000,
    "image_url": 3000,
    "alt_text": 2000,
    "accessibility_label": 75,
}
"""Longest plain strings, wherever they stand."""
BUTTON_TEXT, BUTTON_VALUE = 75, 2000
MOST_OPTIONS = {"overflow": 5, "radio_buttons": 10, "checkboxes": 10}
MOST_IN_SELECT = 100
OPTION_LENGTHS = {"text": 75, "description": 75}
OPTION_VALUE = 150
PLACEHOLDER = 150
CONFIRM = {"title": 100, "text": 300, "confirm": 30, "deny": 30}
STYLES = ("primary", "danger")
NEEDS_OPTIONS = ("overflow", "radio_buttons", "checkboxes", "static_select", "multi_static_select")


def element_faults(element: Row, where: str) -> Iterator[str]:
    """What is wrong with one element of a block."""
    kind = str(element.get("type", ""))
    if not kind:
        yield f"missing required field: type [json-pointer:{where}]"
    yield from plain_faults(element, where)
    if kind == "button":
        yield from _button(element, where)
    if kind in NEEDS_OPTIONS:
        yield from _choices(element, kind, where)
    yield from text_faults(
        element.get("placeholder"), PLACEHOLDER, f"{where}/placeholder", is_plain=True
    )
    if isinstance(element.get("confirm"), dict):
        yield from texts_faults(element["confirm"], CONFIRM, f"{where}/confirm")


def plain_faults(holder: Row, where: str) -> Iterator[str]:
    """Strings that are too long."""
    for name, most in PLAIN.items():
        if len(str(holder.get(name) or "")) > most:
            yield f"must be less than {most + 1} characters [json-pointer:{where}/{name}]"


def texts_faults(holder: Row, lengths: Mapping[str, int], where: str) -> Iterator[str]:
    """Text objects that are malformed or too long."""
    for name, most in lengths.items():
        yield from text_faults(holder.get(name), most, f"{where}/{name}")


def text_faults(text: Json, most: int, where: str, *, is_plain: bool = False) -> Iterator[str]:
    """What is wrong with one text object, if it is there."""
    if text is None:
        return
    if not isinstance(text, dict) or "type" not in text or "text" not in text:
        yield f"must be a text object [json-pointer:{where}]"
        return
    row = cast("Row", text)
    if row["type"] not in ("plain_text", "mrkdwn"):
        yield f"unsupported type: {row['type']} [json-pointer:{where}/type]"
    elif is_plain and row["type"] != "plain_text":
        yield f"must be of type plain_text [json-pointer:{where}/type]"
    length = len(str(row["text"]))
    if length == 0:
        yield f"must be more than 0 characters [json-pointer:{where}/text]"
    if length > most:
        yield f"must be less than {most + 1} characters [json-pointer:{where}/text]"


def few(items: Sequence[Json], most: int, where: str) -> Iterator[str]:
    """That there are too many."""
    if len(items) > most:
        yield f"no more than {most} items allowed [json-pointer:{where}]"


def _button(element: Row, where: str) -> Iterator[str]:
    if not element.get("text"):
        yield f"missing required field: text [json-pointer:{where}]"
    yield from text_faults(element.get("text"), BUTTON_TEXT, f"{where}/text", is_plain=True)
    if len(element.get("value") or "") > BUTTON_VALUE:
        yield f"must be less than {BUTTON_VALUE + 1} characters [json-pointer:{where}/value]"
    if element.get("style") not in (None, *STYLES):
        yield f"must be one of {', '.join(STYLES)} [json-pointer:{where}/style]"


def _choices(element: Row, kind: str, where: str) -> Iterator[str]:
    groups: list[Row] = element.get("option_groups") or []
    most = MOST_OPTIONS.get(kind, MOST_IN_SELECT)
    yield from few(groups, MOST_IN_SELECT, f"{where}/option_groups")
    if not groups:
        yield from _options(element.get("options") or [], most, f"{where}/options")
    for at, group in enumerate(groups):
        yield from _options(group.get("options") or [], most, f"{where}/option_groups/{at}/options")


def _options(options: list[Row], most: int, where: str) -> Iterator[str]:
    if not options:
        yield f"must have at least 1 item [json-pointer:{where}]"
    yield from few(options, most, where)
    for at, option in enumerate(options):
        yield from texts_faults(option, OPTION_LENGTHS, f"{where}/{at}")
        if len(str(option.get("value") or "")) > OPTION_VALUE:
            place = f"{where}/{at}/value"
            yield f"must be less than {OPTION_VALUE + 1} characters [json-pointer:{place}]"
