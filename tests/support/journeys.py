"""Makers of journeys for tests: everything in order unless said otherwise."""

from datetime import UTC, datetime, timedelta
from typing import Any

from domain.metrics.lifecycle import Journey
from domain.values import CycleId, LeadKey

MONDAY = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
"""Ten in the morning in New York."""
REP = "lena@meridian.example"
"""In Berlin, where it is four in the afternoon."""


def minutes(count: float) -> timedelta:
    """A length of time."""
    return timedelta(minutes=count)


def journey(number: int = 1, **more: Any) -> Journey:  # noqa: ANN401  (field values)
    """A lead that was triggered on Monday at ten, and nothing else yet."""
    known: dict[str, Any] = {
        "cycle": CycleId(f"{number}-1"),
        "lead": LeadKey(str(number)),
        "trigger": "hand_raise",
        "triggered_at": MONDAY,
        "segment": "Hand-raisers",
    }
    return Journey(**{**known, **more})


def assigned(number: int = 1, *, touched_after: float | None = None, **more: Any) -> Journey:  # noqa: ANN401
    """Ready after five minutes, assigned after six, told after eight, promised within the hour.

    `touched_after` is in minutes after the trigger.
    """
    touched = None if touched_after is None else MONDAY + minutes(touched_after)
    known: dict[str, Any] = {
        "is_judged": True,
        "ready_at": MONDAY + minutes(5),
        "assigned_at": MONDAY + minutes(6),
        "told_at": MONDAY + minutes(8),
        "promised_at": MONDAY + minutes(66),
        "touched_at": touched,
        "rep": REP,
    }
    return journey(number, **{**known, **more})
