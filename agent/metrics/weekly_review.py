"""What the digest and the weekly review say in numbers: those of the measures, and small charts."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from domain.effects import SendReport
from domain.grammar import capitalized, counted, lasting, short_day
from domain.language import names
from domain.metrics.charts import Chart
from domain.metrics.fates import Look, Step, fates
from domain.metrics.leakage import Leak, leaks
from domain.metrics.lifecycle import Ending, Journey
from domain.metrics.measures import (
    NOT_KNOWN,
    Dimension,
    Measures,
    Share,
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
    """Last week in numbers, beside the week before, for whoever owns the whole."""
    zone = policy.users[reader].timezone
    begin, end = week_of(now, zone)
    last = _between(seen, begin, end)
    before = _between(seen, week_of(begin, zone)[0], begin)
    times = timings([*last, *before], policy, now)
    whole = measure(last, times, now, policy.outcomes)
    earlier = measure(before, times, now, policy.outcomes)
    coverage, due = whole.coverage, earlier.coverage.in_time
    was = "" if due.value is None else f"; previous week {_percent(due)}"
    lines = [
        _line(name, measure(group, times, now, policy.outcomes))
        for name, group in groups(last, Dimension.SEGMENT).items()
        if name != NOT_KNOWN
    ]
    leaking = leaks(seen, policy, now)
    chart = fates(seen, Look(now, end - timedelta(seconds=1), zone), Step.WEEK, WEEKS)
    return SendReport(
        to=reader,
        title=f"Weekly review: week of {short_day(begin.date())}",
        intro=(
            f"{counted(whole.journeys, 'new lead')}: {coverage.ready.part} ready to route, "
            f"{coverage.assigned.part} assigned, {coverage.touched.part} with a first touch. "
            f"{_attainment(whole)}{was}.{_pace(whole)}"
        ),
        sections=(
            ("By segment", tuple(lines)),
            ("Compared with the previous week", _compared(before, last, now)),
            ("Lead leakage now", tuple(_leaking(one) for one in leaking)),
            ("More", ("The console has the full report.",)),
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
    return f"{name}: {counted(found.journeys, 'lead')}. {_attainment(found)}.{_pace(found)}"


def _attainment(found: Measures) -> str:
    """Which share of the leads that were due had their first touch within SLA."""
    due = found.coverage.in_time
    if due.value is None:
        return "SLA attainment: no leads due"
    return f"SLA attainment {_percent(due)} ({due.part} of {due.whole})"


def _percent(share: Share) -> str:
    return "unknown" if share.value is None else f"{100 * share.value:.0f}%"


def _pace(found: Measures) -> str:
    """How soon half of the leads had their first touch; nothing while that isn't known."""
    pace = next(one for one in found.speed if one.stretch is Stretch.TO_TOUCH)
    half = pace.wall.within[0]
    return "" if half is None else f" Half of first touches within {lasting(half)}."


def _leaking(one: Leak) -> str:
    """A leak as a line of its own."""
    return f"{capitalized(names.leak(one))}: {len(one.leads)}"


def _compared(before: Sequence[Journey], last: Sequence[Journey], now: datetime) -> tuple[str, ...]:
    """Only what is clear: two weeks of few leads differ by chance."""
    # SciPy takes a second, once a week, in a worker that should start at once.
    from domain.metrics.cohorts import Cohorts, compare  # noqa: PLC0415

    found = compare(Cohorts(tuple(before), tuple(last)), now, SEED)
    clear = [one for one in found if one.difference is not None and one.difference.is_clear]
    return tuple(one.sentence for one in clear) or ("No significant difference.",)
