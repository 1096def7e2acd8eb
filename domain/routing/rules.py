"""Who gets a ready lead: the first rule of the policy that fits, and why not the others.

A pure function of the snapshot, the roster, the pools' memory and the policy. What it looked at is
in its answer, so that a decision keeps only that and can be computed again.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from domain.gate.snapshot import Snapshot
from domain.lead.absences import NoUser
from domain.lead.crm_records import Account, Member, Owner, OwnerKind, PoolState, RecordKind
from domain.lead.match import OneAccount, OneRecord
from domain.lead.model import FieldName, Lead
from domain.policy.facts import Facts, Known, facts, holds, looked_at, segment_of, with_segment
from domain.policy.model import Assignment, Policy, Segment
from domain.policy.routing import (
    AccountOwnerRule,
    CurrentOwnerRule,
    OpportunityOwnerRule,
    RoutingRule,
    SalesforceRule,
    Territory,
    TerritoryRule,
)
from domain.routing import round_robin
from domain.routing.availability import absence
from domain.routing.basis import (
    AccountOwned,
    AlreadyOwns,
    Basis,
    Drawn,
    Ending,
    FellBack,
    ForPerson,
    FromFacts,
    FromTerritory,
    NoQueue,
    NoTerritory,
    OpportunityOwned,
    Origin,
    Passed,
    PassedOver,
    Queued,
    SalesforceDecides,
    SegmentLeaves,
    Skipped,
    WhyNot,
)
from domain.routing.route import (
    Draw,
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


@dataclass(frozen=True)
class _Choice:
    """What a rule chose."""

    target: Target
    basis: Basis
    territory: str | None = None

    @property
    def is_fallback(self) -> bool:
        """Whether nobody whom a rule wanted could have it."""
        return isinstance(self.basis, FellBack)


@dataclass
class _Question:
    """One lead on its way through the rules; collects what was looked at and who was skipped."""

    snapshot: Snapshot
    inputs: RouteInputs
    policy: Policy
    facts: Facts
    segment: Segment
    subject: Subject
    owner: Owner
    skipped: list[Skipped] = field(default_factory=list[Skipped])
    draws: list[Draw] = field(default_factory=list[Draw])
    consulted: set[str] = field(default_factory=set[str])

    @property
    def account(self) -> Account | None:
        """The matched account."""
        found = self.snapshot.match.account
        return found.account if isinstance(found, OneAccount) else None

    @property
    def is_contact(self) -> bool:
        """Whether the record is a contact, which no queue can own."""
        return self.subject.kind is RecordKind.CONTACT

    def member(self, email: str) -> Member | None:
        """Somebody's situation now."""
        self.consulted.add(email)
        return self.inputs.roster.members.get(email)

    def skip(self, skipped: Skipped) -> None:
        """Note why somebody didn't get it; once, though several rules may come by."""
        if skipped not in self.skipped:
            self.skipped.append(skipped)

    def skip_person(self, who: str, why: WhyNot | PassedOver) -> None:
        """Note why a person didn't get it."""
        self.skip(Skipped(who=who, why=Passed(code=why) if isinstance(why, PassedOver) else why))

    def person(self, email: str, *, at_work: bool = False) -> ToUser | None:
        """A person of the roster as a target; None, and noted as skipped, when not available."""
        user, member = self.policy.users.get(email), self.member(email)
        if user is None:
            self.skip_person(email, PassedOver.NOT_IN_POLICY)
            return None
        calendar = self.policy.calendars[user.calendar]
        why = absence(member, user, calendar, self.snapshot.at, at_work=at_work)
        if why is not None or member is None or member.user_id is None:
            self.skip_person(user.name, why or NoUser())
            return None
        return ToUser(email=email, name=user.name, user_id=member.user_id)

    def owner_of(self, owner: Owner) -> ToUser | None:
        """Who owns something in Salesforce as a target; None, and noted, when not available."""
        email = (owner.email or "").lower()
        if email not in self.policy.users:
            self.skip_person(owner.name, PassedOver.NOT_IN_POLICY)
            return None
        return self.person(email)

    def has_left(self, email: str) -> bool:
        """Whether somebody is no longer an active user of Salesforce."""
        member = self.member(email)
        return member is None or member.user_id is None or not member.is_active

    def holds_back(self, email: str) -> bool:
        """Whether a user only holds leads that nobody was given yet."""
        return email.lower() in {one.lower() for one in self.policy.sync.unassigned_owners}

    def is_holding(self, owner: Owner) -> bool:
        """Whether an owner only holds leads that nobody was given yet: a user or a queue."""
        names, queues = self.policy.sync.unassigned_owners, self.inputs.roster.queues
        if owner.kind is OwnerKind.USER:
            return self.holds_back(owner.email or "")
        return any(queues.get(one) == owner.id or owner.is_queue(one) for one in names)

    def from_pool(self, name: str) -> ToUser | None:
        """The pool's next available member; the turn is noted."""
        pool = self.policy.pools[name]
        before = self.inputs.pools.get(name, PoolState())
        at_work = pool.outside_hours == "skip"
        there = {
            one.user: target
            for one in pool.members
            if (target := self.person(one.user, at_work=at_work)) is not None
        }
        if not there:
            self.skip(Skipped(what="pool", who=name, why=Passed(code=PassedOver.NOBODY_AVAILABLE)))
            return None
        chosen, after = round_robin.draw(pool, before, there)
        self.draws.append(Draw(pool=name, before=before, after=after))
        return there[chosen]

    def queue(self, name: str) -> ToQueue | None:
        """A queue as a target; None for a contact, or where Salesforce has no such queue."""
        developer_name = self.policy.queues[name].salesforce
        queue_id = self.inputs.roster.queues.get(developer_name)
        if self.is_contact:
            self.skip(Skipped(what="queue", who=name, why=Passed(code=PassedOver.NOT_FOR_CONTACTS)))
            return None
        if queue_id is None:
            why = NoQueue(developer_name=developer_name)
            self.skip(Skipped(what="queue", who=name, why=why))
            return None
        return ToQueue(queue=name, developer_name=developer_name, queue_id=queue_id)


