"""The one way out: planned effects are sent, confirmed, and followed by what they lead to.

For each kind: those whose outcome is in doubt (a crash, a lost answer) are looked up at the vendor
first; then those that are due are noted as attempted, durably, and sent in one plural call; then
what came of each is settled together with what follows from it.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from agent import aftermath, observing
from agent.context import RunContext
from agent.ledger.records import Outstanding, Settled
from agent.ledger.tables.states import OPEN, EffectState
from agent.logs import alert
from agent.stopping import stops
from domain.conversation.change_requests import WORKER
from domain.effects import (
    Applied,
    CorrectField,
    LogCall,
    MirrorActivity,
    MirrorFields,
    Receipt,
    RefreshMessage,
    Refusal,
    Refused,
    RequestSync,
    SendReport,
    SetOwner,
    SetTask,
    StampTouch,
    TellManager,
    TellOwner,
    Tone,
    Unknown,
    Untried,
)
from domain.errors import (
    QuotaError,
    RateLimitError,
    RetryableError,
    ToolError,
    UnknownOutcomeError,
)
from domain.follow_through.first_touch import Touched
from domain.follow_through.handoff import Handoff
from domain.intake.normalization.fields import normalise
from domain.policy.model import next_at_work
from domain.time.moments import midnight
from domain.values import CycleId, EffectKey, LeadKey

A = TypeVar(
    "A",
    SetOwner,
    MirrorFields,
    MirrorActivity,
    RequestSync,
    TellOwner,
    TellManager,
    SendReport,
    RefreshMessage,
    StampTouch,
    SetTask,
    LogCall,
    CorrectField,
)
Receipts = Mapping[EffectKey, Receipt]

OUTSTANDING = (EffectState.PLANNED, EffectState.ATTEMPTED, EffectState.UNKNOWN)
AT_ONCE = 3000
"""At most so many effects of one kind in one go."""
ATTEMPTS = 8
"""After so many attempts an effect is given up and kept as a dead letter."""
FIRST_PAUSE = timedelta(seconds=15)
LONGEST_PAUSE = timedelta(minutes=30)
MESSAGES = ("tell_owner", "tell_manager", "send_report")
"""What people are told without having asked."""
HOLD_OFF = timedelta(minutes=2)
"""Slack and Marketo promise no read after write: what is not found is not repeated sooner."""


@dataclass(frozen=True)
class Screened:
    """What of the due effects is not to be sent now."""

    needless: Mapping[EffectKey, Receipt]
    later: Mapping[EffectKey, datetime]


@dataclass(frozen=True)
class Kind:
    """How one kind of effect is sent, and how its outcome is looked up when in doubt."""

    send: Callable[[Sequence[Outstanding], RunContext], Receipts]
    look_up: Callable[[Sequence[Outstanding], RunContext], Receipts]
    screen: Callable[[Sequence[Outstanding], RunContext], Screened] | None = None
    """Says what need not be sent any more, and what must wait; None sends everything."""


def perform(kind: str, context: RunContext) -> None:
    """Settle what is in doubt, then send what is due."""
    effects, now = context.ledger.effects, context.now
    stopped = stops(context)
    if WORKER in stopped:
        return
    found = _going(effects.outstanding(kind, OUTSTANDING, now, AT_ONCE), stopped, context)
    doubtful = [one for one in found if one.state is not EffectState.PLANNED]
    if doubtful:
        _settle(doubtful, KINDS[kind].look_up(doubtful, context), context)
        planned = effects.outstanding(kind, (EffectState.PLANNED,), now, AT_ONCE)
        found = _going(planned, stopped, context)
    due = _within_the_day(kind, _screened(kind, found, context), context)
    if not due:
        return
    effects.attempt([one.key for one in due], now)
    try:
        receipts = KINDS[kind].send(due, context)
    except ToolError as error:
        receipts = _all(due, _receipt_of(error, now))
        _settle(due, receipts, context)
        raise
    _settle(due, receipts, context)


def _going(
    found: Sequence[Outstanding], stops: Collection[str], context: RunContext
) -> Sequence[Outstanding]:
    """What is not of a segment that a person has paused."""
    if not stops or not found:
        return found
    segments = context.ledger.conversations.segments({CycleId(one.cycle) for one in found})
    return [one for one in found if segments.get(CycleId(one.cycle)) not in stops]


def _screened(kind: str, due: Sequence[Outstanding], context: RunContext) -> Sequence[Outstanding]:
    """What of the due effects is to be sent now; the others are settled or put off."""
    screen = KINDS[kind].screen
    if screen is None or not due:
        return due
    screened = screen(due, context)
    needless = [one for one in due if one.key in screened.needless]
    _settle(needless, {one.key: screened.needless[one.key] for one in needless}, context)
    context.ledger.effects.put_off(screened.later)
    return [
        one for one in due if one.key not in screened.needless and one.key not in screened.later
    ]


def _within_the_day(
    kind: str, due: Sequence[Outstanding], context: RunContext
) -> Sequence[Outstanding]:
    """What of these the day's limit still allows; the rest waits for the next day."""
    limits = context.policy.limits
    if kind == "set_owner":
        alike, most = ("set_owner",), limits.owner_changes_per_day
    elif kind in MESSAGES:
        alike, most = MESSAGES, limits.messages_per_day
    else:
        return due
    if not due:
        return due
    today = midnight(context.now, context.policy.timezone)
    left = max(0, most - context.ledger.effects.sent_since(alike, today))
    if left >= len(due):
        return due
    tomorrow = midnight(today + timedelta(hours=36), context.policy.timezone)
    context.ledger.effects.put_off({one.key: tomorrow for one in due[left:]})
    words = f"{len(due) - left} {kind} wait until tomorrow: {most} a day is the policy's limit."
    alert("day_limit", words)
    return due[:left]


