"""A lead as somebody types it or lists it in a spreadsheet, to be judged before anything is live.

What it came by is told by the columns `form`, `program` and `list`, as the policy's triggers read
them, else by `trigger`, a kind or a name of one. A row that tells none of them is a hand raise.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from math import isfinite
from typing import Annotated, Literal

from pydantic import Field

from domain.intake.triggers import triggered
from domain.lead.model import Activity, FieldName, RawLead, Trigger, TriggerKind
from domain.policy.model import Policy, TriggerRule
from domain.values import LeadKey, Scalar, Value

FORM = "Fill Out Form"


class Occasion(StrEnum):
    """Columns that tell what a lead came by; the value is the column's name."""

    FORM = "form"
    PROGRAM = "program"
    LIST = "list"
    TRIGGER = "trigger"


_TYPES = {
    Occasion.FORM: FORM,
    Occasion.PROGRAM: "Change Status in Progression",
    Occasion.LIST: "Add to List",
}
"""Marketo's activity type by the column that names its form, program or list."""
_NUMBERS = frozenset({FieldName.SCORE, FieldName.ANNUAL_REVENUE})
"""What Marketo itself sends as a number, and a spreadsheet as text."""


class TooManyCells(Value):
    """A row with more cells than there are columns: one of them lacks its quotes."""

    kind: Literal["too_many_cells"] = "too_many_cells"
    cells: int
    columns: int


class BadQuotes(Value):
    """The quotes in a row don't match."""

    kind: Literal["bad_quotes"] = "bad_quotes"


class TooLong(Value):
    """A cell or a line beyond all that a record holds."""

    kind: Literal["too_long"] = "too_long"
    most: int
    """Characters."""


class NotATrigger(Value):
    """The policy has no trigger for what the lead did, so the worker would never look at it."""

    kind: Literal["not_a_trigger"] = "not_a_trigger"
    activity: str
    """Marketo's activity type."""
    name: str


class UnknownTrigger(Value):
    """The column `trigger` has neither a kind nor a name of the policy's triggers."""

    kind: Literal["unknown_trigger"] = "unknown_trigger"
    said: str
    known: tuple[str, ...]


class BelowThreshold(Value):
    """The lead's score doesn't reach what the trigger asks for."""

    kind: Literal["below_threshold"] = "below_threshold"
    trigger: str
    value: float
    enough: float


class Defect(Value):
    """Judging this row failed inside."""

    kind: Literal["defect"] = "defect"
    error: str
    """The error's type: its text may hold the lead's data."""


RowProblem = Annotated[
    TooManyCells | BadQuotes | TooLong | NotATrigger | UnknownTrigger | BelowThreshold | Defect,
    Field(discriminator="kind"),
]
"""Why a row can't be judged."""


class TypedLead(Value):
    """One row: what was typed, under our names."""

    line: int
    """Of the file, on which the row begins."""
    values: Mapping[FieldName, str] = {}
    occasion: Mapping[Occasion, str] = {}


def raw_lead(typed: TypedLead, now: datetime) -> RawLead:
    """The Marketo person that would have these values, written just now."""
    return RawLead(
        key=LeadKey(str(typed.line)),
        values={name: _scalar(name, text) for name, text in typed.values.items() if text.strip()},
        link=None,
        created_at=now,
        updated_at=now,
        read_at=now,
    )


def _scalar(name: FieldName, text: str) -> Scalar:
    number = _number(text) if name in _NUMBERS else None
    if number is None:
        return text
    return int(number) if number.is_integer() else number


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if isfinite(number) else None


def activity_of(typed: TypedLead, policy: Policy, now: datetime) -> Activity | UnknownTrigger:
    """What the lead did, as Marketo would tell it."""
    named = next((one for one in _TYPES if typed.occasion.get(one, "").strip()), None)
    if named is not None:
        return _activity(typed, _TYPES[named], typed.occasion[named].strip(), now)
    said = typed.occasion.get(Occasion.TRIGGER, "").strip()
    rule = _rule(said, policy.triggers) if said else _usual(policy.triggers)
    if rule is None:
        known = (*TriggerKind, *(one.name for one in policy.triggers))
        return UnknownTrigger(said=said, known=tuple(dict.fromkeys(map(str, known))))
    attributes = {rule.attribute: _reached(typed, rule)} if rule.attribute else {}
    name = rule.names[0] if rule.names else ""
    return _activity(typed, rule.activity, name, now, attributes)


def trigger_of(
    activity: Activity, typed: TypedLead, policy: Policy
) -> Trigger | NotATrigger | BelowThreshold:
    """The trigger that the activity is, by the policy's own triggers."""
    found = triggered([activity], policy.triggers)
    if found:
        return found[0]
    score = _number(typed.values.get(FieldName.SCORE, ""))
    for rule in policy.triggers:
        is_of_score = rule.activity.casefold() == activity.type.casefold()
        if is_of_score and rule.at_least is not None and score is not None:
            return BelowThreshold(trigger=rule.name, value=score, enough=rule.at_least)
    return NotATrigger(activity=activity.type, name=activity.name)


def _activity(
    typed: TypedLead,
    kind: str,
    name: str,
    now: datetime,
    attributes: Mapping[str, str] | None = None,
) -> Activity:
    return Activity(
        id=f"row-{typed.line}",
        lead=LeadKey(str(typed.line)),
        type=kind,
        at=now,
        name=name,
        attributes=attributes or {},
    )


def _rule(said: str, rules: Sequence[TriggerRule]) -> TriggerRule | None:
    wanted = _key(said)
    return next((one for one in rules if wanted in (_key(one.kind), _key(one.name))), None)


def _usual(rules: Sequence[TriggerRule]) -> TriggerRule:
    """A hand raise by form; the policy's first trigger where it has none."""
    raised = [one for one in rules if one.kind is TriggerKind.HAND_RAISE]
    by_form = [one for one in raised if one.activity.casefold() == FORM.casefold()]
    return [*by_form, *raised, *rules][0]


def _reached(typed: TypedLead, rule: TriggerRule) -> str:
    """The row's own score; the threshold where it has none."""
    score = typed.values.get(FieldName.SCORE, "").strip()
    return score or str(rule.at_least)


def _key(text: str) -> str:
    return "".join(filter(str.isalnum, text)).casefold()
