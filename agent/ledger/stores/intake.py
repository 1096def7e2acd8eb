"""Taking in what happened in Marketo: activities, triggers, and the cycles they open."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, delete, func, select, update

from agent.ledger.engine import reading
from agent.ledger.records import Cursor, Taken, cycle_id, reached_somebody
from agent.ledger.rows import insert_new, table, upsert
from agent.ledger.tables.decisions import ApprovalRow
from agent.ledger.tables.effects import EffectRow
from agent.ledger.tables.handoffs import HandoffRow
from agent.ledger.tables.leads import ActivityRow, CorrectionRow, CycleRow, HoldRow, TriggerRow
from agent.ledger.tables.operations import CursorRow, SeenRow, UnreadRow
from agent.ledger.tables.states import OPEN, UNFINISHED, CycleStatus, EffectState, TriggerOutcome
from agent.ledger.transaction.step import SET_OWNER
from domain.decision.said import MergedInto
from domain.intake.triggers import is_stronger
from domain.lead.model import Trigger
from domain.policy.model import Gate
from domain.ports import ActivityPage, Merge, Unread
from domain.values import LeadKey, content_hash

_SLEEPING = (CycleStatus.WAITING, CycleStatus.PARKED)
UNREAD_KEPT = timedelta(days=30)
"""How long a record that can't be read stays on record after it was last seen."""

_CYCLE = table(CycleRow)
_CURSOR = table(CursorRow)
_ACTIVITY = table(ActivityRow)
_APPROVAL = table(ApprovalRow)
_CORRECTION = table(CorrectionRow)
_EFFECT = table(EffectRow)
_HANDOFF = table(HandoffRow)
_HOLD = table(HoldRow)
_SEEN = table(SeenRow)
_UNREAD = table(UnreadRow)


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
            _note(connection, feed, page.unread, now)
            upsert(connection, CursorRow, "name", [{"name": feed, "token": page.token, "at": now}])
        opened = sum(row["outcome"] == TriggerOutcome.OPENED for row in rows)
        joined = sum(row["outcome"] == TriggerOutcome.JOINED for row in rows)
        return Taken(len(fresh), opened, joined, held_back=len(rows) - opened - joined)

    def wake_changed(self, changes: Mapping[str, LeadKey], now: datetime, forget: datetime) -> None:
        """Look in the next run at the leads of changes, by their ids, that were not seen before.

        What was seen before `forget` is forgotten.
        """
        with self._engine.begin() as connection:
            connection.execute(delete(_SEEN).where(_SEEN.c.at < forget))
            known = select(_SEEN.c.id).where(_SEEN.c.id.in_(list(changes)))
            fresh = changes.keys() - set(connection.scalars(known))
            insert_new(connection, SeenRow, [{"id": one, "at": now} for one in sorted(fresh)])
            leads = {changes[one] for one in fresh}
            cycles = connection.scalars(select(_CYCLE.c.id).where(_CYCLE.c.lead.in_(leads))).all()
            _wake(connection, cycles, now)

    def merge(self, merges: Sequence[Merge], gate: Gate, now: datetime) -> set[LeadKey]:
        """Let what was under way for merged people go on for the person who is left.

        Returns the people who were merged away and had something under way. A merge that was dealt
        with before changes nothing.
        """
        moved: set[LeadKey] = set()
        with self._engine.begin() as connection:
            known = select(_SEEN.c.id).where(_SEEN.c.id.in_([one.id for one in merges]))
            seen = set(connection.scalars(known))
            for one in sorted(merges, key=lambda each: (each.at, each.id)):
                if one.id not in seen:
                    moved |= _merge(connection, one, gate, now)
            insert_new(connection, SeenRow, [{"id": one.id, "at": now} for one in merges])
        return moved

    def note_unread(self, feed: str, odd: Sequence[Unread], now: datetime) -> None:
        """Keep records that can't be read, for whoever looks into them."""
        with self._engine.begin() as connection:
            _note(connection, feed, odd, now)

    def forget_unread(self, now: datetime) -> None:
        """Forget records that couldn't be read, once they weren't seen for long: they hold data."""
        with self._engine.begin() as connection:
            connection.execute(delete(_UNREAD).where(_UNREAD.c.last_at < now - UNREAD_KEPT))

    def unread_since(self, feed: str, since: datetime) -> datetime | None:
        """When the oldest of a feed's records that can't be read was first seen; None for none."""
        oldest = select(func.min(_UNREAD.c.first_at)).where(
            _UNREAD.c.feed == feed, _UNREAD.c.first_at >= since
        )
        with reading(self._engine) as connection:
            return connection.scalar(oldest)

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


