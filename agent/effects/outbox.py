"""The one way out: planned effects are sent, confirmed, and followed by what they lead to.

For each kind: those whose outcome is in doubt (a crash, a lost answer) are looked up at the vendor
first; then those that are due are noted as attempted, durably, and sent in one plural call; then
what came of each is settled together with what follows from it.

An attempt counts only when the vendor answers and this one has to be tried again all the same. An
outage, a rate limit or a refused token is nobody's attempt, and nothing is given up because of it.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from agent.effects.isolation import alone, apart, is_nobodys, suspected
from agent.effects.kind import LONGEST_PAUSE, A, Kind, Receipts, Screened, alike
from agent.ledger.records import Attempts, Outstanding, Settled
from agent.ledger.tables.states import UNSETTLED, EffectState
from agent.logs import alert
from agent.run.context import RunContext
from agent.run.pauses import stops
from domain.conversation.change_requests import WORKER
from domain.effects import Applied, Receipt, Refusal, Refused, Unknown, Untried
from domain.errors import (
    QuotaError,
    RateLimitError,
    RequestError,
    RetryableError,
    ToolError,
    UnknownOutcomeError,
)
from domain.time.moments import midnight
from domain.values import CycleId

AT_ONCE = 3000
"""At most so many effects of one kind in one go."""
ALONE = 50
"""At most so many calls in one go for effects that are sent one by one."""
ATTEMPTS = 8
"""After so many attempts of its own an effect is given up and kept as a dead letter."""
FIRST_PAUSE = timedelta(seconds=15)
OUTAGE_PAUSE = timedelta(minutes=5)
"""What waits for a vendor to come back is tried again at least this often."""
PATIENCE = 8
"""An effect that waited so long is tried again after this part of it."""
GIVEN_UP = "GIVEN_UP"
"""The code of what was given up without a word of the vendor's."""


def perform_each(kinds: Sequence[Kind[Any]], context: RunContext) -> None:
    """Perform several kinds in order; a vendor's failure keeps no other kind from its turn.

    Raises:
        ToolError: a vendor failed, the first that did.
    """
    effects = context.ledger.effects
    failed: ToolError | None = None
    due = effects.due_kinds(context.now)
    for kind in kinds:
        if kind.name not in due:
            continue
        try:
            perform(kind, context)
        except ToolError as error:
            failed = failed or error
        due = effects.due_kinds(context.now)  # what was sent may lead to others
    if failed is not None:
        raise failed


def perform(kind: Kind[A], context: RunContext) -> None:
    """Settle what is in doubt, then send what is due.

    Raises:
        ToolError: the vendor failed; what was due is tried again later.
    """
    effects, now = context.ledger.effects, context.now
    found = effects.outstanding(kind.name, UNSETTLED, now, AT_ONCE)
    stopped = stops(context) if found else {}
    if not found or WORKER in stopped:
        return
    found = _going(found, stopped, context)
    doubtful = [one for one in found if one.state is not EffectState.PLANNED]
    if doubtful:
        apart(lambda some: _look_up(kind, some, context), doubtful, context)
        planned = effects.outstanding(kind.name, (EffectState.PLANNED,), now, AT_ONCE)
        found = _going(planned, stopped, context)
    due = _within_the_day(kind, _screened(kind, found, context), context)
    clean = [one for one in due if not one.defects]
    if clean:
        _send(kind, clean, context)
    for one in [one for one in due if one.defects][:ALONE]:
        _send(kind, [one], context)


def _send(kind: Kind[A], due: Sequence[Outstanding], context: RunContext) -> None:
    """Send some in one call and settle what came of it.

    A request that the vendor does not understand changed nothing: it is sent again in parts, so
    that what makes it so keeps no other back.
    """
    context.ledger.effects.attempt([one.key for one in due], context.now)
    try:
        parts = _parts(kind, due, context)
    except ToolError as error:
        receipt = _receipt_of(error, context.now)
        _settle(kind, due, alike((one.key for one in due), receipt), context, sent=True)
        if isinstance(error, RequestError) and len(due) == 1:
            context.ledger.effects.set_aside([alone(due[0], error, context)])
        raise
    for some, receipts in parts:
        answered = any(isinstance(one, Applied | Refused) for one in receipts.values())
        _settle(kind, some, receipts, context, sent=True, answered=answered)


