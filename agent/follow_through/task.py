"""The Salesforce Task that keeps a first touch in sight."""

from collections.abc import Mapping

from agent.effects.kind import Kind, Receipts
from agent.run.context import RunContext
from domain.effects import SetTask
from domain.follow_through.handoff import Handoff, target_at
from domain.policy.model import Policy
from domain.values import EffectKey


def task_of(handoff: Handoff, policy: Policy, *, is_done: bool) -> SetTask:
    """The Salesforce Task that keeps the first touch in sight."""
    due = target_at(handoff, policy)
    return SetTask(
        lead=handoff.lead,
        cycle=handoff.cycle,
        record_id=handoff.record_id,
        owner=handoff.owner.id,
        subject=f"First touch due: {handoff.title}",
        due=due,
        is_done=is_done,
    )


def _send(tasks: Mapping[EffectKey, SetTask], context: RunContext) -> Receipts:
    return context.crm.set_tasks(tasks)


SET_TASK = Kind(SetTask, _send)
