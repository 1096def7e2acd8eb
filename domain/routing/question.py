"""One lead on its way through the rules: its facts, who is there, and who was passed over."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from domain.gate.snapshot import Snapshot
from domain.lead.absences import NoUser
from domain.lead.crm_records import Account, Member, Owner, OwnerKind, PoolState, RecordKind
from domain.lead.match import OneAccount
from domain.policy.facts import Facts, holds
from domain.policy.model import Policy, Pool, PoolMember, Segment, User
from domain.routing import round_robin
from domain.routing.availability import absence, excludes
from domain.routing.basis import (
    Basis,
    FellBack,
    NoQueue,
    Passed,
    PassedOver,
    Skipped,
    WhyNot,
)
from domain.routing.route import (
    Draw,
    RouteInputs,
    Subject,
    Target,
    ToQueue,
    ToUser,
)


@dataclass(frozen=True)
class Choice:
    """What a rule chose."""

    target: Target
    basis: Basis
    territory: str | None = None

    @property
    def is_fallback(self) -> bool:
        """Whether nobody whom a rule wanted could have it."""
        return isinstance(self.basis, FellBack)


@dataclass(frozen=True)
class Pick:
    """Whom a pool gives the lead to."""

    pool: str
    target: ToUser
    instead_of: str | None
    """The pool that was asked first, and has nobody."""


@dataclass
class Question:
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

    def obstacle(self, email: str, user: User, *, at_work: bool = False) -> WhyNot | None:
        """Why a user of the policy can't have this lead now; None when they can."""
        if excludes(user.never, self.facts):
            return Passed(code=PassedOver.EXCLUDED)
        calendar = self.policy.calendars[user.calendar]
        return absence(self.member(email), user, calendar, self.snapshot.at, at_work=at_work)

    def person(self, email: str, *, at_work: bool = False) -> ToUser | None:
        """A person of the roster as a target; None, and noted as skipped, when not available."""
        user = self.policy.users.get(email)
        if user is None:
            self.skip_person(email, PassedOver.NOT_IN_POLICY)
            return None
        why = self.obstacle(email, user, at_work=at_work)
        if why is not None:
            self.skip_person(user.name, why)
            return None
        return self.target(email, user)

    def target(self, email: str, user: User) -> ToUser | None:
        """A user of the policy as Salesforce knows them; None for somebody without a user there."""
        member = self.member(email)
        if member is None or member.user_id is None:
            self.skip_person(user.name, NoUser())
            return None
        return ToUser(email=email, name=user.name, user_id=member.user_id)

    def owner_of(self, owner: Owner) -> ToUser | None:
        """Who owns something in Salesforce as a target; None, and noted, when not available."""
        email = (owner.email or "").lower()
        if email not in self.policy.users:
            self.skip_person(owner.name, PassedOver.NOT_IN_POLICY)
            return None
        return self.person(email)

    @property
    def present_owner(self) -> ToUser:
        """Who owns the record now, as a target."""
        email = (self.owner.email or "").lower()
        return ToUser(email=email, name=self.owner.name, user_id=self.owner.id)

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

    def from_pool(self, name: str, *, fuller: tuple[str, ...] = ()) -> Pick | None:
        """The pool's next available member, or that of the pool it overflows into.

        The turn is noted. `fuller` are the pools that overflowed into this one.
        """
        pool = self.policy.pools[name]
        there = {one.user: target for one in pool.members if (target := self._free(one, pool))}
        if not there:
            self.skip(Skipped(what="pool", who=name, why=Passed(code=PassedOver.NOBODY_AVAILABLE)))
            further = pool.overflow
            if further is None or further in (*fuller, name):
                return None
            return self.from_pool(further, fuller=(*fuller, name))
        before = self.inputs.pools.get(name, PoolState())
        least = self._least_loaded(pool, there) if pool.choose == "least_loaded" else there
        chosen, after = round_robin.draw(pool, before, least)
        self.draws.append(Draw(pool=name, before=before, after=after))
        return Pick(name, there[chosen], fuller[0] if fuller else None)

    def _free(self, member: PoolMember, pool: Pool) -> ToUser | None:
        """A member of a pool who can have this lead now; None, and noted, otherwise."""
        if not holds(member.when, self.facts):
            user = self.policy.users.get(member.user)
            name = member.user if user is None else user.name
            self.skip_person(name, PassedOver.NOT_THEIR_KIND)
            return None
        return self.person(member.user, at_work=pool.outside_hours == "skip")

    def _least_loaded(self, pool: Pool, there: Mapping[str, ToUser]) -> list[str]:
        """Who of those there has the fewest open leads for their weight."""
        weights = {one.user: one.weight for one in pool.members}
        loads = {user: Fraction(self.open_leads(user), weights[user]) for user in there}
        return [user for user, load in loads.items() if load == min(loads.values())]

    def open_leads(self, email: str) -> int:
        """How many open leads somebody has."""
        member = self.member(email)
        return 0 if member is None else member.open_leads

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