def _receipt_of(error: ToolError, now: datetime) -> Receipt:
    """What an error of the whole call says of each effect in it."""
    if isinstance(error, UnknownOutcomeError):
        return Unknown(detail=str(error))
    if isinstance(error, QuotaError):
        return Untried(detail=str(error), retry_at=error.until)
    if isinstance(error, RateLimitError):
        return Untried(detail=str(error), retry_at=now + error.retry_after)
    if isinstance(error, RetryableError):
        return Untried(detail=str(error))
    return Untried(detail=str(error), retry_at=now + LONGEST_PAUSE)


def _settle(tried: Sequence[Outstanding], receipts: Receipts, context: RunContext) -> None:
    missing = Unknown(detail="the vendor's answer did not mention it")
    told = {one.key: receipts.get(one.key, missing) for one in tried}
    settled = [_settled(one, told[one.key], context.now) for one in tried]
    step = aftermath.follow([(one, told[one.key]) for one in tried], context)
    context.ledger.effects.settle(settled, step)


def _settled(one: Outstanding, receipt: Receipt, now: datetime) -> Settled:
    pause = min(FIRST_PAUSE * 2 ** min(one.attempts, 10), LONGEST_PAUSE)
    match receipt:
        case Applied():
            return Settled(one.key, EffectState.APPLIED, receipt)
        case Unknown():
            return Settled(one.key, EffectState.UNKNOWN, receipt, now + FIRST_PAUSE)
        case Refused(refusal=Refusal.LOCKED):
            return _again(one, receipt, now + pause)
        case Refused(refusal=Refusal.DATA | Refusal.OTHER):
            return Settled(one.key, EffectState.DEAD, receipt)
        case Refused():
            return Settled(one.key, EffectState.REFUSED, receipt)
        case Untried():
            return _again(one, receipt, receipt.retry_at or now + pause)


def _again(one: Outstanding, receipt: Receipt, due_at: datetime) -> Settled:
    if one.attempts >= ATTEMPTS:
        return Settled(one.key, EffectState.DEAD, receipt)
    return Settled(one.key, EffectState.PLANNED, receipt, due_at)


