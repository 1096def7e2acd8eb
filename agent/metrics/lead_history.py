"""The whole story of a lead, from the ledger, in plain words."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter

from agent.ledger import Ledger
from agent.ledger.tables.decisions import DecisionRow
from agent.ledger.tables.effects import EffectRow
from agent.ledger.tables.handoffs import HandoffRow
from agent.ledger.tables.leads import CycleRow
from agent.ledger.tables.states import EffectState
from agent.routing.decisions import title_of
from domain.decision.cases import Case, Outcome
from domain.effects import Refusal
from domain.gate.verdict import Outcome as CheckOutcome
from domain.gate.verdict import Verdict
from domain.lead.model import Lead, Trigger
from domain.metrics.time_breakdown import split
from domain.routing.route import Routed
from domain.values import CycleId, LeadKey, Value

_CASES: TypeAdapter[Case] = TypeAdapter(Case)
MINUTES_SHOWN = 120
"""Longer stretches are told in hours."""
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
        if trigger.cycle_id is None or trigger.outcome.startswith("inside the cool-down"):
            lines.append((1, f"{_at(trigger.at, zone)}: {trigger.sentence}, {trigger.outcome}"))
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
    yield 1, f"Cycle {cycle.number}: {_at(trigger.at, zone)}, {trigger.sentence} ({trigger.kind})"
    for decision in decisions:
        if decision.kind in ("gate", "route"):
            yield from _decision(decision, zone)
    happened = [
        (decision.at, 0, decision.sentence)
        for decision in decisions
        if decision.kind not in ("gate", "route")
    ]
    happened += [(effect.settled_at or effect.due_at, 1, told_effect(effect)) for effect in effects]
    for at, _, said in sorted(happened):
        yield 2, f"{_at(at, zone)}: {said}"
    yield from _clocks(cycle, trigger, effects, handoff)
    yield 2, f"Now: {cycle.status}. {cycle.sentence}"


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
    human = "no touch yet" if delays.human is None else f"the person {_length(delays.human)}"
    yield 2, f"Clocks: the systems took {_length(delays.system)}, {human}"


def _length(duration: timedelta) -> str:
    minutes = round(duration.total_seconds() / 60)
    return f"{minutes}m" if minutes < MINUTES_SHOWN else f"{minutes // 60}h {minutes % 60}m"


def _decision(decision: DecisionRow, zone: ZoneInfo) -> Iterator[tuple[int, str]]:
    at = _at(decision.at, zone)
    outcome = Outcome.model_validate_json(decision.outcome)
    yield 2, f"{at}, decision {decision.id} under policy {decision.policy_version}"
    yield from _verdict(outcome.verdict)
    if outcome.routed is not None:
        yield from _routed(outcome.routed, zone)


def _verdict(verdict: Verdict) -> Iterator[tuple[int, str]]:
    yield 3, f"{verdict.kind}: {verdict.sentence}"
    for check in verdict.checks:
        yield 4, f"{_MARKS[check.outcome]:<5}{check.code:<16} {check.sentence}"


def _routed(routed: Routed, zone: ZoneInfo) -> Iterator[tuple[int, str]]:
    chosen = routed.decision
    yield 3, f"WHY: {chosen.reason}"
    if chosen.sla_due is not None:
        yield 3, f"First human touch due {_at(chosen.sla_due, zone)} (segment {chosen.segment})"


_SAID = {
    "set_owner": "owner and reason written in Salesforce",
    "mirror_fields": "mirrored to Marketo's fields",
    "mirror_activity": "logged as a Marketo activity",
    "request_sync": "sync to Salesforce requested from Marketo",
    "tell_owner": "owner told in Slack",
    "tell_manager": "manager told in Slack",
    "refresh_message": "message in Slack brought up to date",
    "send_report": "report sent in Slack",
    "stamp_touch": "first touch written in Salesforce",
    "set_task": "task kept in Salesforce",
    "log_call": "call logged in Salesforce",
    "correct_field": "correction written to Marketo",
}
_STATES = {
    EffectState.PLANNED: "planned",
    EffectState.ATTEMPTED: "under way",
    EffectState.UNKNOWN: "in doubt: will be looked up at the vendor",
    EffectState.APPLIED: "done",
    EffectState.REFUSED: "refused",
    EffectState.DEAD: "given up",
}


def told_effect(effect: EffectRow) -> str:
    """What was written outside, and how that stands."""
    state, receipt = EffectState(effect.state), effect.receipt or {}
    is_needless = receipt.get("refusal") == Refusal.NEEDLESS
    words = receipt.get("words", "")
    more = f": {words}" if words else ""
    return f"{_SAID[effect.kind]}: {'not needed any more' if is_needless else _STATES[state]}{more}"


def _at(instant: datetime, zone: ZoneInfo) -> str:
    return f"{instant.astimezone(zone):%a %d %b %H:%M %Z}"
