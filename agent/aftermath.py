"""What follows from an effect's outcome: the next effects, and where its cycle goes from here."""

from collections.abc import Sequence
from datetime import datetime

from agent.context import RunContext
from agent.decisions import plan
from agent.ledger.records import CycleFields, Decision, Outstanding, Step
from agent.ledger.tables import CycleStatus
from domain.business_time import next_open
from domain.crm import OwnerKind, OwnerState
from domain.effects import (
    Action,
    Applied,
    MirrorActivity,
    MirrorFields,
    Receipt,
    Refusal,
    Refused,
    SetOwner,
    TellOwner,
)
from domain.policy import Policy
from domain.values import LeadKey, canonical_json

LOOKS = 5
"""After so many refused writes a lead is parked for a person instead of being decided again."""

Tried = tuple[Outstanding, SetOwner, Receipt]


def follow(tried: Sequence[tuple[Outstanding, Receipt]], context: RunContext) -> Step:
    """What follows from these outcomes, for the ledger to write with them."""
    step = Step(at=context.now)
    writes = [
        (one, one.action, receipt) for one, receipt in tried if isinstance(one.action, SetOwner)
    ]
    states = _who_owns(writes, context)
    for one, write, receipt in writes:
        if isinstance(receipt, Applied):
            _assigned(step, one, write, states.get(one.lead), context)
        elif isinstance(receipt, Refused):
            _refused(step, one, receipt, states.get(one.lead), context)
    return step


def _who_owns(writes: Sequence[Tried], context: RunContext) -> dict[LeadKey, OwnerState]:
    """Who owns the records now, where the answer decides what follows."""
    asked = {
        one.lead: write.subject
        for one, write, receipt in writes
        if (isinstance(receipt, Applied) and write.owner is None)
        or (isinstance(receipt, Refused) and receipt.refusal is Refusal.OWNER_CHANGED)
    }
    return dict(context.crm.owner_states(asked)) if asked else {}


def _assigned(
    step: Step, one: Outstanding, write: SetOwner, state: OwnerState | None, context: RunContext
) -> None:
    """The owner is set: the assignment stands, Marketo and the owner are to be told."""
    email, name = write.owner_email, write.owner_name
    fields = CycleFields(status=CycleStatus.ASSIGNED, assigned_at=context.now)
    if write.owner is None and state is not None:
        email, name = state.owner.email, state.owner.name
        fields.update(owner=email or name, owner_name=name)
        sentence = f"Salesforce's assignment rules gave it to {name}."
        step.decisions.append(_observed(one, state, sentence, context))
    step.cycles[one.cycle] = fields
    for action, due_at in _news(one, write, (email, name), context):
        rung = one.decision
        step.effects.append(plan(one.cycle, action, one.decision, due_at, rung))


def _news(
    one: Outstanding, write: SetOwner, owner: tuple[str | None, str], context: RunContext
) -> list[tuple[Action, datetime]]:
    email, name = owner
    now, policy = context.now, context.policy
    fields = MirrorFields(lead=one.lead, status="assigned", owner_name=name, stamp=write.stamp)
    news: list[tuple[Action, datetime]] = [(fields, now)]
    if policy.mirror.activity:
        activity = MirrorActivity(lead=one.lead, owner_name=name, stamp=write.stamp)
        news.append((activity, now))
    if context.messenger is not None and email is not None and email in policy.users:
        told = TellOwner(
            lead=one.lead,
            owner=email,
            title=write.title,
            record_id=write.subject.record_id,
            record_kind=write.subject.kind,
            reason=write.stamp.reason,
            sla_due=write.stamp.sla_due,
        )
        news.append((told, _working_time(email, policy, now)))
    return news


def _working_time(email: str, policy: Policy, now: datetime) -> datetime:
    """When a person may be written to: now, or when their working day begins."""
    user = policy.users[email]
    return next_open(policy.calendars[user.calendar], user.timezone, now)


def _refused(
    step: Step,
    one: Outstanding,
    receipt: Refused,
    state: OwnerState | None,
    context: RunContext,
) -> None:
    match receipt.refusal:
        case Refusal.LOCKED:
            return
        case Refusal.DATA | Refusal.OTHER:
            sentence = f"Salesforce refused the write: {receipt.words} [{receipt.code}]"
            step.cycles[one.cycle] = _set_aside(sentence)
        case Refusal.OWNER_CHANGED if state is not None and _is_person(state, context.policy):
            _respect(step, one, state, context)
        case _ if one.looks + 1 >= LOOKS:
            sentence = f"Decided {LOOKS} times, refused each time; lately: {receipt.words}"
            step.cycles[one.cycle] = _set_aside(sentence)
        case _:
            step.cycles[one.cycle] = CycleFields(
                status=CycleStatus.OPEN,
                due_at=context.now,
                looks=one.looks + 1,
                sentence=f"Decided again: {receipt.words}",
            )


def _set_aside(sentence: str) -> CycleFields:
    return CycleFields(
        status=CycleStatus.PARKED,
        due_at=None,
        deadline=None,
        sentence=sentence,
        blocked_by="SALESFORCE",
    )


def _is_person(state: OwnerState, policy: Policy) -> bool:
    """Whether a record now belongs to an active person, and not to where leads wait."""
    owner = state.owner
    return (
        owner.kind is OwnerKind.USER and owner.is_active and owner.email not in policy.sync.holding
    )


def _respect(step: Step, one: Outstanding, state: OwnerState, context: RunContext) -> None:
    """Someone took or gave the lead by hand: that stays, and is written down."""
    owner = state.owner
    sentence = (
        f"{state.modified_by} gave it to {owner.name} by hand before the worker's write; "
        "a person's change stays."
    )
    step.decisions.append(_observed(one, state, sentence, context))
    step.cycles[one.cycle] = CycleFields(
        status=CycleStatus.ASSIGNED,
        assigned_at=state.modified_at,
        owner=owner.email or owner.name,
        owner_name=owner.name,
        rule="a person's own change",
        sentence=sentence,
    )


def _observed(one: Outstanding, state: OwnerState, sentence: str, context: RunContext) -> Decision:
    seen = canonical_json(state)
    return Decision(
        cycle=one.cycle,
        lead=one.lead,
        kind="observed",
        at=context.now,
        policy_version=context.policy.version,
        inputs=seen,
        outcome=seen,
        sentence=sentence,
    )
