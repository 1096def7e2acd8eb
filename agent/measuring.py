"""From the ledger to a report: the same figures for the terminal, a page, a spreadsheet."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from agent.context import RunContext
from agent.ledger import Ledger
from domain import measures
from domain.errors import RoutereadyError
from domain.journeys import Journey
from domain.leakage import Leak, Level, leaks, waterfall
from domain.measures import (
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
from domain.policy import Policy
from domain.route import Subject
from domain.values import CycleId

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


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a report, with what it is of."""

    by: str
    """The dimension; `all` for everything together."""
    group: str
    """The value in that dimension."""
    measure: str
    unit: str
    """`share` (0 to 1), `minutes` or `leads`."""
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
    levels: tuple[Level, ...]
    leaks: tuple[Leak, ...]

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


def read(ledger: Ledger, question: Question, policy: Policy) -> list[Journey]:
    """The journeys that a question is about, oldest first.

    Raises RoutereadyError for a segment that neither the policy nor any lead has.
    """
    found = ledger.measuring.journeys(question.since)
    if question.segment is None:
        return found
    segments = {one.name for one in policy.segments} | {one.segment for one in found if one.segment}
    if question.segment not in segments:
        known = ", ".join(sorted(segments))
        raise RoutereadyError(f'there is no segment "{question.segment}"; there are: {known}')
    return [one for one in found if one.segment == question.segment]


def with_outcomes(journeys: Sequence[Journey], context: RunContext) -> list[Journey]:
    """The same journeys, those that were touched with what Salesforce shows of them now."""
    converted = _converted([one.cycle for one in journeys if one.touched_at], context)
    return [replace(one, is_converted=converted.get(one.cycle)) for one in journeys]


def _converted(cycles: Sequence[CycleId], context: RunContext) -> dict[CycleId, bool]:
    found: dict[CycleId, bool] = {}
    for start in range(0, len(cycles), AT_ONCE):
        held = context.ledger.handoffs.several(cycles[start : start + AT_ONCE])
        subjects = {
            one.handoff.lead: Subject(
                record_id=one.handoff.record_id,
                kind=one.handoff.record_kind,
                expected_owner=one.handoff.owner.id,
            )
            for one in held.values()
        }
        # Only the records matter here, so no activity is asked for.
        seen = context.crm.observe(subjects, context.now)
        for cycle, one in held.items():
            record = seen[one.handoff.lead].record
            found[cycle] = record is not None and record.is_converted
    return found


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
                (value, measure(group, times, now))
                for value, group in groups(journeys, dimension).items()
            ),
        )
        for dimension in REPORTED
    )
    return Report(
        question=question,
        policy_version=policy.version,
        whole=measure(journeys, times, now),
        slices=slices,
        levels=waterfall(journeys, now),
        leaks=leaks(journeys, policy, now),
    )


def figures_of(by: str, group: str, measured: Measures) -> Iterator[Figure]:
    """The numbers of one group."""
    count = measured.journeys
    yield Figure(by, group, "leads", "leads", float(count), count, count, None)
    for name, share in shares(measured):
        yield Figure(by, group, name, "share", share.value, share.part, share.whole, share.reason)
    for pace in measured.speed:
        for clock, spread in (("wall", pace.wall), ("business", pace.business)):
            yield from _times(by, group, f"{pace.stretch}, {clock} time", spread)


def shares(measured: Measures) -> tuple[tuple[str, Share], ...]:
    """The shares of one group, each with its name."""
    coverage, quality = measured.coverage, measured.quality
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
