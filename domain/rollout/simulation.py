"""What another policy would have done: recorded snapshots decided again under two policies.

Each policy has a world of its own in which pools and loads move on with every lead, so that what
changes for one lead is felt by the next. A change is *direct* when the new policy decides
otherwise from the very same pools and loads, and *cascading* when it only comes of those before.

What the simulation can't know it assumes, and tells: somebody whose situation is not recorded
within a day counts as available; open leads are worked off as they were. Snapshots are as they
were taken: other triggers, enrichment or hygiene can't be tried with them.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field

from domain.decision.cases import GateCase, RouteCase
from domain.gate.checks import judge
from domain.gate.verdict import Judged, Ready, Verdict, VerdictKind, in_short
from domain.lead.crm_records import Member, PoolState, Roster
from domain.policy.model import Policy
from domain.routing.basis import RoutedBy
from domain.routing.route import (
    Keep,
    Route,
    Routed,
    RouteInputs,
    ToQueue,
    ToSalesforceRules,
    ToUser,
    why,
)
from domain.routing.rules import route
from domain.time.durations import Duration
from domain.values import CycleId, Instant, LeadKey, RecordId, Value

FRESH_FOR = timedelta(days=1)
"""So long a person's recorded situation is believed."""
_UNREAD_BY_THE_GATE = frozenset(
    {"name", "routing", "territories", "pools", "users", "calendars", "queues", "follow_through"}
)
"""Parts of a policy that no check looks at; policies that differ in these alone judge alike."""
_NEVER = datetime.min.replace(tzinfo=UTC)
"""When a world is that has seen no batch yet."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A decision of the gate as the ledger keeps it."""

    case: GateCase | RouteCase
    given_to: str | None
    """Email of the person to whom it gave the lead then; None when to nobody."""

    @property
    def turns(self) -> int:
        """Where in its batch it was decided, as far as pools tell."""
        if isinstance(self.case, GateCase):
            return 0
        return sum(state.turns for state in self.case.inputs.pools.values())


class Placement(Value):
    """What became of a lead under one policy."""

    verdict: VerdictKind
    """`READY`, `WAIT`, `PARK` or `REJECT`."""
    segment: str
    owner: str | None = None
    """Email of the person, or the queue's name; None for a lead that is not ready."""
    rule: str | None = None
    is_fallback: bool = False
    pool: str | None = None
    """The pool whose turn it was."""
    said: Annotated[Judged | RoutedBy, Field(discriminator="kind")] | None = None
    """Why, in short."""


class Change(Value):
    """A lead that another policy treats otherwise."""

    cycle: CycleId
    lead: LeadKey
    at: Instant
    before: Placement
    after: Placement
    is_direct: bool
    """Whether the policy itself decides otherwise, and not only the turn of a pool or a cap."""


class Load(Value):
    """How many leads somebody gets."""

    owner: str
    before: int
    after: int


class Fairness(Value):
    """How far a pool's members are from their weights, in leads."""

    pool: str
    leads_before: int
    leads_after: int
    widest_before: float | None
    """The largest distance of a member; None when the pool gave nothing out."""
    widest_after: float | None


class Gap(Value):
    """Leads of a segment for which nobody was available."""

    segment: str
    before: int
    after: int


class Place(Value):
    """How many leads of a segment an owner gets."""

    segment: str
    owner: str
    before: int
    after: int


class Expected(Value):
    """How many leads of a segment would be touched in time, if people go on as they did."""

    segment: str
    target_before: Duration | None
    """None where the policy has no such segment."""
    target_after: Duration | None
    leads_before: int
    leads_after: int
    in_time_before: float | None
    """From 0 to 1; None where too little was seen of anybody."""
    in_time_after: float | None


class Simulation(Value):
    """The same leads under two policies."""

    before: str
    """Version of the policy that is compared with."""
    after: str
    decisions: int
    leads: int
    verdicts: Mapping[str, int]
    """Of the changes, those of the verdict: `PARK -> READY`, how often."""
    changes: tuple[Change, ...]
    relabeled: int
    """Leads with the same owner by another rule or in another segment."""
    loads: tuple[Load, ...]
    fairness: tuple[Fairness, ...]
    gaps: tuple[Gap, ...]
    places: tuple[Place, ...]
    expected: tuple[Expected, ...] = ()
    """What `domain.rollout.prediction` makes of `places`."""
    asked: tuple[Change, ...] = ()
    """What becomes of the leads that were asked for by name, whether or not it differs."""
    assumed: tuple[str, ...]
    """People who were taken as available because nothing is recorded of them."""


