"""Two groups of leads beside each other: how much better, how sure, and what can't be claimed.

Shares are compared by Newcombe's interval on Wilson's, medians by a bootstrap; both speak of
differences, the second group minus the first, and an interval holds the true difference in 95 of
100 such comparisons. What must not be claimed is said beside it: groups too small, groups that
differ in kind, leads in both, and the smallest difference that such groups could have shown.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from domain.metrics.confidence_intervals import LEVEL, Interval, newcombe
from domain.metrics.lifecycle import Ending, Journey
from domain.metrics.measures import (
    CONVERTED,
    IN_TIME,
    MISROUTED,
    READY,
    Dimension,
    Share,
    Stay,
    Stretch,
    bounds,
    coverage,
    quality,
    spread,
    value_of,
)
from domain.values import LeadKey

POWER = 0.8
"""A difference as large as the minimum detectable one is seen in so many of such comparisons."""
FEWEST = 20
"""With fewer in a group no difference is told: the intervals don't hold what they promise."""
ALIKE = 0.8
"""Groups that have less of their mix in common than this are called different in kind."""
RESAMPLES = 1000
MINUTES_TOLD, HOURS_TOLD = 120, 72
"""Longer times are told in the next larger unit."""
AT_ONCE = 500_000
"""Leads of resamples that are held in memory at once."""

Floats = NDArray[np.float64]


class Unit(StrEnum):
    """What a difference is counted in."""

    POINTS = "percentage points"
    MINUTES = "minutes"


def size_of(amount: float, unit: Unit) -> str:
    """How large a difference is: points with one decimal, times in the unit that reads best."""
    if unit is Unit.POINTS:
        return f"{amount:.1f}"
    if amount < MINUTES_TOLD:
        return f"{amount:.1f} min"
    hours = amount / 60
    return f"{hours:.1f} h" if hours < HOURS_TOLD else f"{hours / 24:.1f} d"


