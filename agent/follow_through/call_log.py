"""A call that a rep made, logged in Salesforce."""

from collections.abc import Mapping

from agent.effects.kind import Kind, Receipts
from agent.run.context import RunContext
from domain.effects import LogCall
from domain.values import EffectKey


def _send(calls: Mapping[EffectKey, LogCall], context: RunContext) -> Receipts:
    return context.crm.log_calls(calls)


LOG_CALL = Kind(LogCall, _send)