def route(snapshot: Snapshot, inputs: RouteInputs, policy: Policy) -> Routed:
    """Choose one owner for a lead whose record in Salesforce is known.

    Raises:
        ValueError: the lead has no Salesforce record; the gate lets none such through.
    """
    question = _ask(snapshot, inputs, policy)
    rule_name, choice = _choose(question)
    decision = _decide(question, rule_name, choice)
    return Routed(decision=decision, consulted=tuple(sorted(question.consulted)))


def _ask(snapshot: Snapshot, inputs: RouteInputs, policy: Policy) -> _Question:
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
    return _Question(snapshot, inputs, policy, known, segment, subject, record.owner)


def _choose(question: _Question) -> tuple[str, _Choice]:
    by_salesforce = question.segment.assignment is Assignment.SALESFORCE_RULES
    if by_salesforce and not question.is_contact:
        basis = SegmentLeaves(segment=question.segment.name)
        return "Salesforce's rules", _Choice(ToSalesforceRules(), basis)
    for rule in question.policy.routing:
        if holds(rule.when, question.facts):
            choice = _follow(rule, question)
            if choice is not None:
                return rule.name, choice
    return "Fallback", _fall_back(None, question)


def _follow(rule: RoutingRule, question: _Question) -> _Choice | None:
    """What one rule chooses; None when it has nobody."""
    match rule:
        case CurrentOwnerRule():
            return _current_owner(question)
        case OpportunityOwnerRule():
            return _opportunity_owner(question)
        case AccountOwnerRule():
            return _account_owner(rule, question)
        case TerritoryRule():
            return _territory(question)
        case SalesforceRule():
            if question.is_contact:
                return None
            return _Choice(ToSalesforceRules(), SalesforceDecides(facts=_seen(rule, question)))
        case _:
            return _sent(rule.to, FromFacts(facts=_seen(rule, question)), question)


