"""Conversations in the ledger: what was said, what was proposed, what is paused, and lookups."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Engine, Select, case, delete, func, or_, select, update

from agent.ledger.engine import reading
from agent.ledger.records import Step, Stop
from agent.ledger.rows import insert_new, table
from agent.ledger.tables.conversations import InboxRow, ProposalRow
from agent.ledger.tables.effects import EffectRow
from agent.ledger.tables.handoffs import HandoffRow
from agent.ledger.tables.leads import CycleRow, HoldRow
from agent.ledger.tables.operations import PauseRow
from agent.ledger.tables.states import CycleStatus, EffectState
from agent.ledger.transaction.step import write_whole
from domain.conversation.change_requests import Proposal
from domain.conversation.permissions import Ability
from domain.decision.said import Said
from domain.lead.model import OnHold
from domain.values import CycleId, LeadKey, RecordId

PENDING = "pending"
CLAIM = timedelta(minutes=2)
"""How long an answer may be in the making; a crash gives the question back after this time."""
MOST_FOUND = 200
AT_ONCE = 500
"""Values in one IN list."""

_CYCLE = table(CycleRow)
_HANDOFF = table(HandoffRow)
_INBOX = table(InboxRow)
_PROPOSAL = table(ProposalRow)
_PAUSE = table(PauseRow)
_HOLD = table(HoldRow)
_EFFECT = table(EffectRow)


@dataclass(frozen=True)
class Heard:
    """Something that was said to the worker."""

    id: str
    kind: str
    person: str
    channel: str
    thread: str
    text: str
    """As it was delivered, in the messenger's notation."""
    reply: str | None = None
    tries: int = 0
    """How often an answer was begun before."""
    at: datetime | None = None
    """When it was kept; None for what was heard just now."""
    files: int = 0
    """How many files came with it."""


@dataclass(frozen=True)
class Known:
    """A lead as the ledger knows it: its newest cycle, and in whose hands it is."""

    cycle: CycleId
    lead: LeadKey
    title: str
    status: CycleStatus
    segment: str
    territory: str | None
    owner: str | None
    """Email of who answers for it; None while nobody does."""
    owner_name: str | None
    chosen: str | None
    """Email of the person, or name of the queue, that routing chose."""
    said: Said | None
    """What was decided last, in short."""
    blocked_by: str | None
    record_id: RecordId | None
    opened_at: datetime
    assigned_at: datetime | None
    is_open: bool
    """It is assigned, and not closed."""
    target_at: datetime | None
    touched_at: datetime | None
    in_time: bool | None
    listed_at: datetime | None


@dataclass(frozen=True)
class Part:
    """A part of the business; what is None narrows nothing."""

    owners: Collection[str] | None = None
    """Emails of those who answer."""
    segment: str | None = None
    territories: Collection[str] | None = None


@dataclass(frozen=True)
class Load:
    """What somebody has in hand."""

    open: int
    late: int
    soon: int
    """In time, and due before `soon_by`."""
    listed: int
    """Unworked after final escalation."""


@dataclass(frozen=True)
class Asked:
    """A proposal as the ledger holds it."""

    proposal: Proposal
    state: str
    answer: str
    asserted_by: str | None = None
    """The user of the machine who said that they were who asked; None for who signed in."""


def conversation(channel: str, thread: str, person: str) -> str:
    """The name of one person's conversation: several in one thread of a channel don't share it.

    What one of them may see the other may not, so neither's answers are the other's context.
    """
    return f"{channel}/{thread}/{person}"


