"""The one way out: planned effects are sent, confirmed, and followed by what they lead to.

For each kind: those whose outcome is in doubt (a crash, a lost answer) are looked up at the vendor
first; then those that are due are noted as attempted, durably, and sent in one plural call; then
what came of each is settled together with what follows from it.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from agent.effects.kind import LONGEST_PAUSE, A, Kind, Receipts, alike
from agent.ledger.records import Outstanding, Settled
from agent.ledger.tables.states import EffectState
from agent.logs import alert
from agent.run.context import RunContext
from agent.run.pauses import stops
from domain.conversation.change_requests import WORKER
from domain.effects import Applied, Receipt, Refusal, Refused, Unknown, Untried
from domain.errors import (
    QuotaError,
    RateLimitError,
    RetryableError,
    ToolError,
    UnknownOutcomeError,
)
from domain.time.moments import midnight
from domain.values import CycleId

OUTSTANDING = (EffectState.PLANNED, EffectState.ATTEMPTED, EffectState.UNKNOWN)
AT_ONCE = 3000
"""At most so many effects of one kind in one go."""
ATTEMPTS = 8
"""After so many attempts an effect is given up and kept as a dead letter."""
FIRST_PAUSE = timedelta(seconds=15)


def perform(kind: Kind[A], context: RunContext) -> None:
    """Settle what is in doubt, then send what is due."""
    effects, now = context.ledger.effects, context.now
    stopped = stops(context)
    if WORKER in stopped:
        return
    found = _going(effects.outstanding(kind.name, OUTSTANDING, now, AT_ONCE), stopped, context)
    doubtful = [one for one in found if one.state is not EffectState.PLANNED]
    if doubtful:
        _settle(kind, doubtful, kind.look_up(doubtful, context), context)
        planned = effects.outstanding(kind.name, (EffectState.PLANNED,), now, AT_ONCE)
        found = _going(planned, stopped, context)
    due = _within_the_day(kind, _screened(kind, found, context), context)
    if not due:
        return
    effects.attempt([one.key for one in due], now)
    try:
        receipts = kind.send(kind.actions(due), context)
    except ToolError as error:
        receipts = alike((one.key for one in due), _receipt_of(error, now))
        _settle(kind, due, receipts, context)
        raise
    _settle(kind, due, receipts, context)


def _going(
    found: Sequence[Outstanding], stops: Collection[str], context: RunContext
) -> Sequence[Outstanding]:
    """What is not of a segment that a person has paused."""
    if not stops or not found:
        return found
    segments = context.ledger.conversations.segments({CycleId(one.cycle) for one in found})
    return [one for one in found if segments.get(CycleId(one.cycle)) not in stops]


def _screened(
    kind: Kind[A], due: Sequence[Outstanding], context: RunContext
) -> Sequence[Outstanding]:
    """What of the due effects is to be sent now; the others are settled or put off."""
    if not due:
        return due
    screened = kind.screen(due, context)
    needless = [one for one in due if one.key in screened.needless]
    _settle(kind, needless, {one.key: screened.needless[one.key] for one in needless}, context)
    context.ledger.effects.put_off(screened.later)
    return [
        one for one in due if one.key not in screened.needless and one.key not in screened.later
    ]


def _within_the_day(
    kind: Kind[A], due: Sequence[Outstanding], context: RunContext
) -> Sequence[Outstanding]:
    """What of these the day's limit still allows; the rest waits for the next day."""
    if kind.limit is None or not due:
        return due
    most = kind.limit.most(context.policy.limits)
    today = midnight(context.now, context.policy.timezone)
    left = max(0, most - context.ledger.effects.sent_since(kind.limit.kinds, today))
    if left >= len(due):
        return due
    tomorrow = midnight(today + timedelta(hours=36), context.policy.timezone)
    context.ledger.effects.put_off({one.key: tomorrow for one in due[left:]})
    held = len(due) - left
    alert(
        "day_limit",
        f"Daily limit of {most} reached: {held} more updates ({kind.name}) wait until tomorrow.",
    )
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


def _settle(
    kind: Kind[A], tried: Sequence[Outstanding], receipts: Receipts, context: RunContext
) -> None:
    if not tried:
        return
    missing = Unknown(detail="the vendor's answer did not mention it")
    told = {one.key: receipts.get(one.key, missing) for one in tried}
    settled = [_settled(one, told[one.key], context.now) for one in tried]
    actions = kind.actions(tried)
    outcomes = [(one, actions[one.key], told[one.key]) for one in tried]
    context.ledger.effects.settle(settled, kind.follow(outcomes, context))


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
