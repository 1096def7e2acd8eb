"""What the digest and the weekly review say in numbers: those of the measures, and small charts."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from agent.tables.table import length, percent
from domain.effects import SendReport
from domain.metrics.charts import Chart
from domain.metrics.fates import Look, Step, fates
from domain.metrics.leakage import leaks
from domain.metrics.lifecycle import Ending, Journey
from domain.metrics.measures import (
    NOT_KNOWN,
    Dimension,
    Measures,
    Stretch,
    groups,
    measure,
    timings,
)
from domain.policy.model import Policy

DAYS = 14
"""Bars of a digest."""
WEEKS = 8
"""Bars of a weekly review."""
WEEK = timedelta(weeks=1)
SEED = 7
"""The same week gets the same bounds."""


def days(manager: str, seen: Iterable[Journey], policy: Policy, now: datetime) -> tuple[Chart, ...]:
    """The last two weeks of a manager's team; nothing when none of its leads was assigned."""
    users = policy.users
    team = {email for email, user in users.items() if user.manager == manager} | {manager}
    theirs = [one for one in seen if one.rep in team]
    chart = fates(theirs, Look(now, now, users[manager].timezone), Step.DAY, DAYS)
    return (chart,) if chart.highest else ()


def week_of(now: datetime, timezone: str) -> tuple[datetime, datetime]:
    """The last whole week before now, from Monday to Monday by a time zone's wall clock."""
    zone = ZoneInfo(timezone)
    today = now.astimezone(zone).date()
    monday = today - timedelta(days=today.weekday())
    begin, end = (
        datetime(day.year, day.month, day.day, tzinfo=zone)
        for day in (monday - timedelta(days=7), monday)
    )
    return begin, end


def review(reader: str, seen: Sequence[Journey], policy: Policy, now: datetime) -> SendReport:
    """Last week in numbers, beside the week before, for who answers for the whole."""
    zone = policy.users[reader].timezone
    begin, end = week_of(now, zone)
    last = _between(seen, begin, end)
    before = _between(seen, week_of(begin, zone)[0], begin)
    times = timings([*last, *before], policy, now)
    whole = measure(last, times, now, policy.outcomes)
    earlier = measure(before, times, now, policy.outcomes)
    coverage, in_time = whole.coverage, whole.coverage.in_time
    due = earlier.coverage.in_time
    was = "" if due.value is None else f"; the week before {percent(due.value)}"
    lines = [
        _line(name, measure(group, times, now, policy.outcomes))
        for name, group in groups(last, Dimension.SEGMENT).items()
        if name != NOT_KNOWN
    ]
    leaking = leaks(seen, policy, now)
    chart = fates(seen, Look(now, end - timedelta(seconds=1), zone), Step.WEEK, WEEKS)
    return SendReport(
        to=reader,
        title=f"Leads of the week from {begin.day} {begin:%b}",
        intro=(
            f"{whole.journeys} leads came up, {coverage.ready.part} became ready, "
            f"{coverage.assigned.part} were assigned and {coverage.touched.part} touched. "
            f"{in_time.part} of {in_time.whole} were touched in time ({percent(in_time.value)}"
            f"{was}). Half were touched within {_median(whole)}."
        ),
        sections=(
            ("By segment", tuple(lines)),
            ("Compared with the week before", _compared(before, last, now)),
            ("Leaking now", tuple(f"{one.name}: {len(one.leads)}" for one in leaking)),
            ("More", ("routeready report --format html, or the console.",)),
        ),
        charts=(chart,) if chart.highest else (),
    )


def _between(seen: Iterable[Journey], begin: datetime, end: datetime) -> list[Journey]:
    return [
        one
        for one in seen
        if begin <= one.triggered_at < end and one.ending is not Ending.SUPERSEDED
    ]


def _line(name: str, found: Measures) -> str:
    in_time = found.coverage.in_time
    return (
        f"{name}: {found.journeys} leads, {in_time.part} of {in_time.whole} in time "
        f"({percent(in_time.value)}), half within {_median(found)}"
    )


def _median(found: Measures) -> str:
    pace = next(one for one in found.speed if one.stretch is Stretch.TO_TOUCH)
    return length(pace.wall.within[0])


def _compared(before: Sequence[Journey], last: Sequence[Journey], now: datetime) -> tuple[str, ...]:
    """Only what is clear: two weeks of few leads differ by chance."""
    # SciPy takes a second, once a week, in a worker that should start at once.
    from domain.metrics.cohorts import Cohorts, compare  # noqa: PLC0415

    found = compare(Cohorts(tuple(before), tuple(last)), now, SEED)
    clear = [one for one in found if one.difference is not None and one.difference.is_clear]
    return tuple(one.sentence for one in clear) or ("No difference can be claimed.",)