class Conversations:
    """What conversations ask of the ledger."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def hear(self, heard: Heard, now: datetime) -> bool:
        """Keep what was said, durably; False when it was delivered before."""
        row = {
            "id": heard.id,
            "kind": heard.kind,
            "person": heard.person,
            "channel": heard.channel,
            "thread": heard.thread,
            "text": heard.text,
            "files": heard.files,
            "received_at": now,
        }
        with self._engine.begin() as connection:
            before = connection.scalar(select(_INBOX.c.id).where(_INBOX.c.id == heard.id))
            insert_new(connection, InboxRow, [row])
        return before is None

    def claim(self, heard: str, now: datetime) -> Heard | None:
        """Take something to answer; None when it is answered, or being answered by another."""
        free = (
            (_INBOX.c.id == heard)
            & _INBOX.c.handled_at.is_(None)
            & or_(_INBOX.c.claimed_until.is_(None), _INBOX.c.claimed_until <= now)
        )
        mine = {"claimed_until": now + CLAIM, "tries": _INBOX.c.tries + 1}
        taking = update(_INBOX).where(free).values(mine)
        with self._engine.begin() as connection:
            row = connection.execute(taking.returning(_INBOX)).mappings().one_or_none()
        if row is None:
            return None
        return Heard(
            row["id"],
            row["kind"],
            row["person"],
            row["channel"],
            row["thread"],
            row["text"],
            row["reply"],
            row["tries"] - 1,
            row["received_at"],
            row["files"],
        )

    def unanswered(self, now: datetime) -> list[str]:
        """What was said and not answered, and is nobody's at the moment: oldest first."""
        open_ones = (
            select(_INBOX.c.id)
            .where(
                _INBOX.c.handled_at.is_(None),
                _INBOX.c.received_at <= now - CLAIM,
                or_(_INBOX.c.claimed_until.is_(None), _INBOX.c.claimed_until <= now),
            )
            .order_by(_INBOX.c.received_at)
        )
        with reading(self._engine) as connection:
            return list(connection.scalars(open_ones))

    def replied(self, heard: str, reply: str) -> None:
        """Remember which message holds the answer, so that it is edited and not posted twice."""
        self._inbox(heard, {"reply": reply})

    def handled(self, heard: str, now: datetime) -> None:
        """Note that it was answered."""
        self._inbox(heard, {"handled_at": now})

    def drop(self, before: datetime, now: datetime) -> None:
        """Give up on what was said before a moment and could not be answered since."""
        stale = _INBOX.c.handled_at.is_(None) & (_INBOX.c.received_at < before)
        with self._engine.begin() as connection:
            connection.execute(update(_INBOX).where(stale).values(handled_at=now))

    def forget(self, before: datetime) -> list[str]:
        """Forget what was said before a moment; returns conversations in which nobody spoke since.

        A conversation is named as `conversation` says.
        """
        old = _INBOX.c.received_at < before
        threads = select(_INBOX.c.channel, _INBOX.c.thread, _INBOX.c.person).distinct()
        with self._engine.begin() as connection:
            gone = {conversation(*row) for row in connection.execute(threads.where(old))}
            connection.execute(delete(_INBOX).where(old, _INBOX.c.handled_at.is_not(None)))
            alive = {conversation(*row) for row in connection.execute(threads)}
        return sorted(gone - alive)

    def propose(self, proposal: Proposal, step: Step, *, asserted_by: str | None = None) -> None:
        """Keep a proposal, durably and before it is shown; another of the thread is overtaken.

        The step is what follows from asking, such as telling who must approve it.
        """
        row = {
            "id": proposal.id,
            "by": proposal.by,
            "asserted_by": asserted_by,
            "thread": proposal.thread,
            "body": proposal.model_dump(mode="json"),
            "state": PENDING,
            "expires_at": proposal.expires_at,
            "answer": "",
        }
        earlier = (
            (_PROPOSAL.c.thread == proposal.thread)
            & (_PROPOSAL.c.state == PENDING)
            & (_PROPOSAL.c.id != proposal.id)
        )
        overtaken = {"state": "overtaken", "answer": "Overtaken by a newer proposal."}
        with self._engine.begin() as connection:
            connection.execute(update(_PROPOSAL).where(earlier).values(overtaken))
            insert_new(connection, ProposalRow, [row])
            write_whole(connection, step)

    def proposal(self, wanted: str) -> Asked | None:
        """A proposal with its state; None when there is none of this id."""
        with reading(self._engine) as connection:
            found = connection.execute(select(_PROPOSAL).where(_PROPOSAL.c.id == wanted))
            row = found.mappings().one_or_none()
        if row is None:
            return None
        body = Proposal.model_validate(row["body"])
        return Asked(body, row["state"], row["answer"], row["asserted_by"])

    def pending(self) -> list[Proposal]:
        """Proposals without a word on them."""
        query = select(_PROPOSAL.c.body).where(_PROPOSAL.c.state == PENDING)
        with reading(self._engine) as connection:
            return [Proposal.model_validate(body) for body in connection.scalars(query)]

    def decide(
        self, proposal: str, state: str, by: str, answer: str, *, step: Step, at: datetime
    ) -> bool:
        """Note the word on a proposal together with all that follows; False when it had one.

        The database compares and sets in one statement, so that of two words one counts, and a
        crash leaves either both the word and what follows, or neither.

        Raises:
            LateError: a lead was moved meanwhile; nothing was written.
        """
        open_one = (_PROPOSAL.c.id == proposal) & (_PROPOSAL.c.state == PENDING)
        said = {"state": state, "decided_by": by, "decided_at": at, "answer": answer}
        with self._engine.begin() as connection:
            done = connection.execute(update(_PROPOSAL).where(open_one).values(said))
            if not done.rowcount:
                return False
            write_whole(connection, step)
        return True

    def awaiting_another(self) -> list[Proposal]:
        """Proposals that somebody else than who asked must approve, and nobody has."""
        return [one for one in self.pending() if one.two_person]

    def given_since(self, since: datetime) -> int:
        """How many leads were given to somebody by conversation since a moment."""
        query = select(_PROPOSAL.c.body).where(
            _PROPOSAL.c.state == "approved", _PROPOSAL.c.decided_at >= since
        )
        with reading(self._engine) as connection:
            found = [Proposal.model_validate(body) for body in connection.scalars(query)]
        return sum(len(one.changes) for one in found if one.ability is Ability.GIVE)

    def stops(self) -> dict[str, Stop]:
        """What is paused, by scope."""
        with reading(self._engine) as connection:
            rows = connection.execute(select(_PAUSE)).mappings()
            return {
                row["scope"]: Stop(row["scope"], row["by"], row["reason"], row["at"])
                for row in rows
            }

    def search(self, words: Sequence[str]) -> list[Known]:
        """Leads whose title holds all these words, or whose Marketo id is the only word."""
        titled = [
            func.lower(_CYCLE.c.title).contains(one.lower(), autoescape=True) for one in words
        ]
        matching = known_leads().where(*titled)
        if len(words) == 1:
            matching = known_leads().where(or_(_CYCLE.c.lead == words[0], *titled))
        return self._newest(matching.limit(MOST_FOUND))

    def of_cycles(self, cycles: Sequence[CycleId]) -> list[Known]:
        """Leads by cycle."""
        return self._newest(known_leads().where(_CYCLE.c.id.in_(cycles)))

    def of_leads(self, leads: Collection[LeadKey]) -> list[Known]:
        """Leads by their keys, each in its newest cycle."""
        found: list[Known] = []
        wanted = sorted(set(leads))
        for start in range(0, len(wanted), AT_ONCE):
            some = _CYCLE.c.lead.in_(wanted[start : start + AT_ONCE])
            found += self._newest(known_leads().where(some))
        return found

    def held(self, leads: Collection[LeadKey]) -> dict[LeadKey, OnHold]:
        """Who holds which of these leads back, and why."""
        query = select(_HOLD).where(_HOLD.c.lead.in_(sorted(leads)))
        with reading(self._engine) as connection:
            rows = connection.execute(query)
            return {LeadKey(row.lead): OnHold(by=row.by, reason=row.reason) for row in rows}

    def segments(self, cycles: Collection[CycleId]) -> dict[CycleId, str]:
        """The segments of some cycles, by cycle."""
        query = select(_CYCLE.c.id, _CYCLE.c.segment).where(_CYCLE.c.id.in_(sorted(cycles)))
        with reading(self._engine) as connection:
            return {CycleId(row.id): row.segment or "" for row in connection.execute(query)}

    def in_hands(self, part: Part, *, late_at: datetime | None, limit: int) -> list[Known]:
        """Open assigned leads, those due first at the top; late ones only if asked."""
        query = known_leads().where(_HANDOFF.c.state == "open", *_within(part))
        if late_at is not None:
            query = query.where(_HANDOFF.c.target_at <= late_at)
        ordered = query.order_by(_HANDOFF.c.target_at, _CYCLE.c.id).limit(limit)
        with reading(self._engine) as connection:
            return [as_known(row) for row in connection.execute(ordered).mappings()]

    def loads(self, part: Part, now: datetime, soon_by: datetime | None = None) -> dict[str, Load]:
        """How many open leads everybody has, and how many of them are late, due soon or listed."""
        late = func.sum(case((_HANDOFF.c.target_at <= now, 1), else_=0))
        is_soon = (_HANDOFF.c.target_at > now) & (_HANDOFF.c.target_at <= (soon_by or now))
        soon = func.sum(case((is_soon, 1), else_=0))
        listed = func.sum(case((_HANDOFF.c.listed_at.is_not(None), 1), else_=0))
        counted = select(_HANDOFF.c.owner, func.count(), late, soon, listed)
        if part.segment is not None or part.territories is not None:
            counted = counted.join(_CYCLE, _CYCLE.c.id == _HANDOFF.c.cycle_id)
        counted = counted.where(_HANDOFF.c.state == "open", *_within(part))
        counted = counted.group_by(_HANDOFF.c.owner)
        with reading(self._engine) as connection:
            return {row[0]: Load(*row[1:]) for row in connection.execute(counted)}

    def waiting(self, part: Part) -> dict[str, int]:
        """How many new leads are not yet assigned, by where they stand."""
        unfinished = [
            CycleStatus.OPEN,
            CycleStatus.WAITING,
            CycleStatus.PARKED,
            CycleStatus.APPROVAL,
            CycleStatus.ASSIGNING,
        ]
        counted = (
            select(_CYCLE.c.status, func.count())
            .join(_HANDOFF, _HANDOFF.c.cycle_id == _CYCLE.c.id, isouter=True)
            .where(_CYCLE.c.status.in_(unfinished), *_within(part))
            .group_by(_CYCLE.c.status)
        )
        with reading(self._engine) as connection:
            return {row[0]: row[1] for row in connection.execute(counted)}

    def given_up(self, leads: Sequence[LeadKey]) -> list[EffectRow]:
        """Writes about these leads that were given up."""
        query = select(_EFFECT).where(
            _EFFECT.c.lead.in_(leads), _EFFECT.c.state == EffectState.DEAD
        )
        with reading(self._engine) as connection:
            return [EffectRow(**row) for row in connection.execute(query).mappings()]

    def _inbox(self, heard: str, values: dict[str, Any]) -> None:
        with self._engine.begin() as connection:
            connection.execute(update(_INBOX).where(_INBOX.c.id == heard).values(values))

    def _newest(self, query: Select[Any]) -> list[Known]:
        """Rows as leads, each in its newest cycle only, newest first."""
        with reading(self._engine) as connection:
            rows = connection.execute(query.order_by(_CYCLE.c.opened_at.desc(), _CYCLE.c.id))
            found = [as_known(row) for row in rows.mappings()]
        return _once(found)


