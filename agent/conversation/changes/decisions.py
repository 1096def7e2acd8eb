"""Approving or canceling a proposal: who may do so is decided here, and it counts once.

What was proposed is compared with how things stand now; anything else than what was shown is not
done. The decision and all that follows from it are written in one transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from agent.conversation.changes.corrections import bound_to_field
from agent.conversation.changes.proposals import bound
from agent.conversation.turn import Talk
from agent.effects.plan import plan
from agent.follow_through import rep_actions
from agent.follow_through.reassignment import hand_over
from agent.handoff.changes import watched
from agent.ledger.records import Correction, CycleFields, Decision, HeldOff, Hold, Step, Stop
from agent.ledger.stores.conversations import Asked, Known
from agent.ledger.tables.states import OPEN, CycleStatus
from agent.ledger.transaction.step import SET_OWNER, LateError
from agent.routing import approvals
from agent.run.context import RunContext
from domain.conversation.change_requests import (
    Change,
    Correct,
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
from domain.conversation.permissions import Ability, Principal, circle, may
from domain.decision.said import Directed
from domain.effects import CorrectField, SendReport
from domain.follow_through.handoff import Handoff, pause
from domain.follow_through.reasons import ByRequest
from domain.grammar import counted
from domain.routing.route import ToUser
from domain.time.moments import midnight
from domain.values import CycleId, DecisionId, LeadKey, canonical_json

PENDING = "pending"
GONE = "This request no longer exists."
UNSEEN = (
    "Somebody else must approve this in Slack, or signed in to the console. It was requested on a "
    "machine where nobody signs in, and can't be approved on one."
)
"""What two people must agree to takes one of whom more is known than that somebody says so."""
TRIES = 5
"""How often a word is carried out again when a lead was moved meanwhile."""
LeadChange = GiveTo | HoldBack | LetGo | PutOff | Correct | GateAgain | TryAgain | SayYes | SayNo
_GLOBAL = (Pause, Resume)


class _OvertakenError(Exception):
    """A change can't be carried out as it was shown; the text says why."""


def decide(wanted: str, *, yes: bool, by: Principal, context: RunContext) -> str:
    """Carry out or drop a proposal, and say to the person what came of it."""
    talks = context.ledger.conversations
    for _ in range(TRIES):
        asked = talks.proposal(wanted)
        if asked is None:
            return GONE
        if asked.state != PENDING:
            return f"Already decided. {asked.answer}"
        proposal = asked.proposal
        refusal = _refusal(proposal, yes=yes, by=by, context=context)
        if yes and proposal.two_person and asked.asserted_by and by.asserted_by:
            refusal = refusal or UNSEEN
        if refusal is not None:
            return refusal
        try:
            if _settled(proposal, yes=yes, by=by, context=context):
                break
        except LateError:
            continue
    else:
        return "This lead is being updated right now. Try again in a moment."
    return _said(talks.proposal(wanted))


def _said(asked: Asked | None) -> str:
    return GONE if asked is None else asked.answer


def _refusal(proposal: Proposal, *, yes: bool, by: Principal, context: RunContext) -> str | None:
    """Why this person's word does not count; None when it does."""
    if not yes and by.email == proposal.by:
        return None
    if not all(allowed(by, one) for one in proposal.changes):
        if any(isinstance(one, _GLOBAL) for one in proposal.changes):
            return "Only RevOps admins can do this."
        return "Only the owner's manager or a RevOps admin can approve this."
    if yes and proposal.two_person and by.email == proposal.by:
        return "Somebody else must approve this. You asked for it."
    rules = context.policy.conversation
    if yes and proposal.ability is Ability.GIVE:
        today = midnight(context.now, context.policy.timezone)
        given = context.ledger.conversations.given_since(today)
        if given + len(proposal.changes) > rules.reassignments_per_day:
            return f"Daily limit reached: {counted(given, 'lead')} reassigned by request today."
    return None


def allowed(by: Principal, change: Change) -> bool:
    """Whether somebody's word on a change counts, by their role and whose lead it is."""
    if isinstance(change, _GLOBAL):
        return circle(by, change.kind) is None
    if isinstance(change, GiveTo) and not may(by, Ability.GIVE, change.to):
        return False
    return may(by, change.kind, change.owner)


def _settled(proposal: Proposal, *, yes: bool, by: Principal, context: RunContext) -> bool:
    """Write the word with all that follows; False when somebody else was quicker."""
    talks, empty = context.ledger.conversations, Step(at=context.now)
    now = context.now
    if not yes:
        said = f"{_dropped(proposal, by)} by {by.name}. Nothing was changed."
        _tell_asker(empty, proposal, by, said, context)
        return talks.decide(proposal.id, "refused", by.email, said, step=empty, at=now)
    if now >= proposal.expires_at:
        said = "This request has expired. Nothing was changed; ask again."
        return talks.decide(proposal.id, "expired", by.email, said, step=empty, at=now)
    try:
        step = _step(proposal, by, context)
    except _OvertakenError as error:
        said = f"{_capital(str(error))} Nothing was changed; ask again."
        return talks.decide(proposal.id, "overtaken", by.email, said, step=empty, at=now)
    said = _done(proposal, by)
    _tell_asker(step, proposal, by, said, context)
    return talks.decide(proposal.id, "approved", by.email, said, step=step, at=now)


