"""The funnel: how many leads were new, became ready, were assigned, and where the others are."""

from collections import Counter

from agent.ledger import Ledger
from agent.ledger.tables.leads import CycleRow
from agent.ledger.tables.states import CycleStatus
from domain.language import names
from domain.values import Value


class Funnel(Value):
    """Counts of cycles, and the reasons of those that are not assigned."""

    triggered: int
    ready: int
    assigned: int
    fallback: int
    """Of those assigned: nobody was available, so a queue has it."""
    held_back: int
    """Triggers inside a cool-down, which opened no cycle."""
    statuses: dict[str, int]
    reasons: dict[str, dict[str, int]]
    """Per status, how often each reason was given."""
    owners: dict[str, int]
    rules: dict[str, int]


def funnel(ledger: Ledger) -> Funnel:
    """Count what the ledger holds."""
    cycles = ledger.history.cycles()
    reasons: dict[str, Counter[str]] = {}
    for cycle in cycles:
        if cycle.status in (CycleStatus.WAITING, CycleStatus.PARKED, CycleStatus.REJECTED):
            reasons.setdefault(cycle.status, Counter())[_kind_of(cycle)] += 1
    assigned = [cycle for cycle in cycles if cycle.assigned_at is not None]
    return Funnel(
        triggered=len(cycles),
        ready=sum(cycle.ready_at is not None for cycle in cycles),
        assigned=len(assigned),
        fallback=sum(cycle.is_fallback for cycle in assigned),
        held_back=ledger.history.held_back(),
        statuses=dict(Counter(cycle.status for cycle in cycles).most_common()),
        reasons={status: dict(counts.most_common()) for status, counts in reasons.items()},
        owners=dict(Counter(_owner_of(cycle) for cycle in assigned).most_common()),
        rules=dict(Counter(cycle.rule or "?" for cycle in assigned).most_common()),
    )


def _kind_of(cycle: CycleRow) -> str:
    """The check that keeps a cycle from being ready, by its code."""
    return cycle.blocked_by or "other"


def _owner_of(cycle: CycleRow) -> str:
    is_person = "@" in (cycle.owner or "")
    return f"{cycle.owner_name}" if is_person else names.queue(cycle.owner_name or "")
