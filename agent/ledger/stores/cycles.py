"""Moving cycles on: claim those that are due, and write down what was decided."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import JSON, Connection, Engine, exists, func, or_, select, type_coerce, update

from agent.ledger.engine import reading
from agent.ledger.records import (
    RECEIPTS,
    Claimed,
    Step,
    Unsent,
    aside_again,
    reached_somebody,
)
from agent.ledger.rows import insert_new, table
from agent.ledger.tables.effects import EffectRow
from agent.ledger.tables.handoffs import HandoffRow
from agent.ledger.tables.leads import ActivityRow, CorrectionRow, CycleRow, HoldRow
from agent.ledger.tables.policies import PolicyRow, PoolRow
from agent.ledger.tables.states import DEFECT, REFUSED, UNSETTLED, CycleStatus, EffectState
from agent.ledger.transaction.step import SET_OWNER, without, write
from domain.decision.said import SetAside
from domain.lead.crm_records import PoolState
from domain.lead.model import Activity, Cycle, FieldName, Given, OnHold, Trigger
from domain.policy.model import Policy
from domain.values import CycleId, LeadKey, RecordId, Source, Sourced, canonical_json

CLAIM = timedelta(minutes=10)
"""How long a claimed cycle is left alone; a crash gives it back after this time."""

_CORRECTION = table(CorrectionRow)
_CYCLE = table(CycleRow)
_ACTIVITY = table(ActivityRow)
_EFFECT = table(EffectRow)
_HANDOFF = table(HandoffRow)
_HOLD = table(HoldRow)
_POOL = table(PoolRow)


class Cycles:
    """Cycles and all that a decision about one needs."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def claim(
        self, run: str, now: datetime, limit: int, only: Collection[CycleId] | None = None
    ) -> list[Claimed]:
        """Take up to `limit` cycles that are due, oldest first, for this run alone.

        `only` leaves all others alone.
        """
        routable = (CycleStatus.OPEN, CycleStatus.WAITING, CycleStatus.PARKED)
        due = (
            select(_CYCLE)
            .where(
                _CYCLE.c.due_at <= now,
                _CYCLE.c.status.in_(routable),
                or_(_CYCLE.c.claimed_until.is_(None), _CYCLE.c.claimed_until <= now),
                *((_CYCLE.c.id.in_(only),) if only is not None else ()),
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
            held = _holds(connection, leads, now)
            triggered = _triggered(connection, leads)
            given = _given(connection, leads)
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
                previous_trigger_at=_before(triggered.get(row.lead, ()), row.number),
                held=held[row.lead][0] if row.lead in held else None,
                given=Given(owner=given.get(row.lead)),
                held_until=held[row.lead][1] if row.lead in held else None,
            )
            for row in rows
        ]

    def claimed(self, run: str) -> dict[CycleId, LeadKey]:
        """What a run has claimed and not given back, and whose it is."""
        mine = select(_CYCLE.c.id, _CYCLE.c.lead).where(_CYCLE.c.claimed_by == run)
        with reading(self._engine) as connection:
            rows = connection.execute(mine.order_by(_CYCLE.c.id))
            return {CycleId(row.id): LeadKey(row.lead) for row in rows}

    def aside(self, cycles: Collection[CycleId]) -> frozenset[CycleId]:
        """Which of these were set aside before."""
        ours = select(_CYCLE.c.id).where(_CYCLE.c.id.in_(cycles), _CYCLE.c.blocked_by == DEFECT)
        with reading(self._engine) as connection:
            return frozenset(CycleId(one) for one in connection.scalars(ours))

    def set_aside(self, cycle: CycleId, error: str, now: datetime, release: str) -> SetAside:
        """Put a cycle off on which something failed, longer each time; says how often it did."""
        mine = _CYCLE.c.id == cycle
        with self._engine.begin() as connection:
            stored = select(type_coerce(_CYCLE.c.said, JSON)).where(mine)
            said, pause = aside_again(connection.scalar(stored), error, release)
            values = {"status": CycleStatus.PARKED, "due_at": now + pause, "deadline": None}
            aside = {"said": said, "blocked_by": DEFECT, "claimed_by": None, "claimed_until": None}
            connection.execute(update(_CYCLE).where(mine).values(**values, **aside))
        return said

    def looks(self, cycle: CycleId) -> int:
        """How often a write was refused and the lead decided again."""
        with reading(self._engine) as connection:
            return connection.scalar(select(_CYCLE.c.looks).where(_CYCLE.c.id == cycle)) or 0

    def refused(self) -> list[CycleId]:
        """Cycles whose owner Salesforce refused, and that wait to be decided again."""
        parked = (_CYCLE.c.status == CycleStatus.PARKED, _CYCLE.c.blocked_by == REFUSED)
        with reading(self._engine) as connection:
            return [CycleId(one) for one in connection.scalars(select(_CYCLE.c.id).where(*parked))]

    def unsent(self) -> list[Unsent]:
        """Cycles that are being assigned although no write of their owner is under way."""
        under_way = (
            (_EFFECT.c.cycle_id == _CYCLE.c.id)
            & (_EFFECT.c.kind == SET_OWNER)
            & _EFFECT.c.state.in_(UNSETTLED)
        )
        latest = (
            select(_EFFECT.c.receipt)
            .where(_EFFECT.c.cycle_id == _CYCLE.c.id, _EFFECT.c.kind == SET_OWNER)
            .order_by(_EFFECT.c.planned_at.desc(), _EFFECT.c.attempted_at.desc())
            .limit(1)
            .scalar_subquery()
        )
        stuck = (
            select(
                _CYCLE.c.id,
                _CYCLE.c.looks,
                type_coerce(latest, JSON).label("receipt"),
                _HANDOFF.c.state,
                _HANDOFF.c.owner,
            )
            .join(_HANDOFF, _HANDOFF.c.cycle_id == _CYCLE.c.id, isouter=True)
            .where(_CYCLE.c.status == CycleStatus.ASSIGNING, ~exists().where(under_way))
            .order_by(_CYCLE.c.id)
        )
        with reading(self._engine) as connection:
            return [
                Unsent(
                    CycleId(row.id),
                    row.looks,
                    None if row.receipt is None else RECEIPTS.validate_python(row.receipt),
                    row.state,
                    row.owner,
                )
                for row in connection.execute(stuck)
            ]

    def retry_aside(self, release: str, now: datetime) -> int:
        """Let all be tried in the next run that another release set aside; how many they are."""
        told = type_coerce(_CYCLE.c.said, JSON)["release"].as_string()
        theirs = (_CYCLE.c.blocked_by == DEFECT) & (func.coalesce(told, "") != release)
        with self._engine.begin() as connection:
            return connection.execute(update(_CYCLE).where(theirs).values(due_at=now)).rowcount

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

    def corrections(self, leads: Sequence[LeadKey]) -> dict[LeadKey, dict[FieldName, Sourced]]:
        """What people said of single fields of these leads."""
        found: defaultdict[LeadKey, dict[FieldName, Sourced]] = defaultdict(dict)
        said = select(_CORRECTION).where(_CORRECTION.c.lead.in_(leads))
        with reading(self._engine) as connection:
            for row in connection.execute(said):
                found[LeadKey(row.lead)][FieldName(row.field)] = Sourced(
                    value=row.value, source=Source.PERSON, at=row.at
                )
        return dict(found)

    def pools(self) -> dict[str, PoolState]:
        """Every pool's round-robin memory."""
        with reading(self._engine) as connection:
            rows = connection.execute(select(_POOL))
            return {row.name: PoolState.model_validate(row.state) for row in rows}

    def assigned_since(self, since: datetime) -> dict[str, list[datetime]]:
        """When each owner was given leads since then, by email."""
        given: defaultdict[str, list[datetime]] = defaultdict(list)
        columns = select(_CYCLE.c.owner, _CYCLE.c.assigned_at)
        with reading(self._engine) as connection:
            for row in connection.execute(columns.where(_CYCLE.c.assigned_at >= since)):
                given[row.owner].append(row.assigned_at)
        return dict(given)

    def record(self, step: Step, run: str | None = None) -> set[CycleId]:
        """Write a step: decisions, cycles, pools, planned effects, approvals. All or nothing.

        Of a `run`, only what it still claims is written, a cycle whole or not at all; returns the
        cycles that another run took meanwhile. That one has moved the pools too, so they stay.
        """
        with self._engine.begin() as connection:
            lost = set[CycleId]() if run is None else _lost(connection, step, run)
            write(connection, replace(without(step, lost), pools={}) if lost else step)
        return lost

    def keep_policy(self, policy: Policy, now: datetime) -> None:
        """Keep a policy whole, so that its decisions can be computed again."""
        row = {"version": policy.version, "body": canonical_json(policy), "first_used_at": now}
        with self._engine.begin() as connection:
            insert_new(connection, PolicyRow, [row])


