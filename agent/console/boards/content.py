"""A board: the report of a stretch of time, with the leads behind each of its numbers.

It is the same report as that of `routeready report`; lists hold positions in one tuple of leads, so
that a board of a hundred thousand leads passes between processes in a moment.
"""

import time
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from agent.ledger import Ledger
from agent.metrics.report import Question, Report, report
from domain.language import names
from domain.metrics.leakage import Leak
from domain.metrics.lifecycle import Ending, Journey, answering
from domain.metrics.measures import (
    IN_TIME,
    PERCENTILES,
    Dimension,
    Share,
    Stretch,
    Timings,
    groups,
    portions,
    timings,
    wall_time,
)
from domain.policy.model import Policy
from domain.rollout.canary import State, Trial, trial
from domain.values import LeadKey, content_hash

SECONDS_FRESH = 55.0
"""Boards of the same minute are made from one reading of the ledger."""
ABOUT = timedelta(minutes=1)
"""By so much a board may begin later than asked for."""
HOURS = 168
"""Hours of a week, from Monday at midnight."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a board is about."""

    days: int
    segment: str | None = None
    owners: frozenset[str] | None = None
    """Only leads that these answer for, by email; None for everybody's."""


@dataclass(frozen=True, slots=True)
class Behind:
    """The leads behind a number."""

    title: str
    places: "array[int]"
    """Positions in the board's leads, one per journey."""


@dataclass(frozen=True, slots=True)
class Day:
    """The new leads of one day of the business."""

    date: str
    leads: int
    in_time: Share
    to_touch: timedelta | None
    """The median from the trigger to the first touch."""


@dataclass(frozen=True, slots=True)
class Board:
    """What is told of a stretch of time."""

    scope: Scope
    at: datetime
    """As of when."""
    report: Report
    days: tuple[Day, ...]
    arrivals: Mapping[str, tuple[int, ...]]
    """Per segment, new leads in each hour of the week, in the business's time."""
    leads: tuple[LeadKey, ...]
    lists: Mapping[str, Behind]
    """By key, as `key_of` makes it of a title."""
    trial: Trial | None = None
    """How the policy that is published does so far; only on boards of everything."""

    def behind(self, key: str) -> tuple[str, list[LeadKey]] | None:
        """Title and leads of a list, each lead once; None for a list that the board lacks."""
        found = self.lists.get(key)
        if found is None:
            return None
        return found.title, list(dict.fromkeys(self.leads[place] for place in found.places))

    def size(self, title: str) -> int:
        """How many journeys are in a list; 0 for one that is empty."""
        found = self.lists.get(key_of(title))
        return 0 if found is None else len(found.places)

    def values(self, dimension: Dimension) -> list[str]:
        """What leads of this board are in a dimension, in alphabetical order."""
        start = in_group(dimension, "")
        titles = (one.title for one in self.lists.values())
        return sorted(one.removeprefix(start) for one in titles if one.startswith(start))


def key_of(title: str) -> str:
    """What a list is called in an address: opaque, for a title may name a person."""
    return content_hash(f"list {title}")[:12]


def lost_at(stage: str) -> str:
    """The list of leads that got no farther."""
    return f"Lost after: {stage}"


def on_the_way(stage: str) -> str:
    """The list of leads that are at a stage and still in time."""
    return f"In progress at: {stage}"


def leaking(leak: Leak) -> str:
    """The list of a leak."""
    return f"Leakage: {names.leak(leak)}"


def counted(name: str) -> str:
    """The list of what a share counts."""
    return f"Counted in {name}"


def not_counted(name: str) -> str:
    """The list of what a share could have counted and didn't."""
    return f"Not counted in {name}"


def under_way(stretch: str) -> str:
    """The list of leads that have not come through a stretch."""
    return f"Still open: {stretch}"


def slowest(stretch: str) -> str:
    """The list of leads that took longer than nine of ten."""
    return f"Slowest 10%: {stretch}"


def in_group(dimension: str, group: str) -> str:
    """The list of leads of one group."""
    return f"{dimension.capitalize()}: {group}"


