"""Changes as they are asked for: checked, put into words by code, and kept for a person's word."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from agent.conversation import requests
from agent.conversation.changes.corrections import UNROUTED, correct
from agent.conversation.turn import (
    THIS,
    Talk,
    card,
    failure,
    find,
    find_one,
    find_person,
    proposed_owner,
    standing,
)
from agent.effects.plan import plan
from agent.ledger.records import HeldOff, Step
from agent.ledger.stores.conversations import Known
from agent.ledger.tables.states import OPEN, CycleStatus
from agent.routing import roster
from agent.run.pauses import stops
from domain.conversation.answers import Answer
from domain.conversation.change_requests import (
    WORKER,
    Change,
    GateAgain,
    GiveTo,
    HoldBack,
    LetGo,
    Pause,
    Proposal,
    PutOff,
    Resume,
    SayNo,
    SayYes,
    TryAgain,
)
from domain.conversation.permissions import Ability, circle, may, principal
from domain.effects import SendReport
from domain.follow_through.handoff import Handoff
from domain.routing.availability import absence
from domain.routing.route import Subject
from domain.time.durations import format_duration
from domain.time.moments import coming, length
from domain.values import CycleId, DecisionId, EffectKey, content_hash

Proposing = Callable[[Any, Talk], Sequence[Change] | Answer]


def propose(ability: Ability, asked: requests.Arguments, talk: Talk) -> Answer:
    """Keep a proposal and show what it would change; nothing is changed by it."""
    changes = PROPOSALS[ability](asked, talk)
    if isinstance(changes, Answer):
        return changes
    most = talk.policy.conversation.most_at_once
    if len(changes) > most:
        return failure(
            f"That would change {len(changes)} leads; at most {most} at once.",
            "Name fewer of them.",
        )
    proposal = _kept(changes, talk)
    talk.run.ledger.conversations.propose(proposal, asking_another(proposal, talk))
    return shown(proposal, talk)


def asking_another(proposal: Proposal, talk: Talk) -> Step:
    """Tell the person who may approve what two people must want: the manager, else operations."""
    step, users = Step(at=talk.now), talk.policy.users
    if not proposal.two_person:
        return step
    manager = users[talk.who.email].manager
    operations = [email for email, user in users.items() if user.role == "ops"]
    others = [one for one in dict.fromkeys([manager, *operations]) if one and one != talk.who.email]
    can = [
        one
        for one in others
        if (who := principal(one, talk.policy)) is not None
        and all(may(who, change.kind, change.owner) for change in proposal.changes)
    ]
    for email in can[:1]:
        told = SendReport(
            to=email,
            title=f"{talk.who.name} asks for your word",
            intro=f"Say `approvals` to me; it waits until {talk.at(proposal.expires_at)}.",
            sections=(("What would change", tuple(described(proposal))),),
        )
        cited = DecisionId(proposal.id)
        step.effects.append(plan(CycleId(""), told, cited, talk.now, f"{proposal.id} {email}"))
    return step


def _kept(changes: Sequence[Change], talk: Talk) -> Proposal:
    rules = talk.policy.conversation
    ability = changes[0].kind
    said = "\n".join(one.model_dump_json() for one in changes)
    return Proposal(
        id="c" + content_hash(f"{talk.thread}\n{talk.now.isoformat()}\n{said}"),
        by=talk.who.email,
        thread=talk.thread,
        changes=tuple(changes),
        requested_at=talk.now,
        expires_at=talk.now + rules.proposal,
        two_person=ability in rules.two_person,
    )


def shown(proposal: Proposal, talk: Talk) -> Answer:
    """Exactly what a proposal changes, with the buttons to decide it."""
    lines, count = described(proposal), len(proposal.changes)
    if proposal.two_person:
        lines.append("Somebody else than you must approve it; they find it under: approvals")
    one = proposal.changes[0]
    return Answer(
        title=_question(one, talk) if count == 1 else f"{_VERBS[one.kind]} all {count}?",
        lines=tuple(lines),
        source=f"Nothing is changed yet. Waits until {talk.at(proposal.expires_at)}",
        proposal=proposal.id,
        about=tuple(one.cycle for one in proposal.changes if not isinstance(one, Pause | Resume)),
    )


_VERBS = {
    Ability.GIVE: "Give",
    Ability.HOLD: "Hold",
    Ability.RELEASE: "Release",
    Ability.SNOOZE: "Snooze",
    Ability.CORRECT: "Correct",
    Ability.GATE_AGAIN: "Look again at",
    Ability.TRY_AGAIN: "Try again",
    Ability.APPROVE: "Approve",
    Ability.DENY: "Deny",
}


def _question(one: Change, talk: Talk) -> str:
    if isinstance(one, Pause | Resume):
        return f"{one.title}?"
    to = f" to {talk.policy.users[one.to].name}" if isinstance(one, GiveTo) else ""
    return f"{_VERBS[one.kind]} {one.title}{to}?"


def described(proposal: Proposal) -> list[str]:
    """What a proposal changes, line by line: how it is, and how it will be."""
    lines: list[str] = []
    for one in proposal.changes:
        lines += [one.title] if len(proposal.changes) > 1 else []
        lines += [f"Now: {one.before}", f"Then: {one.after}"]
    return lines


def give(asked: requests.Giving, talk: Talk) -> Sequence[Change] | Answer:
    """A lead in somebody's hands to somebody else."""
    found = find_one(asked.lead, Ability.GIVE, talk)
    if isinstance(found, Answer):
        return found
    held = talk.run.ledger.handoffs.get(found.cycle)
    if held is None or held.state != OPEN:
        return failure(
            f"{found.title} is in nobody's hands now.", standing(found, talk), about=found
        )
    person = find_person(asked.to, talk.policy)
    if isinstance(person, Answer):
        return person
    user = talk.policy.users[person]
    if not may(talk.who, Ability.GIVE, person):
        return failure(f"{user.name} is not in your team; sales operations can do this.")
    if person == held.handoff.answers:
        return failure(f"{user.name} has it already.")
    other = _other_owner(held.handoff, talk)
    if other is not None:
        return failure(f"Salesforce has {other}.", "Ask again when I have looked, in a minute.")
    member = roster.route_inputs(talk.run).roster.members.get(person)
    if member is None or member.user_id is None or not member.is_active:
        return failure(f"{user.name} has no active user in Salesforce.")
    away = absence(member, user, talk.policy.calendars[user.calendar], talk.now, at_work=False)
    note = f" (careful: {away})" if away else ""
    reason = asked.reason.strip() or "no reason given"
    return [
        GiveTo(
            title=found.title,
            before=f"with {held.handoff.owner.name}",
            after=f"with {user.name}{note}, a new clock starts; reason: {reason}",
            owner=found.owner,
            bound=bound(found, held),
            cycle=found.cycle,
            lead=found.lead,
            to=person,
            to_id=member.user_id,
            reason=reason,
        )
    ]


