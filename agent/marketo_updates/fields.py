"""Marketo's fields of a person brought up to date: status, owner, and why."""

from collections.abc import Mapping

from agent.effects.kind import Kind, Receipts
from agent.run.context import RunContext
from domain.effects import MirrorFields
from domain.values import EffectKey


def _send(writes: Mapping[EffectKey, MirrorFields], context: RunContext) -> Receipts:
    return context.marketing.mirror_fields(writes)


MIRROR_FIELDS = Kind(MirrorFields, _send)
