"""What is due for a handed-off lead: a pure function of what was seen of it, policy and time.

It never goes down a rung and never does one twice. Of the rungs that fell due while nobody looked
the last is climbed, together with the highest that tells and the highest that reassigns; lower ones
are passed over: nobody is reminded of what is late. While a message to the owner waits, the clock
stands still: then the lead stays theirs, and a breach is told to the manager as what it is.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from domain.follow_through.delivery import Silence, heard, waiting
from domain.follow_through.first_touch import Found, Judgment, Touched
from domain.follow_through.handoff import (
    Closing,
    Handoff,
    due_at,
    is_queue,
    manager_of,
    promised_at,
)
from domain.follow_through.reasons import (
    ByHand,
    Cause,
    Cover,
    Escalated,
    NothingDue,
    NoTouch,
    OwnerLeft,
    SnoozedBy,
    Unheard,
    WhyRest,
)
from domain.lead.absences import Absence
from domain.lead.crm_records import Owner, RecordSeen
from domain.policy.follow_through import OWNER_LEFT, REFUSED, UNHEARD, Move, Rung
from domain.policy.model import Policy
from domain.values import Instant, Value


class Seen(Value):
    """What was observed of one handed-off lead; nothing else counts."""

    judgment: Judgment
    record: RecordSeen | None
    """None when it was deleted, and not merged into another."""
    absence: Absence | None = None
    """Why the person who answers for it is away; None when at work."""
    online: bool = False
    """Slack shows the person as active now."""
    marketing_replies: tuple[str, ...] = ()
    """Ids of the lead's own answers and visits to marketing since the assignment."""
    silences: tuple[Silence, ...] | None = None
    """When messages about it to its owner waited. None in decisions of 0.1.0: nobody looked."""


UNHEARD_LOOK = timedelta(minutes=5)
"""How soon a lead is looked at again whose owner could not be told."""
TELLING = frozenset({Move.REMIND, Move.NUDGE, Move.ESCALATE})


class Puzzle(StrEnum):
    """Why a case is worth a closer look than the ladder's."""

    SAYS_DONE = "says_done"
    """The owner took it on, and no activity shows it."""
    DOUBTFUL = "doubtful"
    """There is activity that can't be judged."""
    TWO_TALK = "two_talk"
    """Somebody other than the owner talks with the lead."""
    LEAD_ANSWERED = "lead_answered"
    """The lead answered marketing since the assignment."""
    SILENT_BUT_ONLINE = "silent_but_online"


class Rest(Value):
    """Nothing is due; look again then."""

    kind: Literal["rest"] = "rest"
    until: Instant
    why: WhyRest = NothingDue()


class End(Value):
    """It is over."""

    kind: Literal["end"] = "end"
    how: Closing
    at: Instant
    in_time: bool | None
    """Whether the first touch came within the target; None when it never came."""
    touch: Found | None = None
    """The activity that counts."""
    by: str | None = None
    """Who converted or closed it in Salesforce."""
    status: str | None = None
    """The record's status that closed it."""


class Pass(Value):
    """Somebody gave the record to somebody else by hand; theirs is a new stage."""

    kind: Literal["pass"] = "pass"
    former: str
    """Name of the owner before."""
    owner: Owner
    by: str
    at: Instant

    @property
    def why(self) -> ByHand:
        """Why the new owner has it."""
        return ByHand(by=self.by, former=self.former, owner=self.owner.name)


class Climb(Value):
    """A rung is due."""

    kind: Literal["climb"] = "climb"
    rung: str
    moves: tuple[Move, ...]
    may: tuple[Move, ...] = ()
    passed: tuple[str, ...] = ()
    """Lower rungs that fell due while nobody looked."""
    to: str | None
    """Email of the person the owner's messages go to; None when there is nobody."""
    manager: str | None
    puzzles: tuple[Puzzle, ...] = ()
    cause: Cause
    cover: Cover | None = None

    @property
    def why(self) -> Escalated:
        """What is done, and why."""
        return Escalated(cause=self.cause, moves=self.moves, cover=self.cover)


