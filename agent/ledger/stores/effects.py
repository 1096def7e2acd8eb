"""Effects in the ledger: what is to be done, is being done, and was done outside."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy import (
    Boolean,
    Engine,
    RowMapping,
    Text,
    bindparam,
    case,
    func,
    select,
    type_coerce,
    update,
)

from agent.ledger.engine import reading
from agent.ledger.records import (
    ACTIONS,
    Defective,
    Outstanding,
    Settled,
    Step,
    Telling,
    growing,
)
from agent.ledger.rows import table
from agent.ledger.tables.effects import EffectRow
from agent.ledger.tables.leads import CycleRow
from agent.ledger.tables.states import UNSETTLED, EffectState
from agent.ledger.transaction.step import write
from agent.logs import alert, defect
from domain.effects import Action
from domain.values import CycleId, EffectKey

_EFFECT = table(EffectRow)
_CYCLE = table(CycleRow)
_READ = (
    _EFFECT.c.key,
    _EFFECT.c.cycle_id,
    _EFFECT.c.lead,
    _EFFECT.c.decision_id,
    type_coerce(_EFFECT.c.action, Text).label("action"),
    _EFFECT.c.state,
    _EFFECT.c.attempts,
    _EFFECT.c.planned_at,
    _EFFECT.c.attempted_at,
    _EFFECT.c.defects,
)
"""The action as the text that it is in the database: a broken one must not break the query."""
ROWS = 500
"""Values in one IN list."""
_TOLD = (
    select(
        _EFFECT.c.cycle_id,
        _EFFECT.c.action["stage"].as_integer().label("stage"),
        _EFFECT.c.state,
        _EFFECT.c.planned_at,
        _EFFECT.c.due_at,
        _EFFECT.c.settled_at,
    )
    .where(_EFFECT.c.kind == "tell_owner", _EFFECT.c.state != EffectState.REFUSED)
    .order_by(_EFFECT.c.planned_at, _EFFECT.c.key)
)


class Effects:
    """Planned effects and what became of them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def due_kinds(self, now: datetime) -> frozenset[str]:
        """The kinds of which anything is due."""
        due = (
            select(_EFFECT.c.kind)
            .where(_EFFECT.c.state.in_(list(UNSETTLED)), _EFFECT.c.due_at <= now)
            .distinct()
        )
        with reading(self._engine) as connection:
            return frozenset(connection.execute(due).scalars())

    def outstanding(
        self, kind: str, states: Collection[EffectState], now: datetime, limit: int
    ) -> list[Outstanding]:
        """Effects of one kind in these states that are due, oldest first.

        One that can't be read is set aside, and keeps no other back.
        """
        due = (
            select(*_READ, func.coalesce(_CYCLE.c.looks, 0).label("looks"))
            .join(_CYCLE, _CYCLE.c.id == _EFFECT.c.cycle_id, isouter=True)
            .where(_EFFECT.c.state.in_(list(states)), _EFFECT.c.kind == kind)
            .where(_EFFECT.c.due_at <= now)
            .order_by(_EFFECT.c.due_at, _EFFECT.c.planned_at, _EFFECT.c.key)
            .limit(limit)
        )
        with reading(self._engine) as connection:
            rows = connection.execute(due).mappings().all()
        found: list[Outstanding] = []
        unreadable: list[Defective] = []
        for row in rows:
            try:
                found.append(_outstanding(row))
            except ValidationError as error:
                again = now + growing(row["defects"])
                unreadable.append(Defective(row["key"], defect(error), again))
        self.set_aside(unreadable)
        return found

    def set_aside(self, some: Sequence[Defective]) -> None:
        """Put off effects on which something failed that nobody foresaw."""
        if not some:
            return
        statement = (
            update(_EFFECT)
            .where(_EFFECT.c.key == bindparam("the_key"))
            .values(
                state=func.coalesce(
                    bindparam("now_in", type_=_EFFECT.c.state.type), _EFFECT.c.state
                ),
                due_at=bindparam("next_at", type_=_EFFECT.c.due_at.type),
                attempts=_EFFECT.c.attempts - bindparam("uncounted"),
                defects=_EFFECT.c.defects + 1,
                error=bindparam("told"),
            )
        )
        rows = [
            {
                "the_key": one.key,
                "now_in": one.state,
                "next_at": one.due_at,
                "uncounted": int(one.sent),
                "told": one.error,
            }
            for one in some
        ]
        with self._engine.begin() as connection:
            connection.execute(statement, rows)
        for one in some:
            if one.error:
                alert("effect_set_aside", f"Set aside: {one.error}", key=one.key)

    def attempt(self, keys: Collection[str], now: datetime) -> None:
        """Note, durably and before anything is sent, that these are being tried."""
        trying = {
            "state": EffectState.ATTEMPTED,
            "attempted_at": now,
            "attempts": _EFFECT.c.attempts + 1,
        }
        with self._engine.begin() as connection:
            connection.execute(update(_EFFECT).where(_EFFECT.c.key.in_(keys)).values(trying))

    def settle(self, settled: Sequence[Settled], step: Step) -> None:
        """Note what became of effects, together with what follows from it."""
        rows: list[dict[str, Any]] = [
            {
                "the_key": one.key,
                "state": one.state,
                "receipt": one.receipt.model_dump(mode="json"),
                "settled_at": step.at,
                "next_at": one.due_at,
                "uncounted": one.back_to is not None,
                "tried": 0 if one.back_to is None else one.back_to.count,
                "left_at": None if one.back_to is None else one.back_to.last_at,
                "is_over": one.state not in UNSETTLED,
            }
            for one in settled
        ]
        due_at = bindparam("next_at", type_=_EFFECT.c.due_at.type)
        left_at = bindparam("left_at", type_=_EFFECT.c.attempted_at.type)
        tried = bindparam("tried", type_=_EFFECT.c.attempts.type)
        uncounted = bindparam("uncounted", type_=Boolean()).is_(True)
        is_over = bindparam("is_over", type_=Boolean()).is_(True)
        statement = (
            update(_EFFECT)
            .where(_EFFECT.c.key == bindparam("the_key"))
            .values(
                state=bindparam("state"),
                receipt=bindparam("receipt"),
                settled_at=bindparam("settled_at"),
                due_at=func.coalesce(due_at, _EFFECT.c.due_at),
                attempts=case((uncounted, tried), else_=_EFFECT.c.attempts),
                attempted_at=case((uncounted, left_at), else_=_EFFECT.c.attempted_at),
                defects=case((is_over, 0), else_=_EFFECT.c.defects),
                error=case((is_over, ""), else_=_EFFECT.c.error),
            )
        )
        with self._engine.begin() as connection:
            if rows:
                connection.execute(statement, rows)
            write(connection, step)

    def sent_since(self, kinds: Collection[str], since: datetime) -> int:
        """How many effects of these kinds were tried since a moment."""
        tried = (_EFFECT.c.kind.in_(list(kinds)), _EFFECT.c.attempted_at >= since)
        with reading(self._engine) as connection:
            return connection.scalar(select(func.count()).where(*tried)) or 0

    def known(self, keys: Collection[EffectKey]) -> set[EffectKey]:
        """Those of the keys under which an effect was planned before."""
        with reading(self._engine) as connection:
            found = connection.scalars(select(_EFFECT.c.key).where(_EFFECT.c.key.in_(list(keys))))
            return {EffectKey(key) for key in found}

    def told(self, cycles: Collection[CycleId]) -> dict[CycleId, list[Telling]]:
        """The messages to owners about these cycles, oldest first; needless ones are left out."""
        found: defaultdict[CycleId, list[Telling]] = defaultdict(list)
        named = list(cycles)
        with reading(self._engine) as connection:
            for start in range(0, len(named), ROWS):
                some = _EFFECT.c.cycle_id.in_(named[start : start + ROWS])
                for row in connection.execute(_TOLD.where(some)):
                    state = EffectState(row.state)
                    found[CycleId(row.cycle_id)].append(
                        Telling(
                            stage=row.stage or 0,
                            planned_at=row.planned_at,
                            told_at=row.settled_at if state is EffectState.APPLIED else None,
                            again_at=row.due_at if state in UNSETTLED else None,
                        )
                    )
        return dict(found)

    def put_off(self, later: Mapping[EffectKey, datetime]) -> None:
        """Let planned effects wait until then."""
        if not later:
            return
        statement = update(_EFFECT).where(_EFFECT.c.key == bindparam("the_key"))
        rows = [{"the_key": key, "due_at": at} for key, at in later.items()]
        with self._engine.begin() as connection:
            connection.execute(statement, rows)


def _outstanding(row: RowMapping) -> Outstanding:
    return Outstanding(
        key=row["key"],
        cycle=row["cycle_id"],
        lead=row["lead"],
        decision=row["decision_id"],
        action=_action(row["action"]),
        state=EffectState(row["state"]),
        attempts=row["attempts"],
        looks=row["looks"],
        planned_at=row["planned_at"],
        attempted_at=row["attempted_at"],
        defects=row["defects"],
    )


def _action(stored: Any) -> Action:  # noqa: ANN401  (PostgreSQL's driver reads JSON by itself)
    if isinstance(stored, str | bytes):
        return ACTIONS.validate_json(stored)
    return ACTIONS.validate_python(stored)
