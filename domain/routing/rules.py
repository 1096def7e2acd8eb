"""Who gets a ready lead: the first rule of the policy that fits, and why not the others.

A pure function of the snapshot, the roster, the pools' memory and the policy. What it looked at is
in its answer, so that a decision keeps only that and can be computed again.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from domain.gate.snapshot import Snapshot
from domain.lead.match import OneRecord
from domain.lead.model import FieldName, Lead
from domain.policy.facts import Known, facts, holds, looked_at, segment_of, with_segment
from domain.policy.model import Assignment, Policy
from domain.policy.routing import (
    AccountOwnerRule,
    CurrentOwnerRule,
    OpportunityOwnerRule,
    RoutingRule,
    SalesforceRule,
    Territory,
    TerritoryRule,
)
from domain.routing.basis import (
    AlreadyOwns,
    Drawn,
    ForPerson,
    FromFacts,
    FromTerritory,
    NoTerritory,
    Origin,
    Queued,
    SalesforceDecides,
    SegmentLeaves,
    Skipped,
)
from domain.routing.fallback import fall_back
from domain.routing.owners import account_owner, current_owner, opportunity_owner
from domain.routing.question import Choice, Pick, Question
from domain.routing.route import (
    Keep,
    Route,
    Routed,
    RouteInputs,
    Subject,
    Target,
    ToQueue,
    ToSalesforceRules,
    ToUser,
)
from domain.time.business_hours import add


def route(snapshot: Snapshot, inputs: RouteInputs, policy: Policy) -> Routed:
    """Choose one owner for a lead whose record in Salesforce is known.

    Raises:
        ValueError: the lead has no Salesforce record; the gate lets none such through.
    """
    question = _ask(snapshot, inputs, policy)
    rule_name, choice = _choose(question)
    decision = _decide(question, rule_name, choice)
    return Routed(decision=decision, consulted=tuple(sorted(question.consulted)))


def _ask(snapshot: Snapshot, inputs: RouteInputs, policy: Policy) -> Question:
    person = snapshot.match.person
    if not isinstance(person, OneRecord):
        raise ValueError(  # noqa: TRY004  (a lead's state, not an argument's type)
            f"lead {snapshot.lead.key} has no Salesforce record to route"
        )
    record = person.record
    known = facts(snapshot.lead, snapshot.cycle.trigger, policy, snapshot.match)
    segment = segment_of(known, policy)
    known = with_segment(known, segment)
    subject = Subject(record_id=record.id, kind=record.kind, expected_owner=record.owner.id)
    return Question(snapshot, inputs, policy, known, segment, subject, record.owner)


def _choose(question: Question) -> tuple[str, Choice]:
    by_salesforce = question.segment.assignment is Assignment.SALESFORCE_RULES
    if by_salesforce and not question.is_contact:
        basis = SegmentLeaves(segment=question.segment.name)
        return "Salesforce's rules", Choice(ToSalesforceRules(), basis)
    for rule in question.policy.routing:
        if holds(rule.when, question.facts):
            choice = _follow(rule, question)
            if choice is not None:
                return rule.name, choice
    return "Fallback", fall_back(None, question)


def _follow(rule: RoutingRule, question: Question) -> Choice | None:
    """What one rule chooses; None when it has nobody."""
    match rule:
        case CurrentOwnerRule():
            return current_owner(question)
        case OpportunityOwnerRule():
            return opportunity_owner(rule, question)
        case AccountOwnerRule():
            return account_owner(rule, question)
        case TerritoryRule():
            return _territory(rule, question)
        case SalesforceRule():
            if question.is_contact:
                return None
            return Choice(ToSalesforceRules(), SalesforceDecides(facts=_seen(rule, question)))
        case _:
            origin = FromFacts(facts=_seen(rule, question))
            sent = _sent(rule.to, origin, question)
            goes_on = rule.if_no_one_available == "next_rule"
            return None if goes_on and sent.is_fallback else sent


def _seen(rule: RoutingRule, question: Question) -> tuple[Known, ...]:
    return looked_at(rule.when, question.facts)


def territory_of(lead: Lead, segment: str, policy: Policy) -> Territory | None:
    """The first row of the territories that fits a lead; case is ignored."""
    return next(_territories_of(lead, segment, policy), None)


def _territories_of(lead: Lead, segment: str, policy: Policy) -> Iterator[Territory]:
    place, size = lead.text(FieldName.COUNTRY), lead.number(FieldName.EMPLOYEES)
    country = _folded(place)
    values = (
        _folded(policy.region_of(place)),
        _folded(lead.text(FieldName.STATE)),
        _folded(segment),
        _folded(lead.text(FieldName.INDUSTRY)),
    )
    for row in policy.territories:
        in_country = row.country is None or row.country.casefold() == country
        if in_country and _fits(row, values, size):
            yield row


def _folded(text: str | None) -> str | None:
    return None if text is None else text.casefold()


def _fits(row: Territory, values: Iterable[str | None], size: float | None) -> bool:
    """Whether all filled cells but the country's fit; a cell about something unknown doesn't."""
    cells = (row.region, row.state, row.segment, row.industry)
    for cell, value in zip(cells, values, strict=True):
        if cell is not None and cell.casefold() != value:
            return False
    if row.employees_from is None and row.employees_to is None:
        return True
    low = float("-inf") if row.employees_from is None else row.employees_from
    high = float("inf") if row.employees_to is None else row.employees_to
    return size is not None and low <= size <= high


def _territory(rule: TerritoryRule, question: Question) -> Choice | None:
    """Whom the first row that fits names, or a later one where the rule goes on to the next."""
    lead, segment = question.snapshot.lead, question.segment.name
    first: Choice | None = None
    for row in _territories_of(lead, segment, question.policy):
        choice = _by_row(row, question)
        if rule.if_no_one_available != "next_row" or not choice.is_fallback:
            goes_on = rule.if_no_one_available == "next_rule" and choice.is_fallback
            return None if goes_on else choice
        first = first or choice
    if first is None:
        why = NoTerritory(segment=segment, country=lead.text(FieldName.COUNTRY))
        question.skip(Skipped(what="territories", who="", why=why))
    return first


def _by_row(row: Territory, question: Question) -> Choice:
    country = question.snapshot.lead.text(FieldName.COUNTRY)
    origin = FromTerritory(
        territory=row.territory,
        line=row.line,
        country=country if row.country or row.region else None,
        state=row.state,
        segment=row.segment,
        industry=row.industry,
    )
    return replace(_sent(row.owner, origin, question), territory=row.territory)


def _sent(to: str, origin: Origin, question: Question) -> Choice:
    """Where `user:...`, `pool:...` or `queue:...` leads; the fallback when nobody is there."""
    kind, _, name = to.partition(":")
    if kind == "queue":
        queue = question.queue(name)
        if queue is not None:
            return Choice(queue, Queued(origin=origin, queue=name))
        return fall_back(origin, question, wanted_queue=name)
    if kind == "user":
        user = question.person(name)
        if user is not None:
            return Choice(user, ForPerson(origin=origin, owner=user.name))
        return fall_back(origin, question)
    pick = question.from_pool(name)
    if pick is None:
        return fall_back(origin, question)
    return Choice(pick.target, _drawn(origin, pick, question))


def _drawn(origin: Origin, pick: Pick, question: Question) -> Drawn:
    pool, email = question.policy.pools[pick.pool], pick.target.email
    by_load = pool.choose == "least_loaded"
    return Drawn(
        origin=origin,
        pool=pick.pool,
        owner=pick.target.name,
        weight=next(one.weight for one in pool.members if one.user == email),
        whole=sum(one.weight for one in pool.members),
        open_leads=question.open_leads(email) if by_load else None,
        instead_of=pick.instead_of,
    )


def _decide(question: Question, rule: str, choice: Choice) -> Route | Keep:
    target = choice.target
    is_kept = isinstance(target, ToUser) and target.user_id == question.owner.id
    if isinstance(target, ToQueue) and isinstance(choice.basis, AlreadyOwns):
        return Keep(
            subject=question.subject,
            owner=target.queue,
            owner_name=target.queue,
            rule=rule,
            segment=question.segment.name,
            basis=choice.basis,
            skipped=tuple(question.skipped),
            sla_due=_sla_due(question, target),
        )
    if isinstance(target, ToUser) and is_kept:
        return Keep(
            subject=question.subject,
            owner=target.email,
            owner_name=target.name,
            rule=rule,
            territory=choice.territory,
            segment=question.segment.name,
            basis=choice.basis,
            skipped=tuple(question.skipped),
            draws=tuple(question.draws),
            is_fallback=choice.is_fallback,
            sla_due=_sla_due(question, target),
        )
    return Route(
        subject=question.subject,
        target=target,
        rule=rule,
        territory=choice.territory,
        segment=question.segment.name,
        basis=choice.basis,
        skipped=tuple(question.skipped),
        draws=tuple(question.draws),
        is_fallback=choice.is_fallback,
        sla_due=_sla_due(question, target),
    )


def _sla_due(question: Question, target: Target) -> datetime | None:
    """When the first touch is due, in the owner's working time where the policy says so."""
    policy, sla, now = question.policy, question.segment.sla, question.snapshot.at
    if isinstance(target, ToSalesforceRules):
        return None
    if sla.clock == "wall":
        return now + sla.first_touch
    if isinstance(target, ToQueue):
        queue = policy.queues.get(target.queue)
        user = None if queue is None else policy.users.get(queue.owner)
    else:
        user = policy.users.get(target.email)
    if user is None:
        return now + sla.first_touch
    return add(policy.calendars[user.calendar], user.timezone, now, sla.first_touch)


def restrict(inputs: RouteInputs, routed: Routed) -> RouteInputs:
    """Only what a route looked at: enough to compute it again."""
    members = {
        email: inputs.roster.members[email]
        for email in routed.consulted
        if email in inputs.roster.members
    }
    roster = inputs.roster.model_copy(update={"members": members})
    names = [draw.pool for draw in routed.decision.draws]
    pooled = {name: inputs.pools[name] for name in names if name in inputs.pools}
    return RouteInputs(roster=roster, pools=pooled)


def evolve(inputs: RouteInputs, routed: Routed) -> RouteInputs:
    """The same moment after this lead was given: loads and pools moved on."""
    decision = routed.decision
    moved = {**inputs.pools, **{draw.pool: draw.after for draw in decision.draws}}
    roster = inputs.roster
    target = decision.target if isinstance(decision, Route) else None
    if isinstance(target, ToUser) and target.email in roster.members:
        member = roster.members[target.email]
        loaded = member.model_copy(
            update={
                "open_leads": member.open_leads + 1,
                "assigned_today": member.assigned_today + 1,
            }
        )
        members = {**roster.members, target.email: loaded}
        roster = roster.model_copy(update={"members": members})
    return RouteInputs(roster=roster, pools=moved)