@dataclass
class _World:
    """What one policy made of the leads so far."""

    policy: Policy
    at: datetime
    """The moment of the batch at hand."""
    people: Mapping[str, Member] = field(default_factory=dict[str, Member])
    """Everybody's situation in truth when the batch began."""
    here: dict[str, Member] = field(default_factory=dict[str, Member])
    """Everybody's situation in this world."""
    today: dict[str, date] = field(default_factory=dict[str, date])
    """The date on everybody's wall."""
    pools: dict[str, PoolState] = field(default_factory=dict[str, PoolState])
    given: Counter[str] = field(default_factory=Counter[str])
    """Leads by email, less those that were given in truth."""
    given_on: Counter[tuple[str, date]] = field(default_factory=Counter[tuple[str, date]])
    placed: dict[CycleId, Placement] = field(default_factory=dict[CycleId, Placement])
    early: set[CycleId] = field(default_factory=set[CycleId])
    """Cycles that were routed here before they were in truth."""

    def is_done(self, case: GateCase | RouteCase) -> bool:
        """Whether the lead left already: what was recorded of it later never happens here."""
        cycle = case.snapshot.cycle.id
        placed = self.placed.get(cycle)
        is_routed = placed is not None and placed.verdict == "READY"
        return cycle in self.early or (is_routed and isinstance(case, GateCase))

    def begin(self, people: Mapping[str, Member], at: datetime) -> None:
        """Take up a batch with everybody's situation in truth."""
        self.at, self.people = at, people
        self.today = {email: self.day(email, at) for email in people.keys() | self.given.keys()}
        self.here = {email: self.shifted(member) for email, member in people.items()}

    def shifted(self, member: Member) -> Member:
        """Somebody's situation with what this world gave otherwise than it was in truth."""
        email = member.email
        shift = self.given[email]
        today = self.given_on[email, self.today[email]] if email in self.today else 0
        if not shift and not today:
            return member
        return member.model_copy(
            update={
                "open_leads": max(0, member.open_leads + shift),
                "assigned_today": max(0, member.assigned_today + today),
            }
        )

    def inputs(self, case: GateCase | RouteCase, queues: Mapping[str, RecordId]) -> RouteInputs:
        """What routing looks at in this world; what a decision recorded itself comes first."""
        recorded = {
            email: self.shifted(member) for email, member in _recorded_members(case).items()
        }
        # The parts are valid already, and are not looked at again for every lead.
        roster = Roster.model_construct(
            at=case.snapshot.at, members={**self.here, **recorded}, queues=queues
        )
        return RouteInputs.model_construct(roster=roster, pools=dict(self.pools))

    def day(self, email: str, at: datetime) -> date:
        """The date on somebody's wall."""
        user = self.policy.users.get(email)
        zone = self.policy.timezone if user is None else user.timezone
        return at.astimezone(ZoneInfo(zone)).date()

    def place(
        self, case: GateCase | RouteCase, placement: Placement, routed: Routed | None
    ) -> None:
        """Let a lead be where it was placed; pools and loads move on."""
        cycle = case.snapshot.cycle.id
        self.placed[cycle] = placement
        if routed is None:
            return
        if isinstance(case, GateCase):
            self.early.add(cycle)
        for draw in routed.decision.draws:
            self.pools[draw.pool] = draw.after
        chosen = routed.decision
        if isinstance(chosen, Route) and isinstance(chosen.target, ToUser):
            self.count(chosen.target.email, 1)

    def count(self, email: str, by: int) -> None:
        """Somebody has so many leads more than in truth."""
        if email not in self.today:
            self.today[email] = self.day(email, self.at)
        self.given[email] += by
        self.given_on[email, self.today[email]] += by
        if email in self.people:
            self.here[email] = self.shifted(self.people[email])


@dataclass
class _People:
    """Who was there, as far as recorded decisions tell."""

    policies: tuple[Policy, Policy]
    seen: dict[str, tuple[datetime, Member]] = field(
        default_factory=dict[str, tuple[datetime, Member]]
    )
    queues: dict[str, RecordId] = field(default_factory=dict[str, RecordId])
    everybody: dict[str, Member] = field(default_factory=dict[str, Member])
    """All people of both policies in the batch at hand."""
    unknown: set[str] = field(default_factory=set[str])
    """Those of them who are only assumed to be available."""

    def begin(self, batch: Sequence[Recorded], at: datetime) -> None:
        """Take up a batch: what it recorded itself, what is fresh, and an assumption otherwise."""
        # Backwards, so that a person's situation is that of the batch's beginning.
        for one in reversed(batch):
            if isinstance(one.case, RouteCase):
                roster = one.case.inputs.roster
                self.queues.update(roster.queues)
                for email, member in roster.members.items():
                    self.seen[email] = (at, member)
        self.everybody, self.unknown = {}, set()
        for policy in self.policies:
            for queue in policy.queues.values():
                self.queues.setdefault(queue.salesforce, RecordId(queue.salesforce))
            for email, user in policy.users.items():
                known = self.seen.get(email)
                if known is not None and at - known[0] <= FRESH_FOR:
                    self.everybody[email] = known[1]
                elif email not in self.everybody:
                    self.unknown.add(email)
                    record = RecordId(email)
                    self.everybody[email] = Member(email=email, name=user.name, user_id=record)


