"""Where demand is lost: the waterfall from the trigger to the outcome, and a list for each leak."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domain.gate.verdict import CheckCode
from domain.metrics.lifecycle import Ending, Journey
from domain.policy.model import Policy
from domain.values import LeadKey


class Stage(StrEnum):
    """The stages of the waterfall, in order."""

    CAPTURED = "captured"
    IN_MARKETO = "in Marketo"
    QUALIFIED = "qualified"
    ROUTE_READY = "route-ready"
    SYNCED = "synced to Salesforce"
    ASSIGNED = "assigned"
    NOTIFIED = "owner notified"
    ACCEPTED = "accepted"
    TOUCHED = "first touch"
    OUTCOME = "converted"


OF_DEMAND = frozenset(
    {CheckCode.TRIGGER, CheckCode.IDENTITY, CheckCode.NOT_EXCLUDED, CheckCode.QUALIFIED}
)
"""Checks that say whether a lead is demand at all."""
OF_SYNC = frozenset({CheckCode.CRM_PRESENT, CheckCode.FRESH})
"""Checks that only wait for the record in Salesforce."""

_REACHED: dict[Stage, Callable[[Journey], bool]] = {
    Stage.CAPTURED: lambda _: True,
    Stage.IN_MARKETO: lambda one: one.ending is not Ending.GONE,
    Stage.QUALIFIED: lambda one: one.is_judged and not one.open_checks & OF_DEMAND,
    Stage.ROUTE_READY: lambda one: one.is_judged and one.open_checks <= OF_SYNC,
    Stage.SYNCED: lambda one: one.ready_at is not None,
    Stage.ASSIGNED: lambda one: one.assigned_at is not None,
    Stage.NOTIFIED: lambda one: one.told_at is not None,
    Stage.ACCEPTED: lambda one: one.accepted_at is not None,
    Stage.TOUCHED: lambda one: one.touched_at is not None,
    Stage.OUTCOME: lambda one: one.is_converted is True or one.ending is Ending.CONVERTED,
}


@dataclass(frozen=True, slots=True)
class Level:
    """One stage of the waterfall."""

    stage: Stage
    reached: int | None
    """Journeys that came so far or farther; None when that is not known."""
    reason: str | None
    """Why `reached` is not known."""
    lost: tuple[LeadKey, ...]
    """Leads that got no farther than this, and won't by themselves."""
    on_the_way: tuple[LeadKey, ...]
    """Leads that are here and still in time."""


def waterfall(journeys: Sequence[Journey], now: datetime) -> tuple[Level, ...]:
    """How many came how far, and who was lost after each stage.

    A journey that reached a stage counts for all earlier ones: a lead that was called before it was
    told in Slack is not lost at "notified". Every journey is `lost` or `on_the_way` at exactly one
    stage, the farthest that it reached; what was superseded by a newer cycle is left out.
    """
    stages = tuple(Stage)
    counted = [one for one in journeys if one.ending is not Ending.SUPERSEDED]
    here: dict[Stage, list[Journey]] = {stage: [] for stage in stages}
    for one in counted:
        here[max((stage for stage in stages if _REACHED[stage](one)), key=stages.index)].append(one)
    levels: list[Level] = []
    left = len(counted)
    unasked = _unasked(counted)
    for stage in stages:
        lost = [one for one in here[stage] if is_lost(one, now)]
        going = [one for one in here[stage] if not is_lost(one, now)]
        is_known = stage is not Stage.OUTCOME or unasked is None
        levels.append(
            Level(
                stage,
                left if is_known else None,
                None if is_known else unasked,
                _leads(lost),
                _leads(going),
            )
        )
        left -= len(here[stage])
    return tuple(levels)


def is_lost(journey: Journey, now: datetime) -> bool:
    """Whether a journey ended, or is past its time, without a touch or an outcome."""
    if journey.touched_at is not None or journey.ending is Ending.CONVERTED:
        return False
    if journey.ending is not None:
        return True
    due = journey.promised_at if journey.assigned_at is not None else journey.deadline
    return due is not None and due < now