def _lost(connection: Connection, step: Step, run: str) -> set[CycleId]:
    """The cycles of a step that a run does not claim any more; the others stay its own."""
    mine = select(_CYCLE.c.id).where(_CYCLE.c.id.in_(list(step.cycles)), _CYCLE.c.claimed_by == run)
    return set(step.cycles) - set(connection.scalars(mine.with_for_update()))


def _given(connection: Connection, leads: Sequence[str]) -> dict[str, RecordId]:
    """The owner that the worker gave these leads' records last, where it changed the owner."""
    action = _EFFECT.c.action
    owner, before = action["owner"].as_string(), action["subject", "expected_owner"].as_string()
    written = (
        select(_EFFECT.c.lead, owner.label("owner"), before.label("before"))
        .where(_EFFECT.c.lead.in_(leads), _EFFECT.c.kind == SET_OWNER)
        .where(_EFFECT.c.state == EffectState.APPLIED)
        .order_by(_EFFECT.c.settled_at)
    )
    rows = connection.execute(written)
    return {row.lead: RecordId(row.owner) for row in rows if row.owner and row.owner != row.before}


def _holds(
    connection: Connection, leads: Sequence[str], now: datetime
) -> dict[str, tuple[OnHold, datetime | None]]:
    """Who holds which of these leads back and why, and until when; ended holds count no more."""
    holding = or_(_HOLD.c.until.is_(None), _HOLD.c.until > now)
    rows = connection.execute(select(_HOLD).where(_HOLD.c.lead.in_(leads), holding))
    return {row.lead: (OnHold(by=row.by, reason=row.reason), row.until) for row in rows}


def _triggered(
    connection: Connection, leads: Sequence[str]
) -> dict[str, list[tuple[int, datetime]]]:
    """When the cycles of these leads were triggered that reached somebody, each with its number."""
    columns = (_CYCLE.c.lead, _CYCLE.c.number, _CYCLE.c.trigger)
    found = select(*columns, _CYCLE.c.status, _CYCLE.c.assigned_at).where(_CYCLE.c.lead.in_(leads))
    triggered: defaultdict[str, list[tuple[int, datetime]]] = defaultdict(list)
    for row in connection.execute(found):
        if reached_somebody(row.status, row.assigned_at):
            triggered[row.lead].append((row.number, Trigger.model_validate(row.trigger).at))
    return triggered


def _before(triggered: Sequence[tuple[int, datetime]], number: int) -> datetime | None:
    """When the lead was last triggered before a cycle and assigned."""
    return max(((one, at) for one, at in triggered if one < number), default=(0, None))[1]
