"""Cases as the product would hold them: due leads with what was seen of them, and lists."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from agent.follow_through.cases import Case
from agent.follow_through.wording import LATE, SOON, WAITING
from agent.ledger.records import HeldOff
from agent.run.context import RunContext
from domain.effects import SendReport
from domain.follow_through.escalation import Climb, Seen, next_step
from domain.follow_through.first_touch import Found, Untouched
from domain.follow_through.handoff import Handoff
from domain.grammar import counted
from domain.lead.brief import Brief, Happening
from domain.lead.crm_records import Owner, OwnerKind, RecordKind, RecordSeen
from domain.lead.model import Activity
from domain.values import CycleId, LeadKey, Quoted, RecordId, content_hash
from evals.cases.scenario import Scenario
from evals.cases.tasks import DigestCase, EscalateCase, Finding, InvestigateCase, Line, NudgeCase

NOW = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
"""A Monday, ten in the morning where the owner of every case works."""
OWNER = "ana.torres@meridian.example"

_RUNGS: Mapping[str, tuple[timedelta, tuple[str, ...]]] = {
    "breach": (timedelta(minutes=30), ("reminder",)),
    "reassignment": (timedelta(minutes=45), ("reminder", "breach")),
}
"""When the example policy's rungs are due for a hand-raiser, and what was climbed before."""


def _lead(scenario: Scenario) -> LeadKey:
    return LeadKey(content_hash(scenario.id))


def marketing_activities(scenarios: Sequence[Scenario]) -> list[Activity]:
    """What the cases' leads did in marketing since their assignment."""
    return [
        Activity(
            id=reply.id,
            lead=_lead(one),
            type=reply.type,
            name=reply.name,
            at=NOW - timedelta(minutes=10),
        )
        for one in scenarios
        if isinstance(one.case, InvestigateCase)
        for reply in one.case.replies
    ]


def _handoff(scenario: Scenario, title: str, waited: timedelta, context: RunContext) -> Handoff:
    began = NOW - waited
    return Handoff(
        cycle=CycleId(content_hash(scenario.id)),
        lead=_lead(scenario),
        title=title,
        segment="Hand-raisers",
        record_id=RecordId("00Q000000000001AAA"),
        record_kind=RecordKind.LEAD,
        owner=_owner(context),
        answers=OWNER,
        pool="us_west",
        first_assigned_at=began,
        started_at=began,
        target=timedelta(minutes=30),
        clock="business",
    )


def _owner(context: RunContext) -> Owner:
    return Owner(
        id=RecordId("005000000000001AAA"),
        kind=OwnerKind.USER,
        name=context.policy.users[OWNER].name,
        email=OWNER,
    )


def _due(handoff: Handoff, seen: Seen, context: RunContext) -> Case:
    """A case whose next step is the ladder's own answer."""
    step = next_step(handoff, seen, context.policy, NOW)
    held = HeldOff(handoff=handoff, state="open", version=1, said=None, listed_at=None)
    return Case(held=held, seen=seen, step=step)


def _record(handoff: Handoff) -> RecordSeen:
    return RecordSeen(
        record_id=handoff.record_id,
        kind=handoff.record_kind,
        owner=handoff.owner,
        status="Open - Not Contacted",
        is_converted=False,
        modified_by="routeready",
        modified_at=handoff.started_at,
    )


def puzzling(scenario: Scenario, case: InvestigateCase, context: RunContext) -> Case:
    """A due lead as the follow-through graph would hold it."""
    waited, climbed = _RUNGS[case.rung]
    handoff = _handoff(scenario, case.lead, waited, context).model_copy(
        update={
            "climbed": climbed,
            "accepted_at": NOW - timedelta(minutes=20) if case.on_it else None,
        }
    )
    findings = _findings(case.findings, handoff.owner.name)
    seen = Seen(
        judgment=Untouched(findings=findings),
        record=_record(handoff),
        absence=None if case.away is None else Quoted(text=case.away),
        online=case.online,
        marketing_replies=tuple(one.id for one in case.replies),
    )
    return _due(handoff, seen, context)


def reminded(scenario: Scenario, case: NudgeCase, context: RunContext) -> Case:
    """A lead whose owner is about to be reminded."""
    handoff = _handoff(scenario, case.lead, timedelta(minutes=15), context)
    did = _did(case.did, handoff)
    brief = Brief(did=did, opener=Quoted(text=case.usual))
    handoff = handoff.model_copy(update={"brief": brief})
    untouched = Untouched()
    return _due(handoff, Seen(judgment=untouched, record=_record(handoff)), context)


def late(scenario: Scenario, case: EscalateCase, context: RunContext) -> Case:
    """A lead at the breach, of which the owner's manager is told."""
    waited, climbed = _RUNGS["breach"]
    email = next(key for key, user in context.policy.users.items() if user.name == case.owner)
    handoff = _handoff(scenario, case.lead, waited, context)
    did = _did(case.did, handoff)
    handoff = handoff.model_copy(
        update={
            "owner": handoff.owner.model_copy(update={"name": case.owner, "email": email}),
            "answers": email,
            "climbed": climbed,
            "accepted_at": NOW - timedelta(minutes=20) if case.on_it else None,
            "brief": Brief(did=did),
        }
    )
    findings = _findings(case.findings, handoff.owner.name)
    untouched = Untouched(findings=findings)
    return _due(handoff, Seen(judgment=untouched, record=_record(handoff)), context)


def _findings(given: Sequence[Finding], owner: str) -> tuple[Found, ...]:
    return tuple(
        Found(
            activity=one.id,
            code=one.code,
            kind=one.kind,
            who=one.who or owner,
            disposition=one.disposition,
            seconds=one.seconds,
        )
        for one in given
    )


def _did(given: Sequence[str], handoff: Handoff) -> tuple[Happening, ...]:
    """What a case says that the lead did, in its own words."""
    return tuple(Happening(at=handoff.started_at, fact=Quoted(text=one)) for one in given)


def listed(case: DigestCase) -> SendReport:
    """A manager's list as the product sends it."""

    def lines(given: Sequence[Line]) -> tuple[str, ...]:
        return tuple(f"{one.lead}. Owner: {one.owner}. Due {one.due}." for one in given)

    return SendReport(
        to="marta.silva@meridian.example",
        title="Daily digest: your team's leads",
        intro=(
            f"{counted(len(case.late), 'SLA breach')}, {len(case.soon)} on track, "
            f"{counted(len(case.waiting), 'pending approval')}. "
            f"Last 24 h: {case.touched} with a first touch, {case.in_time} within SLA."
        ),
        sections=((LATE, lines(case.late)), (WAITING, case.waiting), (SOON, lines(case.soon))),
    )


def moves_of(case: Case) -> tuple[str, ...]:
    """The moves that a model may choose among; nothing when the case isn't puzzling."""
    step = case.step
    return tuple(map(str, step.may)) if isinstance(step, Climb) and step.puzzles else ()
