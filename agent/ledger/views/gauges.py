"""How much there is of what, for whoever watches the worker: counts, ages and costs in one look."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, Engine, Select, Table, case, func, select

from agent.ledger.engine import reading
from agent.ledger.rows import table
from agent.ledger.tables.conversations import CallRow
from agent.ledger.tables.effects import EffectRow
from agent.ledger.tables.handoffs import HandoffRow
from agent.ledger.tables.leads import CycleRow
from agent.ledger.tables.operations import CursorRow, RunRow
from agent.ledger.tables.states import OPEN, EffectState

_CYCLE = table(CycleRow)
_EFFECT = table(EffectRow)
_HANDOFF = table(HandoffRow)
_RUN = table(RunRow)
_CURSOR = table(CursorRow)
_CALL = table(CallRow)


@dataclass(frozen=True, slots=True)
class Gauges:
    """What the ledger holds at one moment."""

    leads: Mapping[str, int]
    """Cycles by status."""
    handoffs: Mapping[str, int]
    """Assigned leads by state of the handoff."""
    effects: Mapping[tuple[str, str], int]
    """Writes outside by kind and state."""
    runs: Mapping[tuple[str, str], int]
    """Ticks by kind and outcome: `ok`, `failed` or `unfinished`."""
    last_run_at: Mapping[str, datetime]
    """When the last finished tick of each kind began."""
    read_at: Mapping[str, datetime]
    """How far each feed was read."""
    overdue_since: datetime | None
    """Since when the longest waiting cycle, effect or handoff is due; None when nothing is."""
    oldest_unworked_at: datetime | None
    """When the oldest open lead without a first touch was assigned."""
    tokens: Mapping[tuple[str, str], int]
    """Tokens of models by purpose and model."""
    calls: Mapping[tuple[str, str], int]
    """Calls of models by purpose and model."""


class Watching:
    """What metrics ask of the ledger."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def gauges(self, now: datetime) -> Gauges:
        """Everything at once; a handful of counts over indexed columns."""
        with reading(self._engine) as connection:
            runs = connection.execute(_RUNS).all()
            models = connection.execute(_MODELS).all()
            due = [connection.scalar(_first_due(one, now)) for one in (_CYCLE, _HANDOFF, _EFFECT)]
            return Gauges(
                leads={row[0]: row[1] for row in connection.execute(_by(_CYCLE.c.status))},
                handoffs={row[0]: row[1] for row in connection.execute(_by(_HANDOFF.c.state))},
                effects={
                    (kind, state): count
                    for kind, state, count in connection.execute(
                        _by(_EFFECT.c.kind, _EFFECT.c.state)
                    )
                },
                runs={(kind, how): count for kind, how, count, _ in runs},
                last_run_at=_latest([(row[0], row[3]) for row in runs if row[1] != UNFINISHED]),
                read_at={row.name: row.at for row in connection.execute(_CURSORS)},
                overdue_since=min((one for one in due if one is not None), default=None),
                oldest_unworked_at=connection.scalar(_OLDEST),
                tokens={(purpose, model): tokens for purpose, model, tokens, _ in models},
                calls={(purpose, model): calls for purpose, model, _, calls in models},
            )


def _by(*columns: ColumnElement[str]) -> Select[*tuple[Any, ...]]:
    return select(*columns, func.count()).group_by(*columns)


def _first_due(one: Table, now: datetime) -> Select[datetime | None]:
    """When the work of one table that waits longest was due."""
    query = select(func.min(one.c.due_at)).where(one.c.due_at <= now)
    if one is _EFFECT:
        waiting = (EffectState.PLANNED, EffectState.UNKNOWN)
        return query.where(_EFFECT.c.state.in_(waiting))
    return query


def _latest(runs: Iterable[tuple[str, datetime]]) -> dict[str, datetime]:
    """The last moment of each kind."""
    return dict(sorted(runs, key=itemgetter(1)))


UNFINISHED = "unfinished"
_CURSORS = select(_CURSOR).where(_CURSOR.c.name.not_like("% look-back %"))
"""How far feeds are read; how far back they are read again says nothing of that."""
_OUTCOME = case(
    (_RUN.c.ended_at.is_(None), UNFINISHED), (_RUN.c.error.is_(None), "ok"), else_="failed"
).label("outcome")
_RUNS = select(_RUN.c.kind, _OUTCOME, func.count(), func.max(_RUN.c.started_at)).group_by(
    _RUN.c.kind, "outcome"
)
_MODELS = select(_CALL.c.purpose, _CALL.c.model, func.sum(_CALL.c.tokens), func.count()).group_by(
    _CALL.c.purpose, _CALL.c.model
)
_OLDEST = (
    select(func.min(_CYCLE.c.assigned_at))
    .join(_HANDOFF, _HANDOFF.c.cycle_id == _CYCLE.c.id)
    .where(_HANDOFF.c.state == OPEN)
)
