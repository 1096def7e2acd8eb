"""A kind of effect as one value: how it is sent, looked up, screened, limited, and followed.

Each capability keeps its kinds in its own room; the outbox performs any of them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from agent.ledger.records import Outstanding, Step
from agent.run.context import RunContext
from domain.effects import Action, Applied, Receipt, Unknown, Untried
from domain.policy.model import Limits
from domain.values import EffectKey

A = TypeVar("A", bound=Action)

Receipts = Mapping[EffectKey, Receipt]

LONGEST_PAUSE = timedelta(minutes=15)
"""An effect that can't be sent is tried again at least this often."""
HOLD_OFF = timedelta(minutes=2)
"""Slack and Marketo promise no read after write: what is not found is not repeated sooner."""


@dataclass(frozen=True)
class Screened:
    """What of the due effects is not to be sent now."""

    needless: Mapping[EffectKey, Receipt]
    later: Mapping[EffectKey, datetime]


@dataclass(frozen=True)
class DailyLimit:
    """How many effects of some kinds one day of the business allows, together."""

    kinds: tuple[str, ...]
    """Names of the kinds that count."""
    most: Callable[[Limits], int]
    """The policy's number."""


def repeat(doubtful: Sequence[Outstanding], context: RunContext) -> Receipts:
    """For what is harmless to repeat: send it once more."""
    again = Untried(detail="harmless to repeat", retry_at=context.now)
    return alike((one.key for one in doubtful), again)


def send_all(due: Sequence[Outstanding], context: RunContext) -> Screened:  # noqa: ARG001  (a screen)
    """Nothing is needless and nothing waits."""
    return Screened({}, {})


def nothing_follows(
    tried: Sequence[tuple[Outstanding, Action, Receipt]],  # noqa: ARG001  (a Kind's form)
    context: RunContext,
) -> Step:
    """The outcome leads to nothing else."""
    return Step(at=context.now)


@dataclass(frozen=True)
class Kind(Generic[A]):
    """One kind of effect."""

    action: type[A]
    send: Callable[[Mapping[EffectKey, A], RunContext], Receipts]
    """One plural call to the vendor; a receipt per effect."""
    look_up: Callable[[Sequence[Outstanding], RunContext], Receipts] = repeat
    """What became of those whose outcome is in doubt: asked of the vendor, never guessed."""
    screen: Callable[[Sequence[Outstanding], RunContext], Screened] = send_all
    """What of the due need not be sent any more, and what must wait."""
    follow: Callable[[Sequence[tuple[Outstanding, A, Receipt]], RunContext], Step] = nothing_follows
    """What follows from the outcomes, for the ledger to write with them."""
    limit: DailyLimit | None = None

    @property
    def name(self) -> str:
        """The name that the ledger and the action's JSON know it by."""
        return str(self.action.model_fields["kind"].default)

    def actions(self, effects: Iterable[Outstanding]) -> dict[EffectKey, A]:
        """The actions of this kind among effects, by key."""
        return {one.key: one.action for one in effects if isinstance(one.action, self.action)}


def alike(keys: Iterable[EffectKey], receipt: Receipt) -> dict[EffectKey, Receipt]:
    """The same receipt for each of these."""
    return dict.fromkeys(keys, receipt)


def first_try(effects: Sequence[Outstanding]) -> datetime:
    """Since when the vendor may have any of these."""
    return min(one.attempted_at or one.planned_at for one in effects) - HOLD_OFF


def found_or_held(
    effects: Sequence[Outstanding], found: frozenset[EffectKey] | set[EffectKey], now: datetime
) -> Receipts:
    """Applied if the vendor has it; else sent again, but not before the vendor would show it."""
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
