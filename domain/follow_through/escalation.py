"""What is due for a handed-off lead: a pure function of what was seen of it, policy and time.

It never goes down a rung and never does one twice. Rungs that fell due while nobody looked are
passed over: a lead past its last rung is listed, not reminded of first.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from domain.follow_through.first_touch import Judgement, Touched
from domain.follow_through.handoff import (
    Closing,
    Handoff,
    due_at,
    is_queue,
    manager_of,
    promised_at,
)
from domain.lead.crm_records import Owner, RecordSeen
from domain.policy.follow_through import OWNER_LEFT, REFUSED, Move, Rung
from domain.policy.model import Policy
from domain.time.durations import format_duration
from domain.values import Instant, Value


class Seen(Value):
    """What was observed of one handed-off lead; nothing else counts."""

    judgement: Judgement
    record: RecordSeen | None
    """None when it was deleted, and not merged into another."""
    absence: str | None = None
    """Why the person who answers for it is away, in words; None when at work."""
    online: bool = False
    """Slack shows the person as active now."""
    marketing_replies: tuple[str, ...] = ()
    """Ids of the lead's own answers and visits to marketing since the assignment."""


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
    sentence: str


class End(Value):
    """It is over."""

    kind: Literal["end"] = "end"
    how: Closing
    at: Instant
    in_time: bool | None
    """Whether the first touch came within the target; None when it never came."""
    sentence: str


class Pass(Value):
    """Somebody gave the record to somebody else by hand; theirs is a new stage."""

    kind: Literal["pass"] = "pass"
    owner: Owner
    by: str
    at: Instant
    sentence: str


class Climb(Value):
    """A rung is due."""

    kind: Literal["climb"] = "climb"
    rung: str
    moves: tuple[Move, ...]
    may: tuple[Move, ...] = ()
    passed: tuple[str, ...] = ()
    """Lower rungs that fell due while nobody looked."""
    to: str | None
    """E-mail of the person the owner's messages go to; None when there is nobody."""
    manager: str | None
    puzzles: tuple[Puzzle, ...] = ()
    sentence: str


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
        who = record.owner.name
        return Pass(
            owner=record.owner,
            by=record.modified_by,
            at=max(record.modified_at, handoff.started_at),
            sentence=f"{record.modified_by} gave it from {handoff.owner.name} to {who} by hand.",
        )
    if handoff.snoozed_until is not None and now < handoff.snoozed_until:
        return Rest(until=handoff.snoozed_until, sentence=f"{handoff.owner.name} snoozed it.")
    if record is not None and not record.owner.is_active and OWNER_LEFT not in handoff.climbed:
        return _climb(
            handoff,
            seen,
            policy,
            Rung(name=OWNER_LEFT, at=0.0, do=(Move.REASSIGN,)),
            because=f"{handoff.owner.name} is no longer active in Salesforce",
        )
    if handoff.refused is not None and REFUSED not in handoff.climbed:
        rung = Rung(name=REFUSED, at=0.0, do=(Move.REASSIGN,))
        return _climb(handoff, seen, policy, rung, because=handoff.refused)
    return _by_the_clock(handoff, seen, policy, now)


def _over(handoff: Handoff, seen: Seen, policy: Policy, now: datetime) -> End | None:
    judgement, record = seen.judgement, seen.record
    if isinstance(judgement, Touched):
        in_time = judgement.at <= promised_at(handoff, policy)
        return End(
            how=Closing.TOUCHED, at=judgement.at, in_time=in_time, sentence=judgement.sentence
        )
    if record is None:
        sentence = "Salesforce no longer has the record: it was deleted."
        return End(how=Closing.GONE, at=now, in_time=None, sentence=sentence)
    rules, who = policy.follow_through, record.modified_by
    if record.is_converted:
        sentence = f"{who} converted it; no first touch was seen before."
        return End(how=Closing.CONVERTED, at=record.modified_at, in_time=None, sentence=sentence)
    if record.status in rules.closed_statuses:
        recycled = record.status in rules.recycled_statuses
        return End(
            how=Closing.RECYCLED if recycled else Closing.DISQUALIFIED,
            at=record.modified_at,
            in_time=None,
            sentence=f'{who} closed it as "{record.status}" without a touch that was seen.',
        )
    return None


def _by_the_clock(handoff: Handoff, seen: Seen, policy: Policy, now: datetime) -> Rest | Climb:
    ladder = sorted(policy.ladder(handoff.segment), key=lambda rung: rung.after(handoff.target))
    left = [rung for rung in ladder if rung.name not in handoff.climbed]
    due = [rung for rung in left if due_at(handoff, rung, policy) <= now]
    if not due:
        soon = [due_at(handoff, rung, policy) for rung in left]
        until = min([*soon, now + policy.follow_through.look_every])
        return Rest(until=until, sentence="Nothing is due.")
    rung = due[-1]
    passed = tuple(one.name for one in due[:-1])
    return _climb(handoff, seen, policy, rung, because=_lateness(handoff, rung), passed=passed)


def _lateness(handoff: Handoff, rung: Rung) -> str:
    """How late it is, in words: `No first touch after 45m of the 30m there were`."""
    after = format_duration(rung.after(handoff.target))
    return f"No first touch after {after} (target {format_duration(handoff.target)})"


def _climb(
    handoff: Handoff,
    seen: Seen,
    policy: Policy,
    rung: Rung,
    *,
    because: str,
    passed: tuple[str, ...] = (),
) -> Climb:
    to, cover = _addressee(handoff, seen, policy)
    moves = _possible(rung.do, handoff, policy)
    told = f" {handoff.owner.name} is away ({seen.absence}), so {cover} is asked." if cover else ""
    return Climb(
        rung=rung.name,
        moves=moves,
        may=_possible(rung.model_options, handoff, policy),
        passed=passed,
        to=to,
        manager=manager_of(handoff, policy),
        puzzles=puzzles(handoff, seen),
        sentence=f"{because}: {_said(moves)}.{told}",
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


def _addressee(handoff: Handoff, seen: Seen, policy: Policy) -> tuple[str | None, str | None]:
    """Who gets the owner's messages, and the name of the cover when it isn't the owner."""
    answers = handoff.answers
    if seen.absence is None or answers is None:
        return answers, None
    user = policy.users.get(answers)
    cover = None if user is None else user.cover or user.manager
    if cover is None or cover not in policy.users:
        return answers, None
    return cover, policy.users[cover].name


_WORDS = {
    Move.REMIND: "the owner is reminded",
    Move.NUDGE: "the owner is told",
    Move.ESCALATE: "the manager is told",
    Move.REASSIGN: "it is to go to the next of the pool",
    Move.LIST: "it goes on the leakage list",
}


def _said(moves: Sequence[Move]) -> str:
    words = [_WORDS[move] for move in moves]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def puzzles(handoff: Handoff, seen: Seen) -> tuple[Puzzle, ...]:
    """Why a due case deserves a closer look; nothing for the plain ones."""
    if isinstance(seen.judgement, Touched) or is_queue(handoff):
        return ()
    found = {
        Puzzle.SAYS_DONE: handoff.accepted_at is not None,
        Puzzle.DOUBTFUL: bool(seen.judgement.doubtful),
        Puzzle.TWO_TALK: bool(seen.judgement.by_others),
        Puzzle.LEAD_ANSWERED: bool(seen.marketing_replies),
        Puzzle.SILENT_BUT_ONLINE: seen.online and handoff.accepted_at is not None,
    }
    return tuple(puzzle for puzzle, holds in found.items() if holds)
