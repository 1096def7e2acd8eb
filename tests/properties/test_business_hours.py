"""Working time against an oracle that looks at the clock on the wall, minute by minute."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.time.business_hours import Calendar, Hours, add, between, holiday_on, is_open, next_open

MINUTE = timedelta(minutes=1)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WEEKS = {
    "America/New_York": (datetime(2026, 3, 6, tzinfo=UTC), datetime(2026, 10, 30, tzinfo=UTC)),
    "Europe/Berlin": (datetime(2026, 3, 27, tzinfo=UTC), datetime(2026, 10, 23, tzinfo=UTC)),
    "Australia/Sydney": (datetime(2026, 4, 3, tzinfo=UTC), datetime(2026, 10, 2, tzinfo=UTC)),
    "Africa/Cairo": (datetime(2026, 4, 22, tzinfo=UTC), datetime(2026, 10, 28, tzinfo=UTC)),
    "Asia/Kolkata": (datetime(2026, 11, 6, tzinfo=UTC), datetime(2026, 1, 23, tzinfo=UTC)),
}
"""For each zone the days around both changes of its clocks; Cairo's are at midnight."""

CLOCKS = st.sampled_from([f"{hour:02}:{minute:02}" for hour in range(24) for minute in (0, 15, 45)])


@st.composite
def hours(draw: st.DrawFn) -> Hours:
    """A block of working hours on some days; it may overlap others, and touch the clock change."""
    opens, closes = sorted((draw(CLOCKS), draw(st.one_of(CLOCKS, st.just("24:00")))))
    if opens == closes:
        opens, closes = "00:00", "24:00"
    days = draw(st.lists(st.sampled_from(DAYS), min_size=1, unique=True))
    return Hours(days=tuple(days), opens=opens, closes=closes)


@st.composite
def moments(draw: st.DrawFn) -> tuple[Calendar, str, datetime]:
    """A calendar, a zone, and a minute near one of its clock changes."""
    zone = draw(st.sampled_from(sorted(WEEKS)))
    calendar = Calendar(
        hours=tuple(draw(st.lists(hours(), min_size=1, max_size=3))),
        holidays=draw(st.sampled_from((None, "US", "DE-BY", "IN"))),
    )
    week = draw(st.sampled_from(WEEKS[zone]))
    return calendar, zone, week + MINUTE * draw(st.integers(0, 5 * 24 * 60))


def works(calendar: Calendar, zone: str, instant: datetime) -> bool:
    """Whether the clock on the wall shows working hours, found out by reading it."""
    wall = instant.astimezone(ZoneInfo(zone))
    clock, day = f"{wall:%H:%M}", DAYS[wall.weekday()]
    inside = any(day in one.days and one.opens <= clock < one.closes for one in calendar.hours)
    return inside and holiday_on(calendar, wall.date()) is None


@settings(max_examples=150, deadline=None)
@given(moments(), st.integers(0, 3 * 24 * 60))
def test_time_between_is_the_number_of_working_minutes(
    moment: tuple[Calendar, str, datetime], minutes: int
) -> None:
    """Counting minutes on the wall clock gives the same, through both changes of the clock."""
    calendar, zone, start = moment
    counted = sum(works(calendar, zone, start + MINUTE * step) for step in range(minutes))
    assert MINUTE * counted == between(calendar, zone, start, start + MINUTE * minutes)


@settings(max_examples=150, deadline=None)
@given(moments(), st.integers(1, 12 * 60))
def test_adding_ends_with_the_last_minute_worked(
    moment: tuple[Calendar, str, datetime], minutes: int
) -> None:
    """Walking minute by minute, the last minute needed ends where `add` says."""
    calendar, zone, start = moment
    end, left = start, minutes
    while left and end < start + timedelta(days=8):
        left -= works(calendar, zone, end)
        end += MINUTE
    if not left:
        assert end == add(calendar, zone, start, MINUTE * minutes)


@settings(max_examples=150, deadline=None)
@given(moments())
def test_open_is_what_the_wall_clock_says(moment: tuple[Calendar, str, datetime]) -> None:
    """It is open exactly when the wall clock shows working hours, and then it opens now."""
    calendar, zone, now = moment
    assert works(calendar, zone, now) == is_open(calendar, zone, now)
    assert is_open(calendar, zone, now) == (next_open(calendar, zone, now) == now)


@settings(max_examples=100, deadline=None)
@given(moments(), st.integers(0, 5 * 60), st.integers(0, 5 * 60))
def test_adding_twice_is_adding_once(
    moment: tuple[Calendar, str, datetime], first: int, second: int
) -> None:
    """Working time adds up: one duration and then another is both at once."""
    calendar, zone, start = moment
    middle = add(calendar, zone, start, MINUTE * first)
    at_once = add(calendar, zone, start, MINUTE * (first + second))
    assert at_once == (add(calendar, zone, middle, MINUTE * second) if second else middle)
    assert MINUTE * (first + second) == between(calendar, zone, start, at_once)


@pytest.mark.parametrize("zone", sorted(WEEKS))
def test_round_the_clock_is_plain_time(zone: str) -> None:
    """A calendar that never closes counts every hour once, also through a change of the clock."""
    always = Calendar(hours=(Hours(days=DAYS, opens="00:00", closes="24:00"),))
    for start in WEEKS[zone]:
        end = start + timedelta(days=6)
        assert end - start == between(always, zone, start, end)
        assert end == add(always, zone, start, end - start)
