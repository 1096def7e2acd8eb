"""The whole history of a lead, from the ledger, in plain words."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter

from agent.ledger import Ledger
from agent.ledger.tables.decisions import DecisionRow
from agent.ledger.tables.effects import EffectRow
from agent.ledger.tables.handoffs import HandoffRow
from agent.ledger.tables.leads import CycleRow, TriggerRow
from agent.ledger.tables.states import EffectState, TriggerOutcome
from agent.routing.decisions import title_of
from domain.decision.cases import Case, Outcome
from domain.effects import Refusal
from domain.gate.verdict import Outcome as CheckOutcome
from domain.gate.verdict import Verdict
from domain.language import checks, names, operations, routes
from domain.language.facts import occurrence
from domain.lead.model import Lead, Trigger
from domain.metrics.time_breakdown import split
from domain.routing.route import Routed, why
from domain.values import CycleId, LeadKey, Value

_CASES: TypeAdapter[Case] = TypeAdapter(Case)
_MARKS = {
    CheckOutcome.PASS: "ok",
    CheckOutcome.FAIL: "FAIL",
    CheckOutcome.WAIT: "wait",
    CheckOutcome.NOT_APPLICABLE: "-",
}


class Told(Value):
    """A story as lines, each with how deep it is indented."""

    lead: LeadKey
    title: str
    lines: tuple[tuple[int, str], ...]

    def __str__(self) -> str:
        """The story as text for a terminal."""
        return "\n".join([self.title, *("  " * depth + text for depth, text in self.lines)])


def tell(ledger: Ledger, lead: LeadKey, timezone: str) -> Told | None:
    """The story of one lead, its times in `timezone`; None for a lead never seen."""
    cycles = ledger.history.cycles(lead)
    triggers = ledger.history.triggers(lead)
    if not cycles and not triggers:
        return None
    zone = ZoneInfo(timezone)
    lines: list[tuple[int, str]] = []
    title = f"Lead {lead}"
    for cycle in cycles:
        decisions = ledger.history.decisions(cycle.id)
        for decision in decisions:
            if decision.kind in ("gate", "route"):
                title = f"{title_of(_lead_of(decision))} (Marketo {lead})"
        handoff = ledger.handoffs.row(CycleId(cycle.id))
        lines += _cycle(cycle, decisions, ledger.history.effects(cycle.id), zone, handoff)
    for trigger in triggers:
        if trigger.cycle_id is None or trigger.outcome is TriggerOutcome.HELD_BACK:
            fact, outcome = occurrence(trigger.fact), trigger_outcome(trigger, zone)
            lines.append((1, f"{_at(trigger.at, zone)}: {fact}, {outcome}"))
    return Told(lead=lead, title=title, lines=tuple(lines))


def _lead_of(decision: DecisionRow) -> Lead:
    return _CASES.validate_json(decision.inputs).snapshot.lead


def _cycle(
    cycle: CycleRow,
    decisions: list[DecisionRow],
    effects: list[EffectRow],
    zone: ZoneInfo,
    handoff: HandoffRow | None,
) -> Iterator[tuple[int, str]]:
    trigger = Trigger.model_validate(cycle.trigger)
    kind = names.trigger(trigger.kind)
    yield 1, f"Trigger {cycle.number}: {_at(trigger.at, zone)}, {occurrence(trigger.fact)} ({kind})"
    for decision in decisions:
        if decision.kind in ("gate", "route"):
            yield from _decision(decision, zone)
    happened = [
        (decision.at, 0, operations.said(decision.said, zone))
        for decision in decisions
        if decision.kind not in ("gate", "route")
    ]
    happened += [(effect.settled_at or effect.due_at, 1, told_effect(effect)) for effect in effects]
    for at, _, said in sorted(happened):
        yield 2, f"{_at(at, zone)}: {said}"
    yield from _clocks(cycle, trigger, effects, handoff)
    yield 2, f"Status: {names.STATUSES[cycle.status]}. {operations.said(cycle.said, zone)}"


def _clocks(
    cycle: CycleRow, trigger: Trigger, effects: list[EffectRow], handoff: HandoffRow | None
) -> Iterator[tuple[int, str]]:
    """Whose time it was, from the trigger to the touch."""
    if cycle.ready_at is None or cycle.assigned_at is None:
        return
    told = [
        effect.settled_at
        for effect in effects
        if effect.kind == "tell_owner" and effect.state == EffectState.APPLIED
    ]
    told_at = min((each for each in told if each is not None), default=None)
    touched_at = None if handoff is None else handoff.touched_at
    delays = split(trigger.at, cycle.ready_at, cycle.assigned_at, told_at, touched_at)
    human = "no first touch yet"
    if delays.human is not None:
        human = f"rep response time {_length(delays.human)}"
    yield 2, f"Routing time {_length(delays.system)}; {human}"


def _length(duration: timedelta) -> str:
    minutes = round(duration / timedelta(minutes=1))
    days, rest = divmod(minutes, 24 * 60)
    hours, minutes = divmod(rest, 60)
    parts = ((days, "d"), (hours, "h"), (minutes, "min"))
    return " ".join(f"{count} {unit}" for count, unit in parts if count) or "0 min"


def _decision(decision: DecisionRow, zone: ZoneInfo) -> Iterator[tuple[int, str]]:
    at = _at(decision.at, zone)
    outcome = Outcome.model_validate_json(decision.outcome)
    yield 2, f"{at}, decision {decision.id} under policy {decision.policy_version}"
    yield from _verdict(outcome.verdict, zone)
    if outcome.routed is not None:
        yield from _routed(outcome.routed, zone)


def _verdict(verdict: Verdict, zone: ZoneInfo) -> Iterator[tuple[int, str]]:
    yield 3, f"{names.verdict(verdict.kind)}: {checks.verdict(verdict, zone)}"
    for check in verdict.checks:
        mark, name = _MARKS[check.outcome], names.check(check.code)
        yield 4, f"{mark:<5}{name:<18} {checks.reason(check.why, zone)}"


def _routed(routed: Routed, zone: ZoneInfo) -> Iterator[tuple[int, str]]:
    chosen = routed.decision
    yield 3, f"Why: {routes.routed(why(chosen), zone)}"
    if chosen.sla_due is not None:
        yield 3, f"First touch due {_at(chosen.sla_due, zone)} (segment {chosen.segment})"


def trigger_outcome(row: TriggerRow, zone: ZoneInfo) -> str:
    """What a trigger led to."""
    match row.outcome:
        case TriggerOutcome.OPENED:
            return "new"
        case TriggerOutcome.JOINED:
            return "already in progress, not routed again"
        case TriggerOutcome.HELD_BACK:
            until = "" if row.cool_until is None else f" until {_at(row.cool_until, zone)}"
            return f"ignored during the cool-down{until}"


def told_effect(effect: EffectRow) -> str:
    """What was updated outside, how that stands, and what the vendor answered."""
    words = vendor_words(effect)
    return f"{update(effect)} ({words})" if words else update(effect)


def update(effect: EffectRow) -> str:
    """What was updated outside, and how that stands."""
    name = names.UPDATES[effect.kind]
    if (effect.receipt or {}).get("refusal") == Refusal.NEEDLESS:
        return f"{name}: no longer needed"
    is_done = effect.state == EffectState.APPLIED
    return names.UPDATED[effect.kind] if is_done else f"{name}: {names.UPDATE_STATES[effect.state]}"


def vendor_words(effect: EffectRow) -> str:
    """Why an update came out as it did, as the vendor or the worker put it; often nothing."""
    return str((effect.receipt or {}).get("words", ""))


def _at(instant: datetime, zone: ZoneInfo) -> str:
    local = instant.astimezone(zone)
    return f"{local:%a, %b} {local.day}, {local.hour % 12 or 12}:{local:%M %p %Z}"