def _other_owner(handoff: Handoff, talk: Talk) -> str | None:
    """Who owns a record by Salesforce, when the ledger has not seen it yet; None when it has."""
    subject = Subject(
        record_id=handoff.record_id, kind=handoff.record_kind, expected_owner=handoff.owner.id
    )
    state = talk.run.crm.owner_states({handoff.lead: subject}).get(handoff.lead)
    if state is None or state.is_deleted:
        return f"{handoff.title} no more"
    if state.owner.id != handoff.owner.id:
        return f"{handoff.title} with {state.owner.name} by now"
    return None


def hold(asked: requests.Holding, talk: Talk) -> Sequence[Change] | Answer:
    """All leads that are meant, left alone until then."""
    until = coming(asked.until, talk.now, talk.who.timezone)
    if until is None:
        return failure(
            f'I can\'t read "{asked.until}" as a moment ahead.', "Say Thursday, 3d or 2026-11-30."
        )
    longest = talk.policy.conversation.longest_hold
    if until - talk.now > longest:
        return failure(f"A lead can be held for at most {format_duration(longest)}.")
    found = [
        one for one in find(asked.lead, Ability.HOLD, talk) if one.is_open or one.status in UNROUTED
    ]
    if not found:
        return failure(f'I know no open lead "{asked.lead}" that you may hold.')
    held = talk.run.ledger.handoffs.several([one.cycle for one in found])
    reason = asked.reason.strip() or "no reason given"
    return [
        HoldBack(
            title=one.title,
            before=standing(one, talk),
            after=f"left alone until {talk.at(until)}; reason: {reason}",
            owner=one.owner,
            bound=bound(one, held.get(one.cycle)),
            cycle=one.cycle,
            lead=one.lead,
            until=until,
            reason=reason,
        )
        for one in found
    ]


