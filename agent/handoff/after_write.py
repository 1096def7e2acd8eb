"""What follows from a write of an owner: the next effects, and where its cycle goes from here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from agent.effects.plan import plan
from agent.handoff.changes import handed, watched, written_owner
from agent.ledger.records import (
    CycleFields,
    Decision,
    HandoffChange,
    HeldOff,
    Outstanding,
    Step,
)
from agent.ledger.tables.states import REFUSED, CycleStatus
from agent.notifications.owner import tell_owner
from agent.run.context import RunContext
from domain.decision.said import (
    ByAssignmentRules,
    DecidedAgain,
    Event,
    GaveUp,
    Happened,
    Needs,
    NotReassigned,
    Overtaken,
    WriteRefused,
)
from domain.effects import (
    Action,
    Applied,
    MirrorActivity,
    MirrorFields,
    Receipt,
    Refusal,
    Refused,
    SetOwner,
    Tone,
)
from domain.errors import UnreadableError
from domain.follow_through.handoff import Closing, Handoff
from domain.lead.crm_records import OwnerKind, OwnerState, PoolState
from domain.policy.model import Policy, next_at_work
from domain.routing import round_robin
from domain.values import CycleId, LeadKey, canonical_json

LOOKS = 5
"""After so many refused writes a lead is parked instead of being decided again at once."""
FIRST_AGAIN, LAST_AGAIN = timedelta(minutes=15), timedelta(hours=8)
"""How soon a refused write is decided and sent again: twice as late each time, up to the last."""
NEEDS = {Refusal.DATA: Needs.RECORD, Refusal.SETUP: Needs.SETUP, Refusal.OTHER: Needs.TIME}

Tried = tuple[Outstanding, SetOwner, Receipt]


@dataclass(frozen=True)
class _Known:
    """What the vendor and the ledger say of the leads that were written."""

    states: Mapping[LeadKey, OwnerState]
    held: Mapping[CycleId, HeldOff]
    older: Mapping[LeadKey, Sequence[HeldOff]]
    """Open handoffs of earlier cycles of the same leads."""
    pools: Mapping[str, PoolState]
    """The pools' memory, where a turn may have to be given back."""


def follow(tried: Sequence[Tried], context: RunContext) -> Step:
    """What follows from these outcomes, for the ledger to write with them."""
    step = Step(at=context.now)
    known = _known(tried, context)
    if any(isinstance(receipt, Applied) and one.looks for one, _, receipt in tried):
        _wake_refused(step, context)
    for one, write, receipt in tried:
        under = context.under(write.stamp.policy_version)
        if isinstance(receipt, Applied):
            _assigned(step, one, write, known, under)
        elif isinstance(receipt, Refused):
            _refused(step, one, write, receipt, known, under)
    return step


def _known(writes: Sequence[Tried], context: RunContext) -> _Known:
    if not writes:
        return _Known({}, {}, {}, {})
    handoffs = context.ledger.handoffs
    held = handoffs.several([one.cycle for one, _, _ in writes])
    first = [one for one, _, _ in writes if one.cycle not in held]
    older = handoffs.open_of([one.lead for one in first], [one.cycle for one in first])
    refused = any(isinstance(receipt, Refused) for _, _, receipt in writes)
    pools = context.ledger.cycles.pools() if refused else {}
    return _Known(_who_owns(writes, context), held, older, pools)


def _supersede(step: Step, one: Outstanding, known: _Known) -> None:
    """A lead that was triggered again is followed once: in its newest cycle."""
    for held in known.older.get(one.lead, ()):
        said = Happened(what=Event.SUPERSEDED)
        step.handoffs[held.handoff.cycle] = HandoffChange(
            handoff=held.handoff,
            state=Closing.SUPERSEDED,
            due_at=None,
            said=said,
            target_at=None,
            version=held.version,
            ended_at=step.at,
            listed_at=held.listed_at,
        )
        step.cycles[held.handoff.cycle] = CycleFields(status=CycleStatus.CLOSED, said=said)


def _who_owns(writes: Sequence[Tried], context: RunContext) -> dict[LeadKey, OwnerState]:
    """Who owns the records now, where the answer decides what follows."""
    asked = {
        one.lead: write.subject
        for one, write, receipt in writes
        if (isinstance(receipt, Applied) and write.owner is None)
        or (isinstance(receipt, Refused) and receipt.refusal is Refusal.OWNER_CHANGED)
    }
    try:
        return dict(context.crm.owner_states(asked)) if asked else {}
    except UnreadableError as error:
        left = {lead: subject for lead, subject in asked.items() if lead not in error.leads}
        return dict(context.crm.owner_states(left)) if left else {}


def _assigned(
    step: Step, one: Outstanding, write: SetOwner, known: _Known, context: RunContext
) -> None:
    """The owner is set: the clock starts, Marketo and the owner are to be told."""
    owner, state = written_owner(write, context.policy), known.states.get(one.lead)
    email, name = write.owner_email, write.owner_name
    fields = CycleFields(status=CycleStatus.ASSIGNED, assigned_at=context.now)
    if write.owner is None and state is not None:
        owner, email, name = state.owner, state.owner.email, state.owner.name
        step.decisions.append(_observed(one, state, ByAssignmentRules(owner=name), context))
    fields.update(owner=email or name, owner_name=name)
    held = known.held.get(one.cycle)
    change = handed(one, write, owner, held, context.now, context)
    step.handoffs[one.cycle] = change
    _supersede(step, one, known)
    step.cycles[one.cycle] = (
        fields if held is None else CycleFields(owner_name=name, said=write.why)
    )
    if held is not None and email is not None:
        step.cycles[one.cycle]["owner"] = email
    for action, due_at in _news(change.handoff, write, (email, name), context):
        rung = one.decision
        step.effects.append(plan(one.cycle, action, one.decision, due_at, rung))