def _all(effects: Sequence[Outstanding], receipt: Receipt) -> dict[EffectKey, Receipt]:
    return {one.key: receipt for one in effects}


def _of(effects: Sequence[Outstanding], kind: type[A]) -> dict[EffectKey, A]:
    return {one.key: one.action for one in effects if isinstance(one.action, kind)}


def _set_owners(effects: Sequence[Outstanding], context: RunContext) -> Receipts:
    """Compare once more, then write: what a person changed since the decision stays theirs."""
    writes = _of(effects, SetOwner)
    compared = _compare(writes, context)
    allowed = {key: write for key, write in writes.items() if key not in compared}
    return {**compared, **(context.crm.set_owners(allowed) if allowed else {})}


def _compare(writes: Mapping[EffectKey, SetOwner], context: RunContext) -> dict[EffectKey, Receipt]:
    """Those that need no write any more, or must not have it."""
    states = context.crm.owner_states({one.lead: one.subject for one in writes.values()})
    compared: dict[EffectKey, Receipt] = {}
    for key, write in writes.items():
        state = states.get(write.lead)
        if state is None or state.is_deleted:
            compared[key] = _refusal(Refusal.GONE, "the record is no longer in Salesforce")
        elif state.decision_id == write.stamp.decision_id:
            compared[key] = Applied(detail=state.owner.name)
        elif state.converted_contact_id is not None:
            compared[key] = _refusal(Refusal.CONVERTED, "the lead was converted to a contact")
        elif state.owner.id != write.subject.expected_owner:
            words = f"{state.modified_by} changed the owner to {state.owner.name}"
            compared[key] = _refusal(Refusal.OWNER_CHANGED, words)
    return compared


def _refusal(refusal: Refusal, words: str) -> Refused:
    return Refused(refusal=refusal, code="COMPARED", words=words)


def _look_up_owners(effects: Sequence[Outstanding], context: RunContext) -> Receipts:
    """Our stamp on the record says that the write arrived; its absence, that it did not."""
    writes = _of(effects, SetOwner)
    states = context.crm.owner_states({one.lead: one.subject for one in writes.values()})
    receipts: dict[EffectKey, Receipt] = {}
    for key, write in writes.items():
        state = states.get(write.lead)
        if state is not None and state.decision_id == write.stamp.decision_id:
            receipts[key] = Applied(detail=state.owner.name)
        else:
            receipts[key] = Untried(detail="not on the record", retry_at=context.now)
    return receipts


def _mirror_fields(effects: Sequence[Outstanding], context: RunContext) -> Receipts:
    return context.marketing.mirror_fields(_of(effects, MirrorFields))


def _repeat(effects: Sequence[Outstanding], context: RunContext) -> Receipts:
    return _all(effects, Untried(detail="harmless to repeat", retry_at=context.now))


def _mirror_activities(effects: Sequence[Outstanding], context: RunContext) -> Receipts:
    return context.marketing.mirror_activities(_of(effects, MirrorActivity))


def _look_up_activities(effects: Sequence[Outstanding], context: RunContext) -> Receipts:
    found = context.marketing.mirrored(_of(effects, MirrorActivity), _first_try(effects))
    return _found_or_held(effects, found, context.now)


def _request_syncs(effects: Sequence[Outstanding], context: RunContext) -> Receipts:
    return context.marketing.request_sync(_of(effects, RequestSync))


def _look_up_syncs(effects: Sequence[Outstanding], context: RunContext) -> Receipts:
    people = context.marketing.people([LeadKey(one.lead) for one in effects])
    linked = {one.key for one in effects if one.lead in people and people[one.lead].link}
    return _found_or_held(effects, linked, context.now)


def _tell_owners(effects: Sequence[Outstanding], context: RunContext) -> Receipts:
    if context.messenger is None:
        return _all(effects, _no_slack(context))
    return context.messenger.tell_owners(_of(effects, TellOwner))


