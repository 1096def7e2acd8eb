"""From the ledger to a report: the same figures for the terminal, a page, a spreadsheet."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from agent.ledger import Ledger
from agent.ledger.records import HeldOff
from agent.run.context import RunContext
from domain.errors import RoutereadyError
from domain.follow_through.handoff import Handoff
from domain.language import names
from domain.metrics import measures
from domain.metrics.charts import Chart
from domain.metrics.fates import Look, Step, fates
from domain.metrics.leakage import Leak, Level, leaks, waterfall
from domain.metrics.lifecycle import Journey
from domain.metrics.measures import (
    PERCENTILES,
    REPORTED,
    Dimension,
    Measures,
    Share,
    Spread,
    Timings,
    groups,
    measure,
    timings,
)
from domain.metrics.outcomes import Became
from domain.policy.model import Policy
from domain.routing.route import Subject
from domain.values import CycleId, LeadKey

BARS = 53
"""At most so many bars are drawn."""
AT_ONCE = 500
"""Leads in one read of Salesforce."""
WHOLE = "all"
"""What the figures of everything together are told apart by."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be measured."""

    since: datetime
    """Leads that were triggered from then on."""
    now: datetime
    segment: str | None = None
    """Only this segment; None for all."""
    until: datetime | None = None
    """Only leads triggered before then; None for all until now."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a report, with what it is of."""

    by: str
    """The dimension; `all` for everything together."""
    group: str
    """The value in that dimension."""
    measure: str
    unit: str
    """`share` (0 to 1), `minutes`, `leads` or `money` (in Salesforce's currency)."""
    value: float | None
    part: int
    whole: int
    reason: str | None
    """Why there is no value."""


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that is told of a stretch of time."""

    question: Question
    policy_version: str
    whole: Measures
    slices: tuple[tuple[Dimension, tuple[tuple[str, Measures], ...]], ...]
    """Per dimension, the measures of each group."""
    trend: Chart
    """Assigned leads by day or week, and whether they were touched in time."""
    levels: tuple[Level, ...]
    leaks: tuple[Leak, ...]
    people: Mapping[str, str]
    """What owners are called, by their email address."""

    def called(self, dimension: Dimension, group: str) -> str:
        """A group of leads as people call it; figures keep its code."""
        if dimension is Dimension.REP:
            return self.people.get(group, group)
        return names.group(dimension, group)

    def figures(self) -> Iterator[Figure]:
        """All numbers, each once."""
        yield from figures_of(WHOLE, WHOLE, self.whole)
        for level in self.levels:
            size = self.whole.journeys
            reached = level.reached
            value = None if reached is None else float(reached)
            name = f"reached {level.stage}"
            yield Figure(WHOLE, WHOLE, name, "leads", value, reached or 0, size, level.reason)
        for dimension, parts in self.slices:
            for group, measured in parts:
                yield from figures_of(dimension, group, measured)


def read_date(text: str, timezone: str) -> datetime:
    """A date, or a date and time, as a person writes it; without an offset in the time zone.

    Raises RoutereadyError for anything else.
    """
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise RoutereadyError(
            f'"{text}" is not a date. Use YYYY-MM-DD, such as 2026-11-23.'
        ) from None
    return read if read.tzinfo is not None else read.replace(tzinfo=ZoneInfo(timezone))


def read(ledger: Ledger, question: Question, policy: Policy) -> list[Journey]:
    """The journeys that a question is about, oldest first.

    Raises RoutereadyError for a segment that neither the policy nor any lead has.
    """
    until = question.until or question.now
    found = [one for one in ledger.journeys.journeys(question.since) if one.triggered_at < until]
    if question.segment is None:
        return found
    segments = {one.name for one in policy.segments} | {one.segment for one in found if one.segment}
    if question.segment not in segments:
        known = ", ".join(sorted(segments))
        raise RoutereadyError(f'Unknown segment "{question.segment}". Use one of: {known}.')
    return [one for one in found if one.segment == question.segment]


def with_outcomes(journeys: Sequence[Journey], context: RunContext) -> list[Journey]:
    """The same journeys, those that were assigned with what Salesforce shows of them now."""
    became = _became([one.cycle for one in journeys if one.assigned_at], context)
    found: list[Journey] = []
    for one in journeys:
        known = became.get(one.cycle)
        converted = None if known is None or one.touched_at is None else known.is_converted
        found.append(replace(one, became=known, is_converted=converted))
    return found


def _became(cycles: Sequence[CycleId], context: RunContext) -> dict[CycleId, Became]:
    found: dict[CycleId, Became] = {}
    for start in range(0, len(cycles), AT_ONCE):
        held = context.ledger.handoffs.several(cycles[start : start + AT_ONCE])
        for page in _once_each(list(held.values())):
            subjects = {
                one.lead: Subject(
                    record_id=one.record_id, kind=one.record_kind, expected_owner=one.owner.id
                )
                for one in page
            }
            since = {one.lead: one.first_assigned_at for one in page}
            became = context.crm.outcomes(subjects, since)
            found |= {one.cycle: became[one.lead] for one in page if one.lead in became}
    return found


def _once_each(held: Sequence[HeldOff]) -> list[list[Handoff]]:
    """Parts in which each lead is once: Salesforce is asked by lead."""
    parts: list[dict[LeadKey, Handoff]] = []
    for one in held:
        handoff = one.handoff
        part = next((part for part in parts if handoff.lead not in part), None)
        if part is None:
            part = dict[LeadKey, Handoff]()
            parts.append(part)
        part[handoff.lead] = handoff
    return [list(part.values()) for part in parts]


def report(
    journeys: Sequence[Journey], question: Question, policy: Policy, times: Timings | None = None
) -> Report:
    """Measure the journeys as a whole and cut in every dimension.

    `times` are those of `timings` for these journeys or for more, where they are known already.
    """
    now = question.now
    times = timings(journeys, policy, now) if times is None else times
    slices = tuple(
        (
            dimension,
            tuple(
                (value, measure(group, times, now, policy.outcomes))
                for value, group in groups(journeys, dimension).items()
            ),
        )
        for dimension in REPORTED
    )
    return Report(
        question=question,
        policy_version=policy.version,
        whole=measure(journeys, times, now, policy.outcomes),
        slices=slices,
        trend=trend(journeys, question, policy),
        levels=waterfall(journeys, now),
        leaks=leaks(journeys, policy, now),
        people={email: user.name for email, user in policy.users.items()},
    )


DAYS_SHOWN = 31
"""A longer stretch is drawn by the week."""


def trend(journeys: Sequence[Journey], question: Question, policy: Policy) -> Chart:
    """The bars of a report: a day each, or a week each where those were too many."""
    end = question.until or question.now
    days = (end - question.since).days + 1
    step = Step.DAY if days <= DAYS_SHOWN else Step.WEEK
    first = min((one.triggered_at for one in journeys), default=question.since)
    length = 1 if step is Step.DAY else 7
    bars = max((end - max(first, question.since)).days // length + 2, 7)
    return fates(journeys, Look(question.now, end, policy.timezone), step, min(bars, BARS))


def figures_of(by: str, group: str, measured: Measures) -> Iterator[Figure]:
    """The numbers of one group."""
    count = measured.journeys
    yield Figure(by, group, "leads", "leads", float(count), count, count, None)
    for name, share in shares(measured):
        yield Figure(by, group, name, "share", share.value, share.part, share.whole, share.reason)
    yield from _money(by, group, measured)
    for pace in measured.speed:
        for clock, spread in (("wall", pace.wall), ("business", pace.business)):
            yield from _times(by, group, f"{pace.stretch}, {clock} time", spread)


def _money(by: str, group: str, measured: Measures) -> Iterator[Figure]:
    found, leads = measured.outcomes.money, measured.outcomes.opportunity
    reason = leads.reason if found is None else None
    for name, amount in (
        ("pipeline", None if found is None else found.pipeline),
        ("won", None if found is None else found.won),
    ):
        yield Figure(by, group, name, "money", amount, leads.part, leads.whole, reason)


def shares(measured: Measures) -> tuple[tuple[str, Share], ...]:
    """The shares of one group, each with its name."""
    coverage, quality, became = measured.coverage, measured.quality, measured.outcomes
    return (
        (measures.READY, coverage.ready),
        (measures.ASSIGNED, coverage.assigned),
        (measures.TOUCHED, coverage.touched),
        (measures.IN_TIME, coverage.in_time),
        (measures.ACCEPTED, quality.accepted),
        (measures.DISPUTED, quality.disputed),
        (measures.MISROUTED, quality.misrouted),
        (measures.REASSIGNED, quality.reassigned),
        (measures.BY_HAND, quality.moved_by_hand),
        (measures.FALLBACK, quality.fallback),
        (measures.CONVERTED, quality.converted),
        (measures.SQL, became.sql),
        (measures.MEETING, became.meeting),
        (measures.OPPORTUNITY, became.opportunity),
        (measures.WON, became.won),
        (measures.NUDGED, quality.nudged),
    )


def _times(by: str, group: str, name: str, spread: Spread) -> Iterator[Figure]:
    for percent, within in zip(PERCENTILES, spread.within, strict=True):
        yield Figure(
            by,
            group,
            f"{name}, p{percent}",
            "minutes",
            None if within is None else within / timedelta(minutes=1),
            spread.through,
            spread.entered,
            None if within is not None else spread.reason,
        )
