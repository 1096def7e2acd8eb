"""What can be looked up about leads: who owns them and why, and their status."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from agent.conversation import requests
from agent.conversation.changes.decisions import allowed
from agent.conversation.changes.proposals import described, question
from agent.conversation.lookups.policies import territories
from agent.conversation.turn import (
    MOST_SHOWN,
    STATUS,
    Talk,
    asks,
    card,
    cards,
    failure,
    find,
    find_one,
    find_person,
    not_found,
    owner_of,
    proposed_owner,
)
from agent.ledger.stores.conversations import Known, Part
from agent.ledger.tables.decisions import DecisionRow
from agent.ledger.tables.states import CycleStatus
from agent.metrics import lead_history
from domain.conversation.answers import Answer, Ask, Card
from domain.conversation.permissions import Ability, circle, may
from domain.decision.cases import Outcome
from domain.follow_through.reasons import Escalated, Rotated
from domain.grammar import counted, listed
from domain.language import checks
from domain.values import CycleId

SOON = timedelta(hours=1)
"""What is due within this time is at risk."""
MOST_TOLD = 24
"""Lines of a story; the newest are told."""
DEEPEST = 3
"""How far a story goes into a decision: its sentences, not each of the gate's checks."""


def why(asked: requests.OneLead, talk: Talk) -> Answer:
    """Who owns a lead and why, from its decisions."""
    found = find_one(asked.lead, Ability.WHY, talk)
    if isinstance(found, Answer):
        return found
    decisions = talk.run.ledger.history.decisions(found.cycle)
    routed = [one for one in decisions if one.kind == "route"]
    lines = list(reasons(routed[-1], talk)) if routed else [f"Not routed: {talk.said(found.said)}"]
    lines += [f"{talk.at(one.at)}: {talk.said(one.said)}" for one in _since(decisions)[-5:]]
    source = talk.as_of()
    if routed:
        source += f". Decision {routed[-1].id} under policy {routed[-1].policy_version}"
    owner = owner_of(found, talk)
    whose = f"owner {owner}" if found.owner_name else owner
    buttons = [one for one in asks(found, talk) if one.label != "Why?"]
    buttons.append(Ask(label="Full history", says=f"history {found.lead}"))
    return Answer(
        title=f"{found.title}: {whose}.",
        lines=tuple(lines),
        cards=(card(found, talk, asks=buttons),),
        source=source,
    )


def _since(decisions: Sequence[DecisionRow]) -> list[DecisionRow]:
    """What was decided after the routing; what a later decision says again is told once."""
    later = [one for one in decisions if one.kind not in ("gate", "route")]
    again = [
        one.said.because
        for one in later
        if isinstance(one.said, Rotated) and isinstance(one.said.because, Escalated)
    ]
    return [one for one in later if one.said not in again]


def reasons(row: DecisionRow, talk: Talk) -> Iterator[str]:
    """What a routing decision rests on, from its certificate."""
    yield talk.said(row.said)
    yield checks.verdict(Outcome.model_validate_json(row.outcome).verdict, talk.zone)


def story(asked: requests.OneLead, talk: Talk) -> Answer:
    """Everything that happened to a lead, oldest first."""
    found = find_one(asked.lead, Ability.STORY, talk)
    if isinstance(found, Answer):
        return found
    told = lead_history.tell(talk.run.ledger, found.lead, talk.who.timezone)
    lines = [] if told is None else [text for depth, text in told.lines if depth <= DEEPEST]
    left_out = len(lines) - MOST_TOLD
    if left_out > 0:
        lines = [f"{counted(left_out, 'earlier line')} not shown", *lines[-MOST_TOLD:]]
    return Answer(
        title=f"History of {found.title}.",
        lines=tuple(lines),
        cards=(card(found, talk),),
        source=talk.as_of(),
    )


def search(asked: requests.Words, talk: Talk) -> Answer:
    """Leads by name or company."""
    found = find(asked.words, Ability.FIND, talk)
    if not found:
        return not_found(asked.words)
    return Answer(
        title=f'{counted(len(found), "lead")} found for "{asked.words}".',
        cards=cards(found, talk),
        source=talk.as_of(),
    )


