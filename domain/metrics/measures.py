"""What is measured of journeys: speed, coverage, quality. One definition of each number.

docs/reference/measures.md has the formulas. A measure without a value is None and says why; it is
never zero.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from domain.metrics.lifecycle import Ending, Journey, working_time
from domain.metrics.outcomes import Became, Money, money
from domain.policy.model import OutcomeRules, Policy
from domain.values import CycleId

PERCENTILES = (50, 90, 95)
NUDGE_WORKS_FOR = timedelta(minutes=30)
"""A touch so long after a reminder counts as its effect."""
_ROUNDING = 1e-9
"""A product of fractions misses a round share by less than this."""


@dataclass(frozen=True, slots=True)
class Share:
    """How many of how many."""

    part: int
    whole: int
    unknown: str | None = None
    """Why it can't be told although there are leads; None when it can."""

    @property
    def value(self) -> float | None:
        """The share from 0 to 1; None when there is nothing to take a share of."""
        return None if self.reason is not None else self.part / self.whole

    @property
    def reason(self) -> str | None:
        """Why there is no value; None when there is one."""
        return self.unknown or (None if self.whole else "no leads yet")


@dataclass(frozen=True, slots=True)
class Spread:
    """How long a stretch takes, with those still under way counted as still under way.

    `within` has a length of time per percentile: by then so many per cent are through. It is the
    smallest such time by the Kaplan-Meier estimate (Kaplan and Meier, JASA 53, 1958), which for a
    group that is all through is the plain nearest-rank percentile. Leaving out those who are not
    through would make a team look the faster the more leads it never touches.
    """

    entered: int
    through: int
    within: tuple[timedelta | None, ...]
    """One for each of `PERCENTILES`."""

    @property
    def reason(self) -> str | None:
        """Why a percentile has no value; None when all have one."""
        if not self.entered:
            return "no leads yet"
        missing = [
            str(percent)
            for percent, found in zip(PERCENTILES, self.within, strict=True)
            if found is None
        ]
        if not missing:
            return None
        return f"too few leads completed for {', '.join(f'p{one}' for one in missing)}"


class Stretch(StrEnum):
    """A part of a journey whose time is measured."""

    TO_READY = "trigger to route-ready"
    TO_ASSIGNED = "route-ready to assigned"
    TO_TOUCH = "assigned to first touch"
    WHOLE = "trigger to first touch"
    SYSTEM = "routing time"
    """From the trigger until a person could know of it."""
    HUMAN = "rep response time"
    """From there to the first touch."""


Moment = Callable[[Journey], datetime | None]
_ENDS: dict[Stretch, tuple[Moment, Moment]] = {
    Stretch.TO_READY: (lambda one: one.triggered_at, lambda one: one.ready_at),
    Stretch.TO_ASSIGNED: (lambda one: one.ready_at, lambda one: one.assigned_at),
    Stretch.TO_TOUCH: (lambda one: one.assigned_at, lambda one: one.touched_at),
    Stretch.WHOLE: (lambda one: one.triggered_at, lambda one: one.touched_at),
    Stretch.SYSTEM: (lambda one: one.triggered_at, lambda one: one.knew_at),
    Stretch.HUMAN: (lambda one: one.knew_at, lambda one: one.touched_at),
}


@dataclass(frozen=True, slots=True)
class Stay:
    """How long one journey took for a stretch, or has taken so far."""

    length: timedelta
    is_through: bool


@dataclass(frozen=True, slots=True)
class Timing:
    """One stretch of one journey on both clocks."""

    wall: Stay
    business: Stay | None
    """None where nobody whom the policy knows answers for the lead."""


Timings = Mapping[CycleId, Mapping[Stretch, Timing]]
"""The stretches that each journey has entered."""


@dataclass(frozen=True, slots=True)
class Pace:
    """The time of one stretch."""

    stretch: Stretch
    wall: Spread
    business: Spread
    """In working hours of the person who answers; journeys of nobody in the policy left out."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How far demand got."""

    ready: Share
    """Of those triggered, route-ready and in Salesforce."""
    assigned: Share
    """Of those ready, assigned."""
    touched: Share
    """Of those assigned, touched."""
    in_time: Share
    """Of those assigned whose promise is over or was kept, touched no later than promised."""


