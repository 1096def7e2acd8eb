"""Moving cycles on: claim those that are due, and write down what was decided."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, or_, select, update

from agent.ledger import handoffs
from agent.ledger.engine import reading
from agent.ledger.records import Approval, Claimed, Decision, PlannedEffect, Step
from agent.ledger.rows import insert_new, table, upsert
from agent.ledger.tables import (
    ActivityRow,
    ApprovalRow,
    CycleRow,
    CycleStatus,
    DecisionRow,
    EffectRow,
    EffectState,
    HoldRow,
    PolicyRow,
    PoolRow,
)
from domain.crm import PoolState
from domain.lead import Activity, Cycle, Trigger
from domain.policy import Policy
from domain.values import CycleId, LeadKey, canonical_json, content_hash

CLAIM = timedelta(minutes=10)
"""How long a claimed cycle is left alone; a crash gives it back after this time."""

_CYCLE = table(CycleRow)
_ACTIVITY = table(ActivityRow)
_HOLD = table(HoldRow)
_POOL = table(PoolRow)


class Cycles:
    """Cycles and all that a decision about one needs."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def claim(self, run: str, now: datetime, limit: int) -> list[Claimed]:
        """Take up to `limit` cycles that are due, oldest first, for this run alone."""
        routable = (CycleStatus.OPEN, CycleStatus.WAITING, CycleStatus.PARKED)
        due = (
            select(_CYCLE)
            .where(
                _CYCLE.c.due_at <= now,
                _CYCLE.c.status.in_(routable),
                or_(_CYCLE.c.claimed_until.is_(None), _CYCLE.c.claimed_until <= now),
            )
            .order_by(_CYCLE.c.due_at, _CYCLE.c.opened_at, _CYCLE.c.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        with self._engine.begin() as connection:
            rows = connection.execute(due).all()
            connection.execute(
                update(_CYCLE)
                .where(_CYCLE.c.id.in_([row.id for row in rows]))
                .values(claimed_by=run, claimed_until=now + CLAIM)
            )
            leads = [row.lead for row in rows]
            held = _holds(connection, leads)
            triggered = _triggered(connection, leads)
        return [
            Claimed(
                cycle=Cycle(
                    id=CycleId(row.id),
                    number=row.number,
                    trigger=Trigger.model_validate(row.trigger),
                    opened_at=row.opened_at,
                ),
                status=CycleStatus(row.status),
                looks=row.looks,
                deadline=row.deadline,
                verdict_hash=row.verdict_hash,
                ready_at=row.ready_at,
                sync_requested_at=row.sync_requested_at,
                previous_trigger_at=triggered.get((row.lead, row.number - 1)),
                held_by=held.get(row.lead),
            )
            for row in rows
        ]

    def release(self, run: str) -> None:
        """Give back what a run claimed."""
        with self._engine.begin() as connection:
            connection.execute(
                update(_CYCLE)
                .where(_CYCLE.c.claimed_by == run)
                .values(claimed_by=None, claimed_until=None)
            )

    def activities(
        self, leads: Sequence[LeadKey], since: datetime
    ) -> dict[LeadKey, tuple[Activity, ...]]:
        """What these leads did since then, oldest first."""
        found: defaultdict[LeadKey, list[Activity]] = defaultdict(list)
        done = (
            select(_ACTIVITY)
            .where(_ACTIVITY.c.lead.in_(leads), _ACTIVITY.c.at >= since)
            .order_by(_ACTIVITY.c.at, _ACTIVITY.c.id)
        )
        with reading(self._engine) as connection:
            for row in connection.execute(done).mappings():
                found[row["lead"]].append(Activity.model_validate(dict(row)))
        return {lead: tuple(activities) for lead, activities in found.items()}

    def pools(self) -> dict[str, PoolState]:
        """Every pool's round-robin memory."""
        with reading(self._engine) as connection:
            rows = connection.execute(select(_POOL))
            return {row.name: PoolState.model_validate(row.state) for row in rows}

    def assigned_since(self, since: datetime) -> dict[str, list[datetime]]:
        """When each owner was given leads since then, by e-mail."""
        given: defaultdict[str, list[datetime]] = defaultdict(list)
        columns = select(_CYCLE.c.owner, _CYCLE.c.assigned_at)
        with reading(self._engine) as connection:
            for row in connection.execute(columns.where(_CYCLE.c.assigned_at >= since)):
                given[row.owner].append(row.assigned_at)
        return dict(given)

    def record(self, step: Step) -> None:
        """Write a step: decisions, cycles, pools, planned effects, approvals. All or nothing."""
        with self._engine.begin() as connection:
            write(connection, step)

    def keep_policy(self, policy: Policy, now: datetime) -> None:
        """Keep a policy whole, so that its decisions can be computed again."""
        row = {"version": policy.version, "body": canonical_json(policy), "first_used_at": now}
        with self._engine.begin() as connection:
            insert_new(connection, PolicyRow, [row])


def write(connection: Connection, step: Step) -> set[CycleId]:
    """Write a step inside the caller's transaction.

    Returns the cycles that somebody else moved meanwhile; nothing is written of those.
    """
    late = handoffs.change(connection, step.handoffs, step.at)
    step = without(step, late)
    handoffs.keep(connection, step)
    insert_new(connection, DecisionRow, [_decision(one) for one in step.decisions])
    insert_new(connection, EffectRow, [_effect(one, step.at) for one in step.effects])
    pools = [
        {"name": name, "state": state.model_dump(mode="json")}
        for name, state in sorted(step.pools.items())
    ]
    upsert(connection, PoolRow, "name", pools)
    insert_new(connection, ApprovalRow, [_approval(one, step.at) for one in step.approvals])
    _move(connection, step)
    return late


def without(step: Step, late: Collection[CycleId]) -> Step:
    """A step without what it says of some cycles: somebody else has moved them meanwhile."""
    if not late:
        return step
    return replace(
        step,
        decisions=[one for one in step.decisions if one.cycle not in late],
        cycles={cycle: fields for cycle, fields in step.cycles.items() if cycle not in late},
        effects=[one for one in step.effects if one.cycle not in late],
        disputes=[one for one in step.disputes if one.cycle not in late],
    )


def _decision(one: Decision) -> dict[str, Any]:
    return {
        "id": one.id,
        "cycle_id": one.cycle,
        "lead": one.lead,
        "kind": one.kind,
        "at": one.at,
        "policy_version": one.policy_version,
        "inputs_hash": one.inputs_hash,
        "inputs": one.inputs,
        "outcome": one.outcome,
        "sentence": one.sentence,
    }


def _effect(one: PlannedEffect, at: datetime) -> dict[str, Any]:
    action = one.planned.action
    return {
        "key": one.planned.key,
        "cycle_id": one.cycle,
        "lead": action.lead,
        "kind": action.kind,
        "state": EffectState.PLANNED,
        "action": action.model_dump(mode="json"),
        "decision_id": one.decision,
        "planned_at": at,
        "due_at": one.due_at,
        "attempts": 0,
    }


def _approval(one: Approval, at: datetime) -> dict[str, Any]:
    return {
        "id": "a" + content_hash(one.decision),
        "cycle_id": one.cycle,
        "decision_id": one.decision,
        "state": "pending",
        "sentence": one.sentence,
        "requested_at": at,
    }


def _move(connection: Connection, step: Step) -> None:
    """Change the cycles, those with the same columns together."""
    alike: defaultdict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for cycle, fields in step.cycles.items():
        alike[tuple(sorted(fields))].append({"the_cycle": cycle, **fields})
    for columns, rows in sorted(alike.items()):
        statement = update(_CYCLE).where(_CYCLE.c.id == bindparam("the_cycle"))
        connection.execute(statement.values({name: bindparam(name) for name in columns}), rows)


def _holds(connection: Connection, leads: Sequence[str]) -> dict[str, str]:
    rows = connection.execute(select(_HOLD).where(_HOLD.c.lead.in_(leads)))
    return {row.lead: f"{row.by}: {row.reason}" for row in rows}


def _triggered(connection: Connection, leads: Sequence[str]) -> dict[tuple[str, int], datetime]:
    """When each cycle of these leads was triggered, by lead and number."""
    columns = select(_CYCLE.c.lead, _CYCLE.c.number, _CYCLE.c.trigger)
    rows = connection.execute(columns.where(_CYCLE.c.lead.in_(leads)))
    return {(row.lead, row.number): Trigger.model_validate(row.trigger).at for row in rows}
