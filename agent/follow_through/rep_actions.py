"""What a press of a button in Slack leads to. Who may press is decided here, in code.

Pure but for what the ledger and the vendors are asked: the answer is a step for the ledger, and a
sentence for the person. The same press twice has one effect; one that came too late changes
nothing and says so.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum

from agent.effects.plan import plan
from agent.handoff.changes import watched
from agent.ledger.records import Decision, Dispute, HandoffChange, HeldOff, Step
from agent.ledger.tables.handoffs import DisputeRow
from agent.ledger.tables.states import OPEN
from agent.ledger.transaction.step import LateError
from agent.notifications.manager import manager_message, writing_time
from agent.run.context import RunContext
from domain.decision.said import Accepted, CallLogged, Disputed, Ruled, Said, Snoozed
from domain.effects import LogCall
from domain.follow_through.handoff import Handoff, manager_of, pause
from domain.follow_through.reasons import Disowned
from domain.grammar import counted, lasting, moment
from domain.language import operations, rep
from domain.language.manager import dispute as dispute_told
from domain.policy.follow_through import DisputeReason
from domain.policy.model import Policy, zone_of
from domain.values import CycleId, LeadKey, canonical_json, content_hash

STRANGER = "Your email isn't in the routing policy. Ask a RevOps admin to add you."
"""What somebody reads whom the policy doesn't name."""
TRIES = 5
"""How often an answer is made again when the lead was moved meanwhile."""


class Verb(StrEnum):
    """What can be pressed."""

    ON_IT = "on_it"
    LOG_CALL = "log_call"
    SNOOZE = "snooze"
    NOT_MINE = "not_mine"
    GIVE_ON = "give_on"
    KEEP = "keep"


@dataclass(frozen=True)
class Press:
    """One press, as Slack tells it."""

    id: str
    """The same press delivered twice has the same id."""
    user: str
    """Slack's id of who pressed, signed by Slack; or the email address of who signed in."""
    verb: Verb
    cycle: CycleId
    stage: int = 0
    fields: Mapping[str, str] = field(default_factory=dict[str, str])
    """What was filled in: `seconds`, `reason`, `note`, `outcome`, `dispute`."""


@dataclass(frozen=True)
class Answer:
    """What a press leads to."""

    said: str
    """What the person reads."""
    step: Step
    changed: bool = True


def keep(pressed: Press, context: RunContext) -> str | None:
    """Keep a press, durably; what was answered when it came before, else None."""
    body = {"cycle": pressed.cycle, "stage": pressed.stage, "fields": dict(pressed.fields)}
    clicks = context.ledger.clicks
    return clicks.keep(pressed.id, pressed.user, pressed.verb, body, context.now)


def carry_out(pressed: Press, context: RunContext) -> str:
    """Carry out a press that is kept, once, and say to the person what came of it."""
    clicks = context.ledger.clicks
    for _ in range(TRIES):
        answer = respond(pressed, context)
        try:
            clicks.settle(pressed.id, answer.said, answer.step)
        except LateError:
            continue
        return answer.said
    return "This lead is being updated right now. Try again in a moment."


def finish(context: RunContext) -> int:
    """Carry out presses that were kept when a process ended; says how many."""
    rows = context.ledger.clicks.unanswered()
    for row in rows:
        fields: dict[str, str] = row.body["fields"]
        pressed = Press(
            row.id, row.person, Verb(row.verb), row.body["cycle"], row.body["stage"], fields
        )
        carry_out(pressed, context)
    return len(rows)


def respond(pressed: Press, context: RunContext) -> Answer:
    """What a press leads to, as things stand now."""
    step = Step(at=context.now)
    who = _who(pressed.user, context)
    if who is None or who not in context.policy.users:
        return _nothing(step, STRANGER)
    held = context.ledger.handoffs.get(pressed.cycle)
    if held is None:
        return _nothing(step, "This lead is no longer tracked.")
    if held.state != OPEN:
        return _nothing(
            step, f"{held.handoff.title} is already closed: {_told(held, who, context)}"
        )
    context = context.under(held.handoff.policy)
    if pressed.verb in (Verb.GIVE_ON, Verb.KEEP):
        return _rule(pressed, who, held, context, step)
    handoff = held.handoff
    if handoff.stage != pressed.stage:
        return _nothing(step, f"{handoff.owner.name} owns this lead now. Nothing was changed.")
    if not may_work(who, handoff, context.policy):
        return _nothing(step, f"{handoff.owner.name} owns this lead. Nothing was changed.")
    return _SAYINGS[pressed.verb](pressed, who, held, context, step)


def _who(user: str, context: RunContext) -> str | None:
    """Email of who pressed. Slack's ids hold no @: an address comes from our own sign-in."""
    if "@" in user:
        return user
    return None if context.messenger is None else context.messenger.email_of(user)


def may_work(email: str, handoff: Handoff, policy: Policy) -> bool:
    """Whether somebody may act for a lead: its owner, their cover or manager, or a RevOps admin."""
    user = policy.users.get(handoff.answers or "")
    near = {handoff.answers, manager_of(handoff, policy)}
    if user is not None:
        near |= {user.cover, user.manager}
    return email in near or policy.users[email].role == "ops"