def _seen(rule: RoutingRule, question: _Question) -> tuple[Known, ...]:
    return looked_at(rule.when, question.facts)


def _current_owner(question: _Question) -> _Choice | None:
    owner = question.owner
    email = (owner.email or "").lower()
    if owner.kind is not OwnerKind.USER or email not in question.policy.users:
        return _chosen_by_hand(question)
    if question.holds_back(email):
        return None
    member = question.member(email)
    if member is None or not member.is_active or member.user_id is None:
        question.skip_person(owner.name, PassedOver.OWNER_INACTIVE)
        return None
    target = ToUser(email=email, name=owner.name, user_id=member.user_id)
    return _Choice(target, AlreadyOwns(owner=owner.name))


def _chosen_by_hand(question: _Question) -> _Choice | None:
    """An owner whom the policy doesn't name, or a queue: a person's choice, and it stays.

    Nobody's choice are the owners of leads that are not assigned yet, and the worker's own.
    """
    owner, given = question.owner, question.snapshot.conditions.given
    holding = question.policy.sync.unassigned_owners
    if given is None or given.owner == owner.id or not holding or question.is_holding(owner):
        return None
    if not owner.is_active:
        question.skip_person(owner.name, PassedOver.OWNER_INACTIVE)
        return None
    target = _as_it_is(question) if owner.kind is OwnerKind.USER else _same_queue(question)
    return _Choice(target, AlreadyOwns(owner=owner.name))


def _same_queue(question: _Question) -> ToQueue:
    """The queue that a record is in; by its label where the policy has no name for it."""
    owner, queues = question.owner, question.inputs.roster.queues
    for name, queue in question.policy.queues.items():
        if queues.get(queue.salesforce) == owner.id:
            return ToQueue(queue=name, developer_name=queue.salesforce, queue_id=owner.id)
    return ToQueue(queue=owner.name, developer_name=owner.name, queue_id=owner.id)


def _opportunity_owner(question: _Question) -> _Choice | None:
    account = question.account
    if account is None or not account.opportunities:
        return None
    for one in sorted(account.opportunities, key=lambda each: (each.created_at, each.id)):
        target = question.owner_of(one.owner)
        if target is not None:
            basis = OpportunityOwned(
                account=account.name, opportunity=one.name, stage=one.stage, owner=target.name
            )
            return _Choice(target, basis)
    return None


def _account_owner(rule: AccountOwnerRule, question: _Question) -> _Choice | None:
    account = question.account
    kind = str(question.facts.get("account", "none"))
    if account is None or not ({kind, "any"} & set(rule.accounts)):
        return None
    target = question.owner_of(account.owner)
    if target is not None:
        basis = AccountOwned(account=account.name, standing=kind, owner=target.name)
        return _Choice(target, basis)
    manager = _successor(account.owner, question) if rule.if_owner_left == "manager" else None
    if manager is None:
        return None
    owner = account.owner.name
    basis = AccountOwned(account=account.name, standing=kind, owner=owner, manager=manager.name)
    return _Choice(manager, basis)


def _successor(owner: Owner, question: _Question) -> ToUser | None:
    """The manager of an owner who left; None for one who is only away."""
    email = (owner.email or "").lower()
    user = question.policy.users.get(email)
    if user is None or user.manager is None or not question.has_left(email):
        return None
    return question.person(user.manager)


def territory_of(lead: Lead, segment: str, policy: Policy) -> Territory | None:
    """The first row of the territories that fits a lead; case is ignored."""
    place, size = lead.text(FieldName.COUNTRY), lead.number(FieldName.EMPLOYEES)
    country = _folded(place)
    values = (
        _folded(policy.region_of(place)),
        _folded(lead.text(FieldName.STATE)),
        _folded(segment),
        _folded(lead.text(FieldName.INDUSTRY)),
    )
    return next(
        (
            row
            for row in policy.territories
            if (row.country is None or row.country.casefold() == country)
            and _fits(row, values, size)
        ),
        None,
    )


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


