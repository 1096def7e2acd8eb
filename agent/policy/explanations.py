"""What is wrong with a value in a policy file, in the words of whoever edits it.

The validation library's own words never get through: each of its error types has a sentence here.
"""

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from domain.policy import model as contract
from domain.policy.conditions import GROUPS, Range
from domain.policy.routing import RULE_KINDS

Detail = Mapping[str, Any]
"""One error as the validation library tells it: `type`, `loc`, `input`, `msg`, perhaps `ctx`."""

REFERENCE = "docs/reference/policy.md"
GROUPED = "tuple[..., ...]"
"""The form of a list of conditions."""
FORMS = frozenset({"str", "bool", "Range", "tuple[str, ...]", "float", "timedelta", GROUPED})
"""Names of the forms that a value may have, which no file contains."""
NO_FORM = "no_form"
"""Our own error type: a value that fits none of the forms it may have."""
NO_GROUP = "no_group"
"""And one of `any`, `all` or `not` that has no list of conditions."""


def distinct(errors: Iterable[Detail]) -> Iterator[Detail]:
    """Each mistake once: a value that fits none of several forms is one mistake, not several."""
    told: set[tuple[str | int, ...]] = set()
    for one in errors:
        for place, mistake in _of_form(one):
            if place is None or place not in told:
                yield mistake
            if place is not None:
                told.add(place)


def _of_form(one: Detail) -> Iterator[tuple[tuple[str | int, ...] | None, Detail]]:
    """The mistake that an error tells of, with the place that is reported once; none if others do.

    A value is tried as each of its forms, and each that it doesn't fit is an error.
    """
    loc = one["loc"]
    grouped = max((place for place, part in enumerate(loc) if part == GROUPED), default=-1)
    if grouped >= 0 and loc[grouped - 1] not in GROUPS:
        return  # a fact's value: its other forms tell it
    if grouped >= 0 and len(loc) <= grouped + 2:
        yield loc[:grouped], {**one, "type": NO_GROUP}
        return
    forms = (place for place, part in enumerate(loc) if place > grouped and part in FORMS)
    form = next(forms, None)
    if form is None or (loc[form] == "Range" and len(loc) > form + 1):
        if form is None or loc[form - 1] not in GROUPS:
            yield None, one
        return
    is_range = isinstance(one["input"], Mapping) and "when" in loc
    if not is_range and loc[form - 1] not in GROUPS:
        yield loc[:form], {**one, "type": NO_FORM}


@dataclass(frozen=True, slots=True)
class _Mistake:
    """One error, with what its sentence needs."""

    kind: str
    name: str
    """The key that it is about."""
    given: str
    context: Mapping[str, Any]
    place: Sequence[str | int]
    said: str


def explain(detail: Detail, place: Sequence[str | int]) -> tuple[str, str]:
    """What is wrong at a place of a file, and what to do about it."""
    one = _Mistake(
        kind=str(detail["type"]),
        name=next((part for part in reversed(place) if isinstance(part, str)), ""),
        given=shown(detail.get("input")),
        context=detail.get("ctx") or {},
        place=place,
        said=str(detail["msg"]),
    )
    return _of_keys(one) or _of_choices(one) or _of_sizes(one) or _of_kinds(one)


def _of_keys(one: _Mistake) -> tuple[str, str] | None:
    match one.kind:
        case "extra_forbidden":
            return f'Unknown key "{one.name}"', alike(one.name, _KEYS)
        case "missing":
            return (
                f'"{one.name}" is missing',
                "Add it; docs/reference/policy.md explains every key.",
            )
        case "union_tag_not_found":
            return "This routing rule has no kind", f"Add kind: one of {', '.join(RULE_KINDS)}."
        case _:
            return None


