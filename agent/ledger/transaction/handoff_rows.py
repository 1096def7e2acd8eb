"""Writing what a step says of handoffs, messages and disputes."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, update

from agent.ledger.records import HandoffChange, Step
from agent.ledger.rows import insert_new, table, upsert
from agent.ledger.tables.handoffs import DisputeRow, HandoffRow, MentionRow, MessageRow
from domain.values import CycleId

_HANDOFF = table(HandoffRow)


def change(
    connection: Connection, changes: Mapping[CycleId, HandoffChange], at: datetime
) -> set[CycleId]:
    """Write handoffs; returns those that somebody else changed first, which stay as they are."""
    opened = [_row(one, at) for one in changes.values() if one.version is None]
    insert_new(connection, HandoffRow, opened)
    late: set[CycleId] = set()
    for cycle, one in changes.items():
        if one.version is None:
            continue
        unchanged = (_HANDOFF.c.cycle_id == cycle) & (_HANDOFF.c.version == one.version)
        written = connection.execute(update(_HANDOFF).where(unchanged).values(**_row(one, at)))
        if written.rowcount == 0:
            late.add(cycle)
    return late


def keep(connection: Connection, step: Step) -> None:
    """Write what a step says of messages and disputes."""
    messages = [
        {"id": one.id, "person": one.person, "kind": one.kind, "at": one.at, "items": one.items}
        for one in step.posted
    ]
    insert_new(connection, MessageRow, messages)
    mentions = [
        {"message_id": one.id, "cycle_id": cycle} for one in step.posted for cycle in one.cycles
    ]
    insert_new(connection, MentionRow, mentions)
    disputes = [
        {
            "id": one.id,
            "cycle_id": one.cycle,
            "lead": one.lead,
            "by": one.by,
            "reason": one.reason,
            "note": one.note,
            "evidence": list(one.evidence),
            "opened_at": one.opened_at,
            "state": one.state,
            "ruled_by": one.ruled_by,
            "ruled_at": one.ruled_at,
        }
        for one in step.disputes
    ]
    upsert(connection, DisputeRow, "id", disputes)


def _row(one: HandoffChange, at: datetime) -> dict[str, Any]:
    handoff = one.handoff
    return {
        "cycle_id": handoff.cycle,
        "lead": handoff.lead,
        "record_id": handoff.record_id,
        "owner": handoff.answers or handoff.owner.name,
        "segment": handoff.segment,
        "state": one.state,
        "due_at": one.due_at,
        "seen_at": at,
        "version": 0 if one.version is None else one.version + 1,
        "handoff": handoff.model_dump(mode="json"),
        "said": one.said,
        "target_at": one.target_at,
        "touched_at": one.touched_at,
        "touch": one.touch,
        "in_time": one.in_time,
        "ended_at": one.ended_at,
        "listed_at": one.listed_at,
    }
