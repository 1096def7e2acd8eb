"""Taking in what happened in Marketo: activities, triggers, and the cycles they open."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, select, update

from agent.ledger.engine import reading
from agent.ledger.records import Cursor, Taken, cycle_id
from agent.ledger.rows import insert_new, table, upsert
from agent.ledger.tables.leads import ActivityRow, CycleRow, TriggerRow
from agent.ledger.tables.operations import CursorRow
from agent.ledger.tables.states import UNFINISHED, CycleStatus, TriggerOutcome
from domain.lead.model import Trigger
from domain.policy.model import Gate
from domain.ports import ActivityPage
from domain.values import LeadKey

_SLEEPING = (CycleStatus.WAITING, CycleStatus.PARKED)
_CYCLE = table(CycleRow)
_CURSOR = table(CursorRow)
_ACTIVITY = table(ActivityRow)


class Intake:
    """Feeds, activities and triggers."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def cursor(self, feed: str) -> Cursor | None:
        """Where reading a feed goes on; None when it was never read."""
        found = select(_CURSOR.c.token, _CURSOR.c.at).where(_CURSOR.c.name == feed)
        with reading(self._engine) as connection:
            row = connection.execute(found).one_or_none()
        return None if row is None else Cursor(token=row.token, at=row.at)

    def move_cursor(self, feed: str, token: str, now: datetime) -> None:
        """Remember how far a feed was read."""
        with self._engine.begin() as connection:
            upsert(connection, CursorRow, "name", [{"name": feed, "token": token, "at": now}])

    def take_in(
        self, feed: str, page: ActivityPage, triggers: Sequence[Trigger], gate: Gate, now: datetime
    ) -> Taken:
        """Keep a page of activities, open the cycles its triggers call for, move the cursor.

        One transaction: after a crash the page is either taken in or read again. A trigger whose
        activity was seen before is ignored.
        """
        with self._engine.begin() as connection:
            ids = [activity.id for activity in page.activities]
            seen = set(connection.scalars(select(_ACTIVITY.c.id).where(_ACTIVITY.c.id.in_(ids))))
            fresh = {one.id: one for one in page.activities if one.id not in seen}
            insert_new(connection, ActivityRow, [one.model_dump() for one in fresh.values()])
            new = [trigger for trigger in triggers if trigger.activity_id in fresh]
            rows = _answer(connection, new, gate, now)
            insert_new(connection, TriggerRow, rows)
            upsert(connection, CursorRow, "name", [{"name": feed, "token": page.token, "at": now}])
        opened = sum(row["outcome"] == TriggerOutcome.OPENED for row in rows)
        joined = sum(row["outcome"] == TriggerOutcome.JOINED for row in rows)
        return Taken(len(fresh), opened, joined, held_back=len(rows) - opened - joined)

    def sleeping(self) -> list[LeadKey]:
        """Leads whose cycle waits or is parked: a change of their data should wake them."""
        with reading(self._engine) as connection:
            leads = select(_CYCLE.c.lead).where(_CYCLE.c.status.in_(_SLEEPING))
            return [LeadKey(lead) for lead in connection.scalars(leads)]

    def wake(self, leads: Collection[LeadKey], now: datetime) -> None:
        """Look at these leads' waiting or parked cycles in the next run."""
        with self._engine.begin() as connection:
            ids = connection.scalars(select(_CYCLE.c.id).where(_CYCLE.c.lead.in_(leads))).all()
            _wake(connection, ids, now)


def _answer(
    connection: Connection, triggers: Sequence[Trigger], gate: Gate, now: datetime
) -> list[dict[str, Any]]:
    latest = _latest(connection, {trigger.lead for trigger in triggers})
    opened: list[Mapping[str, Any]] = []
    woken: set[str] = set()
    rows: list[dict[str, Any]] = []
    for trigger in sorted(triggers, key=lambda one: (one.at, one.activity_id)):
        cycle, until = latest.get(trigger.lead), None
        if cycle is not None and cycle["status"] in UNFINISHED:
            outcome = TriggerOutcome.JOINED
            woken.add(cycle["id"])
        elif cycle is not None and (until := _cool_until(cycle, trigger, gate)):
            outcome = TriggerOutcome.HELD_BACK
        else:
            outcome = TriggerOutcome.OPENED
            cycle = _opened(trigger, 1 if cycle is None else cycle["number"] + 1, now)
            opened.append(cycle)
            latest[trigger.lead] = cycle
        told = trigger.model_dump(include={"activity_id", "lead", "kind", "at"})
        came = {"outcome": outcome, "cool_until": until, "cycle_id": cycle["id"]}
        rows.append({**told, "fact": trigger.fact, **came})
    insert_new(connection, CycleRow, opened)
    _wake(connection, woken, now)
    return rows


def _latest(connection: Connection, leads: Collection[LeadKey]) -> dict[LeadKey, Mapping[str, Any]]:
    columns = (_CYCLE.c.id, _CYCLE.c.lead, _CYCLE.c.number, _CYCLE.c.status, _CYCLE.c.trigger)
    found = select(*columns).where(_CYCLE.c.lead.in_(leads)).order_by(_CYCLE.c.number)
    return {row["lead"]: dict(row) for row in connection.execute(found).mappings()}


def _cool_until(cycle: Mapping[str, Any], trigger: Trigger, gate: Gate) -> datetime | None:
    """When the cool-down after `cycle` ends; None when it doesn't hold `trigger` back."""
    if trigger.kind in gate.cool_down_exceptions:
        return None
    until = Trigger.model_validate(cycle["trigger"]).at + gate.cool_down
    return until if trigger.at < until else None


def _opened(trigger: Trigger, number: int, now: datetime) -> Mapping[str, Any]:
    row = CycleRow(
        id=cycle_id(trigger.lead, number),
        lead=trigger.lead,
        number=number,
        trigger=trigger.model_dump(mode="json"),
        opened_at=now,
        status=CycleStatus.OPEN,
        due_at=now,
    )
    return row.model_dump()


def _wake(connection: Connection, cycles: Iterable[str], now: datetime) -> None:
    asleep = _CYCLE.c.id.in_(list(cycles)) & _CYCLE.c.status.in_(_SLEEPING)
    connection.execute(update(_CYCLE).where(asleep).values(due_at=now))
