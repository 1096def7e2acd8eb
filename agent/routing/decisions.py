"""From verdicts and routes to what the ledger records and what is planned outside.

Pure: each function turns what was decided into one `Step`; nothing is sent and nothing is read.
"""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from agent.effects.plan import plan
from agent.ledger.records import (
    Approval,
    Claimed,
    CycleFields,
    Decision,
    Step,
)
from agent.ledger.tables.states import CycleStatus
from agent.run.context import RunContext
from domain.decision.cases import Case, GateCase, Outcome, RouteCase
from domain.decision.said import Event, Happened, Said
from domain.effects import MirrorFields, RequestSync, SetOwner, Stamp
from domain.gate.snapshot import Snapshot
from domain.gate.verdict import Outcome as CheckOutcome
from domain.gate.verdict import Park, Ready, Reject, Verdict, Wait, fingerprint, in_short
from domain.language import salesforce_record
from domain.lead.match import NoRecord
from domain.lead.model import FieldName, Lead
from domain.policy.facts import facts, segment_of, with_segment
from domain.policy.model import Mode, Policy
from domain.routing.availability import barred
from domain.routing.brief import brief
from domain.routing.route import Keep, Route, Routed, RouteInputs, ToQueue, ToSalesforceRules, why
from domain.routing.rules import evolve, restrict, route
from domain.values import (
    LeadKey,
    RecordId,
    canonical_json,
)

V = TypeVar("V", Ready, Wait, Park, Reject)
Judged = tuple[Claimed, Snapshot, V]

PARKED_LOOK = timedelta(days=1)
"""A parked lead is looked at this often even when no change wakes it."""


def mode_of(segment: str, policy: Policy) -> Mode:
    """How far the worker may go by itself in a segment; shadow where the policy has no such."""
    modes = {one.name: one.mode for one in policy.segments}
    return modes.get(segment, Mode.SHADOW)


def certify(case: Case, outcome: Outcome, said: Said, policy: Policy) -> Decision:
    """A decision as the ledger keeps it."""
    snapshot = case.snapshot
    return Decision(
        cycle=snapshot.cycle.id,
        lead=snapshot.lead.key,
        kind=case.kind,
        at=snapshot.at,
        policy_version=policy.version,
        inputs=canonical_json(case),
        outcome=canonical_json(outcome),
        said=said,
    )


def assigned(
    ready: Sequence[Judged[Ready]],
    inputs: RouteInputs,
    context: RunContext,
    tried: Collection[LeadKey] = (),
) -> Step:
    """Route each ready lead in turn; the pools and the people's loads move on between them.

    `tried` are the leads that the published policy decides.
    """
    step, canary = Step(at=context.now), context.canary
    trying = context if canary is None else context.under(canary.policy.version)
    for claimed, snapshot, verdict in ready:
        under = trying if snapshot.lead.key in tried else context
        policy = under.policy
        routed = route(snapshot, inputs, policy)
        case = RouteCase(snapshot=snapshot, inputs=restrict(inputs, routed))
        outcome = Outcome(verdict=verdict, routed=routed)
        decision = certify(case, outcome, why(routed.decision), policy)
        inputs = evolve(inputs, routed)
        step.decisions.append(decision)
        step.cycles[claimed.cycle.id] = _routed_fields(routed, claimed, under)
        step.cycles[claimed.cycle.id]["title"] = title_of(snapshot.lead)
        for draw in routed.decision.draws:
            step.pools[draw.pool] = draw.after
        _carry_out(step, claimed, snapshot, routed, decision, under)
    return step


def _routed_fields(routed: Routed, claimed: Claimed, context: RunContext) -> CycleFields:
    chosen = routed.decision
    mode = mode_of(chosen.segment, context.policy)
    status = {
        Mode.SHADOW: CycleStatus.SHADOWED,
        Mode.APPROVE: CycleStatus.APPROVAL,
        Mode.AUTO: CycleStatus.ASSIGNING,
    }[mode]
    fields = CycleFields(
        status=status,
        due_at=None,
        deadline=None,
        verdict_hash=None,
        said=why(chosen),
        blocked_by=None,
        segment=chosen.segment,
        record_id=chosen.subject.record_id,
        record_kind=chosen.subject.kind,
        rule=chosen.rule,
        territory=chosen.territory,
        is_fallback=isinstance(chosen, Route) and chosen.is_fallback,
        ready_at=claimed.ready_at or context.now,
        sla_due=chosen.sla_due,
    )
    fields.update(_owner_fields(chosen))
    return fields


