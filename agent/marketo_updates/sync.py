"""Asking Marketo to sync a person to Salesforce at once."""

from collections.abc import Mapping, Sequence

from agent.effects.kind import Kind, Receipts, found_or_held
from agent.ledger.records import Outstanding
from agent.run.context import RunContext
from domain.effects import RequestSync
from domain.values import EffectKey, LeadKey


def _send(requests: Mapping[EffectKey, RequestSync], context: RunContext) -> Receipts:
    return context.marketing.request_sync(requests)


def _look_up(doubtful: Sequence[Outstanding], context: RunContext) -> Receipts:
    people = context.marketing.people([LeadKey(one.lead) for one in doubtful])
    linked = {one.key for one in doubtful if one.lead in people and people[one.lead].link}
    return found_or_held(doubtful, linked, context.now)


REQUEST_SYNC = Kind(RequestSync, _send, _look_up)