def may_rule(email: str, handoff: Handoff, policy: Policy) -> bool:
    """Whether somebody may decide a dispute: the manager or a RevOps admin, never the owner."""
    if email == handoff.answers:
        return False
    return email == manager_of(handoff, policy) or policy.users[email].role == "ops"


def _nothing(step: Step, said: str) -> Answer:
    return Answer(said, step, changed=False)


def _told(held: HeldOff, who: str, context: RunContext) -> str:
    """What was decided last of a lead, on the clock of whoever asks."""
    return operations.said(held.said, zone_of(who, context.policy))


_Pressed = Accepted | Snoozed | CallLogged | Disputed | Ruled


def _noted(step: Step, handoff: Handoff, said: _Pressed, context: RunContext) -> Decision:
    """The press as the ledger keeps it: who said what about which lead."""
    inputs = canonical_json(handoff)
    decision = Decision(
        cycle=handoff.cycle,
        lead=handoff.lead,
        kind="said",
        at=context.now,
        policy_version=context.policy.version,
        inputs=inputs,
        outcome=canonical_json(said),
        said=said,
    )
    step.decisions.append(decision)
    return decision


def _name(email: str, policy: Policy) -> str:
    return policy.users[email].name


def _changed(
    held: HeldOff, handoff: Handoff, said: Said | None, context: RunContext
) -> HandoffChange:
    change = watched(handoff, said, held.version, context.policy, due=context.now)
    return replace(change, listed_at=held.listed_at)


def _on_it(_: Press, who: str, held: HeldOff, context: RunContext, step: Step) -> Answer:
    handoff = held.handoff
    if handoff.accepted_at is not None:
        return _nothing(step, "You already said you're on it.")
    taken = handoff.model_copy(update={"accepted_at": context.now})
    _noted(step, taken, Accepted(by=_name(who, context.policy)), context)
    step.handoffs[handoff.cycle] = _changed(held, taken, held.said, context)
    stops = "The SLA clock stops when a call, email or meeting is logged in Salesforce."
    said = f"{handoff.title}: you're on it. {stops}"
    return Answer(said, step)


def _snooze(pressed: Press, who: str, held: HeldOff, context: RunContext, step: Step) -> Answer:
    wanted = timedelta(seconds=_whole(pressed.fields.get("seconds", "")))
    return put_off(wanted, who, held, context, step)


def put_off(wanted: timedelta, who: str, held: HeldOff, context: RunContext, step: Step) -> Answer:
    """Snooze a lead within the policy's limits; a step that stays empty says why not."""
    handoff, rules, policy = held.handoff, context.policy.follow_through.snooze, context.policy
    if handoff.snoozes >= rules.at_most:
        times = counted(rules.at_most, "snooze")
        return _nothing(step, f"Snooze limit reached: {times} per lead.")
    if not timedelta() < wanted <= rules.longest:
        longest = lasting(rules.longest)
        return _nothing(step, f"A lead can be snoozed for at most {longest}.")
    until = context.now + wanted
    put_off = handoff.model_copy(
        update={
            "snoozes": handoff.snoozes + 1,
            "snoozed_until": until,
            "paused": handoff.paused + pause(handoff, context.now, until, policy),
        }
    )
    snoozed = Snoozed(by=_name(who, policy), until=until)
    _noted(step, put_off, snoozed, context)
    change = watched(put_off, held.said, held.version, policy, due=until)
    step.handoffs[handoff.cycle] = replace(change, listed_at=held.listed_at)
    left = rules.at_most - put_off.snoozes
    awake = moment(until, zone_of(who, policy))
    snoozes = counted(left, "snooze")
    return Answer(f"{handoff.title}: snoozed until {awake}. {snoozes} left for this lead.", step)


def _whole(text: str) -> int:
    return int(text) if text.isdecimal() else 0


def _log_call(pressed: Press, who: str, held: HeldOff, context: RunContext, step: Step) -> Answer:
    handoff = held.handoff
    outcome = pressed.fields.get("outcome") or "Connected"
    logged = CallLogged(by=_name(who, context.policy), outcome=outcome)
    decision = _noted(step, handoff, logged, context)
    call = LogCall(
        lead=handoff.lead,
        record_id=handoff.record_id,
        owner=handoff.owner.id,
        at=context.now,
        outcome=outcome,
        note=pressed.fields.get("note", ""),
        key=f"call {content_hash(pressed.id)}",
    )
    rung = content_hash(pressed.id)
    step.effects.append(plan(handoff.cycle, call, decision.id, context.now, rung))
    step.handoffs[handoff.cycle] = _changed(held, handoff, held.said, context)
    return Answer(f"{handoff.title}: call logged in Salesforce ({outcome}).", step)


