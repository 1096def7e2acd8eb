"""What stands out in a week of follow-through: gathered for a person to look at, not to judge."""

from collections.abc import Sequence
from datetime import timedelta

from agent.activity import observation
from agent.ledger.tables.handoffs import HandoffRow
from agent.run.context import RunContext
from domain.follow_through.handoff import Closing, Handoff
from domain.lead.crm_records import ActivityKind
from domain.metrics.suspicious_activity import Deed, Pattern, Sign, patterns

WEEK = timedelta(days=7)
_BY_STATUS = (Closing.DISQUALIFIED, Closing.RECYCLED)


def oddities(rows: Sequence[HandoffRow], context: RunContext) -> tuple[Pattern, ...]:
    """The patterns of the last week, by person."""
    since = context.now - WEEK
    recent = [row for row in rows if row.seen_at >= since]
    refused = [
        Deed(who=one.by, sign=Sign.REFUSALS, at=one.opened_at, evidence=one.id)
        for one in context.ledger.handoffs.disputes()
        if one.opened_at >= since
    ]
    closed = [deed for row in recent if (deed := _closed(row)) is not None]
    return patterns([*refused, *closed, *_ticked_off(recent, context)])


def _closed(row: HandoffRow) -> Deed | None:
    """A lead that was closed by its status alone, and how much of the target had passed."""
    if row.state not in _BY_STATUS or row.ended_at is None or row.target_at is None:
        return None
    handoff = Handoff.model_validate(row.handoff)
    whole = row.target_at - handoff.started_at
    share = (row.ended_at - handoff.started_at) / whole if whole else None
    return Deed(
        who=row.owner, sign=Sign.STATUS_ONLY, at=row.ended_at, evidence=row.record_id, share=share
    )


def _ticked_off(rows: Sequence[HandoffRow], context: RunContext) -> list[Deed]:
    """To-dos that were completed, each once, whoever's lead they were about."""
    handoffs = [Handoff.model_validate(row.handoff) for row in rows]
    found: dict[str, Deed] = {}
    for observed in observation.legible(handoffs, context).values():
        for one in observed.activities:
            if one.kind is ActivityKind.TASK and one.is_done and one.owner is not None:
                found[one.id] = Deed(
                    who=one.owner.email or one.owner.name,
                    sign=Sign.BULK_CLOSED,
                    at=one.at,
                    evidence=one.id,
                )
    return list(found.values())
