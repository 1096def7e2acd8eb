"""The custom activity that Marketo keeps of an assignment."""

from collections.abc import Mapping, Sequence

from agent.effects.kind import Kind, Receipts, first_try, found_or_held
from agent.ledger.records import Outstanding
from agent.run.context import RunContext
from domain.effects import MirrorActivity
from domain.values import EffectKey


def _send(writes: Mapping[EffectKey, MirrorActivity], context: RunContext) -> Receipts:
    return context.marketing.mirror_activities(writes)


def _look_up(doubtful: Sequence[Outstanding], context: RunContext) -> Receipts:
    writes = MIRROR_ACTIVITY.actions(doubtful)
    found = context.marketing.mirrored(writes, first_try(doubtful))
    return found_or_held(doubtful, found, context.now)


MIRROR_ACTIVITY = Kind(MirrorActivity, _send, _look_up)