def signed(amount: float, unit: Unit) -> str:
    """A difference with its sign."""
    return f"{'-' if amount < 0 else '+'}{size_of(abs(amount), unit)}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """One measure of two groups."""

    measure: str
    unit: Unit
    first: float | None
    second: float | None
    sizes: tuple[int, int]
    difference: Interval | None
    """Second minus first, in `unit`; None when it may not be claimed."""
    detectable: float | None
    """The smallest difference that such groups show with a power of 80%."""
    reason: str | None
    """Why there is no difference to tell; None when there is one."""

    @property
    def sentence(self) -> str:
        """What may be said, in words."""
        if self.difference is None:
            return f"{self.measure}: not enough data, {self.reason}."
        estimate, low, high = (
            signed(value, self.unit)
            for value in (self.difference.estimate, self.difference.low, self.difference.high)
        )
        told = f"{low} to {high} {self.unit}" if self.unit is Unit.POINTS else f"{low} to {high}"
        if self.difference.is_clear:
            return f"{self.measure}: changed by {estimate} ({told})."
        if self.difference.low == self.difference.high:
            return f"{self.measure}: same in both groups."
        points = " points" if self.unit is Unit.POINTS else ""
        return (
            f"{self.measure}: no significant difference ({told}). Groups of this size usually "
            f"show differences of {size_of(self.detectable or 0, self.unit)}{points} or more."
        )


@dataclass(frozen=True, slots=True)
class Cohorts:
    """Two groups that are compared."""

    first: tuple[Journey, ...]
    second: tuple[Journey, ...]


def before_after(journeys: Iterable[Journey], cut: datetime) -> Cohorts:
    """Those triggered before a moment, and those from then on."""
    counted = _counted(journeys)
    return Cohorts(
        tuple(one for one in counted if one.triggered_at < cut),
        tuple(one for one in counted if one.triggered_at >= cut),
    )


def treated_control(
    journeys: Iterable[Journey], dimension: Dimension, treated: str, control: str | None = None
) -> Cohorts:
    """Those that are `control` in one dimension, or anything else, and those that are `treated`."""
    values = [(value_of(one, dimension), one) for one in _counted(journeys)]
    return Cohorts(
        tuple(
            one
            for value, one in values
            if value == control or (control is None and value != treated)
        ),
        tuple(one for value, one in values if value == treated),
    )


def _counted(journeys: Iterable[Journey]) -> list[Journey]:
    return [one for one in journeys if one.ending is not Ending.SUPERSEDED]


def compare(cohorts: Cohorts, now: datetime, seed: int) -> tuple[Comparison, ...]:
    """All that is compared of two groups, in wall time; the same seed gives the same bounds."""
    shares: tuple[tuple[str, Callable[[Sequence[Journey]], Share]], ...] = (
        (READY, lambda group: coverage(group, now).ready),
        (IN_TIME, lambda group: coverage(group, now).in_time),
        (MISROUTED, lambda group: quality(group).misrouted),
        (CONVERTED, lambda group: quality(group).converted),
    )
    found = [
        compare_shares(name, share(cohorts.first), share(cohorts.second)) for name, share in shares
    ]
    for stretch in (Stretch.TO_READY, Stretch.TO_TOUCH, Stretch.WHOLE):
        stays = [_stays(group, stretch, now) for group in (cohorts.first, cohorts.second)]
        name = f"median time, {stretch}"
        found.append(compare_medians(name, stays[0], stays[1], np.random.default_rng(seed)))
    return tuple(found)


def _stays(journeys: Sequence[Journey], stretch: Stretch, now: datetime) -> list[Stay]:
    found: list[Stay] = []
    for one in journeys:
        start, end, is_through = bounds(one, stretch, now)
        if start is not None:
            found.append(Stay(max(timedelta(), end - start), is_through))
    return found


def compare_shares(measure: str, first: Share, second: Share) -> Comparison:
    """Two shares beside each other, in percentage points."""
    sizes = (first.whole, second.whole)
    reason = first.unknown or second.unknown or _too_few(sizes)
    difference = detectable = None
    if reason is None:
        found = newcombe(first, second)
        difference = Interval(100 * found.estimate, 100 * found.low, 100 * found.high)
        # Where nothing or everything was seen, one lead more either way: zero would claim that
        # no difference, however small, could have gone unseen.
        least = 1 / (sum(sizes) + 2)
        pooled = min(max((first.part + second.part) / sum(sizes), least), 1 - least)
        error = sqrt(pooled * (1 - pooled) * (1 / sizes[0] + 1 / sizes[1]))
        detectable = 100 * _certainty() * error
    return Comparison(
        measure,
        Unit.POINTS,
        _percent(first.value),
        _percent(second.value),
        sizes,
        difference,
        detectable,
        reason,
    )


def _percent(value: float | None) -> float | None:
    return None if value is None else 100 * value


def _certainty() -> float:
    """How many standard errors a difference must measure to be seen with the power asked for."""
    return float(stats.norm.ppf(0.5 + LEVEL / 2) + stats.norm.ppf(POWER))


def _too_few(sizes: tuple[int, int]) -> str | None:
    if min(sizes) >= FEWEST:
        return None
    return f"each group needs {FEWEST} leads, these have {sizes[0]} and {sizes[1]}"


def compare_medians(
    measure: str,
    first: Sequence[Stay],
    second: Sequence[Stay],
    chance: np.random.Generator,
    resamples: int = RESAMPLES,
) -> Comparison:
    """Two median times beside each other, in minutes, with those under way counted as such.

    The medians are Kaplan and Meier's, the interval is the percentile bootstrap's (Efron, 1981, on
    censored data). A resample whose median is not reached counts with the longest time seen.
    """
    sizes = (len(first), len(second))
    medians = [spread(stays).within[0] for stays in (first, second)]
    values = [None if one is None else one.total_seconds() / 60 for one in medians]
    reason = _too_few(sizes)
    if reason is None and None in values:
        reason = "less than half of a group completed this stage"
    difference = detectable = None
    if reason is None:
        one, two = _median_of(first), _median_of(second)

        def statistic(left: NDArray[Any], right: NDArray[Any], axis: int = -1) -> Floats:
            return two(right, axis) - one(left, axis)

        found: Any = stats.bootstrap(
            (np.arange(sizes[0]), np.arange(sizes[1])),
            statistic,
            n_resamples=resamples,
            batch=max(1, AT_ONCE // max(sizes)),
            vectorized=True,
            confidence_level=LEVEL,
            method="percentile",
            rng=chance,
        )
        estimate = float(statistic(np.arange(sizes[0]), np.arange(sizes[1])))
        low, high = found.confidence_interval
        difference = Interval(estimate, float(low), float(high))
        detectable = _certainty() * float(found.standard_error)
    return Comparison(
        measure, Unit.MINUTES, values[0], values[1], sizes, difference, detectable, reason
    )


def _median_of(stays: Sequence[Stay]) -> Callable[[NDArray[Any], int], Floats]:
    """The median, in minutes, of resamples given as positions in the stays put in order.

    It is that of `domain.metrics.measures.spread`, for thousands of resamples at once.
    """
    ordered = sorted(stays, key=lambda one: (one.length, not one.is_through))
    lengths = np.array([one.length.total_seconds() / 60 for one in ordered])
    through = np.array([one.is_through for one in ordered], dtype=float)
    size = len(ordered)

    def median(positions: NDArray[Any], axis: int) -> Floats:
        drawn = np.moveaxis(positions, axis, -1)
        rows = drawn.reshape(-1, size)
        places = rows + size * np.arange(len(rows))[:, None]
        times = np.bincount(places.ravel(), minlength=rows.size).reshape(rows.shape)
        at_risk = size - np.cumsum(times, axis=-1) + times
        waiting = np.cumprod(1 - times * through / np.maximum(at_risk, 1), axis=-1)
        is_half = waiting <= 0.5 + 1e-9
        reached = np.where(is_half.any(axis=-1), lengths[np.argmax(is_half, axis=-1)], lengths[-1])
        return reached.reshape(drawn.shape[:-1])

    return median


def in_both(cohorts: Cohorts) -> tuple[LeadKey, ...]:
    """Leads with journeys in both groups: what was done to one cycle may have helped the other."""
    second = {one.lead for one in cohorts.second}
    return tuple(sorted({one.lead for one in cohorts.first} & second))


def overlap(cohorts: Cohorts, dimensions: Sequence[Dimension]) -> float | None:
    """How much of their mix two groups have in common, from 0 to 1; None if one is empty.

    Of each combination of values in the dimensions the smaller of both shares, added up: 1 when
    the groups are alike in kind, 0 when no lead of one has its like in the other.
    """
    if not cohorts.first or not cohorts.second:
        return None
    one, two = (
        Counter(tuple(value_of(journey, by) for by in dimensions) for journey in group)
        for group in (cohorts.first, cohorts.second)
    )
    return sum(min(one[kind] / one.total(), two[kind] / two.total()) for kind in one)


def cautions(cohorts: Cohorts, dimensions: Sequence[Dimension]) -> tuple[str, ...]:
    """What must be said beside any difference of these groups; nothing when nothing must."""
    found: list[str] = []
    shared = in_both(cohorts)
    if shared:
        found.append(
            f"The groups overlap (leads in both: {len(shared)}), so they are not independent."
        )
    alike = overlap(cohorts, dimensions)
    if alike is not None and alike < ALIKE:
        by = " and ".join(dimensions)
        found.append(
            f"The groups differ by {by} (only {100 * alike:.0f}% of the mix is the same): "
            "a difference may come from the mix of leads, not from the change."
        )
    return tuple(found)
