"""Disputes as cases: what was refused, on what evidence, and how people ruled.

People are named by their role only, so that a case can leave the company's ledger.
"""

from agent.ledger import Ledger
from domain.values import CycleId, Instant, Value


class DisputeCase(Value):
    """One "not mine" with all that its ruling could rest on."""

    id: str
    opened_at: Instant
    segment: str
    territory: str | None
    rule: str | None
    reason: str
    """The policy's name of the reason."""
    said: tuple[str, ...]
    """What was decided and said about the lead before, oldest first, without names."""
    state: str
    ruled_by: str | None
    """`policy` or `manager`."""


def cases(ledger: Ledger) -> list[DisputeCase]:
    """All disputes, oldest first."""
    found: list[DisputeCase] = []
    for row in ledger.handoffs.disputes():
        held = ledger.handoffs.get(CycleId(row.cycle_id))
        cycles = [one for one in ledger.history.cycles() if one.id == row.cycle_id]
        decisions = ledger.history.decisions(row.cycle_id)
        ruled_by = row.ruled_by if row.ruled_by in (None, "policy") else "manager"
        found.append(
            DisputeCase(
                id=row.id,
                opened_at=row.opened_at,
                segment=held.handoff.segment if held is not None else "",
                territory=cycles[0].territory if cycles else None,
                rule=cycles[0].rule if cycles else None,
                reason=row.reason,
                said=tuple(one.kind for one in decisions if one.at <= row.opened_at),
                state=row.state,
                ruled_by=ruled_by,
            )
        )
    return found
