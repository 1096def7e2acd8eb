"""The first touch, or how it ended without one, written on the Salesforce record."""

from collections.abc import Mapping

from agent.effects.kind import Kind, Receipts
from agent.run.context import RunContext
from domain.effects import StampTouch
from domain.values import EffectKey


def _send(stamps: Mapping[EffectKey, StampTouch], context: RunContext) -> Receipts:
    return context.crm.stamp_touches(stamps)


STAMP_TOUCH = Kind(StampTouch, _send)