def _note(connection: Connection, feed: str, odd: Sequence[Unread], now: datetime) -> None:
    rows: dict[str, dict[str, Any]] = {
        content_hash(f"{feed} {one.record}"): {
            **one.model_dump(),
            "feed": feed,
            "first_at": now,
            "last_at": now,
        }
        for one in odd
    }
    known = set(connection.scalars(select(_UNREAD.c.id).where(_UNREAD.c.id.in_(list(rows)))))
    seen = update(_UNREAD).where(_UNREAD.c.id.in_(known)).values(last_at=now)
    connection.execute(seen)
    insert_new(connection, UnreadRow, [{"id": one, **rows[one]} for one in rows.keys() - known])


@dataclass
class _Past:
    """What the ledger holds of a lead that comes up."""

    latest: dict[str, Any]
    """Its newest cycle."""
    reached: Mapping[str, Any] | None = None
    """The newest cycle that reached somebody: only such a one has a cool-down."""


def _answer(
    connection: Connection, triggers: Sequence[Trigger], gate: Gate, now: datetime
) -> list[dict[str, Any]]:
    pasts = _pasts(connection, {trigger.lead for trigger in triggers})
    opened: list[Mapping[str, Any]] = []
    woken: set[str] = set()
    rows: list[dict[str, Any]] = []
    for trigger in sorted(triggers, key=lambda one: (one.at, one.activity_id)):
        past, until = pasts.get(trigger.lead), None
        if past is not None and past.latest["status"] in UNFINISHED:
            outcome = TriggerOutcome.JOINED
            _join(connection, past.latest, trigger, now)
            woken.add(past.latest["id"])
        elif past is not None and (until := _cool_until(past.reached, trigger, gate)):
            outcome = TriggerOutcome.HELD_BACK
        else:
            outcome = TriggerOutcome.OPENED
            cycle = _opened(trigger, 1 if past is None else past.latest["number"] + 1, now)
            opened.append(cycle)
            past = _Past(dict(cycle), None if past is None else past.reached)
            pasts[trigger.lead] = past
        told = trigger.model_dump(include={"activity_id", "lead", "kind", "at"})
        came = {"outcome": outcome, "cool_until": until, "cycle_id": past.latest["id"]}
        rows.append({**told, "fact": trigger.fact, **came})
    insert_new(connection, CycleRow, opened)
    _wake(connection, woken, now)
    return rows


def _pasts(connection: Connection, leads: Collection[LeadKey]) -> dict[str, _Past]:
    columns = (_CYCLE.c.id, _CYCLE.c.lead, _CYCLE.c.number, _CYCLE.c.status, _CYCLE.c.trigger)
    found = select(*columns, _CYCLE.c.assigned_at, _CYCLE.c.looks).where(_CYCLE.c.lead.in_(leads))
    pasts: dict[str, _Past] = {}
    for row in connection.execute(found.order_by(_CYCLE.c.number)).mappings():
        past = pasts.setdefault(row["lead"], _Past(dict(row)))
        past.latest = dict(row)
        if reached_somebody(row["status"], row["assigned_at"]):
            past.reached = past.latest
    return pasts


def _cool_until(reached: Mapping[str, Any] | None, trigger: Trigger, gate: Gate) -> datetime | None:
    """When the cool-down after a cycle ends; None when it doesn't hold `trigger` back."""
    if reached is None or trigger.kind in gate.cool_down_exceptions:
        return None
    until = Trigger.model_validate(reached["trigger"]).at + gate.cool_down
    return until if trigger.at < until else None


def _join(connection: Connection, cycle: dict[str, Any], trigger: Trigger, now: datetime) -> None:
    """A stronger trigger becomes the open cycle's own, and what was decided is decided again."""
    if not is_stronger(trigger.kind, Trigger.model_validate(cycle["trigger"]).kind):
        return
    if not _reopen(connection, cycle, now):
        return
    cycle["trigger"] = trigger.model_dump(mode="json")
    mine = _CYCLE.c.id == cycle["id"]
    connection.execute(update(_CYCLE).where(mine).values(trigger=cycle["trigger"]))


