"""Why a lead moves on after its assignment, and why somebody has it: codes, never sentences."""

from typing import Annotated, Literal

from pydantic import Field

from domain.lead.absences import Absence
from domain.policy.follow_through import Move
from domain.routing.basis import RoutedBy, Skipped
from domain.time.durations import Duration
from domain.values import Quoted, Value


class OwnerLeft(Value):
    """The owner is no longer active in Salesforce."""

    kind: Literal["owner_left"] = "owner_left"
    owner: str


class Disowned(Value):
    """The owner said that it is not theirs, and need not keep it."""

    kind: Literal["disowned"] = "disowned"
    owner: str
    reason: str
    """The label of the policy's reason."""
    accepted_by: str | None = None
    """The manager's name; None where the policy itself accepts the reason."""


class NoTouch(Value):
    """Nobody touched it in time."""

    kind: Literal["no_touch"] = "no_touch"
    after: Duration
    """When the step is due, in the lead's own clock."""
    sla: Duration


class Unheard(Value):
    """The target is over, and the owner could not be told: no breach of theirs."""

    kind: Literal["unheard"] = "unheard"
    owner: str
    waited: Duration
    """How long the message has waited, by the clock on the wall."""
    sla: Duration


Cause = Annotated[OwnerLeft | Disowned | NoTouch | Unheard | Quoted, Field(discriminator="kind")]


class NothingDue(Value):
    """Its next step is not due yet."""

    kind: Literal["nothing_due"] = "nothing_due"


class SnoozedBy(Value):
    """Its owner put it off."""

    kind: Literal["snoozed_by"] = "snoozed_by"
    owner: str


class Paused(Value):
    """Somebody paused follow-through."""

    kind: Literal["paused"] = "paused"
    by: str
    reason: str
    """In their own words."""


class Unjudged(Value):
    """The case could not be judged; the others go on."""

    kind: Literal["unjudged"] = "unjudged"
    error: str


WhyRest = Annotated[NothingDue | SnoozedBy | Paused | Unjudged, Field(discriminator="kind")]
"""Why nothing is done now."""


class Cover(Value):
    """Who is asked while the owner is away."""

    owner: str
    absence: Absence
    asked: str


class Escalated(Value):
    """What is done about a lead, and why."""

    kind: Literal["escalated"] = "escalated"
    cause: Cause
    moves: tuple[Move, ...]
    cover: Cover | None = None


class Rotated(Value):
    """It goes to the next of its pool, or there is none."""

    kind: Literal["rotated"] = "rotated"
    because: Annotated[Escalated | Quoted, Field(discriminator="kind")]
    pool: str | None
    """None for a lead that came from no pool."""
    to: str | None
    """The next owner's name; None when nobody else is available."""
    skipped: tuple[Skipped, ...] = ()


class ByHand(Value):
    """Somebody changed the owner in Salesforce; that stays."""

    kind: Literal["by_hand"] = "by_hand"
    by: str
    former: str
    owner: str


class ByRequest(Value):
    """Somebody asked the worker to give it to a person."""

    kind: Literal["by_request"] = "by_request"
    by: str
    owner: str
    reason: str
    """In their own words."""


WhyOwner = Annotated[RoutedBy | Rotated | ByHand | ByRequest | Quoted, Field(discriminator="kind")]
"""Why this person has the lead."""