def _news(
    handoff: Handoff, write: SetOwner, owner: tuple[str | None, str], context: RunContext
) -> list[tuple[Action, datetime]]:
    email, name = owner
    now, policy = context.now, context.policy
    fields = MirrorFields(lead=handoff.lead, status="assigned", owner_name=name, stamp=write.stamp)
    news: list[tuple[Action, datetime]] = [(fields, now)]
    if policy.mirror.activity:
        activity = MirrorActivity(lead=handoff.lead, owner_name=name, stamp=write.stamp)
        news.append((activity, now))
    if context.messenger is not None and email is not None and email in policy.users:
        told = tell_owner(handoff, email, Tone.ASSIGNED, policy)
        news.append((told, next_at_work(policy, email, now)))
    return news


def _refused(
    step: Step,
    one: Outstanding,
    write: SetOwner,
    receipt: Refused,
    known: _Known,
    context: RunContext,
) -> None:
    held, state = known.held.get(one.cycle), known.states.get(one.lead)
    if held is not None:
        if receipt.refusal is not Refusal.LOCKED:
            _not_reassigned(step, held, receipt, context)
        return
    match receipt.refusal:
        case Refusal.LOCKED:
            return
        case Refusal.DATA | Refusal.SETUP | Refusal.OTHER:
            needs = NEEDS[receipt.refusal]
            refused = WriteRefused(words=receipt.words, code=receipt.code, needs=needs)
            step.cycles[one.cycle] = set_aside(refused, one.looks, context.now)
            _give_back_turn(step, write, known)
        case Refusal.OWNER_CHANGED if state is not None and _is_person(state, context.policy):
            _respect(step, one, write, state, context)
        case _ if one.looks + 1 >= LOOKS:
            gave_up = GaveUp(times=one.looks + 1, words=receipt.words)
            step.cycles[one.cycle] = set_aside(gave_up, one.looks, context.now)
        case _:
            step.cycles[one.cycle] = CycleFields(
                status=CycleStatus.OPEN,
                due_at=context.now,
                looks=one.looks + 1,
                said=DecidedAgain(words=receipt.words),
            )


def set_aside(said: WriteRefused | GaveUp, looks: int, now: datetime) -> CycleFields:
    """Put a cycle off whose write was refused: it is decided and sent again, later each time.

    A change of the record wakes it sooner. The next write is another intent, so `looks` counts on:
    it is part of the write's key.
    """
    return CycleFields(
        status=CycleStatus.PARKED,
        due_at=now + min(FIRST_AGAIN * 2 ** min(looks, 12), LAST_AGAIN),
        deadline=None,
        looks=looks + 1,
        said=said,
        blocked_by=REFUSED,
    )


def _wake_refused(step: Step, context: RunContext) -> None:
    """A write passed that was refused before: what stopped it may be gone for the others too."""
    for cycle in context.ledger.cycles.refused():
        step.cycles[cycle] = CycleFields(due_at=context.now)


def _give_back_turn(step: Step, write: SetOwner, known: _Known) -> None:
    """The pool owes its member another lead, since this one never came."""
    if write.pool is None or write.owner_email is None:
        return
    state = step.pools.get(write.pool) or known.pools.get(write.pool)
    if state is not None:
        step.pools[write.pool] = round_robin.give_back(state, write.owner_email)


def _is_person(state: OwnerState, policy: Policy) -> bool:
    """Whether a record now belongs to an active person, and not to where leads wait."""
    owner = state.owner
    return (
        owner.kind is OwnerKind.USER
        and owner.is_active
        and (owner.email or "").lower()
        not in {one.lower() for one in policy.sync.unassigned_owners}
    )


def _not_reassigned(step: Step, held: HeldOff, receipt: Refused, context: RunContext) -> None:
    """It stays where it is; the next look finds what has changed, a manager hears of the rest."""
    said = NotReassigned(words=receipt.words, code=receipt.code)
    change = watched(held.handoff, said, held.version, context.policy, due=context.now)
    step.handoffs[held.handoff.cycle] = replace(change, listed_at=held.listed_at)


def _respect(
    step: Step, one: Outstanding, write: SetOwner, state: OwnerState, context: RunContext
) -> None:
    """Someone took or gave the lead by hand: that stays, and is written down."""
    owner = state.owner
    said = Overtaken(by=state.modified_by, owner=owner.name)
    step.decisions.append(_observed(one, state, said, context))
    step.cycles[one.cycle] = CycleFields(
        status=CycleStatus.ASSIGNED,
        assigned_at=state.modified_at,
        owner=owner.email or owner.name,
        owner_name=owner.name,
        rule="a person's own change",
        said=said,
    )
    by_hand = write.model_copy(update={"pool": None})
    change = handed(one, by_hand, owner, None, state.modified_at, context)
    step.handoffs[one.cycle] = replace(change, said=said)


def _observed(
    one: Outstanding, state: OwnerState, said: ByAssignmentRules | Overtaken, context: RunContext
) -> Decision:
    seen = canonical_json(state)
    return Decision(
        cycle=one.cycle,
        lead=one.lead,
        kind="observed",
        at=context.now,
        policy_version=context.policy.version,
        inputs=seen,
        outcome=seen,
        said=said,
    )