@dataclass(frozen=True, slots=True)
class Quality:
    """Whether the right people got the right leads; shares of those assigned."""

    accepted: Share
    """The owner said "I'm on it" or touched it."""
    disputed: Share
    misrouted: Share
    """A "not mine" was upheld."""
    reassigned: Share
    """The worker gave it on at least once."""
    moved_by_hand: Share
    """A person gave it to somebody else at least once."""
    fallback: Share
    """Nobody was available, so a queue got it."""
    converted: Share
    """Of those touched, converted in Salesforce."""
    nudged: Share
    """Of the reminders and breaches told to an owner, followed by a touch within 30 minutes."""


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What became of those assigned, as Salesforce shows it now."""

    sql: Share
    """Accepted by sales as qualified, or converted."""
    meeting: Share
    opportunity: Share
    won: Share
    money: Money | None
    """None where Salesforce was not asked."""


@dataclass(frozen=True, slots=True)
class Measures:
    """Everything that is measured of one group of journeys."""

    journeys: int
    speed: tuple[Pace, ...]
    coverage: Coverage
    quality: Quality
    outcomes: Outcomes


def measure(
    journeys: Sequence[Journey], times: Timings, now: datetime, rules: OutcomeRules
) -> Measures:
    """Measure a group; what was superseded by a newer cycle of the same lead is left out.

    `times` are those of `timings` for these journeys and this `now`, or for more of them: they are
    worked out once however many groups are measured.
    """
    counted = [one for one in journeys if one.ending is not Ending.SUPERSEDED]
    return Measures(
        journeys=len(counted),
        speed=tuple(pace(counted, stretch, times) for stretch in Stretch),
        coverage=coverage(counted, now),
        quality=quality(counted),
        outcomes=outcomes(counted, rules),
    )


def timings(journeys: Iterable[Journey], policy: Policy, now: datetime) -> Timings:
    """How long each journey took; `policy` gives working hours, `now` ends what is under way."""
    return {one.cycle: _timing(one, policy, now) for one in journeys}


def _timing(journey: Journey, policy: Policy, now: datetime) -> dict[Stretch, Timing]:
    found: dict[Stretch, Timing] = {}
    for stretch in Stretch:
        start, end, is_through = bounds(journey, stretch, now)
        if start is None:
            continue
        worked = working_time(journey, start, end, policy)
        found[stretch] = Timing(
            wall=Stay(max(timedelta(), end - start), is_through),
            business=None if worked is None else Stay(worked, is_through),
        )
    return found


def pace(journeys: Iterable[Journey], stretch: Stretch, times: Timings) -> Pace:
    """How long one stretch takes."""
    entered = [times[one.cycle][stretch] for one in journeys if stretch in times[one.cycle]]
    business = [one.business for one in entered if one.business is not None]
    return Pace(stretch, spread([one.wall for one in entered]), spread(business))


def wall_time(journeys: Iterable[Journey], stretch: Stretch, now: datetime) -> Spread:
    """How long one stretch takes by the clock on the wall: `pace` without anybody's calendar."""
    stays: list[Stay] = []
    for one in journeys:
        start, end, is_through = bounds(one, stretch, now)
        if start is not None:
            stays.append(Stay(max(timedelta(), end - start), is_through))
    return spread(stays)


def bounds(
    journey: Journey, stretch: Stretch, now: datetime
) -> tuple[datetime | None, datetime, bool]:
    """From when to when a journey was in a stretch, and whether it came through.

    One that ended on the way was watched until its end, one that is under way until now.
    """
    begins, ends = _ENDS[stretch]
    start, end = begins(journey), ends(journey)
    return start, end or journey.watched_until(now), end is not None


def spread(stays: Collection[Stay]) -> Spread:
    """The percentiles of some stays by Kaplan and Meier's estimate."""
    ordered = sorted(stays, key=lambda one: (one.length, not one.is_through))
    left, waiting, found = len(ordered), 1.0, list[timedelta]()
    marks = [1 - percent / 100 for percent in PERCENTILES]
    for one in ordered:
        if one.is_through:
            waiting *= (left - 1) / left
            while len(found) < len(marks) and waiting <= marks[len(found)] + _ROUNDING:
                found.append(one.length)
        left -= 1
    within = (*found, *[None] * (len(marks) - len(found)))
    return Spread(len(ordered), sum(one.is_through for one in ordered), within)


