"""What people press and fill in, as Slack words it: actions, and the state of a form.

Source: Slack, "block_actions payload" and "view_submission payload".
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import cast

from sandbox.http.message import Json
from sandbox.state.world import Row

VALUED = {
    "plain_text_input": "value",
    "email_text_input": "value",
    "url_text_input": "value",
    "number_input": "value",
    "datepicker": "selected_date",
    "timepicker": "selected_time",
    "datetimepicker": "selected_date_time",
    "users_select": "selected_user",
    "channels_select": "selected_channel",
    "conversations_select": "selected_conversation",
    "multi_users_select": "selected_users",
    "multi_channels_select": "selected_channels",
    "multi_conversations_select": "selected_conversations",
}
"""Under which name an element tells what it holds."""
ONE_OF = ("static_select", "radio_buttons", "overflow", "external_select")
MANY_OF = ("multi_static_select", "checkboxes", "multi_external_select")


class FormError(Exception):
    """A form that Slack doesn't send; `errors` says by block what is wrong."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{block}: {why}" for block, why in errors.items()))
        self.errors = dict(errors)


def elements(blocks: Sequence[Row]) -> Iterator[tuple[Row, Row]]:
    """Every interactive element with its block."""
    for block in blocks:
        within: list[Json] = [*(block.get("elements") or [])]
        within += [block[name] for name in ("accessory", "element") if name in block]
        for one in within:
            row = cast("Row", one) if isinstance(one, dict) else {}
            if row.get("action_id"):
                yield block, row


def action(blocks: Sequence[Row], action_id: str, chosen: Json) -> Row | None:
    """The action of an element by its name, or by `block_id/action_id`; None where it isn't."""
    for block, element in elements(blocks):
        whole = f"{block['block_id']}/{element['action_id']}"
        if action_id not in (whole, element["action_id"]):
            continue
        told: Row = {"type": element["type"], "action_id": element["action_id"]}
        told["block_id"] = block["block_id"]
        if element["type"] == "button":
            held = {name: element[name] for name in ("text", "value", "style") if name in element}
            return told | held
        if "placeholder" in element:
            told["placeholder"] = element["placeholder"]
        return told | held_by(element, chosen)
    return None


def state(blocks: Sequence[Row], values: Mapping[str, Json]) -> Row:
    """The state of a form, by block and action."""
    held: dict[str, Row] = {}
    for block, element in elements(blocks):
        if element["type"] in ("button", "overflow"):
            continue
        name, action_id = block["block_id"], element["action_id"]
        filled = values.get(f"{name}/{action_id}")
        told = {"type": element["type"], **held_by(element, filled)}
        held.setdefault(name, {})[action_id] = told
    return held


def check(blocks: Sequence[Row], values: Mapping[str, Json]) -> None:
    """Raise `FormError` for what Slack would not send."""
    errors: dict[str, str] = {}
    for block, element in elements(blocks):
        if block["type"] == "input":
            filled = values.get(f"{block['block_id']}/{element['action_id']}")
            why = _fault(block, element, filled)
            errors |= {block["block_id"]: why} if why else {}
    if errors:
        raise FormError(errors)


def plainly(element: Row) -> Json:
    """What is filled in, of one element's part of a state: texts, values, ids."""
    option: Row | None = element.get("selected_option")
    many: list[Row] | None = element.get("selected_options")
    if option is not None:
        return option.get("value")
    if many is not None:
        return [one.get("value") for one in many]
    held = (element.get(name) for name in dict.fromkeys(VALUED.values()))
    return next((one for one in held if one is not None), "")


def held_by(element: Row, filled: Json) -> Row:
    """What an element holds after it was filled in, under the name that its kind gives it."""
    kind = element["type"]
    if kind in ONE_OF:
        return {"selected_option": _option(element, filled)}
    if kind in MANY_OF:
        wanted = _listed(filled)
        return {"selected_options": [one for one in options(element) if one["value"] in wanted]}
    name = VALUED.get(kind, "value")
    if name.endswith("s"):
        return {name: _listed(filled)}
    if name == "selected_date_time":
        return {name: int(filled) if filled else None}
    return {name: filled or None}


def options(element: Row) -> list[Row]:
    """All options of a menu, those in groups included."""
    groups: list[Row] = element.get("option_groups") or []
    grouped = [one for group in groups for one in group["options"]]
    return [*(element.get("options") or []), *grouped]


def _option(element: Row, value: Json) -> Row | None:
    return next((one for one in options(element) if one.get("value") == value), None)


def _listed(filled: Json) -> list[str]:
    if isinstance(filled, list):
        return [str(one) for one in cast("list[Json]", filled)]
    return [str(filled)] if filled else []


def _fault(block: Row, element: Row, filled: Json) -> str | None:
    if not filled:
        return None if block.get("optional") else "Please complete this required field."
    checks: Mapping[str, Callable[[int], bool]] = {
        "max_length": lambda most: len(str(filled)) > most,
        "min_length": lambda least: len(str(filled)) < least,
    }
    for name, fails in checks.items():
        if element["type"].endswith("input") and name in element and fails(element[name]):
            word = "at most" if name == "max_length" else "at least"
            return f"Please use {word} {element[name]} characters."
    if element["type"] in ONE_OF and _option(element, filled) is None:
        return "Please choose one of the options."
    return None
