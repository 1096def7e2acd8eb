"""An action as an effect of a cycle, under its one key."""

from agent.ledger.records import PlannedEffect, effect_key
from domain.effects import Action, Planned
from domain.values import CycleId, DecisionId, Instant


def plan(
    cycle: CycleId, action: Action, decision: DecisionId, due_at: Instant, rung: str = ""
) -> PlannedEffect:
    """An action as an effect of a cycle, under its one key."""
    key = effect_key(cycle, action.kind, rung)
    return PlannedEffect(cycle, Planned(key=key, action=action), decision, due_at)
