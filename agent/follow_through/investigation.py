"""A closer look at puzzling cases, by a model with read-only tools.

Whatever the model answers, only a move that the policy allows for the rung can come of it, and
only with evidence that was really observed. Everything else is as if nobody had been asked.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from zoneinfo import ZoneInfo

from agent.follow_through.cases import Case, Choice
from agent.run.context import RunContext
from agent.run.model_usage import note
from domain.follow_through.escalation import Climb
from domain.follow_through.first_touch import Found
from domain.language import operations
from domain.language.facts import absence
from domain.language.touches import found
from domain.policy.follow_through import Move
from domain.ports import Chosen, Wasted
from domain.values import CycleId, Value

PROMPT = "investigate"
MOST = 10
"""At most so many cases are looked at in one run; the ladder's default does for the others."""


def look_closer(cases: Sequence[Case], context: RunContext) -> Mapping[CycleId, Choice]:
    """What was chosen among the moves that the policy allows; absent where nothing was."""
    if context.investigator is None:
        return {}
    puzzling = [
        (one, one.step)
        for one in cases
        if isinstance(one.step, Climb) and one.step.puzzles and one.step.may
    ]
    chosen: dict[CycleId, Choice] = {}
    for one, climb in puzzling[:MOST]:
        choice = _ask(one, climb, context)
        if choice is not None:
            chosen[one.handoff.cycle] = choice
    return chosen


def _ask(one: Case, climb: Climb, context: RunContext) -> Choice | None:
    if context.investigator is None:
        return None
    prompt = context.prompt(PROMPT)
    messages = prompt.messages(
        lead=one.handoff.title,
        situation=[str(puzzle) for puzzle in climb.puzzles],
        moves=[str(move) for move in climb.may],
    )
    said = context.investigator.choose(
        messages, _looks(one, context), prompt.settings.max_tokens, prompt.version
    )
    if said is None:
        return None
    note(prompt, said, one.handoff.cycle, context)
    return None if isinstance(said, Wasted) else checked(said, one, climb)


def checked(said: Chosen, one: Case, climb: Climb) -> Choice | None:
    """A choice that holds: permitted, and resting on what was observed; else None."""
    permitted = {str(move): move for move in climb.may}
    move: Move | None = permitted.get(said.move)
    if move is None or not said.evidence or not set(said.evidence) <= observed(one):
        return None
    return Choice(move, said)


def observed(one: Case) -> set[str]:
    """The ids of everything that was seen of a lead: all that can be evidence."""
    findings = {found.activity for found in one.seen.judgment.findings}
    return findings | set(one.seen.marketing_replies)


def _looks(one: Case, context: RunContext) -> dict[str, Callable[[], str]]:
    """What the model can look at: facts of this one lead, and nothing else."""
    return {
        "salesforce_activity": lambda: _lines(one.seen.judgment.findings),
        "marketo_activity": lambda: _marketing(one, context),
        "owner": lambda: _owner(one, context),
        "history": lambda: _history(one, context),
    }


def _lines(values: Sequence[Found]) -> str:
    """Each activity with what it is worth, as the catalog puts it."""
    told = (
        json.dumps({"activity": one.activity, "code": one.code, "sentence": found(one)})
        for one in values
    )
    return "\n".join(told) or "nothing was done"


def _marketing(one: Case, context: RunContext) -> str:
    since = one.handoff.first_assigned_at - context.policy.gate.intent_window
    done = context.ledger.cycles.activities([one.handoff.lead], since)
    return _dumped(done.get(one.handoff.lead, ()))


def _owner(one: Case, context: RunContext) -> str:
    handoff = one.handoff
    held = context.ledger.handoffs.rows(state="open", owner=handoff.answers)
    zone = ZoneInfo(context.policy.timezone)
    return json.dumps(
        {
            "name": handoff.owner.name,
            "since": handoff.started_at.isoformat(),
            "said_on_it_at": handoff.accepted_at and handoff.accepted_at.isoformat(),
            "away": None if one.seen.absence is None else absence(one.seen.absence, zone),
            "online_in_slack": one.seen.online,
            "open_leads": len(held),
        }
    )


def _history(one: Case, context: RunContext) -> str:
    decisions = context.ledger.history.decisions(one.handoff.cycle)
    zone = ZoneInfo(context.policy.timezone)
    return "\n".join(f"{row.at.isoformat()} {operations.said(row.said, zone)}" for row in decisions)


def _dumped(values: Sequence[Value]) -> str:
    return "\n".join(value.model_dump_json() for value in values) or "nothing was done"
