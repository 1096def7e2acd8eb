"""Moments, lengths, counts and lists as a reader in the US expects them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.grammar import clock, counted, lasting, listed, moment

AT = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "said"),
    [
        ("America/New_York", "Mon, Nov 23, 9:30 AM EST"),
        ("Europe/Berlin", "Mon, Nov 23, 3:30 PM CET"),
        ("Asia/Tokyo", "Mon, Nov 23, 11:30 PM JST"),
        ("America/Sao_Paulo", "Mon, Nov 23, 11:30 AM UTC-03"),
        ("Asia/Kolkata", "Mon, Nov 23, 8:00 PM IST"),
    ],
)
def test_a_moment_is_said_by_the_readers_clock(zone: str, said: str) -> None:
    """Twelve hours, the day, and always the zone; one without letters is told from UTC."""
    assert said == moment(AT, ZoneInfo(zone))


@pytest.mark.parametrize(("hour", "said"), [(0, "12:30 AM UTC"), (12, "12:30 PM UTC")])
def test_midnight_and_noon_are_twelve(hour: int, said: str) -> None:
    """No hour is zero."""
    assert said == clock(AT.replace(hour=hour), ZoneInfo("UTC"))


@pytest.mark.parametrize(
    ("length", "said"),
    [
        (timedelta(), "0 s"),
        (timedelta(seconds=45), "45 s"),
        (timedelta(minutes=30), "30 min"),
        (timedelta(minutes=59, seconds=59), "1 h"),
        (timedelta(hours=2, minutes=30), "2 h 30 min"),
        (timedelta(days=1), "1 d"),
        (timedelta(days=2, hours=4, minutes=9), "2 d 4 h"),
    ],
)
def test_a_length_is_told_in_two_units(length: timedelta, said: str) -> None:
    """What is zero is not told."""
    assert said == lasting(length)


@pytest.mark.parametrize(
    ("count", "thing", "said"),
    [
        (0, "lead", "0 leads"),
        (1, "lead", "1 lead"),
        (2, "SLA breach", "2 SLA breaches"),
        (3, "activity", "3 activities"),
        (2, "day", "2 days"),
    ],
)
def test_one_is_never_many(count: int, thing: str, said: str) -> None:
    """A real plural, by the thing's own ending."""
    assert said == counted(count, thing)


def test_a_list_ends_in_and() -> None:
    """As it is said aloud."""
    assert ["", "Ana", "Ana and Ben", "Ana, Ben or Cho"] == [
        listed([]),
        listed(["Ana"]),
        listed(["Ana", "Ben"]),
        listed(["Ana", "Ben", "Cho"], "or"),
    ]