def _owner_fields(chosen: Route | Keep) -> CycleFields:
    if isinstance(chosen, Keep):
        return CycleFields(owner=chosen.owner, owner_name=chosen.owner_name)
    if isinstance(chosen.target, ToSalesforceRules):
        return CycleFields(owner="salesforce rules", owner_name="Salesforce's assignment rules")
    if isinstance(chosen.target, ToQueue):
        return CycleFields(owner=chosen.target.queue, owner_name=chosen.target.queue)
    return CycleFields(owner=chosen.target.email, owner_name=chosen.target.name)


def _carry_out(
    step: Step,
    claimed: Claimed,
    snapshot: Snapshot,
    routed: Routed,
    decision: Decision,
    context: RunContext,
) -> None:
    chosen = routed.decision
    mode = mode_of(chosen.segment, context.policy)
    if mode is Mode.APPROVE:
        step.approvals.append(Approval(claimed.cycle.id, decision.id, why(chosen)))
    if mode is Mode.AUTO:
        action = owner_write(chosen, snapshot, decision, context)
        rung = str(claimed.looks) if claimed.looks else ""
        step.effects.append(plan(claimed.cycle.id, action, decision.id, context.now, rung))
        step.replaced.append(claimed.cycle.id)


def title_of(lead: Lead) -> str:
    """A lead in a few words: `Dana Fox, VP Marketing at Acme`."""
    names = (lead.text(FieldName.FIRST_NAME), lead.text(FieldName.LAST_NAME))
    who = " ".join(name for name in names if name) or lead.text(FieldName.EMAIL) or lead.key
    title, company = lead.text(FieldName.TITLE), lead.text(FieldName.COMPANY)
    return who + (f", {title}" if title else "") + (f" at {company}" if company else "")


def owner_write(
    chosen: Route | Keep, snapshot: Snapshot, decision: Decision, context: RunContext
) -> SetOwner:
    """The one write that gives a record its owner and its stamp."""
    owner: RecordId | None = chosen.subject.expected_owner
    zone = ZoneInfo(context.policy.timezone)
    email = chosen.owner if isinstance(chosen, Keep) else None
    if isinstance(chosen, Route):
        target = chosen.target
        if isinstance(target, ToSalesforceRules):
            owner = None
        elif isinstance(target, ToQueue):
            owner = target.queue_id
        else:
            owner, email = target.user_id, target.email
    pool = chosen.draws[-1].pool if chosen.draws else None
    return SetOwner(
        lead=decision.lead,
        subject=chosen.subject,
        owner=owner,
        owner_name=_owner_fields(chosen).get("owner_name", ""),
        owner_email=email if email in context.policy.users else None,
        title=title_of(snapshot.lead),
        why=why(chosen),
        stamp=Stamp(
            decision_id=decision.id,
            status="assigned",
            reason=salesforce_record.owner(why(chosen), zone),
            rule=chosen.rule,
            territory=chosen.territory,
            policy_version=context.policy.version,
            routed_at=context.now,
            sla_due=chosen.sla_due,
        ),
        segment=chosen.segment,
        pool=pool,
        barred=_barred(pool, snapshot, context.policy),
        brief=brief(snapshot),
    )


def _barred(pool: str | None, snapshot: Snapshot, policy: Policy) -> tuple[str, ...]:
    """Who of the pool never gets such a lead, so that no reassignment gives it to them either."""
    if pool is None:
        return ()
    known = facts(snapshot.lead, snapshot.cycle.trigger, policy, snapshot.match)
    return barred(pool, with_segment(known, segment_of(known, policy)), policy)