def _look_up_messages(effects: Sequence[Outstanding], context: RunContext) -> Receipts:
    if context.messenger is None:
        return _all(effects, Unknown(detail="Slack is not connected"))
    found = context.messenger.told(_of(effects, TellOwner), _first_try(effects))
    return _found_or_held(effects, found, context.now)


def _screen_messages(effects: Sequence[Outstanding], context: RunContext) -> Screened:
    """Nobody is told of what needs them no more, twice within the quiet time, or after hours.

    When a message was planned its reader was at work; after a failed try the day may be over.
    """
    needless = _needless(effects, context)
    told = {
        one.key: one.action.owner
        for one in effects
        if isinstance(one.action, TellOwner) and one.key not in needless
    }
    last = context.ledger.handoffs.last_told(set(told.values())) if told else {}
    quiet = context.policy.follow_through.quiet
    later = {
        key: last[person] + quiet
        for key, person in told.items()
        if person in last and last[person] + quiet > context.now
    }
    for one in effects:
        opens = _opens(one, context)
        if one.key not in needless and opens is not None and opens > context.now:
            later[one.key] = max(opens, later.get(one.key, opens))
    return Screened(needless, later)


def _opens(one: Outstanding, context: RunContext) -> datetime | None:
    """When the reader of a message is at work; None for somebody the policy doesn't know."""
    policy = context.policy
    if not isinstance(one.action, TellOwner | TellManager):
        return None
    reader = one.action.owner if isinstance(one.action, TellOwner) else one.action.manager
    return next_at_work(policy, reader, context.now) if reader in policy.users else None


def _needless(effects: Sequence[Outstanding], context: RunContext) -> dict[EffectKey, Receipt]:
    """Messages about leads that were touched, closed or given on since they were planned.

    The ledger knows most of it; what waited since an earlier run is looked at once more.
    """
    cycles = sorted({CycleId(one.cycle) for one in effects if one.cycle})
    held = context.ledger.handoffs.several(cycles)
    needless: dict[EffectKey, Receipt] = {}
    waited: dict[EffectKey, Handoff] = {}
    for one in effects:
        known = held.get(CycleId(one.cycle))
        if known is None:
            continue
        stage = one.action.stage if isinstance(one.action, TellOwner) else known.handoff.stage
        if known.state != OPEN or known.handoff.stage != stage:
            needless[one.key] = _no_need(known.sentence)
        elif one.planned_at < context.now and _is_about_touch(one):
            waited[one.key] = known.handoff
    if waited:
        handoffs = list({one.cycle: one for one in waited.values()}.values())
        seen = observing.seen(handoffs, observing.observe(handoffs, context), {}, context)
        for key, handoff in waited.items():
            judgement = seen[handoff.cycle].judgement
            if isinstance(judgement, Touched):
                needless[key] = _no_need(judgement.sentence)
    return needless


def _is_about_touch(one: Outstanding) -> bool:
    is_news = isinstance(one.action, TellOwner) and one.action.tone is Tone.ASSIGNED
    return not is_news


def _no_need(words: str) -> Refused:
    return Refused(refusal=Refusal.NEEDLESS, code="NEEDLESS", words=words)


def _tell_managers(effects: Sequence[Outstanding], context: RunContext) -> Receipts:
    if context.messenger is None:
        return _all(effects, _no_slack(context))
    planned = _of(effects, TellManager)
    return context.messenger.tell_managers(planned, _threads(planned, context))


def _threads(planned: Mapping[EffectKey, TellManager], context: RunContext) -> dict[EffectKey, str]:
    """The message to the same manager that began the thread of each lead."""
    cycles = sorted({one.cycle for one in planned.values()})
    first: dict[tuple[str, str], str] = {}
    for message in context.ledger.handoffs.messages_about(cycles, "tell_manager"):
        for cycle in message.cycles:
            first.setdefault((cycle, message.person), message.id)
    return {
        key: first[(one.cycle, one.manager)]
        for key, one in planned.items()
        if (one.cycle, one.manager) in first
    }


def _send_reports(effects: Sequence[Outstanding], context: RunContext) -> Receipts:
    if context.messenger is None:
        return _all(effects, _no_slack(context))
    return context.messenger.send_reports(_of(effects, SendReport))