def _of_choices(one: _Mistake) -> tuple[str, str] | None:
    match one.kind:
        case "enum" | "literal_error":
            expected = str(one.context["expected"]).replace("'", "")
            return f'{one.given} is not a valid value for "{one.name}"', f"Use {expected}."
        case "union_tag_invalid":
            tag, kinds = one.context["tag"], ", ".join(RULE_KINDS)
            return f'"{tag}" is not a kind of routing rule', f"Use one of {kinds}."
        case "value_error":
            said, _, advice = one.said.removeprefix("Value error, ").partition("; ")
            return said, f"{advice[:1].upper()}{advice[1:]}." if advice else ""
        case _:
            return None


def _of_sizes(one: _Mistake) -> tuple[str, str] | None:
    match one.kind:
        case "too_short":
            return _empty(one.place, one.name)
        case "string_too_short":
            return f'"{one.name}" is empty', "Fill it in."
        case "string_too_long":
            most = one.context["max_length"]
            return f'"{one.name}" is too long: {one.given}', f"Use at most {most} characters."
        case "string_pattern_mismatch":
            advice = "Use up to 40 lowercase letters, digits and underscores."
            return f"{one.given} is not a valid name", advice
        case _:
            word = _BOUNDS.get(one.kind)
            if word is None:
                return None
            limit = next(iter(one.context.values()))
            return (
                f'{one.given} is out of range for "{one.name}"',
                f"Use a number {word} {limit:g}.",
            )


def _empty(place: Sequence[str | int], name: str) -> tuple[str, str]:
    if len(place) > 1 and place[0] == "pools":
        return f"Pool {place[1]} has no members", "Add at least one member, or remove the pool."
    return f'"{name}" is an empty list', "Add at least one entry."


_BOUNDS = {
    "greater_than_equal": "of at least",
    "greater_than": "greater than",
    "less_than_equal": "of at most",
    "less_than": "less than",
}
_WANTED = {
    "int": ("is not a whole number", "Use a whole number, such as 10."),
    "float": ("is not a number", "Use a number, such as 0.5 or 10."),
    "bool": ("is neither true nor false", "Use true or false."),
    "string": ("is not text", "Write one text; put it in quotes if it looks like a number."),
    "tuple": ("is not a list", "Write a list, such as [a, b]."),
    "dict": ("is not a set of keys", "Write keys with values, such as {key: value}."),
    "model": ("is not a set of keys", "Write keys with values, such as {key: value}."),
    "time_delta": ("is not a duration", "Use a number and a unit, such as 15m, 4h or 2d."),
}


def _of_kinds(one: _Mistake) -> tuple[str, str]:
    if one.kind == NO_GROUP:
        name = next((part for part in reversed(one.place) if part in GROUPS), "any")
        advice = f"Write {name}: [{{country: DE}}, {{industry: software}}]."
        return f'"{name}" needs a list of conditions', advice
    if one.kind == NO_FORM and "when" in one.place:
        advice = "Use a value, a list of values, or a range such as {at_least: 100}."
        return f'{one.given} is not a condition for "{one.name}"', advice
    if one.kind == NO_FORM:
        advice = "Use a percentage such as 150% or a duration such as 4h."
        return f'{one.given} is not a time for "{one.name}"', advice
    for start, (said, advice) in _WANTED.items():
        if one.kind.startswith(start):
            return f'"{one.name}": {one.given} {said}', advice
    return f'{one.given} is not a valid value for "{one.name}"', f"See {REFERENCE}."


def shown(value: object) -> str:
    """A value as a policy file writes it, short enough for a sentence."""
    match value:
        case None:
            return "an empty value"
        case bool():
            return str(value).lower()
        case str():
            return f'"{value}"'
        case Mapping():
            return "a set of keys"
        case Sequence():
            return "a list"
        case _:
            return str(value)


def alike(name: str, known: Iterable[str]) -> str:
    """The name that was probably meant, or all that there are."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1)
    return f'Did you mean "{close[0]}"?' if close else f"Known names: {', '.join(names)}."


_KEYS = frozenset(
    field
    for model in (*vars(contract).values(), Range)
    if isinstance(model, type) and issubclass(model, BaseModel)
    for field in model.model_fields
)
