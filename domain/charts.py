"""Small charts as data: what a page draws as SVG and Slack shows as a picture."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from domain.journeys import Ending, Journey
from domain.values import Value


class Fate(StrEnum):
    """How an assigned lead stands with its promise."""

    IN_TIME = "touched in time"
    LATE = "late"
    """Touched too late, or not touched and over its time."""
    OPEN = "still in time"
    """Not touched yet, and nothing is broken."""


class Series(Value):
    """One kind of bars, stacked on those before."""

    name: str
    values: tuple[int, ...]


class Chart(Value):
    """Stacked bars over time."""

    title: str
    labels: tuple[str, ...]
    series: tuple[Series, ...]

    @property
    def alt(self) -> str:
        """What the picture shows, for whoever can't see it."""
        totals = ", ".join(f"{sum(one.values)} {one.name}" for one in self.series)
        span = f"{self.labels[0]} to {self.labels[-1]}" if self.labels else "nothing yet"
        latest = ", ".join(f"{one.values[-1]} {one.name}" for one in self.series if one.values)
        return f"{self.title}, {span}: {totals}. Latest: {latest}."

    @property
    def highest(self) -> int:
        """The tallest stack of bars."""
        stacks = zip(*(one.values for one in self.series), strict=True)
        return max((sum(stack) for stack in stacks), default=0)


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
        title=f"Assigned leads by {step} of the trigger",
        labels=tuple(f"{start.day} {start:%b}" for start in starts),
        series=tuple(
            Series(name=kind, values=tuple(counts[start, kind] for start in starts))
            for kind in Fate
        ),
    )


def _begin(day: date, step: Step) -> date:
    return day if step is Step.DAY else day - timedelta(days=day.weekday())