def _look_up_posts(effects: Sequence[Outstanding], context: RunContext) -> Receipts:
    if context.messenger is None:
        return _all(effects, Unknown(detail="Slack is not connected"))
    planned = {
        one.key: one.action for one in effects if isinstance(one.action, TellManager | SendReport)
    }
    found = context.messenger.posted(planned, _first_try(effects))
    return _found_or_held(effects, found, context.now)


def _refresh(effects: Sequence[Outstanding], context: RunContext) -> Receipts:
    if context.messenger is None:
        return _all(effects, _no_slack(context))
    return context.messenger.refresh(_of(effects, RefreshMessage))


def _no_slack(context: RunContext) -> Untried:
    return Untried(detail="Slack is not connected", retry_at=context.now + LONGEST_PAUSE)


def _stamp_touches(effects: Sequence[Outstanding], context: RunContext) -> Receipts:
    return context.crm.stamp_touches(_of(effects, StampTouch))


def _set_tasks(effects: Sequence[Outstanding], context: RunContext) -> Receipts:
    return context.crm.set_tasks(_of(effects, SetTask))


def _log_calls(effects: Sequence[Outstanding], context: RunContext) -> Receipts:
    return context.crm.log_calls(_of(effects, LogCall))


def _correct_fields(effects: Sequence[Outstanding], context: RunContext) -> Receipts:
    """Compare once more, then write: what somebody changed in Marketo meanwhile stays theirs."""
    writes = _of(effects, CorrectField)
    people = context.marketing.people([one.lead for one in writes.values()])
    compared: dict[EffectKey, Receipt] = {}
    for key, write in writes.items():
        person = people.get(write.lead)
        if person is None:
            compared[key] = _refusal(Refusal.GONE, "the person is no longer in Marketo")
            continue
        known = normalise(person).fields.get(write.field)
        value = None if known is None else known.value
        if value == write.value:
            compared[key] = Applied(detail="Marketo has it already")
        elif value != write.was:
            words = f"Marketo's {write.field} was changed to {value} meanwhile"
            compared[key] = _refusal(Refusal.OTHER, words)
    allowed = {key: write for key, write in writes.items() if key not in compared}
    return {**compared, **(context.marketing.correct_fields(allowed) if allowed else {})}


def _first_try(effects: Sequence[Outstanding]) -> datetime:
    return min(one.attempted_at or one.planned_at for one in effects) - HOLD_OFF


def _found_or_held(
    effects: Sequence[Outstanding], found: frozenset[EffectKey] | set[EffectKey], now: datetime
) -> Receipts:
    receipts: dict[EffectKey, Receipt] = {}
    for one in effects:
        tried_at = one.attempted_at or one.planned_at
        if one.key in found:
            receipts[one.key] = Applied(detail="found at the vendor")
        elif now - tried_at < HOLD_OFF:
            receipts[one.key] = Unknown(detail="not seen yet")
        else:
            receipts[one.key] = Untried(detail="not at the vendor", retry_at=now)
    return receipts


KINDS: Mapping[str, Kind] = {
    "set_owner": Kind(_set_owners, _look_up_owners),
    "mirror_fields": Kind(_mirror_fields, _repeat),
    "mirror_activity": Kind(_mirror_activities, _look_up_activities),
    "request_sync": Kind(_request_syncs, _look_up_syncs),
    "tell_owner": Kind(_tell_owners, _look_up_messages, _screen_messages),
    "tell_manager": Kind(_tell_managers, _look_up_posts, _screen_messages),
    "send_report": Kind(_send_reports, _look_up_posts),
    "refresh_message": Kind(_refresh, _repeat),
    "stamp_touch": Kind(_stamp_touches, _repeat),
    "set_task": Kind(_set_tasks, _repeat),
    "log_call": Kind(_log_calls, _repeat),
    "correct_field": Kind(_correct_fields, _repeat),
}
"""Every kind of action, and nothing else."""
