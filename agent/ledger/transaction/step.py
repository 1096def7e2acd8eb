"""Writing a step: all of what it says, in one transaction of the caller's."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, update

from agent.ledger.records import Approval, Decision, PlannedEffect, Step
from agent.ledger.rows import insert_new, table, upsert
from agent.ledger.tables.decisions import ApprovalRow, DecisionRow
from agent.ledger.tables.effects import EffectRow
from agent.ledger.tables.leads import CorrectionRow, CycleRow, HoldRow
from agent.ledger.tables.operations import PauseRow
from agent.ledger.tables.policies import PoolRow
from agent.ledger.tables.states import CycleStatus, EffectState
from agent.ledger.transaction import handoff_rows
from domain.effects import SetOwner
from domain.values import CycleId, content_hash

_CORRECTION = table(CorrectionRow)
_CYCLE = table(CycleRow)
_EFFECT = table(EffectRow)
_HOLD = table(HoldRow)
_PAUSE = table(PauseRow)


SET_OWNER = str(SetOwner.model_fields["kind"].default)


class UnsentError(Exception):
    """A cycle would wait for a write of its owner that is never sent."""


class LateError(Exception):
    """Somebody changed the handoff while the answer was being made: make it again."""


def write_whole(connection: Connection, step: Step) -> None:
    """Write a step, or nothing of it.

    Raises:
        LateError: somebody moved one of its cycles meanwhile; the caller's transaction ends.
    """
    late = write(connection, step)
    if late:
        raise LateError(", ".join(sorted(late)))


def write(connection: Connection, step: Step) -> set[CycleId]:
    """Write a step inside the caller's transaction.

    Returns the cycles that somebody else moved meanwhile; nothing is written of those.
    """
    late = handoff_rows.change(connection, step.handoffs, step.at)
    step = without(step, late)
    handoff_rows.keep(connection, step)
    insert_new(connection, DecisionRow, [_decision(one) for one in step.decisions])
    _check_assignments(connection, step)
    _replace(connection, step)
    insert_new(connection, EffectRow, [_effect(one, step.at) for one in step.effects])
    pools = [
        {"name": name, "state": state.model_dump(mode="json")}
        for name, state in sorted(step.pools.items())
    ]
    upsert(connection, PoolRow, "name", pools)
    insert_new(connection, ApprovalRow, [_approval(one, step.at) for one in step.approvals])
    _move(connection, step)
    _keep_words(connection, step)
    return late


def _check_assignments(connection: Connection, step: Step) -> None:
    """A cycle that is being assigned has a write of its owner under way, or nothing is written.

    Raises:
        UnsentError: no such write is planned, or its key was used before, so that it never would
            be sent.
    """
    assigning = {
        cycle
        for cycle, fields in step.cycles.items()
        if fields.get("status") is CycleStatus.ASSIGNING
    }
    if not assigning:
        return
    keys = {
        one.planned.key: one.cycle
        for one in step.effects
        if one.cycle in assigning and isinstance(one.planned.action, SetOwner)
    }
    used = set(connection.scalars(select(_EFFECT.c.key).where(_EFFECT.c.key.in_(list(keys)))))
    unsent = assigning - {cycle for key, cycle in keys.items() if key not in used}
    if unsent:
        raise UnsentError(f"no owner would be written for {', '.join(sorted(unsent))}")


def _replace(connection: Connection, step: Step) -> None:
    """An owner's write that was given up is settled once the owner is decided again."""
    if step.replaced:
        given_up = (
            _EFFECT.c.cycle_id.in_(step.replaced)
            & (_EFFECT.c.kind == SET_OWNER)
            & (_EFFECT.c.state == EffectState.DEAD)
        )
        connection.execute(update(_EFFECT).where(given_up).values(state=EffectState.REFUSED))


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
        approvals=[one for one in step.approvals if one.cycle not in late],
        replaced=[one for one in step.replaced if one not in late],
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
        "said": one.said,
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
        "defects": 0,
        "error": "",
    }


def _approval(one: Approval, at: datetime) -> dict[str, Any]:
    return {
        "id": "a" + content_hash(one.decision),
        "cycle_id": one.cycle,
        "decision_id": one.decision,
        "state": "pending",
        "said": one.said,
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


def _keep_words(connection: Connection, step: Step) -> None:
    """Write what people said beyond a single lead's turn: holds, pauses, and second tries."""
    holds = [
        {
            "lead": one.lead,
            "by": one.by,
            "reason": one.reason,
            "at": step.at,
            "until": one.until,
        }
        for one in step.holds
    ]
    upsert(connection, HoldRow, "lead", holds)
    if step.released:
        connection.execute(delete(_HOLD).where(_HOLD.c.lead.in_(step.released)))
    _keep_corrections(connection, step)
    stops = [
        {"scope": one.scope, "by": one.by, "reason": one.reason, "at": one.at} for one in step.stops
    ]
    upsert(connection, PauseRow, "scope", stops)
    if step.resumed:
        connection.execute(delete(_PAUSE).where(_PAUSE.c.scope.in_(step.resumed)))
    if step.revived:
        given_up = _EFFECT.c.key.in_(step.revived) & (_EFFECT.c.state == EffectState.DEAD)
        again = {"state": EffectState.UNKNOWN, "attempts": 0, "defects": 0, "due_at": step.at}
        connection.execute(update(_EFFECT).where(given_up).values(again))


def _keep_corrections(connection: Connection, step: Step) -> None:
    """A person's newest word on a field replaces the one before."""
    for one in step.corrections:
        same = (_CORRECTION.c.lead == one.lead) & (_CORRECTION.c.field == one.field)
        connection.execute(delete(_CORRECTION).where(same))
    rows = [
        {"lead": one.lead, "field": one.field, "value": one.value, "by": one.by, "at": step.at}
        for one in step.corrections
    ]
    insert_new(connection, CorrectionRow, rows)