NextStep = Annotated[Rest | End | Pass | Climb, Field(discriminator="kind")]


def next_step(
    handoff: Handoff, seen: Seen, policy: Policy, now: datetime
) -> Rest | End | Pass | Climb:
    """What happens with a lead now."""
    over = _over(handoff, seen, policy, now)
    if over is not None:
        return over
    record = seen.record
    if record is not None and record.owner.id != handoff.owner.id:
        return Pass(
            former=handoff.owner.name,
            owner=record.owner,
            by=record.modified_by,
            at=max(record.modified_at, handoff.started_at),
        )
    if handoff.snoozed_until is not None and now < handoff.snoozed_until:
        return Rest(until=handoff.snoozed_until, why=SnoozedBy(owner=handoff.owner.name))
    if record is not None and not record.owner.is_active and OWNER_LEFT not in handoff.climbed:
        return _climb(
            handoff,
            seen,
            policy,
            Rung(name=OWNER_LEFT, at=0.0, do=(Move.REASSIGN,)),
            cause=OwnerLeft(owner=handoff.owner.name),
        )
    if handoff.refused is not None and REFUSED not in handoff.climbed:
        rung = Rung(name=REFUSED, at=0.0, do=(Move.REASSIGN,))
        return _climb(handoff, seen, policy, rung, cause=handoff.refused)
    return _by_the_clock(handoff, seen, policy, now)


def _over(handoff: Handoff, seen: Seen, policy: Policy, now: datetime) -> End | None:
    judgment, record = seen.judgment, seen.record
    if isinstance(judgment, Touched):
        in_time = judgment.at <= promised_at(handoff, policy)
        return End(how=Closing.TOUCHED, at=judgment.at, in_time=in_time, touch=judgment.first)
    if record is None:
        return End(how=Closing.GONE, at=now, in_time=None)
    rules, who = policy.follow_through, record.modified_by
    if record.is_converted:
        return End(how=Closing.CONVERTED, at=record.modified_at, in_time=None, by=who)
    if record.status in rules.closed_statuses:
        recycled = record.status in rules.recycled_statuses
        return End(
            how=Closing.RECYCLED if recycled else Closing.DISQUALIFIED,
            at=record.modified_at,
            in_time=None,
            by=who,
            status=record.status,
        )
    return None


def _by_the_clock(handoff: Handoff, seen: Seen, policy: Policy, now: datetime) -> Rest | Climb:
    silence = waiting(seen.silences or ())
    if silence is not None:
        return _unheard(handoff, seen, policy, now, silence)
    clock = heard(handoff, seen.silences or (), policy)
    left = _left(handoff, policy)
    due = [rung for rung in left if due_at(clock, rung, policy) <= now]
    if not due:
        soon = [due_at(clock, rung, policy) for rung in left]
        until = min([*soon, now + policy.follow_through.look_every])
        return Rest(until=until)
    rung = due[-1]
    passed = tuple(one.name for one in due[:-1])
    cause = NoTouch(after=rung.after(handoff.target), sla=handoff.target)
    if seen.silences is not None:
        rung = rung.model_copy(update={"do": _together(due)})
    return _climb(handoff, seen, policy, rung, cause=cause, passed=passed)


def _left(handoff: Handoff, policy: Policy) -> list[Rung]:
    """The rungs of this stage that were not climbed yet, lowest first."""
    ladder = sorted(policy.ladder(handoff.segment), key=lambda rung: rung.after(handoff.target))
    return [rung for rung in ladder if rung.name not in handoff.climbed]


def _together(due: Sequence[Rung]) -> tuple[Move, ...]:
    """What is done of rungs that fell due at once, each move once, lowest first."""
    kept = {due[-1].name}
    for moves in (TELLING, frozenset({Move.REASSIGN})):
        kept |= {rung.name for rung in [one for one in due if moves & set(one.do)][-1:]}
    done = [move for rung in due if rung.name in kept for move in rung.do]
    return tuple(dict.fromkeys(done))


