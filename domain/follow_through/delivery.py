"""Whether the owner heard of a lead: the clock stands still while a message to them waits.

Nobody loses a lead, is reminded of one or is late on one for a message that did not reach them.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from domain.follow_through.handoff import Handoff, pause
from domain.policy.model import Policy
from domain.values import Instant, Value


class Silence(Value):
    """A time in which a message to the owner about this lead waited."""

    since: Instant
    until: Instant | None = None
    """When it was delivered; None while it waits."""
    again_at: Instant | None = None
    """When it is tried again; None when it was refused for good."""


def waiting(silences: Sequence[Silence]) -> Silence | None:
    """The oldest message that still waits; None when all were delivered."""
    still = [one for one in silences if one.until is None]
    return min(still, key=lambda one: one.since, default=None)


def heard(handoff: Handoff, silences: Sequence[Silence], policy: Policy) -> Handoff:
    """The handoff with the time of delivered messages' waiting taken out of its clock."""
    waited, end = timedelta(), handoff.started_at
    delivered = [(one.since, one.until) for one in silences if one.until is not None]
    for since, until in sorted(delivered):
        start: datetime = max(since, end)
        if until > start:
            waited += pause(handoff, start, until, policy)
            end = until
    return handoff.model_copy(update={"paused": handoff.paused + waited})
