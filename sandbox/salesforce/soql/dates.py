"""Date functions such as TODAY and LAST_N_DAYS:7, as stretches of days.

Source: Salesforce, Date Formats and Date Literals in WHERE. Days are those of the asking user's
time zone; a week begins on Sunday, as in the locale en_US; the fiscal year is the calendar's.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sandbox.salesforce.org.values import instant, timestamp

DAY = timedelta(days=1)
WEEK = timedelta(days=7)
_COUNTED = re.compile(r"([A-Z_]+):(\d+)")


class Days(NamedTuple):
    """A stretch of days, its end not included."""

    start: date
    end: date

    def instants(self, timezone: str) -> tuple[str, str]:
        """The instants at which it starts and ends in a time zone, as records hold them."""
        zone = ZoneInfo(timezone)
        start, end = (
            datetime.combine(day, time(), zone).astimezone(UTC) for day in (self.start, self.end)
        )
        return timestamp(start), timestamp(end)


def days_of(function: str, today: date) -> Days | None:
    """The days that a date function means; None when there is no such function."""
    function = function.replace("FISCAL_", "")
    counted = _COUNTED.fullmatch(function)
    if counted is not None:
        stretch = _N.get(counted[1])
        return None if stretch is None else stretch(today, int(counted[2]))
    named = _NAMED.get(function)
    return None if named is None else named(today)


def _day(start: date) -> Days:
    return Days(start, start + DAY)


def _week(today: date, weeks: int) -> Days:
    sunday = today - DAY * ((today.weekday() + 1) % 7) + WEEK * weeks
    return Days(sunday, sunday + WEEK)


def _month(today: date, months: int) -> Days:
    return Days(_first(today, months), _first(today, months + 1))


def _first(today: date, months: int) -> date:
    year, month = divmod(today.year * 12 + today.month - 1 + months, 12)
    return date(year, month + 1, 1)


def _quarter(today: date, quarters: int) -> Days:
    into = (today.month - 1) % 3
    return Days(_first(today, quarters * 3 - into), _first(today, quarters * 3 - into + 3))


def _year(today: date, years: int) -> Days:
    return Days(date(today.year + years, 1, 1), date(today.year + years + 1, 1, 1))


_NAMED: Mapping[str, Callable[[date], Days]] = {
    "TODAY": _day,
    "YESTERDAY": lambda today: _day(today - DAY),
    "TOMORROW": lambda today: _day(today + DAY),
    "THIS_WEEK": lambda today: _week(today, 0),
    "LAST_WEEK": lambda today: _week(today, -1),
    "NEXT_WEEK": lambda today: _week(today, 1),
    "THIS_MONTH": lambda today: _month(today, 0),
    "LAST_MONTH": lambda today: _month(today, -1),
    "NEXT_MONTH": lambda today: _month(today, 1),
    "LAST_90_DAYS": lambda today: Days(today - DAY * 90, today + DAY),
    "NEXT_90_DAYS": lambda today: Days(today + DAY, today + DAY * 91),
    "THIS_QUARTER": lambda today: _quarter(today, 0),
    "LAST_QUARTER": lambda today: _quarter(today, -1),
    "NEXT_QUARTER": lambda today: _quarter(today, 1),
    "THIS_YEAR": lambda today: _year(today, 0),
    "LAST_YEAR": lambda today: _year(today, -1),
    "NEXT_YEAR": lambda today: _year(today, 1),
}
_UNITS: Mapping[str, Callable[[date, int], Days]] = {
    "WEEK": _week,
    "MONTH": _month,
    "QUARTER": _quarter,
    "YEAR": _year,
}


def _last(unit: Callable[[date, int], Days]) -> Callable[[date, int], Days]:
    return lambda today, count: Days(unit(today, -count).start, unit(today, 0).start)


def _next(unit: Callable[[date, int], Days]) -> Callable[[date, int], Days]:
    return lambda today, count: Days(unit(today, 1).start, unit(today, count).end)


def _ago(unit: Callable[[date, int], Days]) -> Callable[[date, int], Days]:
    return lambda today, count: unit(today, -count)


_N: Mapping[str, Callable[[date, int], Days]] = {
    "LAST_N_DAYS": lambda today, count: Days(today - DAY * count, today + DAY),
    "NEXT_N_DAYS": lambda today, count: Days(today + DAY, today + DAY * (count + 1)),
    "N_DAYS_AGO": lambda today, count: _day(today - DAY * count),
    **{f"LAST_N_{name}S": _last(unit) for name, unit in _UNITS.items()},
    **{f"NEXT_N_{name}S": _next(unit) for name, unit in _UNITS.items()},
    **{f"N_{name}S_AGO": _ago(unit) for name, unit in _UNITS.items()},
}

_PARTS: Mapping[str, Callable[[datetime], int]] = {
    "CALENDAR_MONTH": lambda at: at.month,
    "CALENDAR_QUARTER": lambda at: (at.month + 2) // 3,
    "CALENDAR_YEAR": lambda at: at.year,
    "DAY_IN_MONTH": lambda at: at.day,
    "DAY_IN_WEEK": lambda at: at.isoweekday() % 7 + 1,
    "DAY_IN_YEAR": lambda at: at.timetuple().tm_yday,
    "FISCAL_MONTH": lambda at: at.month,
    "FISCAL_QUARTER": lambda at: (at.month + 2) // 3,
    "FISCAL_YEAR": lambda at: at.year,
    "HOUR_IN_DAY": lambda at: at.hour,
    "WEEK_IN_MONTH": lambda at: (at.day + 6) // 7,
    "WEEK_IN_YEAR": lambda at: (at.timetuple().tm_yday + 6) // 7,
}
DAY_ONLY = "DAY_ONLY"
"""The function that gives a date; the others give whole numbers."""
DATE_FUNCTIONS = frozenset({*_PARTS, DAY_ONLY})
"""Source: Salesforce, Date Functions. The fiscal year is the calendar's; Sunday is day 1."""


def part_of(function: str, held: str, timezone: str) -> int | str:
    """What one of `DATE_FUNCTIONS` gives for a date or an instant that a record holds."""
    at = instant(held).astimezone(ZoneInfo(timezone)) if "T" in held else instant(held)
    return at.date().isoformat() if function == DAY_ONLY else _PARTS[function](at)
