"""The worker's own workings in the ledger: ticks, feeds, writes, calls of models, policies."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Engine, RowMapping, Select, func, literal, select, type_coerce

from agent.ledger.engine import reading
from agent.ledger.rows import table
from agent.ledger.stores.conversations import PENDING
from agent.ledger.tables.conversations import CallRow, ProposalRow
from agent.ledger.tables.decisions import DecisionRow
from agent.ledger.tables.effects import EffectRow
from agent.ledger.tables.handoffs import HandoffRow
from agent.ledger.tables.leads import CycleRow
from agent.ledger.tables.operations import CursorRow, LeaseRow, RunRow, UnreadRow
from agent.ledger.tables.policies import PolicyRow
from agent.ledger.tables.states import DEFECT, OPEN, UNSETTLED, EffectState
from domain.conversation.change_requests import Proposal
from domain.language import names
from domain.values import LeadKey

_CYCLE = table(CycleRow)
_HANDOFF = table(HandoffRow)
_RUN = table(RunRow)
_CURSOR = table(CursorRow)
_UNREAD = table(UnreadRow)
_EFFECT = table(EffectRow)
_CALL = table(CallRow)
_DECISION = table(DecisionRow)
_POLICY = table(PolicyRow)
_PROPOSAL = table(ProposalRow)
_LEASE = table(LeaseRow)


@dataclass(frozen=True)
class Backlog:
    """Writes of one kind that stand in one state."""

    kind: str
    state: str
    count: int
    oldest: datetime


@dataclass(frozen=True)
class Spent:
    """Calls of one prompt on one model."""

    purpose: str
    prompt: str
    model: str
    calls: int
    tokens: int
    milliseconds: float
    """The mean."""


@dataclass(frozen=True)
class Aside:
    """A lead on which something failed that nobody foresaw."""

    lead: LeadKey
    title: str
    where: str
    """`routing`, `follow-through`, or which kind of update."""
    error: str
    """Its kind and place."""
    tries: int
    again_at: datetime


@dataclass(frozen=True)
class InForce:
    """A policy that decisions were made under."""

    version: str
    since: datetime


class Workings:
    """What is asked about the worker itself."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def runs(self, limit: int) -> list[RunRow]:
        """The latest ticks, newest first."""
        query = select(_RUN).order_by(_RUN.c.started_at.desc()).limit(limit)
        return [RunRow(**row) for row in self._rows(query)]

    def last_ended(self) -> datetime | None:
        """When the latest tick that ended did so, well or not."""
        query = (
            select(_RUN.c.ended_at)
            .where(_RUN.c.ended_at.is_not(None))
            .order_by(_RUN.c.started_at.desc())
            .limit(1)
        )
        with reading(self._engine) as connection:
            return connection.scalar(query)

    def cursors(self) -> list[CursorRow]:
        """How far each feed has been read."""
        query = select(_CURSOR).order_by(_CURSOR.c.name)
        return [CursorRow(**row) for row in self._rows(query)]

    def leases(self) -> list[LeaseRow]:
        """Who may tick now."""
        return [LeaseRow(**row) for row in self._rows(select(_LEASE).order_by(_LEASE.c.name))]

    def backlog(self) -> list[Backlog]:
        """Writes that are not settled, and those given up, by kind."""
        query = (
            select(_EFFECT.c.kind, _EFFECT.c.state, func.count(), func.min(_EFFECT.c.due_at))
            .where(_EFFECT.c.state.in_((*UNSETTLED, EffectState.DEAD)))
            .group_by(_EFFECT.c.kind, _EFFECT.c.state)
            .order_by(_EFFECT.c.kind, _EFFECT.c.state)
        )
        with reading(self._engine) as connection:
            return [Backlog(*row) for row in connection.execute(query)]

    def set_aside(self) -> list[Aside]:
        """What is set aside after an internal error, by when it is tried again."""
        of_cycles = select(
            _CYCLE.c.lead, _CYCLE.c.title, literal("routing"), _CYCLE.c.said, _CYCLE.c.due_at
        ).where(_CYCLE.c.blocked_by == DEFECT)
        kind = type_coerce(_HANDOFF.c.said, JSON)["kind"].as_string()
        of_handoffs = (
            select(
                _CYCLE.c.lead,
                _CYCLE.c.title,
                literal("follow-through"),
                _HANDOFF.c.said,
                _HANDOFF.c.due_at,
            )
            .join(_HANDOFF, _HANDOFF.c.cycle_id == _CYCLE.c.id)
            .where(_HANDOFF.c.state == OPEN, kind == "set_aside")
        )
        of_effects = (
            select(
                _EFFECT.c.lead,
                func.coalesce(_CYCLE.c.title, "").label("title"),
                _EFFECT.c.kind,
                _EFFECT.c.error,
                _EFFECT.c.defects,
                _EFFECT.c.due_at,
            )
            .join(_CYCLE, _CYCLE.c.id == _EFFECT.c.cycle_id, isouter=True)
            .where(_EFFECT.c.state.in_(UNSETTLED), _EFFECT.c.error != "")
        )
        with reading(self._engine) as connection:
            rows = [*connection.execute(of_cycles), *connection.execute(of_handoffs)]
            unsettled = connection.execute(of_effects).all()
        found = [
            Aside(lead, title, where, said.error, said.tries, due_at)
            for lead, title, where, said, due_at in rows
        ]
        found += [
            Aside(lead, title, names.system(kind), error, tries, due_at)
            for lead, title, kind, error, tries, due_at in unsettled
        ]
        return sorted(found, key=lambda one: (one.again_at, one.lead))

    def unread(self, since: datetime | None = None) -> list[UnreadRow]:
        """Records of Marketo's feeds that can't be read, the latest first."""
        query = select(_UNREAD).order_by(_UNREAD.c.last_at.desc(), _UNREAD.c.id)
        if since is not None:
            query = query.where(_UNREAD.c.last_at >= since)
        return [UnreadRow(**row) for row in self._rows(query)]

    def dead_letters(self, limit: int) -> list[EffectRow]:
        """Writes that were given up, the latest first."""
        query = (
            select(_EFFECT)
            .where(_EFFECT.c.state == EffectState.DEAD)
            .order_by(_EFFECT.c.kind, _EFFECT.c.due_at.desc())
            .limit(limit)
        )
        return [EffectRow(**row) for row in self._rows(query)]

    def spent(self, since: datetime) -> list[Spent]:
        """What calls of models took since then, by prompt."""
        query = (
            select(
                _CALL.c.purpose,
                _CALL.c.prompt,
                _CALL.c.model,
                func.count(),
                func.sum(_CALL.c.tokens),
                func.avg(_CALL.c.milliseconds),
            )
            .where(_CALL.c.at >= since)
            .group_by(_CALL.c.purpose, _CALL.c.prompt, _CALL.c.model)
            .order_by(func.sum(_CALL.c.tokens).desc())
        )
        with reading(self._engine) as connection:
            return [Spent(*row[:5], float(row[5])) for row in connection.execute(query)]

    def calls(self, limit: int) -> list[CallRow]:
        """The latest calls of models, newest first."""
        query = select(_CALL).order_by(_CALL.c.at.desc()).limit(limit)
        return [CallRow(**row) for row in self._rows(query)]

    def decided(self, kind: str, limit: int) -> list[DecisionRow]:
        """The latest decisions of one kind, newest first."""
        query = (
            select(_DECISION)
            .where(_DECISION.c.kind == kind)
            .order_by(_DECISION.c.at.desc())
            .limit(limit)
        )
        return [DecisionRow(**row) for row in self._rows(query)]

    def policies(self) -> list[InForce]:
        """The policies that decisions were made under, the latest first."""
        query = select(_POLICY.c.version, _POLICY.c.first_used_at)
        with reading(self._engine) as connection:
            rows = connection.execute(query.order_by(_POLICY.c.first_used_at.desc()))
            return [InForce(*row) for row in rows]

    def proposals(self, now: datetime) -> list[Proposal]:
        """Proposals pending approval, those that end first at the top."""
        query = (
            select(_PROPOSAL.c.body)
            .where(_PROPOSAL.c.state == PENDING, _PROPOSAL.c.expires_at > now)
            .order_by(_PROPOSAL.c.expires_at)
        )
        with reading(self._engine) as connection:
            return [Proposal.model_validate(body) for body in connection.scalars(query)]

    def _rows(self, query: Select[Any]) -> Sequence[RowMapping]:
        with reading(self._engine) as connection:
            return connection.execute(query).mappings().all()