def _parts(
    kind: Kind[A], due: Sequence[Outstanding], context: RunContext
) -> list[tuple[Sequence[Outstanding], Receipts]]:
    """Send some in one call, or in the parts around what the vendor does not understand."""

    def send(some: Sequence[Outstanding]) -> tuple[Sequence[Outstanding], Receipts]:
        try:
            return some, kind.send(kind.actions(some), context)
        except Exception as error:
            if is_nobodys(error):
                raise
            context.ledger.effects.set_aside(suspected(some, error, context))
            return (), {}

    try:
        return [send(due)]
    except RequestError:
        if len(due) == 1:
            raise
        return apart(send, due, context, EffectState.PLANNED)


def _look_up(kind: Kind[A], doubtful: Sequence[Outstanding], context: RunContext) -> None:
    _settle(kind, doubtful, kind.look_up(doubtful, context), context)


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

    def screen(some: Sequence[Outstanding]) -> tuple[Sequence[Outstanding], Screened]:
        return some, kind.screen(some, context)

    going: list[Outstanding] = []
    for some, screened in apart(screen, due, context):
        needless = [one for one in some if one.key in screened.needless]
        _settle(kind, needless, screened.needless, context)
        context.ledger.effects.put_off(screened.later)
        going += [
            one
            for one in some
            if one.key not in screened.needless and one.key not in screened.later
        ]
    return going


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
    kind: Kind[A],
    tried: Sequence[Outstanding],
    receipts: Receipts,
    context: RunContext,
    *,
    sent: bool = False,
    answered: bool = False,
) -> None:
    """Write what came of effects with what follows from it.

    `sent`: they were in the call that was just made; `answered`: the vendor did answer it, so that
    what is still in doubt is so by itself.
    """
    missing = Unknown(detail="the vendor's answer did not mention it")
    actions = kind.actions(tried)

    def settle(some: Sequence[Outstanding]) -> None:
        told = {one.key: _final(one, receipts.get(one.key, missing), sent=sent) for one in some}
        settled = [
            _settled(one, told[one.key], context.now, sent=sent, answered=answered) for one in some
        ]
        outcomes = [(one, actions[one.key], told[one.key]) for one in some]
        context.ledger.effects.settle(settled, kind.follow(outcomes, context))

    if tried:
        apart(settle, tried, context, EffectState.UNKNOWN)


def _final(one: Outstanding, receipt: Receipt, *, sent: bool) -> Receipt:
    """What came of an effect; one that used up its attempts was refused."""
    if one.attempts + sent < ATTEMPTS:
        return receipt
    match receipt:
        case Refused(refusal=Refusal.LOCKED):
            return receipt.model_copy(update={"refusal": Refusal.OTHER})
        case Untried() if not sent:
            return Refused(refusal=Refusal.OTHER, code=GIVEN_UP, words=receipt.detail)
        case _:
            return receipt


def _settled(
    one: Outstanding, receipt: Receipt, now: datetime, *, sent: bool, answered: bool
) -> Settled:
    before = Attempts(one.attempts, one.attempted_at) if sent else None
    match receipt:
        case Applied():
            return Settled(one.key, EffectState.APPLIED, receipt)
        case Unknown():
            left = Attempts(one.attempts, now) if sent and not answered else None
            return Settled(one.key, EffectState.UNKNOWN, receipt, now + FIRST_PAUSE, left)
        case Refused(refusal=Refusal.LOCKED):
            pause = min(FIRST_PAUSE * 2 ** min(one.attempts, 10), LONGEST_PAUSE)
            return Settled(one.key, EffectState.PLANNED, receipt, now + pause)
        case Refused(refusal=Refusal.DATA | Refusal.SETUP | Refusal.OTHER):
            return Settled(one.key, EffectState.DEAD, receipt)
        case Refused():
            return Settled(one.key, EffectState.REFUSED, receipt)
        case Untried():
            waited = (now - one.planned_at) / PATIENCE
            again = receipt.retry_at or now + min(max(waited, FIRST_PAUSE), OUTAGE_PAUSE)
            return Settled(one.key, EffectState.PLANNED, receipt, again, before)