def waiting(judged: Sequence[Judged[Wait]], context: RunContext) -> Step:
    """Look again at the time the verdict names, and ask for the sync where the policy wants it."""
    step = Step(at=context.now)
    for claimed, snapshot, verdict in judged:
        fields = CycleFields(due_at=verdict.look_at, deadline=verdict.deadline)
        decision = _note(step, claimed, snapshot, verdict, context)
        sync = context.policy.sync
        if (
            sync.request
            and sync.campaign
            and claimed.sync_requested_at is None
            and isinstance(snapshot.match.person, NoRecord)
            and mode_of(verdict.segment, context.policy) is Mode.AUTO
        ):
            action = RequestSync(lead=snapshot.lead.key, campaign=sync.campaign)
            step.effects.append(plan(claimed.cycle.id, action, decision.id, context.now))
            fields["sync_requested_at"] = context.now
        _move(step, claimed, CycleStatus.WAITING, fields)
    return step


def parked(judged: Sequence[Judged[Park]], context: RunContext) -> Step:
    """Put leads aside until somebody fixes them; past the deadline they are leakage."""
    step = Step(at=context.now)
    for claimed, snapshot, verdict in judged:
        _note(step, claimed, snapshot, verdict, context)
        deadline = claimed.cycle.opened_at + context.policy.gate.park_for
        look_at = context.now + PARKED_LOOK
        if claimed.held_until is not None:
            look_at = min(look_at, claimed.held_until)
        fields = CycleFields(due_at=look_at, deadline=deadline)
        _move(step, claimed, CycleStatus.PARKED, fields)
    return step


def rejected(
    judged: Sequence[Judged[Reject]], gone: Sequence[Claimed], context: RunContext
) -> Step:
    """Close what nothing can fix, and what no longer exists."""
    step = Step(at=context.now)
    for claimed, snapshot, verdict in judged:
        _note(step, claimed, snapshot, verdict, context)
        _move(step, claimed, CycleStatus.REJECTED, CycleFields(due_at=None, deadline=None))
    for claimed in gone:
        said = Happened(what=Event.GONE_FROM_MARKETO)
        fields = CycleFields(due_at=None, deadline=None, said=said)
        _move(step, claimed, CycleStatus.GONE, fields)
    return step


def _note(
    step: Step,
    claimed: Claimed,
    snapshot: Snapshot,
    verdict: Wait | Park | Reject,
    context: RunContext,
) -> Decision:
    """Record a verdict and mirror it, unless it says what the last look said."""
    policy = context.policy
    outcome = Outcome(verdict=verdict)
    said, print_of = in_short(verdict), fingerprint(verdict)
    decision = certify(GateCase(snapshot=snapshot), outcome, said, policy)
    fields = CycleFields(
        verdict_hash=print_of,
        title=title_of(snapshot.lead),
        said=said,
        segment=verdict.segment,
        blocked_by=blocked_by(verdict),
    )
    step.cycles[claimed.cycle.id] = fields
    if print_of == claimed.verdict_hash:
        return decision
    step.decisions.append(decision)
    if policy.mirror.verdicts and mode_of(verdict.segment, policy) is Mode.AUTO:
        action = MirrorFields(
            lead=snapshot.lead.key,
            status=_STATUS[type(verdict)],
            owner_name="",
            stamp=Stamp(
                decision_id=decision.id,
                status=_STATUS[type(verdict)],
                reason=salesforce_record.verdict(verdict, ZoneInfo(policy.timezone)),
                rule="",
                territory=None,
                policy_version=policy.version,
                routed_at=context.now,
                sla_due=None,
            ),
        )
        rung = f"verdict {decision.id}"
        step.effects.append(plan(claimed.cycle.id, action, decision.id, context.now, rung))
    return decision


def blocked_by(verdict: Verdict) -> str | None:
    """The first check that speaks against the lead, and what is missing: for counting reasons."""
    decisive = CheckOutcome.WAIT if isinstance(verdict, Wait) else CheckOutcome.FAIL
    for check in verdict.checks:
        if check.outcome is decisive:
            missing = ", ".join(check.remedy.missing) if check.remedy else ""
            return f"{check.code} ({missing})" if missing else str(check.code)
    return None


_STATUS: dict[type[Verdict], str] = {Wait: "waiting", Park: "parked", Reject: "rejected"}


def _move(step: Step, claimed: Claimed, status: CycleStatus, fields: CycleFields) -> None:
    moved = step.cycles.setdefault(claimed.cycle.id, CycleFields())
    moved.update(fields)
    moved["status"] = status
