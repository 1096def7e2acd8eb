"""Judging leads that nobody sent: by the same functions as the routing graph, and nothing written.

A lead that Salesforce doesn't have is judged as it will be once Marketo synced it: a new record in
the holding queue. Whether it can be synced at all is the gate's own word.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from agent.preview.situation import Situation
from agent.routing.enrichment import from_crm
from domain.decision.cases import GateCase, Outcome, RouteCase
from domain.decision.replay import decide
from domain.gate.snapshot import Snapshot
from domain.gate.verdict import CheckCode, Ready
from domain.gate.verdict import Outcome as CheckOutcome
from domain.intake.normalization.fields import normalize
from domain.intake.typed_leads import (
    Defect,
    RowProblem,
    TypedLead,
    UnknownTrigger,
    activity_of,
    raw_lead,
    trigger_of,
)
from domain.lead.crm_records import Candidates, CrmRecord, Owner, OwnerKind, RecordKind
from domain.lead.match import NoRecord
from domain.lead.model import (
    Activity,
    Conditions,
    CrmLink,
    Cycle,
    FieldName,
    Lead,
    Trigger,
)
from domain.matching.rules import match
from domain.policy.facts import with_icp_tier
from domain.routing.route import RouteInputs
from domain.routing.rules import evolve
from domain.values import CycleId, LeadKey, RecordId

AT_ONCE = 200
"""Rows for which Salesforce is asked together."""
NEW = RecordId("(new)")
"""Stands for the record that Marketo's sync would make."""
_HOLDING = Owner(id=RecordId("(holding queue)"), kind=OwnerKind.QUEUE, name="holding queue")


@dataclass(frozen=True)
class Previewed:
    """One row: how it was read, and what would become of it or why that can't be told."""

    line: int
    typed: TypedLead | None = None
    """None for a row that is none."""
    lead: Lead | None = None
    outcome: Outcome | None = None
    problem: RowProblem | None = None
    """Given exactly where there is no outcome."""


Entry = tuple[int, TypedLead | RowProblem]
"""A row with its line; a problem for one that can't be read."""


def preview(
    rows: Iterable[Entry], situation: Situation, *, in_order: bool = False
) -> Iterator[Previewed]:
    """What would become of each row, in their order.

    Each row is judged as if it were the only one; `in_order` lets pools and open leads move on
    between them, as they would live. Raises ToolError when a vendor that is asked fails.
    """
    entries, inputs = iter(rows), situation.inputs
    while some := list(islice(entries, AT_ONCE)):
        read = [_read(line, typed, situation) for line, typed in some]
        leads = [one.lead for one in read if one.lead is not None]
        candidates: Mapping[LeadKey, Candidates] = situation.find(leads) if leads else {}
        for one in read:
            judged = _judged(one, candidates, situation, inputs)
            if in_order and judged.outcome is not None and judged.outcome.routed is not None:
                inputs = evolve(inputs, judged.outcome.routed)
            yield judged


def _read(line: int, typed: TypedLead | RowProblem, situation: Situation) -> Previewed:
    if not isinstance(typed, TypedLead):
        return Previewed(line, problem=typed)
    try:
        return Previewed(line, typed, normalize(raw_lead(typed, situation.now)))
    except Exception as error:  # noqa: BLE001  (one row must not end the others)
        return Previewed(line, typed, problem=Defect(error=type(error).__name__))


def _judged(
    one: Previewed,
    candidates: Mapping[LeadKey, Candidates],
    situation: Situation,
    inputs: RouteInputs,
) -> Previewed:
    if one.typed is None or one.lead is None:
        return one
    try:
        return _decided(one.typed, one.lead, candidates[one.lead.key], situation, inputs)
    except Exception as error:  # noqa: BLE001  (one row must not end the others)
        problem = Defect(error=type(error).__name__)
        return Previewed(one.line, one.typed, one.lead, problem=problem)


def _decided(
    typed: TypedLead, lead: Lead, found: Candidates, situation: Situation, inputs: RouteInputs
) -> Previewed:
    policy = situation.policy
    known = from_crm({lead.key: lead}, {lead.key: found}, policy)[lead.key]
    known = with_icp_tier(known, policy)
    activity = activity_of(typed, policy, situation.now)
    if isinstance(activity, UnknownTrigger):
        return Previewed(typed.line, typed, known, problem=activity)
    trigger = trigger_of(activity, typed, policy)
    if not isinstance(trigger, Trigger):
        return Previewed(typed.line, typed, known, problem=trigger)
    snapshot = _snapshot(known, found, trigger, [activity], situation)
    outcome = decide(GateCase(snapshot=snapshot), policy)
    if isinstance(snapshot.match.person, NoRecord) and _can_sync(outcome):
        linked = known.model_copy(update={"link": CrmLink(kind=RecordKind.LEAD, record_id=NEW)})
        synced = found.model_copy(update={"records": (_synced(known, situation.now),)})
        snapshot = _snapshot(linked, synced, trigger, [activity], situation)
        outcome = decide(GateCase(snapshot=snapshot), policy)
    if isinstance(outcome.verdict, Ready):
        outcome = decide(RouteCase(snapshot=snapshot, inputs=inputs), policy)
    return Previewed(typed.line, typed, known, outcome)


def _can_sync(outcome: Outcome) -> bool:
    """Whether only Marketo's sync is missing for the record in Salesforce."""
    checks = {one.code: one.outcome for one in outcome.verdict.checks}
    return checks.get(CheckCode.CRM_PRESENT) is CheckOutcome.WAIT


def _synced(lead: Lead, now: datetime) -> CrmRecord:
    return CrmRecord(
        id=NEW,
        kind=RecordKind.LEAD,
        email=lead.text(FieldName.EMAIL),
        first_name=lead.text(FieldName.FIRST_NAME),
        last_name=lead.text(FieldName.LAST_NAME),
        company=lead.text(FieldName.COMPANY),
        owner=_HOLDING,
        created_at=now,
        modified_at=now,
    )


def _snapshot(
    lead: Lead,
    found: Candidates,
    trigger: Trigger,
    activities: Sequence[Activity],
    situation: Situation,
) -> Snapshot:
    return Snapshot(
        cycle=Cycle(
            id=CycleId(f"row-{lead.key}"), number=1, trigger=trigger, opened_at=situation.now
        ),
        lead=lead,
        activities=tuple(activities),
        match=match(lead, found, situation.policy.matching),
        conditions=Conditions(),
        at=situation.now,
    )