def through_by(stays: Collection[Stay], mark: timedelta) -> float | None:
    """Which share is through by a time, by the same estimate; None where there are no stays."""
    if not stays:
        return None
    left, waiting = len(stays), 1.0
    for one in sorted(stays, key=lambda one: (one.length, not one.is_through)):
        if one.length > mark:
            break
        if one.is_through:
            waiting *= (left - 1) / left
        left -= 1
    return 1 - waiting


@dataclass(frozen=True, slots=True)
class Portion:
    """What a share is of, and what counts: the definition that both counts and lists follow."""

    whole: Callable[[Journey], bool]
    part: Callable[[Journey], bool]

    def split(self, journeys: Iterable[Journey]) -> tuple[list[Journey], list[Journey]]:
        """The journeys of the whole: those that count, and the others."""
        counts: list[Journey] = []
        others: list[Journey] = []
        for one in journeys:
            if self.whole(one):
                (counts if self.part(one) else others).append(one)
        return counts, others

    def share(self, journeys: Iterable[Journey]) -> Share:
        """How many of how many."""
        counts, others = self.split(journeys)
        return Share(len(counts), len(counts) + len(others))


def _is_assigned(one: Journey) -> bool:
    return one.assigned_at is not None


def _is_touched(one: Journey) -> bool:
    return one.touched_at is not None


READY, ASSIGNED, TOUCHED = "route-ready rate", "assignment rate", "touch rate"
IN_TIME = "SLA attainment"
ACCEPTED, DISPUTED = "acceptance rate", "dispute rate"
MISROUTED, REASSIGNED = "misroute rate", "reassignment rate"
BY_HAND, FALLBACK = "manual reassignment rate", "fallback queue rate"
CONVERTED, NUDGED = "conversion rate", "touched within 30 min of a reminder"
SQL, MEETING, OPPORTUNITY, WON = "SQL rate", "meeting rate", "opportunity rate", "win rate"
WHOLES: Mapping[str, str] = {
    READY: "of all leads",
    ASSIGNED: "of route-ready leads",
    IN_TIME: "of assigned leads that were touched or are past their SLA",
    CONVERTED: "of touched leads",
    NUDGED: "of reminders and breach notices",
}
"""What a share is of, for a reader; where nothing else is said, of assigned leads."""
OF_ASSIGNED = "of assigned leads"


def portions(now: datetime) -> dict[str, Portion]:
    """The definitions of the shares of journeys, by name; `NUDGED` is a share of nudges."""
    return {
        READY: Portion(lambda _: True, lambda one: one.ready_at is not None),
        ASSIGNED: Portion(lambda one: one.ready_at is not None, _is_assigned),
        TOUCHED: Portion(_is_assigned, _is_touched),
        IN_TIME: Portion(
            lambda one: _is_assigned(one) and one.is_due(now), Journey.is_touched_in_time
        ),
        **_OF_QUALITY,
    }


_OF_QUALITY = {
    ACCEPTED: Portion(_is_assigned, lambda one: (one.accepted_at or one.touched_at) is not None),
    DISPUTED: Portion(_is_assigned, lambda one: bool(one.disputes)),
    MISROUTED: Portion(_is_assigned, lambda one: "accepted" in one.disputes),
    REASSIGNED: Portion(_is_assigned, lambda one: one.reassigned > 0),
    BY_HAND: Portion(_is_assigned, lambda one: one.moved_by_hand > 0),
    FALLBACK: Portion(_is_assigned, lambda one: one.is_fallback),
    CONVERTED: Portion(
        lambda one: _is_assigned(one) and _is_touched(one) and one.is_converted is not None,
        lambda one: one.is_converted is True,
    ),
}


def coverage(journeys: Sequence[Journey], now: datetime) -> Coverage:
    """How far demand got."""
    defined = portions(now)
    return Coverage(
        ready=defined[READY].share(journeys),
        assigned=defined[ASSIGNED].share(journeys),
        touched=defined[TOUCHED].share(journeys),
        in_time=defined[IN_TIME].share(journeys),
    )


