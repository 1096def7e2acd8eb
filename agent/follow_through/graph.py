"""One follow-through run: assigned leads go in, what is due for them comes out.

Like the routing run, its state is a table of columns, nothing is sent before the ledger has it,
and a crash is repaired by the next run.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import Any, TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime

from agent.activity import observation
from agent.effects import outbox
from agent.effects.kind import Kind
from agent.follow_through import investigation, message_updates, rep_actions, wording
from agent.follow_through.call_log import LOG_CALL
from agent.follow_through.cases import Case, Choice, NextStep
from agent.follow_through.decisions import Follower, reassigns
from agent.follow_through.message_updates import REFRESH_MESSAGE
from agent.follow_through.task import SET_TASK
from agent.follow_through.touch_stamp import STAMP_TOUCH
from agent.handoff.set_owner import SET_OWNER
from agent.ledger.records import HeldOff, Stop
from agent.logs import alert, defect
from agent.marketo_updates.fields import MIRROR_FIELDS
from agent.notifications.manager import TELL_MANAGER
from agent.notifications.owner import TELL_OWNER
from agent.routing import roster
from agent.run import pauses
from agent.run.context import RunContext
from agent.run.node_watch import watched
from domain.follow_through.escalation import Climb, Rest, Seen, next_step
from domain.follow_through.reasons import Paused, Unjudged
from domain.ports import Observed, Presence
from domain.values import CycleId

PAUSED_LOOK = timedelta(minutes=5)
"""How soon a paused lead is looked at again: a pause has no end of its own."""
UNJUDGED_LOOK = timedelta(hours=1)
"""When a lead is looked at again that could not be judged."""

TOLD: tuple[Kind[Any], ...] = (
    TELL_OWNER,
    TELL_MANAGER,
    STAMP_TOUCH,
    SET_TASK,
    MIRROR_FIELDS,
    REFRESH_MESSAGE,
)
"""Whoever and whatever hears how things stand; a vendor that is away keeps none of the others."""


@dataclass(frozen=True)
class Flock:
    """The leads of one run; one writer per column."""

    due: Mapping[CycleId, HeldOff] = field(default_factory=dict[CycleId, HeldOff])
    observed: Mapping[CycleId, Observed] = field(default_factory=dict[CycleId, Observed])
    presences: Mapping[str, Presence] = field(default_factory=dict[str, Presence])
    seen: Mapping[CycleId, Seen] = field(default_factory=dict[CycleId, Seen])
    steps: Mapping[CycleId, NextStep] = field(default_factory=dict[CycleId, NextStep])
    chosen: Mapping[CycleId, Choice] = field(default_factory=dict[CycleId, Choice])
    """What a closer look chose among the permitted moves."""
    openings: Mapping[CycleId, str] = field(default_factory=dict[CycleId, str])
    """What to say first, worded for the lead at hand."""
    escalations: Mapping[CycleId, str] = field(default_factory=dict[CycleId, str])
    """What a manager reads first of a lead, worded for it."""

    def cases(self) -> list[Case]:
        """Every due lead with what is to happen."""
        return [
            Case(
                held,
                self.seen[cycle],
                self.steps[cycle],
                self.chosen.get(cycle),
                self.openings.get(cycle),
                self.escalations.get(cycle),
            )
            for cycle, held in self.due.items()
        ]


class Update(TypedDict, total=False):
    """What a node adds."""

    due: Mapping[CycleId, HeldOff]
    observed: Mapping[CycleId, Observed]
    presences: Mapping[str, Presence]
    seen: Mapping[CycleId, Seen]
    steps: Mapping[CycleId, NextStep]
    chosen: Mapping[CycleId, Choice]
    openings: Mapping[CycleId, str]
    escalations: Mapping[CycleId, str]


def due(state: Flock, runtime: Runtime[RunContext]) -> Update:  # noqa: ARG001  (a node's form)
    """Finish what was pressed, wake whom something happened to, then take those that are due."""
    context = runtime.context
    rep_actions.finish(context)
    outbox.perform(LOG_CALL, context)
    observation.wake(context)
    held = context.ledger.handoffs.claim(context.run, context.now, context.batch_size, context.only)
    return {"due": {one.handoff.cycle: one for one in held}}


def observe(state: Flock, runtime: Runtime[RunContext]) -> Update:
    """Read once, for all of them, what was done and who is there."""
    context = runtime.context
    handoffs = [one.handoff for one in state.due.values()]
    return {
        "observed": observation.observe(handoffs, context),
        "presences": observation.presences(handoffs, context),
    }


def judge(state: Flock, runtime: Runtime[RunContext]) -> Update:
    """Say for each lead whether it was touched."""
    handoffs = [one.handoff for one in state.due.values()]
    seen: dict[CycleId, Seen] = {}
    for under, theirs in runtime.context.parted(handoffs, lambda one: one.policy):
        seen |= observation.seen(theirs, state.observed, state.presences, under)
    return {"seen": seen}


def climb(state: Flock, runtime: Runtime[RunContext]) -> Update:
    """Ask the ladder what is due."""
    context = runtime.context
    stops = pauses.stops(context)
    return {
        "steps": {
            cycle: _paused(stops[held.handoff.segment], context)
            if held.handoff.segment in stops
            else _next(held, state.seen[cycle], context.under(held.handoff.policy))
            for cycle, held in state.due.items()
        }
    }


def _paused(stop: Stop, context: RunContext) -> NextStep:
    """A person stopped the segment: its leads climb no rung until somebody resumes it."""
    return Rest(until=context.now + PAUSED_LOOK, why=Paused(by=stop.by, reason=stop.reason))


def _next(held: HeldOff, seen: Seen, context: RunContext) -> NextStep:
    """The ladder's answer; a lead that it can't judge waits, is told, and stops no other."""
    try:
        return next_step(held.handoff, seen, context.policy, context.now)
    except (ArithmeticError, LookupError, ValueError) as error:
        cycle = held.handoff.cycle
        alert("ladder_failed", f"Escalation could not be decided: {defect(error)}", cycle=cycle)
        until = context.now + UNJUDGED_LOOK
        return Rest(until=until, why=Unjudged(error=defect(error)))


def investigate(state: Flock, runtime: Runtime[RunContext]) -> Update:
    """Let a model look closer at the puzzling ones; what it can't explain stays as it is."""
    return {"chosen": investigation.look_closer(state.cases(), runtime.context)}