def _tell_asker(
    step: Step, proposal: Proposal, by: Principal, said: str, context: RunContext
) -> None:
    """Notify who asked that somebody else decided."""
    if by.email == proposal.by:
        return
    lines = tuple(f"{one.title}: {one.after}" for one in proposal.changes)
    told = SendReport(
        to=proposal.by,
        title="Your request was decided",
        intro=said,
        sections=(("Requested change", lines),),
    )
    cited = DecisionId(proposal.id)
    step.effects.append(plan(CycleId(""), told, cited, context.now, f"{proposal.id} decided"))


def _dropped(proposal: Proposal, by: Principal) -> str:
    return "Canceled" if by.email == proposal.by else "Denied"


def _done(proposal: Proposal, by: Principal) -> str:
    count = len(proposal.changes)
    first = proposal.changes[0]
    what = (
        f"{_capital(first.title)}: {first.after}" if count == 1 else f"{count} leads: {first.after}"
    )
    return f"Approved by {by.name}. {what}."


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _step(proposal: Proposal, by: Principal, context: RunContext) -> Step:
    """All that follows from a yes, as things stand now."""
    step = Step(at=context.now)
    cycles = [one.cycle for one in proposal.changes if not isinstance(one, _GLOBAL)]
    known = {one.cycle: one for one in context.ledger.conversations.of_cycles(cycles)}
    held = context.ledger.handoffs.several(cycles)
    for one in proposal.changes:
        if isinstance(one, _GLOBAL):
            _global(step, one, proposal, by, context)
            continue
        lead = known.get(one.cycle)
        if lead is None:
            raise _OvertakenError(f"{one.title} was triggered again in the meantime.")
        _check(one, lead, held.get(one.cycle), Talk(context, by, proposal.thread))
        decision = _directed(one, (one.cycle, one.lead), proposal, by, context)
        step.decisions.append(decision)
        theirs = held.get(one.cycle)
        in_hands = theirs if theirs is not None and theirs.state == OPEN else None
        under = context if in_hands is None else context.under(in_hands.handoff.policy)
        _Deed(step, in_hands, decision.id, by, under).carry_out(one)
    return step


def _check(one: Change, lead: Known, held: HeldOff | None, talk: Talk) -> None:
    """Raise unless a lead stands as it did when the change was shown."""
    if isinstance(one, TryAgain):
        given_up = {row.key for row in talk.run.ledger.conversations.given_up([one.lead])}
        stands = one.effect in given_up
    elif isinstance(one, Correct):
        stands = bound_to_field(lead, one.field, talk) == one.bound
    elif isinstance(one, GateAgain | SayYes | SayNo):
        stands = bound(lead, None) == one.bound
    else:
        stands = bound(lead, held) == one.bound
    if not stands:
        raise _OvertakenError(f"{one.title} has changed since: {talk.said(lead.said)}")


def _directed(
    one: Change,
    about: tuple[CycleId, LeadKey],
    proposal: Proposal,
    by: Principal,
    context: RunContext,
) -> Decision:
    """The change as the ledger keeps it: who asked, who said yes, and exactly what."""
    asker = context.policy.users.get(proposal.by)
    asked_by = None if proposal.by == by.email or asker is None else asker.name
    return Decision(
        cycle=about[0],
        lead=about[1],
        kind="directed",
        at=context.now,
        policy_version=context.policy.version,
        inputs=canonical_json(proposal),
        outcome=canonical_json(one),
        said=Directed(by=by.name, asked_by=asked_by, what=one.after),
    )


def _global(
    step: Step, one: Pause | Resume, proposal: Proposal, by: Principal, context: RunContext
) -> None:
    stopped = one.scope in context.ledger.conversations.stops()
    if stopped == isinstance(one, Pause):
        raise _OvertakenError(f"{one.title}: already done by somebody else.")
    nobody = (CycleId(""), LeadKey(""))
    step.decisions.append(_directed(one, nobody, proposal, by, context))
    if isinstance(one, Pause):
        step.stops.append(Stop(one.scope, by.email, one.reason, context.now))
    else:
        step.resumed.append(one.scope)