def quality(journeys: Sequence[Journey]) -> Quality:
    """Whether the right people got the right leads."""
    given = [one for one in journeys if _is_assigned(one)]
    share = {name: portion.share(given) for name, portion in _OF_QUALITY.items()}
    converted = share[CONVERTED]
    if not converted.whole and any(_is_touched(one) for one in given):
        converted = Share(0, 0, "outcomes not loaded yet")
    return Quality(
        accepted=share[ACCEPTED],
        disputed=share[DISPUTED],
        misrouted=share[MISROUTED],
        reassigned=share[REASSIGNED],
        moved_by_hand=share[BY_HAND],
        fallback=share[FALLBACK],
        converted=converted,
        nudged=nudge_effect(given),
    )


def outcomes(journeys: Sequence[Journey], rules: OutcomeRules) -> Outcomes:
    """What became of those assigned; none of it is known before Salesforce was asked."""
    given = [one for one in journeys if one.assigned_at is not None]
    known = [one.became for one in given if one.became is not None]
    unasked = "outcomes not loaded yet" if given and not known else None

    def share(counts: Callable[[Became], bool]) -> Share:
        return Share(sum(map(counts, known)), len(known), unasked)

    return Outcomes(
        sql=share(lambda one: one.is_sql(rules)),
        meeting=share(lambda one: one.meetings > 0),
        opportunity=share(lambda one: bool(one.deals)),
        won=share(lambda one: any(deal.is_won for deal in one.deals)),
        money=money(known) if known else None,
    )


def nudge_effect(journeys: Iterable[Journey]) -> Share:
    """Of all reminders, those that a touch followed within 30 minutes.

    Reminders of one lead closer together than that share the touch: each counts as followed.
    """
    pairs = [(at, one.touched_at) for one in journeys for at in one.reminded_at]
    followed = sum(
        touched is not None and at <= touched <= at + NUDGE_WORKS_FOR for at, touched in pairs
    )
    return Share(followed, len(pairs))


class Dimension(StrEnum):
    """By what leads can be told apart."""

    SEGMENT = "segment"
    TERRITORY = "territory"
    SOURCE = "source"
    TIER = "tier"
    REP = "rep"
    RULE = "rule"
    TRIGGER = "trigger"
    """By what path it came: `hand_raise`, `mql_threshold` and the like."""
    PRODUCT = "product"
    COUNTRY = "country"
    POLICY = "policy"
    """Version of the policy that decided."""
    WEEK = "week"
    """The Monday, in UTC, of the week in which the trigger came."""


REPORTED = (
    Dimension.SEGMENT,
    Dimension.TERRITORY,
    Dimension.SOURCE,
    Dimension.TIER,
    Dimension.REP,
    Dimension.RULE,
    Dimension.TRIGGER,
    Dimension.WEEK,
)
"""By what a report is cut; cohorts may also be told apart by the others."""
NOT_KNOWN = "(none)"


def value_of(journey: Journey, dimension: Dimension) -> str:
    """What a journey is in one dimension; `(none)` where it is nothing yet."""
    if dimension is Dimension.WEEK:
        day = journey.triggered_at.astimezone(UTC).date()
        return (day - timedelta(days=day.weekday())).isoformat()
    found = {
        Dimension.SEGMENT: journey.segment,
        Dimension.TERRITORY: journey.territory,
        Dimension.SOURCE: journey.source,
        Dimension.TIER: journey.tier,
        Dimension.REP: journey.rep,
        Dimension.RULE: journey.rule,
        Dimension.TRIGGER: journey.trigger,
        Dimension.PRODUCT: journey.product,
        Dimension.COUNTRY: journey.country,
        Dimension.POLICY: journey.policy,
    }[dimension]
    return found or NOT_KNOWN


def groups(journeys: Iterable[Journey], dimension: Dimension) -> dict[str, list[Journey]]:
    """The journeys by what they are in one dimension, in alphabetical order."""
    found: dict[str, list[Journey]] = {}
    for one in journeys:
        found.setdefault(value_of(one, dimension), []).append(one)
    return dict(sorted(found.items()))