def word(state: Flock, runtime: Runtime[RunContext]) -> Update:
    """Let a model word what to say first; what isn't in the facts stays unsaid."""
    cases, context = state.cases(), runtime.context
    return {
        "openings": wording.word(cases, context),
        "escalations": wording.escalations(cases, context),
    }


def puzzling(state: Flock) -> str:
    """Whether any case deserves a closer look and leaves a choice."""
    climbs = [step for step in state.steps.values() if isinstance(step, Climb)]
    return "investigate" if any(one.puzzles and one.may for one in climbs) else "word"


def act(state: Flock, runtime: Runtime[RunContext]) -> None:
    """Write down what is to happen, then let it happen."""
    context, cases = runtime.context, state.cases()
    inputs = roster.route_inputs(context) if reassigns(cases) else None
    for under, theirs in context.parted(cases, lambda one: one.handoff.policy):
        follower = Follower(under, inputs, state.presences)
        context.ledger.cycles.record(follower.follow(theirs))
        inputs = follower.inputs  # pools moved on
    outbox.perform(SET_OWNER, context)


def record(state: Flock, runtime: Runtime[RunContext]) -> None:
    """Tell people, records, Marketo and the messages of before how things stand now."""
    context = runtime.context
    context.ledger.cycles.record(message_updates.plan_news(list(state.due), context))
    outbox.perform_each(TOLD, context)


@cache
def build() -> CompiledStateGraph[Flock, RunContext, Flock, Flock]:
    """The follow-through graph."""
    graph = StateGraph(Flock, context_schema=RunContext)
    graph.add_sequence([*map(watched, (due, observe, judge, climb))])
    graph.add_node(watched(investigate))
    graph.add_sequence([*map(watched, (word, act, record))])
    graph.add_edge(START, "due")
    graph.add_conditional_edges("climb", puzzling, ["investigate", "word"])
    graph.add_edge("investigate", "word")
    graph.add_edge("record", END)
    return graph.compile(name="follow-through")