def unworked(asked: requests.Where, talk: Talk) -> Answer:
    """Open leads with no first touch, the most overdue first."""
    owners, talks = circle(talk.who, Ability.UNWORKED), talk.run.ledger.conversations
    place = _place(asked.where, owners, talk)
    if isinstance(place, Answer):
        return place
    loads = talks.loads(place.part, talk.now, talk.now + SOON).values()
    late, open_ones = sum(one.late for one in loads), sum(one.open for one in loads)
    soon = sum(one.soon for one in loads)
    lines = [
        f"At risk, due within 1 h: {soon}.",
        f"On track: {open_ones - late - soon}.",
    ]
    if owners is None:
        waiting = talks.waiting(place.part)
        told = ", ".join(
            f"{count} {STATUS[CycleStatus(status)].lower()}"
            for status, count in sorted(waiting.items())
        )
        count = sum(waiting.values())
        lines.append(f"Not assigned yet: {count}{f' ({told})' if told else ''}.")
    elif len(owners) > 1 and place.part.owners == owners:
        lines.append("You see your own team's leads.")
    found = talks.in_hands(place.part, late_at=talk.now if late else None, limit=MOST_SHOWN)
    return Answer(
        title=_late(late, place.words),
        lines=tuple(lines),
        cards=cards(found, talk),
        source=talk.as_of(),
    )


def _late(count: int, where: str) -> str:
    if not count:
        return f"No open lead{where} has breached SLA."
    return f"{counted(count, 'open lead')}{where} {'has' if count == 1 else 'have'} breached SLA."


@dataclass(frozen=True)
class _Place:
    """A part of the business, and how a title says it."""

    part: Part
    words: str


def _place(where: str, owners: frozenset[str] | None, talk: Talk) -> _Place | Answer:
    """What a person means by a place, by the policy's own names, within what they may see."""
    wanted, policy = where.strip(), talk.policy
    if not wanted:
        return _Place(Part(owners), "")
    for segment in policy.segments:
        if segment.name.lower() == wanted.lower():
            return _Place(Part(owners, segment=segment.name), f" in {segment.name}")
    names = territories(wanted, policy)
    if names:
        return _Place(Part(owners, territories=names), f" in {wanted}")
    if wanted.lower() in ("my team", "team", "my reps"):
        team = talk.who.team | {talk.who.email}
        return _Place(Part(team if owners is None else owners & team), " in your team")
    person = find_person(where, policy)
    if isinstance(person, str):
        theirs = {person} if owners is None else owners & {person}
        is_self = person == talk.who.email
        words = " of yours" if is_self else f" owned by {policy.users[person].name}"
        return _Place(Part(theirs), words)
    if where.startswith("@"):
        return person
    known = sorted({*policy.regions, *(one.name for one in policy.segments)})
    return failure(f'I don\'t know "{where}".', f"Try a person, or one of: {', '.join(known)}.")


def waiting(_: requests.Nothing, talk: Talk) -> Answer:
    """Assignments, and changes that need two people, pending this person's approval."""
    rows = talk.run.ledger.approvals.pending()
    known = {
        one.cycle: one
        for one in talk.run.ledger.conversations.of_cycles([CycleId(row.cycle_id) for row in rows])
        if one.status is CycleStatus.APPROVAL
    }
    seen = [
        (row, known[CycleId(row.cycle_id)])
        for row in rows
        if CycleId(row.cycle_id) in known
        and may(talk.who, Ability.WAITING, proposed_owner(known[CycleId(row.cycle_id)], talk))
    ]
    changes = _changes_for(talk)
    shown = [
        card(one, talk, talk.said(row.said), asks=_yes_or_no(one, talk))
        for row, one in seen[:MOST_SHOWN]
    ]
    told = [
        counted(len(some), what)
        for some, what in ((seen, "assignment"), (changes, "change"))
        if some
    ]
    return Answer(
        title=f"Pending your approval: {listed(told) or 'nothing'}.",
        cards=(*changes[:MOST_SHOWN], *shown),
        source=talk.as_of(),
    )


def _yes_or_no(one: Known, talk: Talk) -> list[Ask]:
    if not may(talk.who, Ability.APPROVE, proposed_owner(one, talk)):
        return []
    yes = Ask(label="Approve", says=f"approve {one.lead}")
    return [yes, Ask(label="Deny", says=f"deny {one.lead}")]


def _changes_for(talk: Talk) -> list[Card]:
    """Changes that somebody asked for and this person may approve, with the buttons to do so."""
    users = talk.policy.users
    return [
        Card(
            title=question(one.changes[0], talk),
            lines=(f"Requested by {users[one.by].name}", *described(one)),
            proposal=one.id,
        )
        for one in talk.run.ledger.conversations.awaiting_another()
        if one.by != talk.who.email and one.by in users and one.expires_at > talk.now
        if all(allowed(talk.who, change) for change in one.changes)
    ]
