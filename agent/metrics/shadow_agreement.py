"""What shadow mode would have done beside what people and Salesforce's rules did."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from pydantic import TypeAdapter

from agent.ledger import Ledger
from agent.ledger.tables.leads import CycleRow
from agent.ledger.tables.states import CycleStatus
from agent.run.context import RunContext
from domain.decision.cases import Case, Outcome, RouteCase
from domain.lead.crm_records import OwnerState
from domain.metrics.agreement import Agreement, Predicted, compare, leaves_choices, own_rules
from domain.policy.model import Policy
from domain.rollout.simulation import Change, Recorded, simulate
from domain.routing.route import Keep, Routed, Subject, ToQueue, ToUser
from domain.values import CycleId, LeadKey, RecordId

AT_ONCE = 1000
"""Records in one read of Salesforce."""
SALESFORCE = "Salesforce's own rules"
"""How a simulation names the owner that Salesforce's rules choose."""

_CASES: TypeAdapter[Case] = TypeAdapter(Case)


def shadowed(context: RunContext, since: datetime) -> list[Agreement]:
    """Leads decided in shadow mode beside the owners that they have in Salesforce now."""
    cycles = {
        one.id: one
        for one in context.ledger.history.cycles()
        if one.status == CycleStatus.SHADOWED and one.opened_at >= since
    }
    found: dict[CycleId, tuple[Predicted, Subject]] = {}
    for row in context.ledger.history.decided_since(since, ("route",)):
        cycle = cycles.get(row.cycle_id)
        if cycle is not None and row.cycle_id not in found:
            predicted = _predicted(cycle, Outcome.model_validate_json(row.outcome).routed, row.at)
            if predicted is not None:
                found[CycleId(row.cycle_id)] = predicted
    agreements: list[Agreement] = []
    for page in _pages(found):
        states = context.crm.owner_states({one.lead: subject for one, subject in page.values()})
        for one, _ in page.values():
            state = states.get(one.lead)
            owner = None if state is None or state.is_deleted else state.owner
            agreements.append(compare(one, owner, context.policy))
    return sorted(agreements, key=lambda one: (one.at, one.cycle))


def _predicted(
    cycle: CycleRow, routed: Routed | None, at: datetime
) -> tuple[Predicted, Subject] | None:
    if routed is None:
        return None
    chosen = routed.decision
    owner_id: RecordId | None = chosen.subject.expected_owner
    if not isinstance(chosen, Keep):
        target = chosen.target
        if isinstance(target, ToUser):
            owner_id = target.user_id
        elif isinstance(target, ToQueue):
            owner_id = target.queue_id
        else:
            return None
    predicted = Predicted(
        cycle=CycleId(cycle.id),
        lead=LeadKey(cycle.lead),
        at=at,
        segment=chosen.segment,
        rule=chosen.rule,
        owner=cycle.owner or "",
        owner_id=owner_id,
        lay_with=chosen.subject.expected_owner,
        pool=chosen.draws[-1].pool if chosen.draws and not chosen.is_fallback else None,
    )
    return predicted, chosen.subject


def _pages(
    found: Mapping[CycleId, tuple[Predicted, Subject]],
) -> Iterator[dict[CycleId, tuple[Predicted, Subject]]]:
    """Pages in which each lead is once: Salesforce is asked by lead."""
    waiting = list(found.items())
    while waiting:
        page: dict[CycleId, tuple[Predicted, Subject]] = {}
        leads: set[LeadKey] = set()
        left: list[tuple[CycleId, tuple[Predicted, Subject]]] = []
        for cycle, one in waiting:
            if one[0].lead in leads or len(page) == AT_ONCE:
                left.append((cycle, one))
            else:
                page[cycle] = one
                leads.add(one[0].lead)
        yield page
        waiting = left


def by_salesforce(ledger: Ledger, policy: Policy, since: datetime) -> list[Agreement]:
    """Leads that Salesforce's rules gave away beside whom the policy's own rules would choose.

    Told from the ledger alone: what Salesforce chose was read and recorded at once.
    """
    if not leaves_choices(policy):
        return []
    chosen = {
        row.cycle_id: OwnerState.model_validate_json(row.outcome)
        for row in ledger.history.decided_since(since, ("observed",))
    }
    recorded = (
        Recorded(_CASES.validate_json(one.inputs), one.given_to)
        for one in ledger.history.routing_decisions(since)
    )
    routed = (one for one in recorded if isinstance(one.case, RouteCase))
    left = simulate(routed, policy, own_rules(policy)).changes
    return [
        compare(_supposed(one), chosen[one.cycle].owner, policy)
        for one in left
        if one.before.owner == SALESFORCE and one.cycle in chosen
    ]


def _supposed(one: Change) -> Predicted:
    return Predicted(
        cycle=one.cycle,
        lead=one.lead,
        at=one.at,
        segment=one.before.segment,
        rule=one.after.rule or "",
        owner=one.after.owner or "",
        pool=one.after.pool,
    )