def _reopen(connection: Connection, cycle: dict[str, Any], now: datetime) -> bool:
    """Take back what was decided and is not sent yet; False when it may have been sent."""
    mine, again = _CYCLE.c.id == cycle["id"], {"status": CycleStatus.OPEN, "due_at": now}
    if cycle["status"] == CycleStatus.APPROVAL:
        asked = (_APPROVAL.c.cycle_id == cycle["id"]) & (_APPROVAL.c.state == "pending")
        connection.execute(update(_APPROVAL).where(asked).values(state="withdrawn"))
        connection.execute(update(_CYCLE).where(mine).values(again))
        cycle["status"] = CycleStatus.OPEN
    elif cycle["status"] == CycleStatus.ASSIGNING:
        theirs = (_EFFECT.c.cycle_id == cycle["id"]) & (_EFFECT.c.kind == SET_OWNER)
        states = set(connection.scalars(select(_EFFECT.c.state).where(theirs)))
        if states & {EffectState.ATTEMPTED, EffectState.UNKNOWN, EffectState.APPLIED}:
            return False
        planned = theirs & (_EFFECT.c.state == EffectState.PLANNED)
        connection.execute(update(_EFFECT).where(planned).values(state=EffectState.REFUSED))
        looks = cycle["looks"] + 1
        connection.execute(update(_CYCLE).where(mine).values(again | {"looks": looks}))
        cycle.update(status=CycleStatus.OPEN, looks=looks)
    return True


def _merge(connection: Connection, merge: Merge, gate: Gate, now: datetime) -> set[LeadKey]:
    """One merge: what its losers did, and what was under way for them, is the winner's."""
    winner, losers = merge.winner, [one for one in merge.losers if one != merge.winner]
    done = _ACTIVITY.c.lead.in_(losers)
    connection.execute(update(_ACTIVITY).where(done).values(lead=winner))
    _inherit(connection, winner, losers)
    moved: set[LeadKey] = set()
    for loser, past in _pasts(connection, losers).items():
        cycle = past.latest
        if cycle["status"] not in (*UNFINISHED, CycleStatus.GONE):
            continue
        if not _reopen(connection, cycle, now):
            continue
        moved.add(LeadKey(loser))
        gone = {
            "status": CycleStatus.GONE,
            "due_at": None,
            "deadline": None,
            "said": MergedInto(lead=winner),
        }
        connection.execute(update(_CYCLE).where(_CYCLE.c.id == cycle["id"]).values(gone))
        trigger = Trigger.model_validate(cycle["trigger"]).model_copy(update={"lead": winner})
        _answer(connection, [trigger], gate, now)
    return moved


def _inherit(connection: Connection, winner: LeadKey, losers: Sequence[LeadKey]) -> None:
    """Open handoffs, holds and corrections of merged people are the winner's from now on."""
    handed = _HANDOFF.c.lead.in_(losers) & (_HANDOFF.c.state == OPEN)
    columns = select(_HANDOFF.c.cycle_id, _HANDOFF.c.handoff)
    for row in connection.execute(columns.where(handed)).all():
        values = {
            "lead": winner,
            "handoff": {**row.handoff, "lead": winner},
            "version": _HANDOFF.c.version + 1,
        }
        mine = _HANDOFF.c.cycle_id == row.cycle_id
        connection.execute(update(_HANDOFF).where(mine).values(values))
    is_held = select(_HOLD.c.lead).where(_HOLD.c.lead == winner)
    if connection.scalar(is_held) is None:
        held = connection.scalar(select(_HOLD.c.lead).where(_HOLD.c.lead.in_(losers)))
        connection.execute(update(_HOLD).where(_HOLD.c.lead == held).values(lead=winner))
    theirs = select(_CORRECTION).where(_CORRECTION.c.lead.in_(losers)).order_by(_CORRECTION.c.at)
    rows = [dict(row) | {"lead": winner} for row in connection.execute(theirs).mappings()]
    insert_new(connection, CorrectionRow, rows)


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
