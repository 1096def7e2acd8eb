"""Giving a lead to the next of its pool: the choice, its record, and the write for it."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from agent.effects.plan import plan
from agent.follow_through.cases import certify
from agent.ledger.records import Step
from agent.run.context import RunContext
from domain.decision.cases import ReassignCase
from domain.effects import SetOwner, Stamp
from domain.follow_through.escalation import Seen
from domain.follow_through.handoff import Handoff, next_stage, target_at
from domain.follow_through.reasons import ByRequest, Escalated, Rotated
from domain.follow_through.reassignment import Reassigned, reassign
from domain.language import salesforce_record
from domain.lead.crm_records import Owner, OwnerKind, RecordSeen
from domain.policy.model import Policy
from domain.routing.route import RouteInputs, Subject, ToUser
from domain.values import DecisionId


@dataclass(frozen=True)
class Giving:
    """A lead that is to be reassigned, and why."""

    handoff: Handoff
    seen: Seen
    because: Escalated
    credit: bool = False
    """Whether the pool owes the present owner another lead for it."""


def give_on(step: Step, giving: Giving, inputs: RouteInputs, context: RunContext) -> Reassigned:
    """Choose the next owner, record the choice, and plan the write that carries it out."""
    handoff, credit = giving.handoff, giving.credit
    case = ReassignCase(
        handoff=handoff,
        inputs=pool_inputs(handoff, inputs, context.policy),
        because=giving.because,
        credit=credit,
    )
    given = reassign(handoff, case.inputs, context.policy, credit=credit)
    why = given.why(giving.because)
    decision = certify(handoff, case, given, why, context)
    step.decisions.append(decision)
    if given.draw is not None:
        step.pools[given.draw.pool] = given.draw.after
    if given.target is not None:
        write = hand_over(handoff, giving.seen.record, given.target, why, decision.id, context)
        rung = f"stage {handoff.stage + 1}"
        step.effects.append(plan(handoff.cycle, write, decision.id, context.now, rung))
    return given


def hand_over(
    handoff: Handoff,
    record: RecordSeen | None,
    target: ToUser,
    why: Rotated | ByRequest,
    decision: DecisionId,
    context: RunContext,
) -> SetOwner:
    """The write that gives a lead to its next owner, only if the present one still has it."""
    policy = context.policy
    new = Owner(id=target.user_id, kind=OwnerKind.USER, name=target.name, email=target.email)
    after = next_stage(handoff, new, context.now, policy, why=why, pool=handoff.pool)
    return SetOwner(
        lead=handoff.lead,
        subject=Subject(
            record_id=handoff.record_id if record is None else record.record_id,
            kind=handoff.record_kind if record is None else record.kind,
            expected_owner=handoff.owner.id if record is None else record.owner.id,
        ),
        owner=target.user_id,
        owner_name=target.name,
        owner_email=target.email,
        title=handoff.title,
        why=why,
        stamp=Stamp(
            decision_id=decision,
            status="reassigned",
            reason=salesforce_record.owner(why, ZoneInfo(policy.timezone)),
            rule="follow-through",
            territory=None,
            policy_version=policy.version,
            routed_at=context.now,
            sla_due=target_at(after, policy),
        ),
        segment=handoff.segment,
        pool=handoff.pool,
        brief=handoff.brief,
    )


def pool_inputs(handoff: Handoff, inputs: RouteInputs, policy: Policy) -> RouteInputs:
    """Only what a reassignment looks at: its pool, and that pool's members."""
    if handoff.pool is None or handoff.pool not in policy.pools:
        roster = inputs.roster.model_copy(update={"members": {}, "queues": {}})
        return RouteInputs(roster=roster, pools={})
    users = [one.user for one in policy.pools[handoff.pool].members]
    known = inputs.roster.members
    members = {user: known[user] for user in users if user in known}
    roster = inputs.roster.model_copy(update={"members": members, "queues": {}})
    pools = {name: state for name, state in inputs.pools.items() if name == handoff.pool}
    return RouteInputs(roster=roster, pools=pools)


def moved_on(inputs: RouteInputs, given: Reassigned) -> RouteInputs:
    """The same moment after a lead was reassigned: its pool and the new owner's load moved."""
    pools = dict(inputs.pools)
    if given.draw is not None:
        pools[given.draw.pool] = given.draw.after
    members = dict(inputs.roster.members)
    if given.target is not None and given.target.email in members:
        member = members[given.target.email]
        members[given.target.email] = member.model_copy(
            update={
                "open_leads": member.open_leads + 1,
                "assigned_today": member.assigned_today + 1,
            }
        )
    return RouteInputs(roster=inputs.roster.model_copy(update={"members": members}), pools=pools)
