"""A person's word on a write that waited for it."""

from pydantic import TypeAdapter

from agent.effects.plan import plan
from agent.ledger.records import CycleFields, Decision, Step
from agent.ledger.tables.decisions import DecisionRow
from agent.ledger.tables.states import CycleStatus
from agent.routing.decisions import owner_write
from agent.run.context import RunContext
from domain.conversation.permissions import Ability, may, principal
from domain.decision.cases import Case, Outcome
from domain.decision.said import Denied
from domain.values import CycleId, DecisionId, LeadKey

_CASES: TypeAdapter[Case] = TypeAdapter(Case)


def may_answer(approval: str, by: str, context: RunContext) -> bool:
    """Whether somebody's word on a write that waits counts: by their role, and whose it would be.

    False also for an approval that doesn't wait.
    """
    who, ledger = principal(by, context.policy), context.ledger
    cycles = [CycleId(one.cycle_id) for one in ledger.approvals.pending() if one.id == approval]
    if who is None or not cycles:
        return False
    (lead,) = ledger.conversations.of_cycles(cycles)
    return may(who, Ability.APPROVE, lead.chosen if lead.chosen in context.policy.users else None)


def approve(approval: str, by: str, context: RunContext) -> bool:
    """Let the write happen in the next tick; False when it was answered before."""

    def follow(row: DecisionRow) -> Step:
        return _approved(row, context)

    return context.ledger.approvals.answer(approval, "approved", by, context.now, follow)


def deny(approval: str, by: str, context: RunContext) -> bool:
    """Close the cycle unassigned; False when it was answered before."""

    def follow(row: DecisionRow) -> Step:
        fields = CycleFields(
            status=CycleStatus.DENIED,
            due_at=None,
            said=Denied(by=by),
            blocked_by="APPROVAL",
        )
        return Step(at=context.now, cycles={CycleId(row.cycle_id): fields})

    return context.ledger.approvals.answer(approval, "denied", by, context.now, follow)


def _approved(row: DecisionRow, context: RunContext) -> Step:
    """The write that was waited for; its key counts the writes of the cycle that were refused."""
    routed = Outcome.model_validate_json(row.outcome).routed
    if routed is None:
        raise ValueError(f"decision {row.id} chose no owner")
    snapshot = _CASES.validate_json(row.inputs).snapshot
    action = owner_write(routed.decision, snapshot, _decision(row), context)
    cycle = CycleId(row.cycle_id)
    looks = context.ledger.cycles.looks(cycle)
    rung = str(looks) if looks else ""
    step = Step(
        at=context.now,
        effects=[plan(cycle, action, action.stamp.decision_id, context.now, rung)],
        replaced=[cycle],
    )
    step.cycles[cycle] = CycleFields(status=CycleStatus.ASSIGNING)
    return step


def _decision(row: DecisionRow) -> Decision:
    return Decision(
        cycle=CycleId(row.cycle_id),
        lead=LeadKey(row.lead),
        kind=row.kind,
        at=row.at,
        policy_version=row.policy_version,
        inputs=row.inputs,
        outcome=row.outcome,
        said=row.said,
        recorded=DecisionId(row.id),
    )
