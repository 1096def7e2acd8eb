"""Date functions such as TODAY and LAST_N_DAYS:7, as stretches of days.

Source: Salesforce, Date Formats and Date Literals in WHERE. Days are those of the asking user's
time zone; a week begins on Sunday, as in the locale en_US.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sandbox.salesforce.values import timestamp

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
    "THIS_YEAR": lambda today: _year(today, 0),
    "LAST_YEAR": lambda today: _year(today, -1),
}
_N: Mapping[str, Callable[[date, int], Days]] = {
    "LAST_N_DAYS": lambda today, count: Days(today - DAY * count, today + DAY),
    "NEXT_N_DAYS": lambda today, count: Days(today + DAY, today + DAY * (count + 1)),
    "N_DAYS_AGO": lambda today, count: _day(today - DAY * count),
    "LAST_N_WEEKS": lambda today, count: Days(_week(today, -count).start, _week(today, 0).start),
    "LAST_N_MONTHS": lambda today, count: Days(_first(today, -count), _first(today, 0)),
}
