"""Who gets a ready lead: the first rule of the policy that fits, and why not the others.

A pure function of the snapshot, the roster, the pools' memory and the policy. What it looked at is
in its answer, so that a decision keeps only that and can be computed again.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from domain.gate.snapshot import Snapshot
from domain.lead.crm_records import Account, Member, Owner, OwnerKind, PoolState, RecordKind
from domain.lead.match import OneAccount, OneRecord
from domain.lead.model import FieldName, Lead
from domain.policy.facts import Facts, explain, facts, holds, segment_of, with_segment
from domain.policy.model import Assignment, Policy, Pool, Segment
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
from domain.routing.route import (
    Draw,
    Keep,
    Route,
    Routed,
    RouteInputs,
    Skipped,
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
    because: str
    territory: str | None = None
    is_fallback: bool = False


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

    def skip(self, who: str, why: str) -> None:
        """Note why somebody didn't get it; once, though several rules may come by."""
        skipped = Skipped(who=who, why=why)
        if skipped not in self.skipped:
            self.skipped.append(skipped)

    def person(self, email: str, *, at_work: bool = False) -> ToUser | None:
        """A person of the roster as a target; None, and noted as skipped, when not available."""
        user, member = self.policy.users.get(email), self.member(email)
        if user is None:
            self.skip(email, "not in the policy's users")
            return None
        calendar = self.policy.calendars[user.calendar]
        why = absence(member, user, calendar, self.snapshot.at, at_work=at_work)
        if why is not None or member is None or member.user_id is None:
            self.skip(user.name, why or "no such user in Salesforce")
            return None
        return ToUser(email=email, name=user.name, user_id=member.user_id)

    def owner_of(self, owner: Owner) -> ToUser | None:
        """Who owns something in Salesforce as a target; None, and noted, when not available."""
        email = (owner.email or "").lower()
        if email not in self.policy.users:
            self.skip(owner.name, "not in the policy's users")
            return None
        return self.person(email)

    def has_left(self, email: str) -> bool:
        """Whether somebody is no longer an active user of Salesforce."""
        member = self.member(email)
        return member is None or member.user_id is None or not member.is_active

    def holds_back(self, email: str) -> bool:
        """Whether a user only holds leads that nobody was given yet."""
        return email.lower() in {one.lower() for one in self.policy.sync.unassigned_owners}

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
            self.skip(f"pool {name}", "nobody is available")
            return None
        chosen, after = round_robin.draw(pool, before, there)
        self.draws.append(Draw(pool=name, before=before, after=after))
        return there[chosen]

    def queue(self, name: str) -> ToQueue | None:
        """A queue as a target; None for a contact, or where Salesforce has no such queue."""
        developer_name = self.policy.queues[name].salesforce
        queue_id = self.inputs.roster.queues.get(developer_name)
        if self.is_contact:
            self.skip(f"queue {name}", "a contact can't be owned by a queue")
            return None
        if queue_id is None:
            self.skip(f"queue {name}", f"Salesforce has no queue {developer_name}")
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
        because = f"the segment {question.segment.name} leaves the choice to Salesforce's own rules"
        return "Salesforce's rules", _Choice(ToSalesforceRules(), because)
    for rule in question.policy.routing:
        if holds(rule.when, question.facts):
            choice = _follow(rule, question)
            if choice is not None:
                return rule.name, choice
    return "Fallback", _fall_back("no rule fits", question)


def _follow(rule: RoutingRule, question: _Question) -> _Choice | None:
    """What one rule chooses; None when it has nobody."""
    fits = f"{explain(rule.when, question.facts)}: " if rule.when else ""
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
            return _Choice(ToSalesforceRules(), f"{fits}Salesforce's own rules decide")
        case _:
            return _sent(
                rule.to, fits.removesuffix(": ") or "every lead that comes so far", question
            )


def _current_owner(question: _Question) -> _Choice | None:
    owner = question.owner
    email = (owner.email or "").lower()
    is_rep = owner.kind is OwnerKind.USER and email in question.policy.users
    if not is_rep or question.holds_back(email):
        return None
    member = question.member(email)
    if member is None or not member.is_active or member.user_id is None:
        question.skip(owner.name, "owns it, but is not active in Salesforce")
        return None
    target = ToUser(email=email, name=owner.name, user_id=member.user_id)
    return _Choice(target, f"{owner.name} already owns the record")


def _opportunity_owner(question: _Question) -> _Choice | None:
    account = question.account
    if account is None or not account.opportunities:
        return None
    for one in sorted(account.opportunities, key=lambda each: (each.created_at, each.id)):
        target = question.owner_of(one.owner)
        if target is not None:
            because = f'{account.name} has the open opportunity "{one.name}" ({one.stage})'
            return _Choice(target, f"{because}, which {target.name} owns")
    return None