def _territory(question: _Question) -> _Choice | None:
    lead, segment = question.snapshot.lead, question.segment.name
    row, country = territory_of(lead, segment, question.policy), lead.text(FieldName.COUNTRY)
    if row is None:
        why = NoTerritory(segment=segment, country=country)
        question.skip(Skipped(what="territories", who="", why=why))
        return None
    origin = FromTerritory(
        territory=row.territory,
        line=row.line,
        country=country if row.country or row.region else None,
        state=row.state,
        segment=row.segment,
        industry=row.industry,
    )
    return replace(_sent(row.owner, origin, question), territory=row.territory)


def _sent(to: str, origin: Origin, question: _Question) -> _Choice:
    """Where `user:...`, `pool:...` or `queue:...` leads; the fallback when nobody is there."""
    kind, _, name = to.partition(":")
    if kind == "queue":
        queue = question.queue(name)
        if queue is not None:
            return _Choice(queue, Queued(origin=origin, queue=name))
        return _fall_back(origin, question, wanted_queue=name)
    if kind == "user":
        user = question.person(name)
        if user is not None:
            return _Choice(user, ForPerson(origin=origin, owner=user.name))
        return _fall_back(origin, question)
    chosen = question.from_pool(name)
    if chosen is None:
        return _fall_back(origin, question)
    return _Choice(chosen, _drawn(origin, name, chosen, question))


def _drawn(origin: Origin, name: str, chosen: ToUser, question: _Question) -> Drawn:
    members = question.policy.pools[name].members
    weight = next(one.weight for one in members if one.user == chosen.email)
    whole = sum(one.weight for one in members)
    return Drawn(origin=origin, pool=name, owner=chosen.name, weight=weight, whole=whole)


def _fall_back(
    origin: Origin | None, question: _Question, wanted_queue: str | None = None
) -> _Choice:
    """The segment's queue; for a contact somebody who can own it. Never a dead end."""
    name = question.segment.fallback

    def ends(target: Target, ending: Ending, owner: str | None = None) -> _Choice:
        basis = FellBack(
            origin=origin, wanted_queue=wanted_queue, ending=ending, queue=name, owner=owner
        )
        return _Choice(target, basis)

    queue = question.queue(name)
    if queue is not None:
        return ends(queue, Ending.IN_QUEUE)
    near = _near_contact(question) if question.is_contact else None
    if near is not None:
        target, ending = near
        return ends(target, ending, target.name)
    answers = question.policy.queues[name].owner
    member = question.member(answers)
    user = question.policy.users[answers]
    if member is not None and member.user_id is not None and member.is_active:
        target = ToUser(email=answers, name=user.name, user_id=member.user_id)
        return ends(target, Ending.QUEUE_OWNER, user.name)
    return ends(_as_it_is(question), Ending.AS_IT_IS)


def _near_contact(question: _Question) -> tuple[ToUser, Ending] | None:
    """Who is nearest to a contact, and in what way: its own owner, else its account's."""
    owner, account = question.owner, question.account
    is_person = owner.kind is OwnerKind.USER and owner.is_active
    if is_person and not question.holds_back(owner.email or ""):
        return _as_it_is(question), Ending.KEPT_BY_OWNER
    target = None if account is None else question.owner_of(account.owner)
    return None if target is None else (target, Ending.ACCOUNT_OWNER)


def _as_it_is(question: _Question) -> ToUser:
    owner = question.owner
    return ToUser(email=(owner.email or "").lower(), name=owner.name, user_id=owner.id)


def _decide(question: _Question, rule: str, choice: _Choice) -> Route | Keep:
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


def _sla_due(question: _Question, target: Target) -> datetime | None:
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
