"""Effects in the ledger: what is to be done, is being done, and was done outside."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, RowMapping, bindparam, func, select, update

from agent.ledger.engine import reading
from agent.ledger.records import ACTIONS, Outstanding, Settled, Step
from agent.ledger.rows import table
from agent.ledger.tables.effects import EffectRow
from agent.ledger.tables.leads import CycleRow
from agent.ledger.tables.states import EffectState
from agent.ledger.transaction.step import write
from domain.values import EffectKey

_EFFECT = table(EffectRow)
_CYCLE = table(CycleRow)


class Effects:
    """Planned effects and what became of them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def outstanding(
        self, kind: str, states: Collection[EffectState], now: datetime, limit: int
    ) -> list[Outstanding]:
        """Effects of one kind in these states that are due, oldest first."""
        due = (
            select(_EFFECT, func.coalesce(_CYCLE.c.looks, 0).label("looks"))
            .join(_CYCLE, _CYCLE.c.id == _EFFECT.c.cycle_id, isouter=True)
            .where(_EFFECT.c.state.in_(list(states)), _EFFECT.c.kind == kind)
            .where(_EFFECT.c.due_at <= now)
            .order_by(_EFFECT.c.due_at, _EFFECT.c.planned_at, _EFFECT.c.key)
            .limit(limit)
        )
        with reading(self._engine) as connection:
            return [_outstanding(row) for row in connection.execute(due).mappings()]

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
            }
            for one in settled
        ]
        due_at = bindparam("next_at", type_=_EFFECT.c.due_at.type)
        statement = (
            update(_EFFECT)
            .where(_EFFECT.c.key == bindparam("the_key"))
            .values(
                state=bindparam("state"),
                receipt=bindparam("receipt"),
                settled_at=bindparam("settled_at"),
                due_at=func.coalesce(due_at, _EFFECT.c.due_at),
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
        action=ACTIONS.validate_python(row["action"]),
        state=EffectState(row["state"]),
        attempts=row["attempts"],
        looks=row["looks"],
        planned_at=row["planned_at"],
        attempted_at=row["attempted_at"],
    )
