"""Moments as people say them."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.time.moments import coming, length, past

NOW = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
"""A Tuesday, one in the afternoon in New York."""
ZONE = "America/New_York"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2h", timedelta(hours=2)),
        ("30 minutes", timedelta(minutes=30)),
        ("1 week", timedelta(weeks=1)),
        ("soon", None),
        ("-3d", None),
    ],
)
def test_lengths(text: str, expected: timedelta | None) -> None:
    """A length is a number and a unit."""
    assert expected == length(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Thursday", datetime(2026, 11, 26, 14, tzinfo=UTC)),
        ("tuesday", datetime(2026, 12, 1, 14, tzinfo=UTC)),
        ("tomorrow", datetime(2026, 11, 25, 14, tzinfo=UTC)),
        ("next Monday", datetime(2026, 11, 30, 14, tzinfo=UTC)),
        ("2026-12-24", datetime(2026, 12, 24, 14, tzinfo=UTC)),
        ("3d", NOW + timedelta(days=3)),
        ("2026-11-01", None),
        ("yesterday", None),
        ("0h", None),
        ("the cows come home", None),
    ],
)
def test_moments_ahead(text: str, expected: datetime | None) -> None:
    """Until when: nine in the morning of that day, where the person is."""
    assert expected == coming(text, NOW, ZONE)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Monday", datetime(2026, 11, 23, 5, tzinfo=UTC)),
        ("tuesday", datetime(2026, 11, 17, 5, tzinfo=UTC)),
        ("yesterday", datetime(2026, 11, 23, 5, tzinfo=UTC)),
        ("this week", datetime(2026, 11, 23, 5, tzinfo=UTC)),
        ("today", datetime(2026, 11, 24, 5, tzinfo=UTC)),
        ("4h", NOW - timedelta(hours=4)),
        ("2026-11-20", datetime(2026, 11, 20, 5, tzinfo=UTC)),
        ("tomorrow", None),
        ("whenever", None),
    ],
)
def test_moments_behind(text: str, expected: datetime | None) -> None:
    """Since when: the midnight that day began with, where the person is."""
    assert expected == past(text, NOW, ZONE)


def test_on_a_monday_since_monday_is_today() -> None:
    """The week begins on Monday, also on Monday."""
    monday = datetime(2026, 11, 23, 18, tzinfo=UTC)
    assert datetime(2026, 11, 23, 5, tzinfo=UTC) == past("Monday", monday, ZONE)