class Measurer:
    """Makes boards from a ledger; boards of one minute share one reading of it."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._read: _Reading | None = None

    def board(self, scope: Scope, policy: Policy, now: datetime) -> Board:
        """The board of a scope, as of now or at most a minute ago."""
        found, chosen = self._chosen(scope, policy, now)
        board = make_board(chosen, found.times, scope, policy, found.now)
        current = self._ledger.publications.current()
        is_whole = scope.owners is None and scope.segment is None
        if current is None or current.state is not State.LIVE or not is_whole:
            return board
        return replace(board, trial=trial(current, found.journeys, policy))

    def journeys(
        self, scope: Scope, policy: Policy, now: datetime
    ) -> tuple[Sequence[Journey], datetime]:
        """The journeys of a scope, and as of when: now, or at most a minute ago."""
        found, chosen = self._chosen(scope, policy, now)
        return chosen, found.now

    def _chosen(
        self, scope: Scope, policy: Policy, now: datetime
    ) -> "tuple[_Reading, list[Journey]]":
        since = now - timedelta(days=scope.days)
        found = self._read
        if found is None or not found.covers(since, policy):
            journeys = self._ledger.journeys.journeys(since)
            times = timings(journeys, policy, now)
            found = _Reading(journeys, times, since, now, policy.version, time.monotonic())
            self._read = found
        return found, [one for one in found.journeys if belongs(one, scope, since, policy)]


@dataclass(frozen=True)
class _Reading:
    journeys: Sequence[Journey]
    times: Timings
    since: datetime
    now: datetime
    policy: str
    read_at: float
    """By the monotonic clock: the ledger's may stand still."""

    def covers(self, since: datetime, policy: Policy) -> bool:
        """Whether it serves for another board as well."""
        is_fresh = time.monotonic() - self.read_at < SECONDS_FRESH
        return is_fresh and self.since - ABOUT <= since and self.policy == policy.version


def belongs(journey: Journey, scope: Scope, since: datetime, policy: Policy) -> bool:
    """Whether a board of a scope counts a journey; `since` is when the scope begins."""
    if journey.triggered_at < since:
        return False
    if scope.segment is not None and journey.segment != scope.segment:
        return False
    return scope.owners is None or answering(journey, policy) in scope.owners


def make_board(
    journeys: Sequence[Journey], times: Timings, scope: Scope, policy: Policy, now: datetime
) -> Board:
    """Measure journeys, and keep which leads each number is of."""
    question = Question(now - timedelta(days=scope.days), now, scope.segment)
    measured = report(journeys, question, policy, times)
    kept = [one for one in journeys if one.ending is not Ending.SUPERSEDED]
    leads = tuple(dict.fromkeys(one.lead for one in journeys))
    place = {lead: number for number, lead in enumerate(leads)}
    lists = {
        key_of(title): Behind(title, array("I", [place[lead] for lead in found]))
        for title, found in _lists(kept, measured, times)
        if found
    }
    return Board(
        scope=scope,
        at=now,
        report=measured,
        days=_days(kept, policy, question),
        arrivals=_arrivals(kept, policy),
        leads=leads,
        lists=lists,
    )


def _lists(
    journeys: Sequence[Journey], measured: Report, times: Timings
) -> Iterator[tuple[str, Sequence[LeadKey]]]:
    for level in measured.levels:
        yield lost_at(level.stage), level.lost
        yield on_the_way(level.stage), level.on_the_way
    for leak in measured.leaks:
        yield leaking(leak), leak.leads
    for name, portion in portions(measured.question.now).items():
        yes, no = portion.split(journeys)
        yield counted(name), _leads(yes)
        yield not_counted(name), _leads(no)
    yield from _speeds(journeys, measured, times)
    for dimension in Dimension:
        for group, found in groups(journeys, dimension).items():
            yield in_group(dimension, group), _leads(found)


def _speeds(
    journeys: Sequence[Journey], measured: Report, times: Timings
) -> Iterator[tuple[str, Sequence[LeadKey]]]:
    ninety = PERCENTILES.index(90)
    for pace in measured.whole.speed:
        entered = [
            (one, times[one.cycle][pace.stretch].wall)
            for one in journeys
            if pace.stretch in times[one.cycle]
        ]
        yield under_way(pace.stretch), _leads(one for one, stay in entered if not stay.is_through)
        mark = pace.wall.within[ninety]
        if mark is not None:
            slow = [(stay.length, one.lead) for one, stay in entered if stay.length > mark]
            yield slowest(pace.stretch), [lead for _, lead in sorted(slow, reverse=True)]


def _leads(journeys: Iterable[Journey]) -> list[LeadKey]:
    return [one.lead for one in journeys]


def _days(journeys: Sequence[Journey], policy: Policy, question: Question) -> tuple[Day, ...]:
    zone = ZoneInfo(policy.timezone)
    by_date: dict[str, list[Journey]] = {}
    day = question.since.astimezone(zone).date()
    while day <= question.now.astimezone(zone).date():
        by_date[day.isoformat()] = []
        day += timedelta(days=1)
    for one in journeys:
        by_date.setdefault(one.triggered_at.astimezone(zone).date().isoformat(), []).append(one)
    in_time = portions(question.now)[IN_TIME]
    return tuple(
        Day(
            date,
            len(found),
            in_time.share(found),
            wall_time(found, Stretch.WHOLE, question.now).within[0],
        )
        for date, found in sorted(by_date.items())
    )


def _arrivals(journeys: Iterable[Journey], policy: Policy) -> dict[str, tuple[int, ...]]:
    zone = ZoneInfo(policy.timezone)
    found: dict[str, list[int]] = {}
    for one in journeys:
        local = one.triggered_at.astimezone(zone)
        hours = found.setdefault(one.segment or "", [0] * HOURS)
        hours[local.weekday() * 24 + local.hour] += 1
    return {segment: tuple(hours) for segment, hours in sorted(found.items())}
