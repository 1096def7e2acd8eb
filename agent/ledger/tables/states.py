"""Where a cycle, an effect, a handoff stands."""

from enum import StrEnum


class CycleStatus(StrEnum):
    """Where a cycle stands."""

    OPEN = "open"
    """Triggered; the gate has not spoken yet, or must speak again."""
    WAITING = "waiting"
    PARKED = "parked"
    REJECTED = "rejected"
    APPROVAL = "approval"
    """A person must confirm the write."""
    ASSIGNING = "assigning"
    """The owner's write is planned or under way."""
    ASSIGNED = "assigned"
    TOUCHED = "touched"
    CLOSED = "closed"
    """The follow-through ended without a touch: disqualified, recycled, converted, deleted."""
    SHADOWED = "shadowed"
    """Decided in shadow mode: nothing was written outside."""
    DENIED = "denied"
    """A person refused the write; only a new trigger brings the lead up again."""
    GONE = "gone"
    """The person no longer exists in Marketo."""


class TriggerOutcome(StrEnum):
    """What a trigger led to."""

    OPENED = "opened"
    """A cycle of its own."""
    JOINED = "joined"
    """The lead's open cycle."""
    HELD_BACK = "held_back"
    """Nothing: the cool-down was not over."""


UNFINISHED = (
    CycleStatus.OPEN,
    CycleStatus.WAITING,
    CycleStatus.PARKED,
    CycleStatus.APPROVAL,
    CycleStatus.ASSIGNING,
)
"""A lead with a cycle in one of these opens no other."""


class EffectState(StrEnum):
    """Where an effect stands."""

    PLANNED = "planned"
    ATTEMPTED = "attempted"
    """Sent, or about to be: after a crash the vendor is asked before anything is repeated."""
    UNKNOWN = "unknown"
    """The answer never came: the vendor is asked first."""
    APPLIED = "applied"
    REFUSED = "refused"
    """The vendor would not, and something else was decided because of it."""
    DEAD = "dead"
    """Given up: kept with the vendor's words for a person to retry."""


UNSETTLED = (EffectState.PLANNED, EffectState.ATTEMPTED, EffectState.UNKNOWN)
"""It is still to be brought about."""
OPEN = "open"
REFUSED = "SALESFORCE"
"""What blocks a cycle whose owner Salesforce refused."""
DEFECT = "DEFECT"
"""What blocks a cycle on which something failed that nobody foresaw."""