def _not_mine(pressed: Press, who: str, held: HeldOff, context: RunContext, step: Step) -> Answer:
    handoff, policy = held.handoff, context.policy
    if handoff.disputed:
        return _nothing(
            step, "You already marked this lead as not yours. Your manager will decide."
        )
    reasons = {one.name: one for one in policy.follow_through.disputes}
    reason = reasons.get(pressed.fields.get("reason", ""))
    if reason is None:
        return _nothing(step, "Choose a reason.")
    note = pressed.fields.get("note", "")
    said = Disputed(by=_name(who, policy), reason=reason.label)
    decision = _noted(step, handoff, said, context)
    dispute = Dispute(
        id=f"q{content_hash(f'{handoff.cycle}/{handoff.stage}')}",
        cycle=handoff.cycle,
        lead=handoff.lead,
        by=who,
        reason=reason.name,
        note=note,
        evidence=(rep.reason(handoff.why, zone_of(who, policy)), decision.id),
        opened_at=context.now,
    )
    if reason.ruling == "accept":
        ruled = replace(dispute, state="accepted", ruled_by="policy", ruled_at=context.now)
        step.disputes.append(ruled)
        because = Disowned(owner=handoff.owner.name, reason=reason.label)
        return _given(held, because, reason, context, step)
    step.disputes.append(dispute)
    disputed = handoff.model_copy(update={"disputed": True})
    step.handoffs[handoff.cycle] = _changed(held, disputed, held.said, context)
    manager = manager_of(handoff, policy)
    if manager is None or manager not in policy.users:
        return Answer("No manager is set up to decide this. The lead stays with you for now.", step)
    sentence = dispute_told(handoff.owner.name, reason.label, note)
    message = manager_message(handoff, manager, "dispute", sentence, context)
    message = message.model_copy(update={"dispute": dispute.id})
    due_at = writing_time(manager, context, {})
    rung = f"{handoff.stage}/dispute"
    step.effects.append(plan(handoff.cycle, message, decision.id, due_at, rung))
    return Answer(
        f"{handoff.title}: {_name(manager, policy)} will decide. Until then you keep it.", step
    )


def _given(
    held: HeldOff, because: Disowned, reason: DisputeReason | None, context: RunContext, step: Step
) -> Answer:
    """Let the follow-through give a lead on: its very next look does."""
    given_up = held.handoff.model_copy(
        update={
            "disputed": False,
            "refused": because,
            "credit": reason is not None and reason.credit,
        }
    )
    step.handoffs[given_up.cycle] = _changed(held, given_up, because, context)
    return Answer(
        f"{held.handoff.title}: next in the round robin, or to the manager if nobody is available.",
        step,
    )


def _rule(pressed: Press, who: str, held: HeldOff, context: RunContext, step: Step) -> Answer:
    """A manager decides a dispute."""
    handoff, policy = held.handoff, context.policy
    wanted = pressed.fields.get("dispute", "")
    found = [one for one in context.ledger.handoffs.disputes(handoff.cycle) if one.id == wanted]
    if not found:
        return _nothing(step, "This request no longer exists.")
    (row,) = found
    if row.state != "open":
        return _nothing(step, _ruled(row, policy))
    if not handoff.disputed:
        return _nothing(step, f"Already settled: {handoff.owner.name} owns this lead.")
    if not may_rule(who, handoff, policy):
        return _nothing(step, "Only the owner's manager or a RevOps admin can decide this.")
    accepted = pressed.verb is Verb.GIVE_ON
    ruled = "accepted" if accepted else "refused"
    step.disputes.append(replace(_dispute(row), state=ruled, ruled_by=who, ruled_at=context.now))
    reason = next((one for one in policy.follow_through.disputes if one.name == row.reason), None)
    label = row.reason if reason is None else reason.label
    _noted(step, handoff, Ruled(by=_name(who, policy), ruling=ruled, reason=label), context)
    if accepted:
        because = Disowned(owner=handoff.owner.name, reason=label, accepted_by=_name(who, policy))
        return _given(held, because, reason, context, step)
    stays = handoff.model_copy(update={"disputed": False})
    step.handoffs[handoff.cycle] = _changed(held, stays, held.said, context)
    return Answer(f"{handoff.owner.name} keeps {handoff.title}.", step)


def _ruled(row: DisputeRow, policy: Policy) -> str:
    """How a dispute was decided before."""
    by = policy.users.get(row.ruled_by or "")
    how = "reassigned" if row.state == "accepted" else "kept with the owner"
    return f"Already decided by {by.name if by else 'the policy'}: {how}."


def _dispute(row: DisputeRow) -> Dispute:
    return Dispute(
        id=row.id,
        cycle=CycleId(row.cycle_id),
        lead=LeadKey(row.lead),
        by=row.by,
        reason=row.reason,
        note=row.note,
        evidence=tuple(row.evidence),
        opened_at=row.opened_at,
    )


_Saying = Callable[[Press, str, HeldOff, RunContext, Step], Answer]
_SAYINGS: Mapping[Verb, _Saying] = {
    Verb.ON_IT: _on_it,
    Verb.SNOOZE: _snooze,
    Verb.LOG_CALL: _log_call,
    Verb.NOT_MINE: _not_mine,
}
"""What owners can say of their leads."""
