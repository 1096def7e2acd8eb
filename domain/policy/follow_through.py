"""The follow-through part of the policy: ladders, snoozes, disputes, quiet and reports."""

import re
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, PlainSerializer

from domain.time.durations import Duration, format_duration, parse_duration
from domain.values import Value

_PERCENT = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*%\s*$")

Mark = float | timedelta
"""When a rung is due after the assignment: a share of the target, or a length of time."""


def parse_mark(text: object) -> object:
    """Read "150%" as the share 1.5, anything else as a duration."""
    if not isinstance(text, str):
        return text
    percent = _PERCENT.match(text)
    if percent is not None:
        return float(percent[1]) / 100
    try:
        return parse_duration(text)
    except ValueError:
        said = f'"{text}" is not a time; use a percentage such as 150% or a duration such as 4h'
        raise ValueError(said) from None


def format_mark(mark: Mark) -> str:
    """Write a mark as a policy file does."""
    return format_duration(mark) if isinstance(mark, timedelta) else f"{mark * 100:g}%"


class Move(StrEnum):
    """What a rung does. Messages go to the owner, or to whoever covers for them."""

    REMIND = "remind"
    """Tell the owner before the target is over."""
    NUDGE = "nudge"
    """Tell the owner that the target is over."""
    ESCALATE = "escalate"
    """Tell the owner's manager, in a thread of this lead's own."""
    REASSIGN = "reassign"
    """Give it to the next of its pool; where that can't be, escalate."""
    LIST = "list"
    """Put it on the leakage list, with the name of the person who answers for it."""


OWNER_LEFT = "owner left"
"""The rung that is due at once when the owner is no longer an active user."""
REFUSED = "refused"
"""The rung that is due at once when it was accepted that a lead isn't its owner's."""
RESERVED = frozenset({OWNER_LEFT, REFUSED})


class Rung(Value):
    """One step of a ladder."""

    name: str = Field(min_length=1, max_length=40)
    at: Annotated[
        Mark,
        BeforeValidator(parse_mark, json_schema_input_type=str),
        PlainSerializer(format_mark, return_type=str),
    ]
    """When: "50%" of the target, or a time after the assignment such as "4h"; by the same clock
    as the target."""
    do: tuple[Move, ...] = Field(min_length=1)
    model_options: tuple[Move, ...] = ()
    """What the language model may choose instead of `do` in an unclear case; empty: nothing."""

    def after(self, target: timedelta) -> timedelta:
        """How long after the assignment, on the clock of the target."""
        return self.at if isinstance(self.at, timedelta) else target * self.at


DEFAULT_LADDER = (
    Rung(name="reminder", at=0.5, do=(Move.REMIND,)),
    Rung(
        name="breach",
        at=1.0,
        do=(Move.NUDGE, Move.ESCALATE),
        model_options=(Move.NUDGE, Move.ESCALATE),
    ),
    Rung(
        name="reassignment",
        at=1.5,
        do=(Move.REASSIGN,),
        model_options=(Move.REASSIGN, Move.ESCALATE),
    ),
    Rung(name="leakage", at=3.0, do=(Move.LIST,)),
)
"""Half-way, target over, half as long again, three times as long."""


class Snoozing(Value):
    """How far an owner may put a lead off; the clock stands still meanwhile."""

    at_most: int = Field(default=2, ge=0)
    """So many times per owner and lead."""
    longest: Duration = timedelta(days=1)
    """No longer than this at a time."""
    choices: tuple[Duration, ...] = (timedelta(hours=1), timedelta(hours=4), timedelta(days=1))
    """What the button offers."""


class DisputeReason(Value):
    """One answer to "not mine", and what the policy says to it."""

    name: str = Field(pattern=r"^[a-z0-9_]{1,40}$")
    label: str = Field(min_length=1, max_length=75)
    """What the rep reads."""
    ruling: Literal["accept", "manager"] = "manager"
    """`accept`: it is given to the next person at once; `manager`: the manager decides."""
    credit: bool = True
    """When accepted, the pool owes the person another lead."""


DEFAULT_REASONS = (
    DisputeReason(name="wrong_territory", label="Not my territory"),
    DisputeReason(name="conflict", label="A colleague already works with them"),
    DisputeReason(name="no_capacity", label="I have no capacity", credit=False),
    DisputeReason(name="not_a_lead", label="This is not a lead", credit=False),
)


class FollowThrough(Value):
    """What happens between the assignment and the first touch."""

    ladder: tuple[Rung, ...] = Field(default=DEFAULT_LADDER, min_length=1)
    """For segments that have none of their own; due times rise from rung to rung."""
    quiet: Duration = timedelta(minutes=10)
    """At most one message to a person within this time; several leads share it."""
    reassign_at_most: int = Field(default=2, ge=0)
    """After so many reassignments only people decide."""
    look_every: Duration = timedelta(hours=4)
    """An open lead is looked at this often even when no rung is due and no change was seen."""
    snooze: Snoozing = Snoozing()
    disputes: tuple[DisputeReason, ...] = DEFAULT_REASONS
    closed_statuses: tuple[str, ...] = (
        "Closed - Converted",
        "Closed - Not Converted",
        "Disqualified",
        "Recycled",
        "Unqualified",
    )
    """Values of the record's status that end the follow-through."""
    recycled_statuses: tuple[str, ...] = ("Recycled",)
    """Those of them that send the person back to nurture."""
    leakage_to: str | None = None
    """E-mail of the person who gets the weekly leakage list; without one, nobody is sent it."""
    digest_hour: int = Field(default=9, ge=0, le=23)
    """Managers get their digest at this hour of a working day, by their own clock."""
    tasks: bool = False
    """Also keep a Salesforce Task "First touch due" on the record."""