def _once(found: Iterable[Known]) -> list[Known]:
    newest: dict[LeadKey, Known] = {}
    for one in found:
        newest.setdefault(one.lead, one)
    return list(newest.values())


def _within(part: Part) -> list[ColumnElement[bool]]:
    """A part of the business as conditions."""
    found: list[ColumnElement[bool]] = []
    if part.owners is not None:
        found.append(_HANDOFF.c.owner.in_(sorted(part.owners)))
    if part.segment is not None:
        found.append(_CYCLE.c.segment == part.segment)
    if part.territories is not None:
        found.append(_CYCLE.c.territory.in_(sorted(part.territories)))
    return found


def known_leads() -> Select[Any]:
    """Cycles with the hands they are in: what `as_known` reads."""
    return select(
        _CYCLE,
        _HANDOFF.c.owner.label("answers"),
        _HANDOFF.c.state.label("handed"),
        _HANDOFF.c.target_at,
        _HANDOFF.c.touched_at,
        _HANDOFF.c.in_time,
        _HANDOFF.c.listed_at,
    ).join(_HANDOFF, _HANDOFF.c.cycle_id == _CYCLE.c.id, isouter=True)


def as_known(row: Any) -> Known:  # noqa: ANN401  (a row of the query above)
    """A row of `known_leads` as a lead."""
    record_id = row["record_id"]
    return Known(
        cycle=CycleId(row["id"]),
        lead=LeadKey(row["lead"]),
        title=row["title"] or f"Marketo person {row['lead']}",
        status=CycleStatus(row["status"]),
        segment=row["segment"] or "",
        territory=row["territory"],
        owner=row["answers"],
        owner_name=row["owner_name"] if row["answers"] is not None else None,
        chosen=row["owner"],
        said=row["said"],
        blocked_by=row["blocked_by"],
        record_id=None if record_id is None else RecordId(record_id),
        opened_at=row["opened_at"],
        assigned_at=row["assigned_at"],
        is_open=row["handed"] == "open",
        target_at=row["target_at"],
        touched_at=row["touched_at"],
        in_time=row["in_time"],
        listed_at=row["listed_at"],
    )
