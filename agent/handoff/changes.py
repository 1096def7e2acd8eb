"""From assignments to handoffs: whose lead it is, since when, and what clock runs."""

from datetime import datetime

from agent.ledger.records import HandoffChange, HeldOff, Outstanding
from agent.ledger.tables.states import OPEN
from agent.run.context import RunContext
from domain.decision.said import Said
from domain.effects import SetOwner
from domain.follow_through.handoff import Handoff, due_at, next_stage, target_at, who_answers
from domain.lead.crm_records import Owner, OwnerKind
from domain.lead.record_ids import is_queue
from domain.policy.model import Policy
from domain.values import RecordId


def handed(
    one: Outstanding,
    write: SetOwner,
    owner: Owner,
    held: HeldOff | None,
    at: datetime,
    context: RunContext,
) -> HandoffChange:
    """What the ledger keeps when a lead was assigned: to the first, or the next."""
    policy = context.policy
    if held is None:
        handoff = _first(one, write, owner, at, policy)
        version = None
    else:
        handoff = next_stage(held.handoff, owner, at, policy, why=write.why, pool=write.pool)
        version = held.version
    return watched(handoff, write.why, version, policy)


def watched(
    handoff: Handoff,
    said: Said | None,
    version: int | None,
    policy: Policy,
    due: datetime | None = None,
    listed_at: datetime | None = None,
) -> HandoffChange:
    """An open handoff, looked at when its next rung is due unless `due` says otherwise."""
    return HandoffChange(
        handoff=handoff,
        state=OPEN,
        due_at=due or first_look(handoff, policy),
        said=said,
        target_at=target_at(handoff, policy),
        version=version,
        listed_at=listed_at,
    )


def first_look(handoff: Handoff, policy: Policy) -> datetime:
    """When the ladder has something to say for the first time, or a look is due anyway."""
    rungs = policy.ladder(handoff.segment)
    marks = [due_at(handoff, rung, policy) for rung in rungs if rung.name not in handoff.climbed]
    return min([*marks, handoff.started_at + policy.follow_through.look_every])


def _first(
    one: Outstanding, write: SetOwner, owner: Owner, at: datetime, policy: Policy
) -> Handoff:
    segment = policy.segment(write.segment) or policy.segments[-1]
    return Handoff(
        cycle=one.cycle,
        lead=one.lead,
        title=write.title,
        segment=segment.name,
        record_id=write.subject.record_id,
        record_kind=write.subject.kind,
        owner=owner,
        answers=who_answers(owner, policy),
        pool=write.pool,
        barred=write.barred,
        brief=write.brief,
        policy=write.stamp.policy_version,
        why=write.why,
        first_assigned_at=at,
        started_at=at,
        target=segment.sla.first_touch,
        clock=segment.sla.clock,
    )


def written_owner(write: SetOwner, policy: Policy) -> Owner:
    """The owner that a confirmed write gave the record."""
    is_person = write.owner_email is not None
    in_queue = write.owner_name in policy.queues or is_queue(write.owner or "")
    return Owner(
        id=write.owner or RecordId(""),
        kind=OwnerKind.USER if is_person or not in_queue else OwnerKind.QUEUE,
        name=write.owner_name,
        email=write.owner_email,
    )
