"""Whose time it was: how long the machines took until a person knew, and how long the person."""

from datetime import datetime, timedelta

from domain.time.durations import Duration
from domain.values import Value


class Delays(Value):
    """The way from the trigger to the first touch, cut where a person first could know."""

    sync_and_gate: Duration
    """From the trigger until the lead was route-ready: sync, enrichment, gate."""
    assign_and_tell: Duration
    """From there until the owner was assigned and told."""
    human: Duration | None
    """From there to the touch; None while there is none."""

    @property
    def system(self) -> timedelta:
        """All that no person could have shortened."""
        return self.sync_and_gate + self.assign_and_tell


def split(
    triggered_at: datetime,
    ready_at: datetime,
    assigned_at: datetime,
    told_at: datetime | None,
    touched_at: datetime | None,
) -> Delays:
    """Cut the way into whose time it was.

    A message that came after the touch, or never, told nobody anything: the assignment counts.
    """
    knew_at = assigned_at
    if told_at is not None and (touched_at is None or told_at <= touched_at):
        knew_at = max(assigned_at, told_at)
    zero = timedelta()
    return Delays(
        sync_and_gate=max(zero, ready_at - triggered_at),
        assign_and_tell=max(zero, knew_at - ready_at),
        human=None if touched_at is None else max(zero, touched_at - knew_at),
    )