@dataclass(frozen=True)
class _Deed:
    """One change with all that it is carried out with."""

    step: Step
    held: HeldOff | None
    """The lead while it is open; None when it has no owner yet, or is closed."""
    decision: DecisionId
    by: Principal
    context: RunContext

    def carry_out(self, one: LeadChange) -> None:
        """Add to the step what a change leads to; raise when it can't be any more."""
        match one:
            case GiveTo() | PutOff():
                self._of_owned(one)
            case HoldBack() | LetGo():
                self._of_hold(one)
            case Correct():
                self._correct(one)
            case GateAgain():
                self.step.cycles[one.cycle] = CycleFields(
                    status=CycleStatus.OPEN, due_at=self.context.now, verdict_hash=None
                )
            case TryAgain():
                self._try_again(one)
            case SayYes() | SayNo():
                answer = approvals.approve if isinstance(one, SayYes) else approvals.deny
                if not answer(one.approval, self.by.email, self.context):
                    raise _OvertakenError(f"{one.title} was already decided.")

    def _try_again(self, one: TryAgain) -> None:
        """Send a write once more; an owner who was refused is decided again, by today's clock."""
        ledger = self.context.ledger
        given_up = {row.key: row.kind for row in ledger.conversations.given_up([one.lead])}
        if given_up.get(one.effect) == SET_OWNER and one.cycle in ledger.cycles.refused():
            self.step.cycles[one.cycle] = CycleFields(due_at=self.context.now)
        else:
            self.step.revived.append(one.effect)

    def _correct(self, one: Correct) -> None:
        """Keep the word, tell Marketo, and let the gate look again at what isn't routed."""
        told = CorrectField(
            lead=one.lead, field=one.field, words=one.words, value=one.value, was=one.was
        )
        now, rung = self.context.now, f"{one.field} {self.decision}"
        self.step.corrections.append(Correction(one.lead, one.field, one.value, self.by.email))
        self.step.effects.append(plan(one.cycle, told, self.decision, now, rung))
        if self.held is None:
            self.step.cycles[one.cycle] = CycleFields(due_at=now)

    def _of_owned(self, one: GiveTo | PutOff) -> None:
        if self.held is None:
            raise _OvertakenError(f"{one.title} is no longer open.")
        if isinstance(one, GiveTo):
            return self._give(one, self.held)
        answer = rep_actions.put_off(one.wanted, self.by.email, self.held, self.context, self.step)
        if not answer.changed:
            raise _OvertakenError(answer.said)
        return None

    def _give(self, one: GiveTo, held: HeldOff) -> None:
        """The write that gives it to its new owner, only if the present one still has it."""
        user, context = self.context.policy.users[one.to], self.context
        target = ToUser(email=one.to, name=user.name, user_id=one.to_id)
        why = ByRequest(by=self.by.name, owner=user.name, reason=one.reason)
        write = hand_over(held.handoff, None, target, why, self.decision, context)
        rung = f"stage {held.handoff.stage + 1} by {self.decision}"
        self.step.effects.append(plan(one.cycle, write, self.decision, context.now, rung))
        change = watched(held.handoff, why, held.version, context.policy)
        self.step.handoffs[one.cycle] = replace(change, listed_at=held.listed_at)

    def _of_hold(self, one: HoldBack | LetGo) -> None:
        if isinstance(one, HoldBack):
            self.step.holds.append(Hold(one.lead, self.by.name, one.reason, one.until))
        else:
            self.step.released.append(one.lead)
        if self.held is None:
            self.step.cycles[one.cycle] = CycleFields(due_at=self.context.now)
        elif isinstance(one, HoldBack):
            self._leave_alone(one, self.held)
        else:
            self._look_after(self.held)

    def _leave_alone(self, one: HoldBack, held: HeldOff) -> None:
        """The clock stands still until then; a hold counts as no snooze."""
        handoff, now = held.handoff, self.context.now
        start = max(now, handoff.snoozed_until or now)
        end = max(one.until, start)
        stood = pause(handoff, start, end, self.context.policy)
        quiet = {"snoozed_until": end, "paused": handoff.paused + stood}
        self._look_at(handoff.model_copy(update=quiet), held, end)

    def _look_after(self, held: HeldOff) -> None:
        """The clock runs again from now: what is left of the hold is taken back."""
        handoff, now = held.handoff, self.context.now
        left = timedelta()
        if handoff.snoozed_until is not None and handoff.snoozed_until > now:
            left = pause(handoff, now, handoff.snoozed_until, self.context.policy)
        awake = {"snoozed_until": None, "paused": max(timedelta(), handoff.paused - left)}
        self._look_at(handoff.model_copy(update=awake), held, now)

    def _look_at(self, handoff: Handoff, held: HeldOff, due: datetime) -> None:
        change = watched(handoff, held.said, held.version, self.context.policy, due, held.listed_at)
        self.step.handoffs[handoff.cycle] = change


def expired(context: RunContext) -> Sequence[str]:
    """Let proposals end whose time is over; says which."""
    over = [one for one in context.ledger.conversations.pending() if one.expires_at <= context.now]
    said = "This request expired without a decision. Nothing was changed."
    for one in over:
        step = Step(at=context.now)
        context.ledger.conversations.decide(one.id, "expired", "", said, step=step, at=context.now)
    return [one.id for one in over]
