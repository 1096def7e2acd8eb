"""How assigned leads stand with their first-touch SLA, one by one and as a chart."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from domain.grammar import short_day
from domain.metrics.charts import Chart, Series
from domain.metrics.lifecycle import Ending, Journey


class Fate(StrEnum):
    """How an assigned lead stands with its promise."""

    IN_TIME = "within SLA"
    LATE = "breached SLA"
    """Touched too late, or not touched and over its time."""
    OPEN = "on track"
    """Not touched yet, and nothing is broken."""


class Step(StrEnum):
    """How long one bar is."""

    DAY = "day"
    WEEK = "week"


def fate(journey: Journey, now: datetime) -> Fate:
    """How an assigned journey stands with its promise, as the coverage measures count it."""
    if journey.is_touched_in_time():
        return Fate.IN_TIME
    return Fate.LATE if journey.is_due(now) else Fate.OPEN


@dataclass(frozen=True, slots=True)
class Look:
    """From when and where bars are looked at."""

    now: datetime
    end: datetime
    """The last bar is the day or week in which this lies."""
    timezone: str
    """Whose days they are."""


def fates(journeys: Iterable[Journey], look: Look, step: Step, bars: int) -> Chart:
    """Assigned leads by the day or week of their trigger, and whether they were touched in time."""
    zone = ZoneInfo(look.timezone)
    length = timedelta(days=1 if step is Step.DAY else 7)
    last = _begin(look.end.astimezone(zone).date(), step)
    starts = [last - length * back for back in reversed(range(bars))]
    counts: Counter[tuple[date, Fate]] = Counter()
    for one in journeys:
        if one.assigned_at is not None and one.ending is not Ending.SUPERSEDED:
            start = _begin(one.triggered_at.astimezone(zone).date(), step)
            counts[start, fate(one, look.now)] += 1
    return Chart(
        title=f"Assigned leads by {step} of trigger",
        labels=tuple(short_day(start) for start in starts),
        series=tuple(
            Series(name=kind, values=tuple(counts[start, kind] for start in starts))
            for kind in Fate
        ),
    )


def _begin(day: date, step: Step) -> date:
    return day if step is Step.DAY else day - timedelta(days=day.weekday())
