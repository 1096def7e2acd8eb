"""Handed-off leads in the ledger: which are due, what they became, and what was said of them."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import JSON, Connection, Engine, RowMapping, func, or_, select, type_coerce, update

from agent.ledger.engine import reading
from agent.ledger.records import HeldOff, Posted, aside_again
from agent.ledger.rows import table
from agent.ledger.tables.handoffs import DisputeRow, HandoffRow, MentionRow, MessageRow
from agent.ledger.tables.states import OPEN
from agent.logs import alert, defect
from domain.decision.said import SetAside
from domain.follow_through.handoff import Handoff
from domain.values import CycleId, LeadKey, RecordId

CLAIM = timedelta(minutes=10)
"""How long a claimed handoff is left alone; a crash gives it back after this time."""
SLACK = timedelta(seconds=15)
"""Salesforce's clock and ours differ, and what it has just taken in it may show a little later."""
AT_ONCE = 500
"""Values in one IN list."""

_HANDOFF = table(HandoffRow)
_MESSAGE = table(MessageRow)
_MENTION = table(MentionRow)
_DISPUTE = table(DisputeRow)


class Handoffs:
    """What follow-through asks of the ledger."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def claim(
        self, run: str, now: datetime, limit: int, only: Collection[CycleId] | None = None
    ) -> list[HeldOff]:
        """Take up to `limit` open handoffs that are due, oldest first, for this run alone.

        `only` leaves all others alone. They are taken before they are read, so that one that can't
        be read is known to be this run's.
        """
        due = (
            select(_HANDOFF.c.cycle_id)
            .where(
                _HANDOFF.c.state == OPEN,
                _HANDOFF.c.due_at <= now,
                or_(_HANDOFF.c.claimed_until.is_(None), _HANDOFF.c.claimed_until <= now),
                *((_HANDOFF.c.cycle_id.in_(only),) if only is not None else ()),
            )
            .order_by(_HANDOFF.c.due_at, _HANDOFF.c.cycle_id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        with self._engine.begin() as connection:
            cycles = [CycleId(one) for one in connection.scalars(due)]
            connection.execute(
                update(_HANDOFF)
                .where(_HANDOFF.c.cycle_id.in_(cycles))
                .values(claimed_by=run, claimed_until=now + CLAIM)
            )
        held = self.several(cycles) if cycles else {}
        return [held[one] for one in cycles if one in held]

    def claimed(self, run: str) -> dict[CycleId, LeadKey]:
        """What a run has claimed and not given back, and whose it is."""
        mine = select(_HANDOFF.c.cycle_id, _HANDOFF.c.lead).where(_HANDOFF.c.claimed_by == run)
        with reading(self._engine) as connection:
            rows = connection.execute(mine.order_by(_HANDOFF.c.cycle_id))
            return {CycleId(row.cycle_id): LeadKey(row.lead) for row in rows}

    def aside(self, cycles: Collection[CycleId]) -> frozenset[CycleId]:
        """Which of these were set aside before."""
        said = type_coerce(_HANDOFF.c.said, JSON)["kind"].as_string()
        ours = select(_HANDOFF.c.cycle_id).where(
            _HANDOFF.c.cycle_id.in_(cycles), said == "set_aside"
        )
        with reading(self._engine) as connection:
            return frozenset(CycleId(one) for one in connection.scalars(ours))

    def set_aside(self, cycle: CycleId, error: str, now: datetime, release: str) -> SetAside:
        """Put a handoff off on which something failed, longer each time; says how often it did."""
        mine = _HANDOFF.c.cycle_id == cycle
        with self._engine.begin() as connection:
            stored = select(type_coerce(_HANDOFF.c.said, JSON)).where(mine)
            said, pause = aside_again(connection.scalar(stored), error, release)
            values = {"due_at": now + pause, "said": said}
            free = {"claimed_by": None, "claimed_until": None}
            connection.execute(update(_HANDOFF).where(mine).values(**values, **free))
        return said

    def retry_aside(self, release: str, now: datetime) -> int:
        """Let all be tried in the next run that another release set aside; how many they are."""
        said = type_coerce(_HANDOFF.c.said, JSON)
        theirs = (
            (_HANDOFF.c.state == OPEN)
            & (said["kind"].as_string() == "set_aside")
            & (func.coalesce(said["release"].as_string(), "") != release)
        )
        with self._engine.begin() as connection:
            return connection.execute(update(_HANDOFF).where(theirs).values(due_at=now)).rowcount

    def release(self, run: str) -> None:
        """Give back what a run claimed."""
        with self._engine.begin() as connection:
            connection.execute(
                update(_HANDOFF)
                .where(_HANDOFF.c.claimed_by == run)
                .values(claimed_by=None, claimed_until=None)
            )

    def wake(self, stirred: Mapping[RecordId, datetime], now: datetime) -> None:
        """Look in the next run at open handoffs on which something happened since the last look."""
        ids = sorted(stirred)
        with self._engine.begin() as connection:
            for start in range(0, len(ids), AT_ONCE):
                some = ids[start : start + AT_ONCE]
                asleep = select(_HANDOFF.c.cycle_id, _HANDOFF.c.record_id, _HANDOFF.c.seen_at)
                rows = connection.execute(
                    asleep.where(
                        _HANDOFF.c.record_id.in_(some),
                        _HANDOFF.c.state == OPEN,
                        _HANDOFF.c.due_at > now,
                    )
                )
                woken = [
                    row.cycle_id
                    for row in rows
                    if stirred[RecordId(row.record_id)] >= row.seen_at - SLACK
                ]
                connection.execute(
                    update(_HANDOFF).where(_HANDOFF.c.cycle_id.in_(woken)).values(due_at=now)
                )

    def get(self, cycle: CycleId) -> HeldOff | None:
        """One handoff; None for a cycle that was never handed off."""
        return self.several([cycle]).get(cycle)

    def several(self, cycles: Sequence[CycleId]) -> dict[CycleId, HeldOff]:
        """Handoffs by cycle; those never handed off are absent."""
        with reading(self._engine) as connection:
            rows = connection.execute(select(_HANDOFF).where(_HANDOFF.c.cycle_id.in_(cycles)))
            return {CycleId(row["cycle_id"]): _held(row) for row in rows.mappings()}

    def legible(self, cycles: Sequence[CycleId]) -> dict[CycleId, HeldOff]:
        """As `several`, but one that can't be read is reported and left out."""
        with reading(self._engine) as connection:
            try:
                rows = connection.execute(select(_HANDOFF).where(_HANDOFF.c.cycle_id.in_(cycles)))
                return {CycleId(row["cycle_id"]): _held(row) for row in rows.mappings()}
            except (ValueError, LookupError):
                found = {one: _held_alone(connection, one) for one in cycles}
        return {cycle: one for cycle, one in found.items() if one is not None}

    def row(self, cycle: CycleId) -> HandoffRow | None:
        """One handoff as a row; None for a cycle that was never handed off."""
        with reading(self._engine) as connection:
            found = connection.execute(select(_HANDOFF).where(_HANDOFF.c.cycle_id == cycle))
            row = found.mappings().one_or_none()
        return None if row is None else HandoffRow(**row)

    def open_of(
        self, leads: Sequence[LeadKey], besides: Sequence[CycleId]
    ) -> dict[LeadKey, list[HeldOff]]:
        """The open handoffs of some leads, those of the cycles `besides` left out."""
        found: dict[LeadKey, list[HeldOff]] = {}
        new = set(besides)
        with reading(self._engine) as connection:
            for start in range(0, len(leads), AT_ONCE):
                some = _HANDOFF.c.lead.in_(leads[start : start + AT_ONCE])
                rows = connection.execute(select(_HANDOFF).where(some, _HANDOFF.c.state == OPEN))
                for row in rows.mappings():
                    if row["cycle_id"] not in new:
                        found.setdefault(LeadKey(row["lead"]), []).append(_held(row))
        return found

    def rows(self, *, state: str | None = None, owner: str | None = None) -> list[HandoffRow]:
        """Handoffs as rows, those due first at the top; narrowed by state and by owner.

        One that can't be read is reported and left out: the others are not to end with it.
        """
        query = select(_HANDOFF).order_by(_HANDOFF.c.target_at, _HANDOFF.c.cycle_id)
        if state is not None:
            query = query.where(_HANDOFF.c.state == state)
        if owner is not None:
            query = query.where(_HANDOFF.c.owner == owner)
        with reading(self._engine) as connection:
            try:
                return [HandoffRow(**row) for row in connection.execute(query).mappings()]
            except (ValueError, LookupError):
                cycles = connection.scalars(query.with_only_columns(_HANDOFF.c.cycle_id)).all()
                found = (_readable(connection, CycleId(one)) for one in cycles)
                return [one for one in found if one is not None]

    def open_count(self) -> int:
        """How many leads are assigned and not closed."""
        counted = select(func.count()).where(_HANDOFF.c.state == OPEN)
        with reading(self._engine) as connection:
            return connection.scalar(counted) or 0

    def last_told(self, people: Collection[str]) -> dict[str, datetime]:
        """When each of these people last got a message from the worker."""
        latest = (
            select(_MESSAGE.c.person, func.max(_MESSAGE.c.at))
            .where(_MESSAGE.c.person.in_(sorted(people)))
            .group_by(_MESSAGE.c.person)
        )
        with reading(self._engine) as connection:
            return {row[0]: row[1] for row in connection.execute(latest)}

    def messages_about(self, cycles: Sequence[CycleId], kind: str) -> list[Posted]:
        """The messages of one kind that name these cycles, oldest first."""
        query = (
            select(_MESSAGE)
            .where(
                _MESSAGE.c.kind == kind,
                _MESSAGE.c.id.in_(
                    select(_MENTION.c.message_id).where(_MENTION.c.cycle_id.in_(cycles))
                ),
            )
            .order_by(_MESSAGE.c.at, _MESSAGE.c.id)
        )
        with reading(self._engine) as connection:
            rows = connection.execute(query).mappings().all()
            mentions = connection.execute(
                select(_MENTION).where(_MENTION.c.message_id.in_([row["id"] for row in rows]))
            ).all()
        named: dict[str, list[str]] = {}
        for message, cycle in mentions:
            named.setdefault(message, []).append(cycle)
        return [
            Posted(
                id=row["id"],
                person=row["person"],
                kind=row["kind"],
                at=row["at"],
                items=tuple(row["items"]),
                cycles=tuple(sorted(named.get(row["id"], ()))),
            )
            for row in rows
        ]

    def disputes(self, cycle: CycleId | None = None, state: str | None = None) -> list[DisputeRow]:
        """Disputes, oldest first."""
        query = select(_DISPUTE).order_by(_DISPUTE.c.opened_at, _DISPUTE.c.id)
        if cycle is not None:
            query = query.where(_DISPUTE.c.cycle_id == cycle)
        if state is not None:
            query = query.where(_DISPUTE.c.state == state)
        with reading(self._engine) as connection:
            return [DisputeRow(**row) for row in connection.execute(query).mappings()]


def _readable(connection: Connection, cycle: CycleId) -> HandoffRow | None:
    """One handoff as a row; None for one that can't be read."""
    query = select(_HANDOFF).where(_HANDOFF.c.cycle_id == cycle)
    try:
        return HandoffRow(**connection.execute(query).mappings().one())
    except (ValueError, LookupError) as error:
        _tell_unreadable(cycle, error)
        return None


def _held_alone(connection: Connection, cycle: CycleId) -> HeldOff | None:
    """One handoff; None for one that can't be read or isn't there."""
    query = select(_HANDOFF).where(_HANDOFF.c.cycle_id == cycle)
    try:
        row = connection.execute(query).mappings().one_or_none()
        return None if row is None else _held(row)
    except (ValueError, LookupError) as error:
        _tell_unreadable(cycle, error)
        return None


def _tell_unreadable(cycle: CycleId, error: Exception) -> None:
    alert("handoff_unreadable", f"A handoff can't be read: {defect(error)}", cycle=cycle)


def _held(row: RowMapping) -> HeldOff:
    return HeldOff(
        handoff=Handoff.model_validate(row["handoff"]),
        state=row["state"],
        version=row["version"],
        said=row["said"],
        listed_at=row["listed_at"],
    )
