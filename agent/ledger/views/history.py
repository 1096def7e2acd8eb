"""Reading the ledger back: a lead's story, every decision for a replay, and counts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, func, select
from sqlmodel import Session, col

from agent.ledger.engine import reading
from agent.ledger.rows import as_json, table
from agent.ledger.tables.decisions import DecisionRow
from agent.ledger.tables.effects import EffectRow
from agent.ledger.tables.leads import CycleRow, TriggerRow
from agent.ledger.tables.policies import PolicyRow
from agent.ledger.tables.states import TriggerOutcome
from domain.policy.model import Policy
from domain.policy.upgrade import read_stored
from domain.values import LeadKey

REPLAY_PAGE = 500
COMPUTED = ("gate", "route", "follow", "reassign")
"""Kinds of decisions that can be computed again; the others were observed."""

_DECISION = table(DecisionRow)


@dataclass(frozen=True, slots=True)
class RoutingDecision:
    """What a decision of the gate depended on, and whom it gave the lead."""

    inputs: str
    """Canonical JSON of the case."""
    given_to: str | None
    """Email of the person; None when nobody was given it anew."""


class History:
    """What was recorded."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def cycles(self, lead: LeadKey | None = None) -> list[CycleRow]:
        """The cycles of one lead, or of all, oldest first."""
        query = select(CycleRow).order_by(col(CycleRow.opened_at), col(CycleRow.id))
        if lead is not None:
            query = query.where(col(CycleRow.lead) == lead)
        with self._session() as session:
            return list(session.scalars(query))

    def triggers(self, lead: LeadKey) -> list[TriggerRow]:
        """What triggered a lead, each time."""
        query = select(TriggerRow).where(col(TriggerRow.lead) == lead).order_by(col(TriggerRow.at))
        with self._session() as session:
            return list(session.scalars(query))

    def decisions(self, cycle: str) -> list[DecisionRow]:
        """What was decided in a cycle, oldest first."""
        query = select(DecisionRow).where(col(DecisionRow.cycle_id) == cycle)
        with self._session() as session:
            return list(session.scalars(query.order_by(col(DecisionRow.at), col(DecisionRow.kind))))

    def effects(self, cycle: str) -> list[EffectRow]:
        """What was written outside for a cycle, oldest first."""
        query = select(EffectRow).where(col(EffectRow.cycle_id) == cycle)
        with self._session() as session:
            return list(
                session.scalars(query.order_by(col(EffectRow.planned_at), col(EffectRow.kind)))
            )

    def held_back(self) -> int:
        """How many triggers led to no cycle because of the cool-down."""
        counted = select(func.count()).where(col(TriggerRow.outcome) == TriggerOutcome.HELD_BACK)
        with self._session() as session:
            return session.scalar(counted) or 0

    def every_decision(self) -> Iterator[DecisionRow]:
        """All decisions that can be computed again, in order of their id, page by page."""
        after = ""
        while True:
            query = (
                select(DecisionRow)
                .where(col(DecisionRow.kind).in_(COMPUTED), col(DecisionRow.id) > after)
                .order_by(col(DecisionRow.id))
                .limit(REPLAY_PAGE)
            )
            with self._session() as session:
                rows = list(session.scalars(query))
            if not rows:
                return
            yield from rows
            after = rows[-1].id

    def decided_since(self, since: datetime, kinds: Sequence[str]) -> list[DecisionRow]:
        """Decisions of some kinds since a moment, newest first."""
        query = select(DecisionRow).where(
            col(DecisionRow.at) >= since, col(DecisionRow.kind).in_(kinds)
        )
        with self._session() as session:
            return list(session.scalars(query.order_by(col(DecisionRow.at).desc())))

    def decided_under(self, version: str, since: datetime, limit: int) -> list[DecisionRow]:
        """The newest decisions of gate and routing under a policy, since a moment."""
        query = select(DecisionRow).where(
            col(DecisionRow.at) >= since,
            col(DecisionRow.policy_version) == version,
            col(DecisionRow.kind).in_(("gate", "route")),
        )
        newest = query.order_by(col(DecisionRow.at).desc(), col(DecisionRow.id)).limit(limit)
        with self._session() as session:
            return list(session.scalars(newest))

    def policies_since(self, since: datetime) -> list[tuple[str, datetime]]:
        """Versions of policies that came into force since a moment, each with when."""
        query = select(PolicyRow).where(col(PolicyRow.first_used_at) >= since)
        with self._session() as session:
            rows = session.scalars(query.order_by(col(PolicyRow.first_used_at)))
            return [(row.version, row.first_used_at) for row in rows]

    def routing_decisions(self, since: datetime) -> Iterator[RoutingDecision]:
        """Decisions of the gate from then on, oldest first, page by page."""
        at, key = _DECISION.c.at, _DECISION.c.id
        wanted = (
            select(key)
            .where(_DECISION.c.kind.in_(("gate", "route")), at >= since)
            .order_by(at, key)
        )
        with reading(self._engine) as connection:
            ids = list(connection.scalars(wanted))
        outcome = as_json(self._engine, _DECISION.c.outcome)
        target = outcome["routed", "decision", "target", "email"].as_string()
        rows = select(_DECISION.c.inputs, target).order_by(at, key)
        for start in range(0, len(ids), REPLAY_PAGE):
            page = rows.where(key.in_(ids[start : start + REPLAY_PAGE]))
            with reading(self._engine) as connection:
                found = [RoutingDecision(*row) for row in connection.execute(page)]
            yield from found

    def policies(self) -> dict[str, Policy]:
        """Every policy that decisions were made under, by version."""
        with self._session() as session:
            rows = session.scalars(select(PolicyRow))
            return {row.version: read_stored(row.version, row.body) for row in rows}

    def _session(self) -> Session:
        return Session(self._engine.execution_options(reads=True), expire_on_commit=False)
