"""One cycle from end to end, with all that the measures look at and nothing else."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domain.gate.verdict import CheckCode
from domain.metrics.outcomes import Became
from domain.metrics.time_breakdown import split
from domain.policy.model import Policy
from domain.time.business_hours import between
from domain.values import CycleId, LeadKey


class Ending(StrEnum):
    """Why a journey goes no further without a touch."""

    REJECTED = "rejected"
    GONE = "gone"
    """Marketo, or Salesforce, no longer has the person."""
    DENIED = "denied"
    """A person refused the write."""
    SHADOWED = "shadowed"
    """Decided in shadow mode: nobody was given it."""
    DISQUALIFIED = "disqualified"
    RECYCLED = "recycled"
    CONVERTED = "converted"
    """Converted before any touch was seen: that is an outcome, not a loss."""
    SUPERSEDED = "superseded"
    """It was triggered again; its newer cycle is measured instead."""


@dataclass(frozen=True, slots=True)
class Journey:
    """One pass of one lead. An instant is None until its stage is reached; all are in UTC."""

    cycle: CycleId
    lead: LeadKey
    trigger: str
    """The trigger's kind, such as `hand_raise`."""
    triggered_at: datetime
    source: str | None = None
    """The lead source, as the last verdict knew it."""
    tier: str | None = None
    product: str | None = None
    """What the lead is interested in, as the last verdict knew it."""
    country: str | None = None
    """ISO 3166-1 alpha-2, as the last verdict knew it."""
    segment: str | None = None
    territory: str | None = None
    rule: str | None = None
    rep: str | None = None
    """Email of the person who answers for it now; a queue's name where nobody does."""
    is_fallback: bool = False
    policy: str | None = None
    """Version of the policy that decided last."""
    is_judged: bool = False
    """The gate has spoken at least once."""
    open_checks: frozenset[CheckCode] = frozenset()
    """Checks that the last verdict found failing or waiting; empty once it was ready."""
    blocked_by: str | None = None
    """The first of those with what is missing, such as `REQUIRED_FIELDS (country)`."""
    deadline: datetime | None = None
    """Past this, a waiting or parked cycle is leakage."""
    ready_at: datetime | None = None
    assigned_at: datetime | None = None
    """When the first owner was confirmed by Salesforce."""
    told_at: datetime | None = None
    """When an owner was first told in Slack."""
    promised_at: datetime | None = None
    """When the first touch was due by the first owner's clock."""
    accepted_at: datetime | None = None
    """When the present owner said "I'm on it"."""
    touched_at: datetime | None = None
    ending: Ending | None = None
    ended_at: datetime | None = None
    """When `ending` was decided."""
    reminded_at: tuple[datetime, ...] = ()
    """When an owner was reminded or told of a breach, in order."""
    reassigned: int = 0
    """How often the worker gave it on."""
    moved_by_hand: int = 0
    """How often a person gave it to somebody else."""
    disputes: tuple[str, ...] = ()
    """How each "not mine" stands: `open`, `accepted` or `refused`."""
    dead_letters: tuple[str, ...] = ()
    """Kinds of effects that were given up."""
    is_converted: bool | None = None
    """Whether Salesforce shows it converted; None when that was not asked."""
    became: Became | None = None
    """What Salesforce shows of it now; None when that was not asked, or it is gone."""

    @property
    def knew_at(self) -> datetime | None:
        """When a person first could know of it; None before the assignment.

        The cut between the systems' time and the person's is `time_breakdown`'s.
        """
        if self.ready_at is None or self.assigned_at is None:
            return None
        delays = split(
            self.triggered_at, self.ready_at, self.assigned_at, self.told_at, self.touched_at
        )
        return self.ready_at + delays.assign_and_tell

    def is_touched_in_time(self) -> bool:
        """Whether a touch came no later than promised."""
        if self.touched_at is None or self.promised_at is None:
            return False
        return self.touched_at <= self.promised_at

    def is_due(self, now: datetime) -> bool:
        """Whether it can be said if the promise was kept: it is over, or a touch came before.

        What ended without a touch before its promise was over broke none, and kept none.
        """
        if self.promised_at is None:
            return False
        if self.touched_at is not None:
            return True
        return self.promised_at <= (self.ended_at or now)

    def watched_until(self, now: datetime) -> datetime:
        """Until when a next stage could have been seen: its end, else the present."""
        return now if self.ended_at is None else self.ended_at


def answering(journey: Journey, policy: Policy) -> str | None:
    """Email of the person who answers for it now; None for somebody whom the policy lacks.

    For what lies in a queue that is the person who answers for the queue.
    """
    queue = policy.queues.get(journey.rep or "")
    email = journey.rep if queue is None else queue.owner
    return email if email in policy.users else None


def working_time(
    journey: Journey, start: datetime, end: datetime, policy: Policy
) -> timedelta | None:
    """How much of a stretch the person who answers was at work; None for somebody unknown.

    The calendar and time zone are those of the person who answers now, by the policy in force.
    """
    user = policy.users.get(answering(journey, policy) or "")
    if user is None:
        return None
    return between(policy.calendars[user.calendar], user.timezone, start, end)