@dataclass(frozen=True, slots=True)
class _Before:
    """What the policy that is compared with made of a lead, and from what."""

    placement: Placement
    inputs: RouteInputs
    verdict: Verdict


@dataclass
class _Comparison:
    """Both worlds on their way through the recorded decisions."""

    base: _World
    changed: _World
    people: _People
    judges_alike: bool
    """Whether the gate's verdicts are the same under both policies."""
    direct: dict[CycleId, bool] = field(default_factory=dict[CycleId, bool])
    at: dict[CycleId, tuple[LeadKey, datetime]] = field(
        default_factory=dict[CycleId, tuple[LeadKey, datetime]]
    )
    assumed: set[str] = field(default_factory=set[str])
    decisions: int = 0

    def begin(self, batch: Sequence[Recorded], at: datetime) -> None:
        """Take up the decisions of one moment."""
        self.people.begin(batch, at)
        for world in (self.base, self.changed):
            world.begin(self.people.everybody, at)

    def decide(self, one: Recorded) -> None:
        """Decide one lead in both worlds."""
        case, snapshot = one.case, one.case.snapshot
        self.decisions += 1
        self.at[snapshot.cycle.id] = (snapshot.lead.key, snapshot.at)
        for world in (self.base, self.changed):
            self._begin_pools(world, case)
        self._in_changed(case, self._in_base(case))
        if one.given_to is not None:
            for world in (self.base, self.changed):
                world.count(one.given_to, -1)

    def _begin_pools(self, world: _World, case: GateCase | RouteCase) -> None:
        """A pool begins as it was when it is first recorded, in both worlds alike."""
        if isinstance(case, RouteCase):
            for name, state in case.inputs.pools.items():
                world.pools.setdefault(name, state)

    def _in_base(self, case: GateCase | RouteCase) -> _Before | None:
        if self.base.is_done(case):
            return None
        inputs = self.base.inputs(case, self.people.queues)
        verdict = judge(case.snapshot, self.base.policy)
        placement, routed = self._placed(case, verdict, inputs, self.base.policy)
        self.base.place(case, placement, routed)
        return _Before(placement, inputs, verdict)

    def _in_changed(
        self,
        case: GateCase | RouteCase,
        before: _Before | None,
    ) -> None:
        world = self.changed
        if world.is_done(case):
            return
        if before is not None and self.judges_alike:
            verdict = before.verdict
        else:
            verdict = judge(case.snapshot, world.policy)
        inputs = world.inputs(case, self.people.queues)
        placement, routed = self._placed(case, verdict, inputs, world.policy)
        cycle = case.snapshot.cycle.id
        if before is None or not isinstance(verdict, Ready):
            self.direct[cycle] = before is None or before.placement.verdict != placement.verdict
        elif before.placement.owner != placement.owner:
            alike, _ = self._placed(case, verdict, before.inputs, world.policy)
            self.direct[cycle] = alike.owner != before.placement.owner
        world.place(case, placement, routed)

    def _placed(
        self,
        case: GateCase | RouteCase,
        verdict: Verdict,
        inputs: RouteInputs,
        policy: Policy,
    ) -> tuple[Placement, Routed | None]:
        if not isinstance(verdict, Ready):
            said = in_short(verdict)
            return Placement(verdict=verdict.kind, segment=verdict.segment, said=said), None
        routed = route(case.snapshot, inputs, policy)
        asked = self.people.unknown & set(routed.consulted)
        self.assumed.update(asked - _recorded_members(case).keys())
        chosen = routed.decision
        placement = Placement(
            verdict=verdict.kind,
            segment=chosen.segment,
            owner=_owner(chosen),
            rule=chosen.rule,
            is_fallback=chosen.is_fallback,
            pool=chosen.draws[-1].pool if chosen.draws and not chosen.is_fallback else None,
            said=why(chosen),
        )
        return placement, routed


def _recorded_members(case: GateCase | RouteCase) -> Mapping[str, Member]:
    """The people whose situation a decision recorded itself."""
    return case.inputs.roster.members if isinstance(case, RouteCase) else {}


