"""Keeping messages true: a message about a lead is updated once something happened to it."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from agent.effects.kind import Kind, Receipts, alike
from agent.effects.plan import plan
from agent.ledger.records import HeldOff, Posted, Step
from agent.ledger.stores.conversations import Known
from agent.ledger.tables.states import OPEN
from agent.logs import alert, defect
from agent.notifications.screen import no_slack
from agent.run.context import RunContext
from domain.effects import RefreshMessage, TellOwner
from domain.follow_through.handoff import Closing
from domain.grammar import lasting, moment
from domain.language import operations
from domain.policy.model import zone_of
from domain.values import CycleId, DecisionId, EffectKey, LeadKey, content_hash

WORDS = {
    Closing.SUPERSEDED: "New activity from this lead: see the newer message.",
    Closing.GONE: "Deleted in Salesforce.",
    Closing.DISQUALIFIED: "Disqualified: {said}",
    Closing.RECYCLED: "Recycled: {said}",
    Closing.CONVERTED: "Converted: {said}",
}


def plan_news(cycles: Sequence[CycleId], context: RunContext) -> Step:
    """The updates of all messages that name leads of which there is news.

    A lead or a message that can't be read is reported, and keeps no news of the others back.
    """
    step = Step(at=context.now)
    if not cycles or context.messenger is None:
        return step
    handoffs = context.ledger.handoffs
    messages = handoffs.messages_about(cycles, "tell_owner")
    named = sorted({CycleId(cycle) for message in messages for cycle in message.cycles})
    held = handoffs.legible(named)
    touched = _touched(held, context)
    for message in messages:
        try:
            action = _refreshed(message, held, touched, context)
        except (ArithmeticError, LookupError, ValueError) as error:
            alert("news_unplanned", f"A message can't be updated: {defect(error)}")
            continue
        if action is not None:
            rung = rung_of(message.id, action.marks)
            cycle = CycleId(message.cycles[0])
            step.effects.append(plan(cycle, action, DecisionId(""), context.now, rung))
    return step


def _refreshed(
    message: Posted,
    held: Mapping[CycleId, HeldOff],
    touched: Mapping[CycleId, str],
    context: RunContext,
) -> RefreshMessage | None:
    """A message as its leads stand now; None without news of any."""
    items = tuple(TellOwner.model_validate(item) for item in message.items)
    news: dict[LeadKey, str] = {}
    notes: dict[LeadKey, str] = {}
    marks: dict[LeadKey, str] = {}
    for item in items:
        if item.cycle is None or item.cycle not in held:
            continue
        mark = mark_of(item.stage, held[item.cycle], context.now)
        if mark is None:
            continue
        marks[item.lead] = mark
        said = touched.get(item.cycle) or _news(item, held[item.cycle], context)
        if said is not None:
            news[item.lead] = said
        elif note := _note(held[item.cycle], context):
            notes[item.lead] = note
    if not news and not notes:
        return None
    channel, _, ts = message.id.partition("/")
    return RefreshMessage(
        lead=items[0].lead,
        channel=channel,
        ts=ts,
        items=items,
        news=news,
        notes=notes,
        marks=marks,
    )


def mark_of(stage: int, held: HeldOff, now: datetime) -> str | None:
    """How a lead of a message stands, told to the owner of that stage; None without news."""
    handoff = held.handoff
    if held.state != OPEN:
        return held.state
    if handoff.stage != stage:
        return f"stage {handoff.stage}"
    if handoff.disputed:
        return "disputed"
    if handoff.snoozed_until is not None and handoff.snoozed_until > now:
        return f"snoozed {handoff.snoozed_until.isoformat()}"
    return None if handoff.accepted_at is None else "accepted"


def rung_of(message: str, marks: Mapping[LeadKey, str]) -> str:
    """The intent to show a message as its leads stand: the same however it is worded."""
    return content_hash("\n".join([message, *(f"{one} {marks[one]}" for one in sorted(marks))]))


def _touched(held: Mapping[CycleId, HeldOff], context: RunContext) -> dict[CycleId, str]:
    """How long the first touch of each lead took that had one."""
    cycles = [cycle for cycle, one in held.items() if one.state == Closing.TOUCHED]
    known = context.ledger.conversations.of_cycles(cycles) if cycles else ()
    return {one.cycle: _touch(one, _told(held[one.cycle], context)) for one in known}


def _told(held: HeldOff, context: RunContext) -> str:
    """What was decided last, on the clock of the lead's reader."""
    return operations.said(held.said, zone_of(held.handoff.answers or "", context.policy))


def _touch(known: Known, told: str) -> str:
    if known.touched_at is None or known.assigned_at is None:
        return f"First touch: {told}"
    took = lasting(known.touched_at - known.assigned_at)
    kept = "within SLA" if known.in_time else "SLA breached"
    return f"First touch after {took}, {kept}. {told}"


def _news(item: TellOwner, held: HeldOff, context: RunContext) -> str | None:
    """What became of one lead of a message; None while its reader still has to act."""
    handoff = held.handoff
    if held.state != OPEN:
        words = WORDS.get(Closing(held.state), "First touch: {said}")
        return words.format(said=_told(held, context))
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
