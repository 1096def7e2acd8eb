"""Lists of leads, page by page: narrowed, sorted and counted by the database."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Select, func, or_, select

from agent.ledger.engine import reading
from agent.ledger.rows import table
from agent.ledger.stores.conversations import Known, as_known, known_leads
from agent.ledger.tables.handoffs import HandoffRow
from agent.ledger.tables.leads import CycleRow, HoldRow
from agent.ledger.tables.states import OPEN, CycleStatus
from domain.lead.model import OnHold
from domain.values import CycleId, LeadKey

_CYCLE = table(CycleRow)
_HANDOFF = table(HandoffRow)
_HOLD = table(HoldRow)


class Standing(StrEnum):
    """How leads can stand, as people ask for them."""

    LATE = "late"
    """Assigned, unworked, and in SLA breach."""
    SOON = "soon"
    """Assigned and unworked, due soon."""
    UNTOUCHED = "untouched"
    """Assigned and unworked, in SLA breach or not."""
    LISTED = "listed"
    """Unworked after final escalation."""
    NOBODYS = "nobodys"
    """New, and not yet assigned."""
    APPROVAL = "approval"
    WAITING = "waiting"
    PARKED = "parked"
    REJECTED = "rejected"
    TOUCHED = "touched"
    CLOSED = "closed"
    """Ended without a touch."""


class Order(StrEnum):
    """How a list is sorted."""

    NEWEST = "newest"
    OLDEST = "oldest"
    DUE = "due"
    """Due first at the top."""


BEFORE_HANDS = (
    CycleStatus.OPEN,
    CycleStatus.WAITING,
    CycleStatus.PARKED,
    CycleStatus.APPROVAL,
    CycleStatus.ASSIGNING,
)
"""Where a cycle stands while its lead is not yet assigned."""


@dataclass(frozen=True)
class Wanted:
    """Which leads are meant; what is None narrows nothing."""

    now: datetime
    soon: datetime
    """What is due until then is due soon."""
    owners: Collection[str] | None = None
    """Only leads of these, by email: what the asker may see."""
    standing: Standing | None = None
    segment: str | None = None
    owner: str | None = None
    words: Sequence[str] = ()
    """All must be in the title; a single one may also be the Marketo id."""


class Lists:
    """What lists of leads ask of the ledger."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def count(self, wanted: Wanted) -> int:
        """How many cycles are meant."""
        hands, cycles = _of_hands(wanted), _of_cycles(wanted)
        query = select(func.count()).where(*hands, *cycles)
        if hands and cycles:
            query = query.join_from(_CYCLE, _HANDOFF, _HANDOFF.c.cycle_id == _CYCLE.c.id)
        elif not hands:
            query = query.select_from(_CYCLE)
        with reading(self._engine) as connection:
            return connection.scalar(query) or 0

    def page(self, wanted: Wanted, order: Order, *, skip: int, limit: int) -> list[Known]:
        """Some of the cycles that are meant, in order."""
        ids = _ids(wanted, order).offset(skip).limit(limit)
        with reading(self._engine) as connection:
            return _whole(connection, list(connection.scalars(ids)))

    def found(
        self, wanted: Wanted, order: Order, *, skip: int, limit: int
    ) -> tuple[int, list[Known]]:
        """How many cycles are meant, and some of them: titles are looked through only once."""
        if not wanted.words:
            return self.count(wanted), self.page(wanted, order, skip=skip, limit=limit)
        both = _ids(wanted, order).add_columns(func.count().over()).offset(skip).limit(limit)
        with reading(self._engine) as connection:
            rows = connection.execute(both).all()
            shown = _whole(connection, [row[0] for row in rows])
        if rows:
            return rows[0][1], shown
        return (self.count(wanted) if skip else 0), []

    def of_leads(self, leads: Sequence[LeadKey]) -> list[Known]:
        """These leads, each in its newest cycle, in the order given."""
        newest = (
            select(_CYCLE.c.lead, func.max(_CYCLE.c.number).label("number"))
            .where(_CYCLE.c.lead.in_(leads))
            .group_by(_CYCLE.c.lead)
            .subquery()
        )
        same = (newest.c.lead == _CYCLE.c.lead) & (newest.c.number == _CYCLE.c.number)
        query = known_leads().join(newest, same)
        with reading(self._engine) as connection:
            found = [as_known(row) for row in connection.execute(query).mappings()]
        by_lead = {one.lead: one for one in found}
        return [by_lead[lead] for lead in leads if lead in by_lead]

    def planned_owners(self, cycles: Sequence[str]) -> dict[CycleId, str | None]:
        """Whom the latest decision of each of these cycles would give it to."""
        query = select(_CYCLE.c.id, _CYCLE.c.owner).where(_CYCLE.c.id.in_(cycles))
        with reading(self._engine) as connection:
            return {CycleId(row.id): row.owner for row in connection.execute(query)}

    def holds(self, limit: int) -> dict[LeadKey, OnHold]:
        """Leads that are held back, the latest first, each with who holds it and why."""
        query = select(_HOLD).order_by(_HOLD.c.at.desc()).limit(limit)
        with reading(self._engine) as connection:
            rows = connection.execute(query)
            return {LeadKey(row.lead): OnHold(by=row.by, reason=row.reason) for row in rows}