def release(asked: requests.OneLead, talk: Talk) -> Sequence[Change] | Answer:
    """All leads that are meant, no longer left alone."""
    found = find(asked.lead, Ability.RELEASE, talk)
    holds = talk.run.ledger.conversations.held([one.lead for one in found])
    found = [one for one in found if one.lead in holds]
    if not found:
        return failure(f'Nobody holds back a lead "{asked.lead}" that you may release.')
    held = talk.run.ledger.handoffs.several([one.cycle for one in found])
    return [
        LetGo(
            title=one.title,
            before=f"held by {holds[one.lead]}",
            after="looked after again from now on",
            owner=one.owner,
            bound=bound(one, held.get(one.cycle)),
            cycle=one.cycle,
            lead=one.lead,
        )
        for one in found
    ]


def snooze(asked: requests.Snoozing, talk: Talk) -> Sequence[Change] | Answer:
    """One lead, put off within the policy's limits."""
    wanted = length(asked.lasting)
    if not wanted:
        return failure(f'I can\'t read "{asked.lasting}" as a length of time.', "Say 30m or 2h.")
    found = find_one(asked.lead, Ability.SNOOZE, talk)
    if isinstance(found, Answer):
        return found
    held = talk.run.ledger.handoffs.get(found.cycle)
    if held is None or held.state != OPEN:
        return failure(
            f"{found.title} is in nobody's hands now.", standing(found, talk), about=found
        )
    return [
        PutOff(
            title=found.title,
            before=standing(found, talk),
            after=f"no reminder for {format_duration(wanted)}; the clock stands still",
            owner=found.owner,
            bound=bound(found, held),
            cycle=found.cycle,
            lead=found.lead,
            stage=held.handoff.stage,
            wanted=wanted,
        )
    ]


def gate_again(asked: requests.OneLead, talk: Talk) -> Sequence[Change] | Answer:
    """One lead that is not routed, looked at again."""
    found = find_one(asked.lead, Ability.GATE_AGAIN, talk)
    if isinstance(found, Answer):
        return found
    if found.status not in (*UNROUTED, CycleStatus.REJECTED):
        return failure(f"{found.title} is past the gate.", standing(found, talk), about=found)
    return [
        GateAgain(
            title=found.title,
            before=standing(found, talk),
            after="judged again at the next look, within a minute or two",
            owner=found.owner,
            bound=bound(found, None),
            cycle=found.cycle,
            lead=found.lead,
        )
    ]


def try_again(asked: requests.OneLead, talk: Talk) -> Sequence[Change] | Answer:
    """All writes about one lead that were given up."""
    found = find_one(asked.lead, Ability.TRY_AGAIN, talk)
    if isinstance(found, Answer):
        return found
    rows = talk.run.ledger.conversations.given_up([found.lead])
    if not rows:
        return failure(f"No write about {found.title} was given up.", about=found)
    return [
        TryAgain(
            title=f"{found.title}: {row.kind.replace('_', ' ')}",
            before=f"given up: {(row.receipt or {}).get('words', 'no answer')}",
            after="tried again at the next look, once it is sure that it did not happen",
            owner=found.owner,
            bound=row.state,
            cycle=found.cycle,
            lead=found.lead,
            effect=EffectKey(row.key),
        )
        for row in rows
    ]


def approve(asked: requests.OneLead, talk: Talk) -> Sequence[Change] | Answer:
    """An assignment that waits for a word, let happen."""
    found = _awaited(asked, Ability.APPROVE, talk)
    if isinstance(found, Answer):
        return found
    one, approval, sentence = found
    return [
        SayYes(
            title=one.title,
            before=f"waits for a word: {sentence}",
            after="written in Salesforce at the next look",
            owner=proposed_owner(one, talk),
            bound=bound(one, None),
            cycle=one.cycle,
            lead=one.lead,
            approval=approval,
        )
    ]


def deny(asked: requests.OneLead, talk: Talk) -> Sequence[Change] | Answer:
    """An assignment that waits for a word, refused."""
    found = _awaited(asked, Ability.DENY, talk)
    if isinstance(found, Answer):
        return found
    one, approval, sentence = found
    return [
        SayNo(
            title=one.title,
            before=f"waits for a word: {sentence}",
            after="put aside, unassigned; only a new trigger brings it up again",
            owner=proposed_owner(one, talk),
            bound=bound(one, None),
            cycle=one.cycle,
            lead=one.lead,
            approval=approval,
        )
    ]


