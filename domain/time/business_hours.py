"""Working time: a calendar's local hours as intervals in UTC, and arithmetic on those.

A moment is working time exactly when a clock on the owner's wall shows working hours on a day
that is no holiday. So an hour that the wall clock skips in spring is not worked, and one that it
shows twice in autumn is worked twice.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

import holidays
from pydantic import Field

from domain.values import Value

FARTHEST = timedelta(days=400)
"""A calendar that does not open within this time never does."""
NAMES_IN = "en_US"
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

Interval = tuple[datetime, datetime]


class Hours(Value):
    """Working hours on certain days of the week."""

    days: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...]
    opens: str = Field(pattern=r"^\d{2}:\d{2}$")
    closes: str = Field(pattern=r"^\d{2}:\d{2}$")
    """`24:00` is the end of the day."""


class Calendar(Value):
    """Business hours, in the owner's time zone unless `timezone` is given."""

    hours: tuple[Hours, ...]
    holidays: str | None = None
    """Public holidays of a country or a subdivision, such as `US` or `DE-BY`."""
    timezone: str | None = None


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo:
    """A time zone; the library itself keeps only the last eight and reads the others anew."""
    return ZoneInfo(name)


@lru_cache(maxsize=4096)
def _holidays_of(code: str, year: int) -> dict[date, str]:
    """The holidays of one year, named in English where the library can, else as they are there.

    The language is always said: left to itself, the library takes it from the host's environment,
    and the same decision would be worded differently on another machine.
    """
    country, _, subdivision = code.partition("-")
    within = subdivision or None
    try:
        known = holidays.country_holidays(country, subdiv=within)
    except NotImplementedError:
        raise ValueError(f"{code!r} is not a country or subdivision with known holidays") from None
    language = NAMES_IN if NAMES_IN in known.supported_languages else known.default_language
    found = holidays.country_holidays(country, subdiv=within, years=year, language=language)
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
def _intervals_of(calendar: Calendar, zone: str, day: date) -> tuple[Interval, ...]:
    """The working intervals of one local day, in UTC, in order and apart from each other."""
    name = _NAMES[day.weekday()]
    hours = [one for one in calendar.hours if name in one.days]
    if not hours or holiday_on(calendar, day) is not None:
        return ()
    found: list[Interval] = []
    for start, end, offset in _stretches(day, _zone(zone)):
        midnight = datetime.combine(day, time(), UTC) - offset
        for one in hours:
            opens = max(start, midnight + _since_midnight(one.opens))
            closes = min(end, midnight + _since_midnight(one.closes))
            if opens < closes:
                found.append((opens, closes))
    return _merged(sorted(found))


def _since_midnight(clock: str) -> timedelta:
    hours, _, minutes = clock.partition(":")
    return timedelta(hours=int(hours), minutes=int(minutes))


def _stretches(day: date, zone: ZoneInfo) -> list[tuple[datetime, datetime, timedelta]]:
    """A local day in UTC, cut where the clock is put forward or back, each with its offset."""
    start = datetime.combine(day, time(), zone).astimezone(UTC)
    end = datetime.combine(day + _DAY, time(), zone).astimezone(UTC)
    before, after = _offset(start, zone), _offset(end - _SECOND, zone)
    if before == after:
        return [(start, end, before)]
    low, high = start, end - _SECOND
    while high - low > _SECOND:
        middle = low + (high - low) // 2
        middle = middle.replace(microsecond=0)
        low, high = (middle, high) if _offset(middle, zone) == before else (low, middle)
    return [(start, high, before), (high, end, after)]


def _offset(instant: datetime, zone: ZoneInfo) -> timedelta:
    return instant.astimezone(zone).utcoffset() or timedelta()


def _merged(intervals: list[Interval]) -> tuple[Interval, ...]:
    """Intervals in order, those that touch or overlap made one, so that no time counts twice."""
    merged: list[Interval] = []
    for opens, closes in intervals:
        if merged and opens <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], closes))
        else:
            merged.append((opens, closes))
    return tuple(merged)


def working_intervals(
    calendar: Calendar, zone: str, start: datetime, until: datetime
) -> Iterator[Interval]:
    """The working intervals between two instants, cut to them, in UTC and in order.

    `zone` is the owner's time zone; a calendar that has its own time zone keeps it.
    """
    kept = calendar.timezone or zone
    local = _zone(kept)
    day, last = start.astimezone(local).date(), until.astimezone(local).date()
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
    """Whether it is working time; a calendar that never opens is never open."""
    soon = now + timedelta(microseconds=1)
    return any(True for _ in working_intervals(calendar, zone, now, soon))