def _whole(connection: Connection, ids: Sequence[CycleId]) -> list[Known]:
    """The rows of one page, read after its ids: sorting whole rows would read all of them."""
    query = known_leads().where(_CYCLE.c.id.in_(ids))
    found = {row["id"]: as_known(row) for row in connection.execute(query).mappings()}
    return [found[one] for one in ids]


def _ids(wanted: Wanted, order: Order) -> Select[Any]:
    """The cycles that are meant, in order; read from indexes alone wherever that can be."""
    hands, cycles = _of_hands(wanted), _of_cycles(wanted)
    if order is Order.DUE and hands and not cycles:
        return select(_HANDOFF.c.cycle_id).where(*hands).order_by(*_due(wanted))
    query = select(_CYCLE.c.id).where(*hands, *cycles)
    if hands or order is Order.DUE:
        joined = _HANDOFF.c.cycle_id == _CYCLE.c.id
        query = query.join(_HANDOFF, joined, isouter=not hands)
    if order is Order.DUE:
        return query.order_by(*_due(wanted))
    opened, identity = _CYCLE.c.opened_at, _CYCLE.c.id
    if order is Order.OLDEST:
        return query.order_by(opened, identity)
    return query.order_by(opened.desc(), identity.desc())


def _due(wanted: Wanted) -> tuple[ColumnElement[Any], ...]:
    """Due first; what has no target comes last, where there can be such."""
    target, cycle = _HANDOFF.c.target_at, _HANDOFF.c.cycle_id
    if wanted.standing in (Standing.LATE, Standing.SOON):
        return (target, cycle)
    return (target.asc().nulls_last(), cycle)


def _of_cycles(wanted: Wanted) -> list[ColumnElement[bool]]:
    """What is asked of the cycles themselves."""
    found: list[ColumnElement[bool]] = []
    if wanted.standing is Standing.NOBODYS:
        found.append(_CYCLE.c.status.in_(BEFORE_HANDS))
    elif wanted.standing is not None and wanted.standing in _STATUSES:
        found.append(_CYCLE.c.status == _STATUSES[wanted.standing])
    if wanted.segment is not None:
        found.append(_CYCLE.c.segment == wanted.segment)
    if wanted.words:
        found.append(_CYCLE.c.id.in_(_titled(wanted.words)))
    return found


_STATUSES = {
    Standing.APPROVAL: CycleStatus.APPROVAL,
    Standing.WAITING: CycleStatus.WAITING,
    Standing.PARKED: CycleStatus.PARKED,
    Standing.REJECTED: CycleStatus.REJECTED,
    Standing.TOUCHED: CycleStatus.TOUCHED,
    Standing.CLOSED: CycleStatus.CLOSED,
}


def _of_hands(wanted: Wanted) -> list[ColumnElement[bool]]:
    """What is asked of the hands that a lead is in."""
    found: list[ColumnElement[bool]] = []
    if wanted.owners is not None:
        found.append(_HANDOFF.c.owner.in_(sorted(wanted.owners)))
    if wanted.owner is not None:
        found.append(_HANDOFF.c.owner == wanted.owner)
    is_open, target = _HANDOFF.c.state == OPEN, _HANDOFF.c.target_at
    match wanted.standing:
        case Standing.LATE:
            found += [is_open, target <= wanted.now]
        case Standing.SOON:
            found += [is_open, target > wanted.now, target <= wanted.soon]
        case Standing.UNTOUCHED:
            found += [is_open]
        case Standing.LISTED:
            found += [is_open, _HANDOFF.c.listed_at.is_not(None)]
        case _:
            pass
    return found


def _titled(words: Sequence[str]) -> Select[tuple[str]]:
    """Cycles by the words of their titles: read from the index of titles alone."""
    titled = [func.lower(_CYCLE.c.title).contains(one.lower(), autoescape=True) for one in words]
    found = select(_CYCLE.c.id).where(*titled)
    if len(words) == 1:
        by_key = select(_CYCLE.c.id).where(_CYCLE.c.lead == words[0])
        return select(_CYCLE.c.id).where(or_(_CYCLE.c.id.in_(found), _CYCLE.c.id.in_(by_key)))
    return found