def _awaited(
    asked: requests.OneLead, ability: Ability, talk: Talk
) -> tuple[Known, str, str] | Answer:
    """The one lead that is meant among those whose assignment waits for a word."""
    rows = {row.cycle_id: row for row in talk.run.ledger.approvals.pending()}
    talks = talk.run.ledger.conversations
    if asked.lead.strip().lower() in THIS:
        meant = talks.of_cycles(list(talk.about[:1]))
    else:
        meant = talks.search(asked.lead.replace(",", " ").split())
    found = [
        one
        for one in meant
        if one.cycle in rows and may(talk.who, ability, proposed_owner(one, talk))
    ]
    if not found:
        return failure(f'No assignment of "{asked.lead}" waits for your word.')
    if len(found) > 1:
        cards = tuple(card(one, talk) for one in found)
        return Answer(title=f"{len(found)} fit. Which one?", cards=cards, is_failure=True)
    row = rows[found[0].cycle]
    return found[0], row.id, row.sentence


def pause(asked: requests.Scope, talk: Talk) -> Sequence[Change] | Answer:
    """All writes of a segment or of the worker, stopped."""
    scope = _scope(asked.scope, talk)
    if isinstance(scope, Answer):
        return scope
    stopped = stops(talk.run)
    if scope in stopped:
        by, why = stopped[scope].by, stopped[scope].reason
        return failure(f"{scope} is paused already, by {by}: {why}")
    what = "nothing is written or sent any more" if scope == WORKER else "its leads wait"
    reason = asked.reason.strip() or "no reason given"
    return [
        Pause(
            title=f"Pause: {scope}",
            before="at work",
            after=f"{what}, until somebody resumes it; reason: {reason}",
            bound="at work",
            scope=scope,
            reason=reason,
        )
    ]


def resume(asked: requests.Scope, talk: Talk) -> Sequence[Change] | Answer:
    """The end of a pause."""
    scope = _scope(asked.scope, talk)
    if isinstance(scope, Answer):
        return scope
    stop = talk.run.ledger.conversations.stops().get(scope)
    if stop is None:
        other = stops(talk.run).get(scope)
        return (
            failure(f"{scope} is not paused by a word.", f"It is by {other.by}: {other.reason}.")
            if other
            else failure(f"{scope} is not paused.")
        )
    return [
        Resume(
            title=f"Resume: {scope}",
            before=f"paused since {talk.at(stop.at)} by {stop.by}: {stop.reason}",
            after="at work; what is due happens at the next look",
            bound="paused",
            scope=scope,
        )
    ]


def _scope(wanted: str, talk: Talk) -> str | Answer:
    """The scope of a pause; it stops other people's leads, so it takes a reach over all."""
    if circle(talk.who, Ability.PAUSE) is not None:
        return failure("Only sales operations can pause and resume.")
    text = wanted.strip().lower()
    if text in ("", WORKER, "everything", "all"):
        return WORKER
    for segment in talk.policy.segments:
        if segment.name.lower() == text:
            return segment.name
    names = ", ".join(one.name for one in talk.policy.segments)
    return failure(f'There is no segment "{wanted}".', f"There are: {names}; or say worker.")


def bound(found: Known, held: HeldOff | None) -> str:
    """What a change rests on: where a lead stands, whose it is, and how long it is put off."""
    if held is None:
        return content_hash(f"{found.cycle} {found.status} {found.sentence}")
    handoff = held.handoff
    return content_hash(
        f"{found.cycle} {held.state} {handoff.stage} {handoff.owner.id} {handoff.snoozed_until} "
        f"{handoff.disputed}"
    )


PROPOSALS: Mapping[Ability, Proposing] = {
    Ability.GIVE: give,
    Ability.HOLD: hold,
    Ability.RELEASE: release,
    Ability.SNOOZE: snooze,
    Ability.CORRECT: correct,
    Ability.GATE_AGAIN: gate_again,
    Ability.TRY_AGAIN: try_again,
    Ability.APPROVE: approve,
    Ability.DENY: deny,
    Ability.PAUSE: pause,
    Ability.RESUME: resume,
}
"""Every ability that changes something."""
