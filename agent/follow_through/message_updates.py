"""Keeping messages true: what was said of a lead is marked once it needs nothing any more."""

from collections.abc import Mapping, Sequence

from agent.effects.kind import Kind, Receipts, alike
from agent.effects.plan import plan
from agent.ledger.records import HeldOff, Step
from agent.ledger.tables.states import OPEN
from agent.notifications.screen import no_slack
from agent.run.context import RunContext
from domain.effects import RefreshMessage, TellOwner
from domain.follow_through.handoff import Closing
from domain.policy.model import local_time
from domain.values import CycleId, DecisionId, EffectKey, LeadKey, canonical_json, content_hash

_WORDS = {
    Closing.TOUCHED: "Done: {sentence}",
    Closing.SUPERSEDED: "Came up again: see the newer message",
    Closing.GONE: "No longer in Salesforce",
}


def plan_news(cycles: Sequence[CycleId], context: RunContext) -> Step:
    """The updates of all messages that name leads of which there is news."""
    step = Step(at=context.now)
    if not cycles or context.messenger is None:
        return step
    handoffs = context.ledger.handoffs
    messages = handoffs.messages_about(cycles, "tell_owner")
    named = sorted({CycleId(cycle) for message in messages for cycle in message.cycles})
    held = handoffs.several(named)
    for message in messages:
        items = tuple(TellOwner.model_validate(item) for item in message.items)
        news: dict[LeadKey, str] = {}
        notes: dict[LeadKey, str] = {}
        for item in items:
            if item.cycle is None or item.cycle not in held:
                continue
            said = _news(item, held[item.cycle])
            if said is not None:
                news[item.lead] = said
            elif note := _note(held[item.cycle], context):
                notes[item.lead] = note
        if not news and not notes:
            continue
        channel, _, ts = message.id.partition("/")
        action = RefreshMessage(
            lead=items[0].lead, channel=channel, ts=ts, items=items, news=news, notes=notes
        )
        rung = content_hash(canonical_json(action))
        cycle = CycleId(message.cycles[0])
        step.effects.append(plan(cycle, action, DecisionId(""), context.now, rung))
    return step


def _news(item: TellOwner, held: HeldOff) -> str | None:
    """What became of one lead of a message; None while it still waits for its reader."""
    handoff = held.handoff
    if held.state != OPEN:
        words = _WORDS.get(Closing(held.state), "Closed: {sentence}")
        return words.format(sentence=held.sentence)
    if handoff.stage != item.stage:
        return f"Now with {handoff.owner.name}"
    return None


def _note(held: HeldOff, context: RunContext) -> str | None:
    """What its reader did about a lead that still waits."""
    handoff = held.handoff
    if handoff.disputed:
        return "You said it is not yours: your manager decides."
    if handoff.snoozed_until is not None and handoff.snoozed_until > context.now:
        until = local_time(handoff.snoozed_until, handoff.answers or "", context.policy)
        return f"Snoozed until {until:%a %H:%M %Z}."
    if handoff.accepted_at is not None:
        return "You are on it."
    return None


def _send(updates: Mapping[EffectKey, RefreshMessage], context: RunContext) -> Receipts:
    if context.messenger is None:
        return alike(updates, no_slack(context))
    return context.messenger.refresh(updates)


REFRESH_MESSAGE = Kind(RefreshMessage, _send)
