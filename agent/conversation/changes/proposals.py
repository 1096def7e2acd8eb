"""Changes as they are asked for: checked, worded by code, and kept for a person to approve."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from agent.conversation import requests
from agent.conversation.changes.corrections import UNROUTED, correct, told_reason
from agent.conversation.turn import (
    THIS,
    Talk,
    card,
    closed,
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
from domain.grammar import capitalized, counted, lasting, moment
from domain.language import facts, names
from domain.policy.model import zone_of
from domain.routing.availability import absence
from domain.routing.route import Subject
from domain.time.moments import coming, length
from domain.values import CycleId, DecisionId, EffectKey, canonical_json, content_hash

Proposing = Callable[[Any, Talk], Sequence[Change] | Answer]


def propose(ability: Ability, asked: requests.Arguments, talk: Talk) -> Answer:
    """Keep a proposal and show what it would change; nothing is changed by it."""
    changes = PROPOSALS[ability](asked, talk)
    if isinstance(changes, Answer):
        return changes
    most = talk.policy.conversation.most_at_once
    if len(changes) > most:
        return failure(
            f"That would change {counted(len(changes), 'lead')}. The limit is {most} at once.",
            "Name fewer leads.",
        )
    proposal = _kept(changes, talk)
    talk.run.ledger.conversations.propose(
        proposal, asking_another(proposal, talk), asserted_by=talk.who.asserted_by
    )
    return shown(proposal, talk)


def asking_another(proposal: Proposal, talk: Talk) -> Step:
    """Ask whoever may approve what needs two people: the manager, else a RevOps admin."""
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
        zone = zone_of(email, talk.policy)
        told = SendReport(
            to=email,
            title=f"Approval request from {talk.who.name}",
            intro=f'Expires {moment(proposal.expires_at, zone)}. To decide, send me "approvals".',
            sections=(("Requested change", tuple(described(proposal))),),
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
        lines.append('Somebody else must approve this. They find it under "approvals".')
    one = proposal.changes[0]
    return Answer(
        title=question(one, talk) if count == 1 else f"{VERBS[one.kind]} all {count} leads?",
        lines=tuple(lines),
        source=f"Nothing has changed yet. Expires {talk.at(proposal.expires_at)}",
        proposal=proposal.id,
        yes=VERBS[one.kind],
        about=tuple(one.cycle for one in proposal.changes if not isinstance(one, Pause | Resume)),
    )


VERBS: Mapping[Ability, str] = {
    Ability.GIVE: "Reassign",
    Ability.HOLD: "Hold",
    Ability.RELEASE: "Release",
    Ability.SNOOZE: "Snooze",
    Ability.CORRECT: "Correct",
    Ability.GATE_AGAIN: "Check again",
    Ability.TRY_AGAIN: "Retry",
    Ability.APPROVE: "Approve",
    Ability.DENY: "Deny",
    Ability.PAUSE: "Pause",
    Ability.RESUME: "Resume",
}
"""What each change is called on its button and in its question."""


def question(one: Change, talk: Talk) -> str:
    """What is asked before a change: what will happen, to whom."""
    match one:
        case Pause() | Resume():
            return f"{one.title}?"
        case GiveTo():
            return f"Reassign {one.title} to {talk.policy.users[one.to].name}?"
        case GateAgain():
            return f"Check {one.title} again?"
        case _:
            return f"{VERBS[one.kind]} {one.title}?"


def described(proposal: Proposal) -> list[str]:
    """What a proposal changes, line by line: how it is, and how it will be."""
    lines: list[str] = []
    for one in proposal.changes:
        lines += [one.title] if len(proposal.changes) > 1 else []
        lines += [f"Now: {one.before}", f"After: {one.after}"]
    return lines


def give(asked: requests.Giving, talk: Talk) -> Sequence[Change] | Answer:
    """An open lead to another owner."""
    found = find_one(asked.lead, Ability.GIVE, talk)
    if isinstance(found, Answer):
        return found
    held = talk.run.ledger.handoffs.get(found.cycle)
    if held is None or held.state != OPEN:
        return closed(found, talk)
    person = find_person(asked.to, talk.policy)
    if isinstance(person, Answer):
        return person
    user = talk.policy.users[person]
    if not may(talk.who, Ability.GIVE, person):
        return failure(f"{user.name} is not on your team. Only RevOps admins can do this.")
    if person == held.handoff.answers:
        return failure(f"{user.name} already owns {found.title}.")
    other = _other_owner(held.handoff, talk)
    if other is not None:
        return failure(other, "Ask again in a minute, after the next sync.")
    member = roster.route_inputs(talk.run).roster.members.get(person)
    if member is None or member.user_id is None or not member.is_active:
        return failure(f"{user.name} has no active Salesforce user.")
    away = absence(member, user, talk.policy.calendars[user.calendar], talk.now, at_work=False)
    note = f" (not available now: {facts.absence(away, talk.zone)})" if away else ""
    because = told_reason(asked.reason)
    reason = asked.reason.strip() or "no reason given"
    return [
        GiveTo(
            title=found.title,
            before=f"owner {held.handoff.owner.name}",
            after=f"reassigned to {user.name}{note}; the SLA clock restarts; {because}",
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
    """What Salesforce shows of a record that was not synced yet; None when nothing changed."""
    subject = Subject(
        record_id=handoff.record_id, kind=handoff.record_kind, expected_owner=handoff.owner.id
    )
    state = talk.run.crm.owner_states({handoff.lead: subject}).get(handoff.lead)
    if state is None or state.is_deleted:
        return f"{handoff.title} was deleted in Salesforce."
    if state.owner.id != handoff.owner.id:
        return f"In Salesforce, {state.owner.name} owns {handoff.title} now."
    return None


def hold(asked: requests.Holding, talk: Talk) -> Sequence[Change] | Answer:
    """All leads that are meant, on hold until then."""
    until = coming(asked.until, talk.now, talk.who.timezone)
    if until is None:
        return failure(
            f'I don\'t understand "{asked.until}" as a date ahead.',
            "Try Thursday, 3d or 2026-11-30.",
        )
    longest = talk.policy.conversation.longest_hold
    if until - talk.now > longest:
        return failure(f"A lead can be on hold for at most {lasting(longest)}.")
    found = [
        one for one in find(asked.lead, Ability.HOLD, talk) if one.is_open or one.status in UNROUTED
    ]
    if not found:
        return failure(f'I can\'t find an open lead "{asked.lead}" that you can put on hold.')
    held = talk.run.ledger.handoffs.several([one.cycle for one in found])
    reason = asked.reason.strip() or "no reason given"
    return [
        HoldBack(
            title=one.title,
            before=standing(one, talk),
            after=f"on hold until {talk.at(until)}; {told_reason(asked.reason)}",
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
    """All leads that are meant, no longer on hold."""
    found = find(asked.lead, Ability.RELEASE, talk)
    holds = talk.run.ledger.conversations.held([one.lead for one in found])
    found = [one for one in found if one.lead in holds]
    if not found:
        named_one = f' "{asked.lead}"' if asked.lead else ""
        return failure(f"I can't find a lead{named_one} on hold that you can release.")
    held = talk.run.ledger.handoffs.several([one.cycle for one in found])
    return [
        LetGo(
            title=one.title,
            before=f"on hold by {holds[one.lead].by}: {holds[one.lead].reason}",
            after="hold ended; routing and reminders resume",
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
        return failure(
            f'I don\'t understand "{asked.lasting}" as a length of time.', "Try 30m or 2h."
        )
    found = find_one(asked.lead, Ability.SNOOZE, talk)
    if isinstance(found, Answer):
        return found
    held = talk.run.ledger.handoffs.get(found.cycle)
    if held is None or held.state != OPEN:
        return closed(found, talk)
    return [
        PutOff(
            title=found.title,
            before=standing(found, talk),
            after=f"snoozed for {lasting(wanted)}; the SLA clock is paused",
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
        return failure(f"{found.title} is already routed.", standing(found, talk), about=found)
    return [
        GateAgain(
            title=found.title,
            before=standing(found, talk),
            after="checked again on the next run, within 2 minutes",
            owner=found.owner,
            bound=bound(found, None),
            cycle=found.cycle,
            lead=found.lead,
        )
    ]


def try_again(asked: requests.OneLead, talk: Talk) -> Sequence[Change] | Answer:
    """All failed updates of one lead."""
    found = find_one(asked.lead, Ability.TRY_AGAIN, talk)
    if isinstance(found, Answer):
        return found
    rows = talk.run.ledger.conversations.given_up([found.lead])
    if not rows:
        return failure(f"{found.title} has no failed updates.", about=found)
    return [
        TryAgain(
            title=f"{found.title}: {names.UPDATES[row.kind]}",
            before=f"failed: {(row.receipt or {}).get('words', 'no answer')}",
            after="retried on the next run, unless it went through after all",
            owner=found.owner,
            bound=row.state,
            cycle=found.cycle,
            lead=found.lead,
            effect=EffectKey(row.key),
        )
        for row in rows
    ]


def approve(asked: requests.OneLead, talk: Talk) -> Sequence[Change] | Answer:
    """An assignment that is pending approval, approved."""
    found = _awaited(asked, Ability.APPROVE, talk)
    if isinstance(found, Answer):
        return found
    one, approval, sentence = found
    return [
        SayYes(
            title=one.title,
            before=f"pending approval: {sentence}",
            after="assigned in Salesforce on the next run",
            owner=proposed_owner(one, talk),
            bound=bound(one, None),
            cycle=one.cycle,
            lead=one.lead,
            approval=approval,
        )
    ]


def deny(asked: requests.OneLead, talk: Talk) -> Sequence[Change] | Answer:
    """An assignment that is pending approval, denied."""
    found = _awaited(asked, Ability.DENY, talk)
    if isinstance(found, Answer):
        return found
    one, approval, sentence = found
    return [
        SayNo(
            title=one.title,
            before=f"pending approval: {sentence}",
            after="not assigned; only a new trigger routes it again",
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
    """The one lead that is meant among those whose assignment is pending approval."""
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
        of_whom = f' of "{asked.lead}"' if asked.lead else ""
        return failure(f"I can't find an assignment{of_whom} pending your approval.")
    if len(found) > 1:
        cards = tuple(card(one, talk) for one in found)
        return Answer(title=f"{len(found)} leads match. Which one?", cards=cards, is_failure=True)
    row = rows[found[0].cycle]
    return found[0], row.id, talk.said(row.said)


def pause(asked: requests.Scope, talk: Talk) -> Sequence[Change] | Answer:
    """All writes of a segment or of the worker, stopped."""
    scope = _scope(asked.scope, talk)
    if isinstance(scope, Answer):
        return scope
    stopped = stops(talk.run)
    if scope in stopped:
        by, why = talk.name_of(stopped[scope].by), stopped[scope].reason
        return failure(f"{named(scope)} is already paused by {by}: {why}")
    stopping = "no updates or messages" if scope == WORKER else "its leads wait"
    reason = asked.reason.strip() or "no reason given"
    return [
        Pause(
            title=f"Pause {named(scope)}",
            before="running",
            after=f"{stopping} until resumed; {told_reason(asked.reason)}",
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
            failure(
                f"{capitalized(named(scope))} is paused by {other.by}, not from here.", other.reason
            )
            if other
            else failure(f"{capitalized(named(scope))} is not paused.")
        )
    return [
        Resume(
            title=f"Resume {named(scope)}",
            before=f"paused since {talk.at(stop.at)} by {talk.name_of(stop.by)}: {stop.reason}",
            after="running; everything due happens on the next run",
            bound="paused",
            scope=scope,
        )
    ]


def _scope(wanted: str, talk: Talk) -> str | Answer:
    """The scope of a pause; it stops other people's leads, so it takes a reach over all."""
    if circle(talk.who, Ability.PAUSE) is not None:
        return failure("Only RevOps admins can pause and resume.")
    text = wanted.strip().lower()
    if text in ("", WORKER, "everything", "all"):
        return WORKER
    for segment in talk.policy.segments:
        if segment.name.lower() == text:
            return segment.name
    names = ", ".join(one.name for one in talk.policy.segments)
    return failure(f'There is no segment "{wanted}".', f"Segments: {names}. Or pause the worker.")


def named(scope: str) -> str:
    """What a pause is about, in words."""
    return "the worker" if scope == WORKER else scope


def bound(found: Known, held: HeldOff | None) -> str:
    """What a change rests on: where a lead stands, whose it is, and how long it is put off."""
    if held is None:
        said = "" if found.said is None else canonical_json(found.said)
        return content_hash(f"{found.cycle} {found.status} {said}")
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
