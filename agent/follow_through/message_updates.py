"""Keeping messages true: a message about a lead is updated once something happened to it."""

from collections.abc import Mapping, Sequence

from agent.effects.kind import Kind, Receipts, alike
from agent.effects.plan import plan
from agent.ledger.records import HeldOff, Step
from agent.ledger.stores.conversations import Known
from agent.ledger.tables.states import OPEN
from agent.notifications.screen import no_slack
from agent.run.context import RunContext
from domain.effects import RefreshMessage, TellOwner
from domain.follow_through.handoff import Closing
from domain.grammar import lasting, moment
from domain.policy.model import zone_of
from domain.values import CycleId, DecisionId, EffectKey, LeadKey, canonical_json, content_hash

WORDS = {
    Closing.SUPERSEDED: "New activity from this lead: see the newer message.",
    Closing.GONE: "Deleted in Salesforce.",
    Closing.DISQUALIFIED: "Disqualified: {sentence}",
    Closing.RECYCLED: "Recycled: {sentence}",
    Closing.CONVERTED: "Converted: {sentence}",
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
    touched = _touched(held, context)
    for message in messages:
        items = tuple(TellOwner.model_validate(item) for item in message.items)
        news: dict[LeadKey, str] = {}
        notes: dict[LeadKey, str] = {}
        for item in items:
            if item.cycle is None or item.cycle not in held:
                continue
            said = touched.get(item.cycle) or _news(item, held[item.cycle])
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


def _touched(held: Mapping[CycleId, HeldOff], context: RunContext) -> dict[CycleId, str]:
    """How long the first touch of each lead took that had one."""
    cycles = [cycle for cycle, one in held.items() if one.state == Closing.TOUCHED]
    known = context.ledger.conversations.of_cycles(cycles) if cycles else ()
    return {one.cycle: _touch(one, held[one.cycle]) for one in known}


def _touch(known: Known, held: HeldOff) -> str:
    if known.touched_at is None or known.assigned_at is None:
        return f"First touch: {held.sentence}"
    took = lasting(known.touched_at - known.assigned_at)
    kept = "within SLA" if known.in_time else "SLA breached"
    return f"First touch after {took}, {kept}. {held.sentence}"


def _news(item: TellOwner, held: HeldOff) -> str | None:
    """What became of one lead of a message; None while its reader still has to act."""
    handoff = held.handoff
    if held.state != OPEN:
        words = WORDS.get(Closing(held.state), "First touch: {sentence}")
        return words.format(sentence=held.sentence)
    if handoff.stage != item.stage:
        return f"Reassigned to {handoff.owner.name}"
    return None


def _note(held: HeldOff, context: RunContext) -> str | None:
    """What its reader did about a lead whose first touch is still due."""
    handoff = held.handoff
    if handoff.disputed:
        return "You marked this lead as not yours. Your manager will decide."
    if handoff.snoozed_until is not None and handoff.snoozed_until > context.now:
        zone = zone_of(handoff.answers or "", context.policy)
        return f"Snoozed until {moment(handoff.snoozed_until, zone)}."
    if handoff.accepted_at is not None:
        return "You're on it."
    return None


def _send(updates: Mapping[EffectKey, RefreshMessage], context: RunContext) -> Receipts:
    if context.messenger is None:
        return alike(updates, no_slack(context))
    return context.messenger.refresh(updates)


REFRESH_MESSAGE = Kind(RefreshMessage, _send)
