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
    """An escalation action. Messages go to the owner, or to their cover while they are away."""

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
UNHEARD = "not notified"
"""The step that is due when the target is over and the owner could not be told."""
RESERVED = frozenset({OWNER_LEFT, REFUSED, UNHEARD})


class Rung(Value):
    """One escalation step."""

    name: str = Field(min_length=1, max_length=40)
    at: Annotated[
        Mark,
        BeforeValidator(parse_mark, json_schema_input_type=str),
        PlainSerializer(format_mark, return_type=str),
    ]
    """When the step is due: a share of the SLA such as `50%`, or a time after assignment such as
    `4h`. It uses the same clock as the SLA."""
    do: tuple[Move, ...] = Field(min_length=1)
    model_options: tuple[Move, ...] = ()
    """Actions that a model may choose instead of `do` in an unclear case. Empty means none."""

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
    """How long and how often an owner may snooze a lead. The SLA clock stops meanwhile."""

    at_most: int = Field(default=2, ge=0)
    """Maximum number of snoozes per owner and lead."""
    longest: Duration = timedelta(days=1)
    """Maximum length of one snooze."""
    choices: tuple[Duration, ...] = (timedelta(hours=1), timedelta(hours=4), timedelta(days=1))
    """The choices that Slack offers."""


class DisputeReason(Value):
    """A reason for *Not mine*, and how it is decided."""

    name: str = Field(pattern=r"^[a-z0-9_]{1,40}$")
    label: str = Field(min_length=1, max_length=75)
    """The text that the rep sees."""
    ruling: Literal["accept", "manager"] = "manager"
    """`accept`: reassigned to the next person right away; `manager`: the manager decides."""
    credit: bool = True
    """If the dispute is accepted, the rep gets the round-robin turn back."""


DEFAULT_REASONS = (
    DisputeReason(name="wrong_territory", label="Not my territory"),
    DisputeReason(name="conflict", label="A colleague already works with them"),
    DisputeReason(name="no_capacity", label="I have no capacity", credit=False),
    DisputeReason(name="not_a_lead", label="This is not a lead", credit=False),
)


class FollowThrough(Value):
    """What happens between assignment and first touch."""

    ladder: tuple[Rung, ...] = Field(default=DEFAULT_LADDER, min_length=1)
    """Escalation steps for segments that don't define their own, in the order they are due."""
    quiet: Duration = timedelta(minutes=10)
    """At most one message per person within this time. Several leads share one message."""
    reassign_at_most: int = Field(default=2, ge=0)
    """After this many reassignments, only people reassign the lead."""
    look_every: Duration = timedelta(hours=4)
    """How often an open lead is checked when no step is due and no change was seen."""
    snooze: Snoozing = Snoozing()
    disputes: tuple[DisputeReason, ...] = DEFAULT_REASONS
    closed_statuses: tuple[str, ...] = (
        "Closed - Converted",
        "Closed - Not Converted",
        "Disqualified",
        "Recycled",
        "Unqualified",
    )
    """Values of the status field that end follow-through."""
    recycled_statuses: tuple[str, ...] = ("Recycled",)
    """Those of them that mean back to nurture."""
    leakage_to: str | None = None
    """Email of the person who gets the weekly leakage list. Without one it is not sent."""
    digest_hour: int = Field(default=9, ge=0, le=23)
    """Hour of the managers' daily digest, on working days, in their own time zone."""
    tasks: bool = False
    """Also create a Salesforce Task "First touch due" on the record."""