def _unasked(journeys: Sequence[Journey]) -> str | None:
    touched = [one for one in journeys if one.touched_at is not None]
    if touched and all(one.is_converted is None for one in touched):
        return "outcomes not loaded yet"
    return None


def _leads(journeys: Sequence[Journey]) -> tuple[LeadKey, ...]:
    return tuple(one.lead for one in sorted(journeys, key=lambda each: each.triggered_at))


class LeakKind(StrEnum):
    """The ways in which demand is lost."""

    NOT_ASSIGNED = "NOT_ASSIGNED"
    SLA_BREACH = "SLA_BREACH"
    NOT_NOTIFIED = "NOT_NOTIFIED"
    UNKNOWN_OWNER = "UNKNOWN_OWNER"
    """Assigned to somebody whom the policy doesn't name."""
    SYNC_OVERDUE = "SYNC_OVERDUE"
    FAILED_UPDATES = "FAILED_UPDATES"
    NOT_ROUTABLE = "NOT_ROUTABLE"


@dataclass(frozen=True, slots=True)
class Leak:
    """One way in which demand is lost now, with the leads it concerns."""

    kind: LeakKind
    leads: tuple[LeadKey, ...]
    obstacle: str = ""
    """What keeps leads from being routed, for those that are not routable."""

    @property
    def code(self) -> str:
        """What tells it from other leaks."""
        return f"{self.kind} {self.obstacle}".rstrip()


def obstacle(blocked_by: str) -> str:
    """What keeps a lead from being routed: a check's code, or the fields that are missing.

    `blocked_by` is a check's code as the ledger holds it, with the fields that are missing: both
    `IDENTITY (company)` and `REQUIRED_FIELDS (company)` come to `company`.
    """
    code, _, fields = blocked_by.removesuffix(")").partition(" (")
    return fields or code


UNASSIGNED_AFTER = timedelta(minutes=30)
"""A ready lead that has no confirmed owner for so long is a leak; a tick takes a minute."""


def leaks(journeys: Sequence[Journey], policy: Policy, now: datetime) -> tuple[Leak, ...]:
    """What is leaking now, by what has to be fixed; a lead may stand in several lists.

    `policy` tells which owners are people or queues that it knows.
    """
    open_ones = [one for one in journeys if one.ending is None and one.touched_at is None]
    given = [one for one in open_ones if one.assigned_at is not None]
    waiting = [one for one in open_ones if one.ready_at is None]
    late = [one for one in waiting if one.deadline is not None and one.deadline < now]
    found = [
        Leak(LeakKind.NOT_ASSIGNED, _leads([one for one in open_ones if _is_stuck(one, now)])),
        Leak(LeakKind.SLA_BREACH, _leads([one for one in given if is_lost(one, now)])),
        Leak(LeakKind.NOT_NOTIFIED, _leads([one for one in given if one.told_at is None])),
        Leak(
            LeakKind.UNKNOWN_OWNER,
            _leads([one for one in given if _strange(one, policy)]),
        ),
        Leak(LeakKind.SYNC_OVERDUE, _leads([*filter(_waits_for_sync, late)])),
        Leak(LeakKind.FAILED_UPDATES, _leads([one for one in journeys if one.dead_letters])),
    ]
    obstacles = [(obstacle(one.blocked_by), one) for one in waiting if one.blocked_by]
    for what in sorted({each for each, _ in obstacles}):
        stopped = [one for each, one in obstacles if each == what]
        found.append(Leak(LeakKind.NOT_ROUTABLE, _leads(stopped), what))
    return tuple(one for one in found if one.leads)


def _is_stuck(one: Journey, now: datetime) -> bool:
    ready = one.ready_at
    return ready is not None and one.assigned_at is None and now - ready > UNASSIGNED_AFTER


def _waits_for_sync(one: Journey) -> bool:
    return bool(one.open_checks) and one.open_checks <= OF_SYNC


def _strange(one: Journey, policy: Policy) -> bool:
    return one.rep not in policy.users and one.rep not in policy.queues
