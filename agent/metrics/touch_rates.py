"""How a stretch of time went: of the leads that were assigned, which were touched, and when."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from statistics import median

from agent.activity import observation
from agent.run.context import RunContext
from domain.follow_through.first_touch import Touched
from domain.follow_through.handoff import Closing, Handoff, promised_at
from domain.values import Value

MOST = 500
"""Leads in one read."""


class Outcomes(Value):
    """Counts over assigned leads whose target is over, or that were touched."""

    assigned: int
    due: int
    """Of those: the target is over, or a touch came before."""
    touched: int
    in_time: int
    hours_to_touch: float | None
    """Median hours from the assignment to the touch; None when nobody was touched."""


def outcomes(context: RunContext) -> Outcomes:
    """Judge every handed-off lead by what Salesforce shows now, followed or not."""
    rows = [row for row in context.ledger.handoffs.rows() if row.state != Closing.SUPERSEDED]
    handoffs = [Handoff.model_validate(row.handoff) for row in rows]
    waits: list[timedelta] = []
    due = in_time = 0
    for start in range(0, len(handoffs), MOST):
        for handoff, touched_at in _touches(handoffs[start : start + MOST], context):
            promised = promised_at(handoff, context.policy)
            due += touched_at is not None or promised <= context.now
            if touched_at is not None:
                waits.append(touched_at - handoff.first_assigned_at)
                in_time += touched_at <= promised
    hours = median(wait.total_seconds() / 3600 for wait in waits) if waits else None
    return Outcomes(
        assigned=len(handoffs), due=due, touched=len(waits), in_time=in_time, hours_to_touch=hours
    )


def _touches(
    handoffs: Sequence[Handoff], context: RunContext
) -> list[tuple[Handoff, datetime | None]]:
    observed = observation.legible(handoffs, context)
    legible = [one for one in handoffs if one.cycle in observed]
    seen = observation.seen(legible, observed, {}, context)
    found: list[tuple[Handoff, datetime | None]] = []
    for one in legible:
        judgment = seen[one.cycle].judgment
        found.append((one, judgment.at if isinstance(judgment, Touched) else None))
    return found