def _unheard(
    handoff: Handoff, seen: Seen, policy: Policy, now: datetime, silence: Silence
) -> Rest | Climb:
    """What is due while the owner could not be told: nothing of theirs, and no secret either."""
    rules = policy.follow_through
    clock = heard(handoff, seen.silences or (), policy)
    target = Rung(name=UNHEARD, at=handoff.target, do=(Move.ESCALATE,))
    due = due_at(clock, target, policy)
    cause = Unheard(owner=handoff.owner.name, waited=now - silence.since, sla=handoff.target)
    if UNHEARD not in handoff.climbed and due <= now:
        return _climb(handoff, seen, policy, target, cause=cause)
    lists = [rung for rung in _left(handoff, policy) if Move.LIST in rung.do]
    if lists and due_at(clock, lists[-1], policy) <= now:
        listing = lists[-1].model_copy(update={"do": (Move.LIST,), "model_options": ()})
        return _climb(handoff, seen, policy, listing, cause=cause)
    at_latest = now + rules.look_every
    again = max(now + UNHEARD_LOOK, silence.again_at or at_latest)
    return Rest(until=min([again, at_latest, *((due,) if due > now else ())]))


def _climb(
    handoff: Handoff,
    seen: Seen,
    policy: Policy,
    rung: Rung,
    *,
    cause: Cause,
    passed: tuple[str, ...] = (),
) -> Climb:
    to, cover = _addressee(handoff, seen, policy)
    moves = _possible(rung.do, handoff, policy)
    return Climb(
        rung=rung.name,
        moves=moves,
        may=_possible(rung.model_options, handoff, policy),
        passed=passed,
        to=to,
        manager=manager_of(handoff, policy),
        puzzles=puzzles(handoff, seen),
        cause=cause,
        cover=cover,
    )


def _possible(moves: Sequence[Move], handoff: Handoff, policy: Policy) -> tuple[Move, ...]:
    """What of the rung's moves can be done for this lead, each at most once."""
    can_reassign = (
        handoff.pool is not None and handoff.reassigned < policy.follow_through.reassign_at_most
    )
    chosen: list[Move] = []
    for move in moves:
        instead = move
        is_for_owner = move in (Move.REMIND, Move.NUDGE)
        if (move is Move.REASSIGN and not can_reassign) or (handoff.disputed and is_for_owner):
            instead = Move.ESCALATE
        if instead not in chosen:
            chosen.append(instead)
    return tuple(chosen)


def _addressee(handoff: Handoff, seen: Seen, policy: Policy) -> tuple[str | None, Cover | None]:
    """Who gets the owner's messages, and the cover when it isn't the owner."""
    answers = handoff.answers
    if seen.absence is None or answers is None:
        return answers, None
    user = policy.users.get(answers)
    asked = None if user is None else user.cover or user.manager
    if asked is None or asked not in policy.users:
        return answers, None
    name = policy.users[asked].name
    return asked, Cover(owner=handoff.owner.name, absence=seen.absence, asked=name)


def puzzles(handoff: Handoff, seen: Seen) -> tuple[Puzzle, ...]:
    """Why a due case deserves a closer look; nothing for the plain ones."""
    if isinstance(seen.judgment, Touched) or is_queue(handoff):
        return ()
    found = {
        Puzzle.SAYS_DONE: handoff.accepted_at is not None,
        Puzzle.DOUBTFUL: bool(seen.judgment.doubtful),
        Puzzle.TWO_TALK: bool(seen.judgment.by_others),
        Puzzle.LEAD_ANSWERED: bool(seen.marketing_replies),
        Puzzle.SILENT_BUT_ONLINE: seen.online and handoff.accepted_at is not None,
    }
    return tuple(puzzle for puzzle, holds in found.items() if holds)