def _owner(chosen: Route | Keep) -> str:
    if isinstance(chosen, Keep):
        return chosen.owner or chosen.owner_name
    match chosen.target:
        case ToUser():
            return chosen.target.email
        case ToQueue():
            return chosen.target.queue
        case ToSalesforceRules():
            return "Salesforce's own rules"


def simulate(
    recorded: Iterable[Recorded],
    base: Policy,
    changed: Policy,
    asked: Collection[LeadKey] = (),
) -> Simulation:
    """Decide recorded leads under both policies, in the order in which they came.

    `recorded` is ordered by time; decisions of one moment are one batch of the worker. What
    becomes of the leads in `asked` is told in any case.
    """
    people = _People((base, changed))
    comparison = _Comparison(
        _World(base, _NEVER), _World(changed, _NEVER), people, _judge_alike(base, changed)
    )
    for at, together in groupby(recorded, key=lambda one: one.case.snapshot.at):
        batch = sorted(together, key=lambda one: (one.turns, one.case.snapshot.cycle.id))
        comparison.begin(batch, at)
        for one in batch:
            comparison.decide(one)
    return _told(comparison, asked)


def _judge_alike(base: Policy, changed: Policy) -> bool:
    read = Policy.model_fields.keys() - _UNREAD_BY_THE_GATE
    return all(getattr(base, name) == getattr(changed, name) for name in read)


def _told(comparison: _Comparison, asked: Collection[LeadKey]) -> Simulation:
    base, changed = comparison.base, comparison.changed
    changes: list[Change] = []
    named: list[Change] = []
    relabeled = 0
    for cycle, (lead, at) in comparison.at.items():
        before, after = base.placed[cycle], changed.placed[cycle]
        differs = (before.verdict, before.owner) != (after.verdict, after.owner)
        if differs or lead in asked:
            is_direct = differs and comparison.direct.get(cycle, True)
            change = Change(
                cycle=cycle, lead=lead, at=at, before=before, after=after, is_direct=is_direct
            )
            changes += [change] if differs else []
            named += [change] if lead in asked else []
        if not differs and (before.rule, before.segment) != (after.rule, after.segment):
            relabeled += 1
    verdicts = Counter(
        f"{one.before.verdict} -> {one.after.verdict}"
        for one in changes
        if one.before.verdict != one.after.verdict
    )
    return Simulation(
        before=base.policy.version,
        after=changed.policy.version,
        decisions=comparison.decisions,
        leads=len(comparison.at),
        verdicts=dict(sorted(verdicts.items())),
        changes=tuple(changes),
        relabeled=relabeled,
        loads=_loads(base, changed),
        fairness=_fairness(base, changed),
        gaps=_gaps(base, changed),
        places=_places(base, changed),
        asked=tuple(named),
        assumed=tuple(sorted(comparison.assumed)),
    )


def _loads(base: _World, changed: _World) -> tuple[Load, ...]:
    before, after = (
        Counter(one.owner for one in world.placed.values() if one.owner is not None)
        for world in (base, changed)
    )
    return tuple(
        Load(owner=owner, before=before[owner], after=after[owner])
        for owner in sorted(before.keys() | after.keys())
    )


def _places(base: _World, changed: _World) -> tuple[Place, ...]:
    before, after = (
        Counter((one.segment, one.owner) for one in world.placed.values() if one.owner is not None)
        for world in (base, changed)
    )
    return tuple(
        Place(segment=place[0], owner=place[1], before=before[place], after=after[place])
        for place in sorted(before.keys() | after.keys())
    )


def _fairness(base: _World, changed: _World) -> tuple[Fairness, ...]:
    found: list[Fairness] = []
    for name in sorted(base.policy.pools.keys() | changed.policy.pools.keys()):
        before, after = _widest(name, base), _widest(name, changed)
        found.append(
            Fairness(
                pool=name,
                leads_before=before[0],
                leads_after=after[0],
                widest_before=before[1],
                widest_after=after[1],
            )
        )
    return tuple(found)


def _widest(name: str, world: _World) -> tuple[int, float | None]:
    """How many leads a pool gave out, and how far a member is from its weight at most."""
    pool = world.policy.pools.get(name)
    given = Counter(one.owner for one in world.placed.values() if one.pool == name)
    if pool is None or not given:
        return given.total(), None
    whole = sum(one.weight for one in pool.members)
    distances = [abs(given[one.user] - given.total() * one.weight / whole) for one in pool.members]
    return given.total(), max(distances)


def _gaps(base: _World, changed: _World) -> tuple[Gap, ...]:
    before, after = (
        Counter(one.segment for one in world.placed.values() if one.is_fallback)
        for world in (base, changed)
    )
    return tuple(
        Gap(segment=segment, before=before[segment], after=after[segment])
        for segment in sorted(before.keys() | after.keys())
    )
