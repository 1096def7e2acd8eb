"""Working time: intervals in UTC over each day's local hours, so that DST needs no special case.

A calendar's hours are local wall-clock times; each working day becomes at most a few intervals
in UTC, and everything else is arithmetic on those.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

from domain.policy import Calendar

FARTHEST = timedelta(days=400)
"""A calendar that does not open within this time never does."""
_DAY = timedelta(days=1)
_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@lru_cache(maxsize=4096)
def _holidays_of(code: str, year: int) -> dict[date, str]:
    country, _, subdivision = code.partition("-")
    try:
        found = holidays.country_holidays(country, subdiv=subdivision or None, years=year)
    except NotImplementedError:
        raise ValueError(f"{code!r} is not a country or subdivision with known holidays") from None
    return dict(found.items())


def check_holidays(code: str) -> None:
    """Raise ValueError unless `code` is a country, or country and subdivision, we know."""
    _holidays_of(code, 2026)


def holiday_on(calendar: Calendar, day: date) -> str | None:
    """The holiday's name; None on a day that is none."""
    if calendar.holidays is None:
        return None
    return _holidays_of(calendar.holidays, day.year).get(day)


@lru_cache(maxsize=65536)
def _intervals_of(
    calendar: Calendar, zone: str, day: date
) -> tuple[tuple[datetime, datetime], ...]:
    """The working intervals of one local day, in UTC and in order."""
    if holiday_on(calendar, day) is not None:
        return ()
    name, local = _NAMES[day.weekday()], ZoneInfo(zone)
    found = [
        (_instant(day, hours.opens, local), _instant(day, hours.closes, local))
        for hours in calendar.hours
        if name in hours.days
    ]
    return tuple(sorted((start, end) for start, end in found if start < end))


def _instant(day: date, clock: str, zone: ZoneInfo) -> datetime:
    if clock == "24:00":
        return datetime.combine(day + _DAY, time(), zone).astimezone(UTC)
    return datetime.combine(day, time.fromisoformat(clock), zone).astimezone(UTC)


def working_intervals(
    calendar: Calendar, zone: str, start: datetime, until: datetime
) -> Iterator[tuple[datetime, datetime]]:
    """The working intervals between two instants, cut to them, in UTC and in order.

    `zone` is the owner's time zone; a calendar that has its own time zone keeps it.
    """
    kept = calendar.timezone or zone
    day = start.astimezone(ZoneInfo(kept)).date() - _DAY
    last = until.astimezone(ZoneInfo(kept)).date() + _DAY
    while day <= last:
        # A frozen pydantic model has its hash only at run time.
        for opens, closes in _intervals_of(calendar, kept, day):  # pyright: ignore[reportArgumentType]
            if closes > start and opens < until:
                yield max(opens, start), min(closes, until)
        day += _DAY


def add(calendar: Calendar, zone: str, start: datetime, duration: timedelta) -> datetime:
    """The instant at which `duration` of working time has passed since `start`.

    Raises:
        ValueError: the calendar has not enough working time within 400 days.
    """
    left = duration
    for opens, closes in working_intervals(calendar, zone, start, start + FARTHEST):
        if left <= closes - opens:
            return opens + left
        left -= closes - opens
    raise ValueError("the calendar has too few working hours")


def between(calendar: Calendar, zone: str, start: datetime, end: datetime) -> timedelta:
    """How much working time lies between two instants; zero when `end` is not later."""
    pieces = working_intervals(calendar, zone, start, end) if start < end else ()
    return sum((closes - opens for opens, closes in pieces), timedelta())


def next_open(calendar: Calendar, zone: str, now: datetime) -> datetime:
    """`now` itself during working hours, else when they begin next.

    Raises:
        ValueError: the calendar does not open within 400 days.
    """
    return add(calendar, zone, now, timedelta())


def is_open(calendar: Calendar, zone: str, now: datetime) -> bool:
    """Whether it is working time."""
    return next_open(calendar, zone, now) == now