def _account_owner(rule: AccountOwnerRule, question: _Question) -> _Choice | None:
    account = question.account
    kind = str(question.facts.get("account", "none"))
    if account is None or not ({kind, "any"} & set(rule.accounts)):
        return None
    said = {"customer": "a customer", "named": "a named account"}.get(kind, "a known account")
    because = f"{account.name} is {said}"
    target = question.owner_of(account.owner)
    if target is not None:
        return _Choice(target, f"{because}, owned by {target.name}")
    manager = _successor(account.owner, question) if rule.if_owner_left == "manager" else None
    if manager is None:
        return None
    return _Choice(manager, f"{because} of {account.owner.name}, whose manager is {manager.name}")


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
    row = territory_of(lead, segment, question.policy)
    if row is None:
        place = lead.text(FieldName.COUNTRY) or "nowhere"
        question.skip("territories", f"no row takes {segment} leads from {place}")
        return None
    cells = [
        lead.text(FieldName.COUNTRY) if row.country or row.region else None,
        f"state {row.state}" if row.state else None,
        f"segment {row.segment}" if row.segment else None,
        f"industry {row.industry}" if row.industry else None,
    ]
    values = ", ".join(cell for cell in cells if cell)
    because = f"territory {row.territory} (line {row.line} of territories.csv: {values})"
    choice = _sent(row.owner, because, question)
    return replace(choice, territory=row.territory)


def _sent(to: str, because: str, question: _Question) -> _Choice:
    """Where `user:...`, `pool:...` or `queue:...` leads; the fallback when nobody is there."""
    kind, _, name = to.partition(":")
    if kind == "queue":
        queue = question.queue(name)
        if queue is not None:
            return _Choice(queue, f"{because} goes to queue {name}")
        return _fall_back(f"{because} would go to queue {name}", question)
    if kind == "user":
        user = question.person(name)
        if user is not None:
            return _Choice(user, f"{because} is {user.name}'s")
        return _fall_back(f"nobody of {because} was available", question)
    chosen = question.from_pool(name)
    if chosen is None:
        return _fall_back(f"nobody of {because} was available", question)
    pool = question.policy.pools[name]
    turn = f"pool {name}, where {chosen.name} had the next turn{_weight(pool, chosen)}"
    return _Choice(chosen, f"{because} is shared by {turn}")


def _weight(pool: Pool, chosen: ToUser) -> str:
    whole = sum(one.weight for one in pool.members)
    weight = next(one.weight for one in pool.members if one.user == chosen.email)
    return f" (weight {weight} of {whole})"


def _fall_back(because: str, question: _Question) -> _Choice:
    """The segment's queue; for a contact somebody who can own it. Never a dead end."""
    name = question.segment.fallback
    queue = question.queue(name)
    if queue is not None:
        return _Choice(queue, f"{because}, so it waits in queue {name}", is_fallback=True)
    near = _near_contact(question) if question.is_contact else None
    if near is not None:
        target, told = near
        return _Choice(target, f"{because}, so {told}", is_fallback=True)
    answers = question.policy.queues[name].owner
    member = question.member(answers)
    user = question.policy.users[answers]
    if member is not None and member.user_id is not None and member.is_active:
        target = ToUser(email=answers, name=user.name, user_id=member.user_id)
        told = f"{because}, so {user.name}, who answers for queue {name}, has it"
        return _Choice(target, told, is_fallback=True)
    return _Choice(_as_it_is(question), f"{because}, so it stays where it is", is_fallback=True)


def _near_contact(question: _Question) -> tuple[ToUser, str] | None:
    """Who is nearest to a contact, and in what way: its own owner, else its account's."""
    owner, account = question.owner, question.account
    is_person = owner.kind is OwnerKind.USER and owner.is_active
    if is_person and not question.holds_back(owner.email or ""):
        return _as_it_is(question), f"{owner.name} keeps the contact"
    target = None if account is None else question.owner_of(account.owner)
    return None if target is None else (target, f"{target.name}, who owns the account, has it")


def _as_it_is(question: _Question) -> ToUser:
    owner = question.owner
    return ToUser(email=(owner.email or "").lower(), name=owner.name, user_id=owner.id)


def _decide(question: _Question, rule: str, choice: _Choice) -> Route | Keep:
    reason = _reason(question, rule, choice)
    target = choice.target
    is_kept = isinstance(target, ToUser) and target.user_id == question.owner.id
    if isinstance(target, ToUser) and is_kept:
        return Keep(
            subject=question.subject,
            owner=target.email,
            owner_name=target.name,
            rule=rule,
            territory=choice.territory,
            segment=question.segment.name,
            reason=reason,
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
        reason=reason,
        skipped=tuple(question.skipped),
        draws=tuple(question.draws),
        is_fallback=choice.is_fallback,
        sla_due=_sla_due(question, target),
    )


def _reason(question: _Question, rule: str, choice: _Choice) -> str:
    said = f'Rule "{rule}": {choice.because}.'
    people = [f"{one.who}: {one.why.rstrip('. ')}" for one in question.skipped]
    return f"{said} Skipped {'; '.join(people)}." if people else said


def _sla_due(question: _Question, target: Target) -> datetime | None:
    """When the first touch is due, in the owner's working time where the policy says so."""
    policy, sla, now = question.policy, question.segment.sla, question.snapshot.at
    if isinstance(target, ToSalesforceRules):
        return None
    if sla.clock == "wall":
        return now + sla.first_touch
    email = policy.queues[target.queue].owner if isinstance(target, ToQueue) else target.email
    user = policy.users.get(email)
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
