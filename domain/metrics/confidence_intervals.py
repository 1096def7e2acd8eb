"""How sure a share, or the difference of two, is: Wilson's and Newcombe's intervals."""

from dataclasses import dataclass
from math import hypot, sqrt
from statistics import NormalDist

from domain.metrics.measures import Share

LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with the bounds between which the truth is believed to lie."""

    estimate: float
    low: float
    high: float

    @property
    def is_clear(self) -> bool:
        """Whether zero is outside, so that there is a difference."""
        return self.low > 0 or self.high < 0


def wilson(share: Share, level: float = LEVEL) -> Interval:
    """A share with Wilson's score interval (Wilson, JASA 22, 1927), from 0 to 1.

    Raises:
        ValueError: the share is of nothing.
    """
    if not share.whole:
        raise ValueError("a share of nothing has no interval")
    z, whole, part = NormalDist().inv_cdf(0.5 + level / 2), share.whole, share.part / share.whole
    shrink = 1 + z * z / whole
    middle = (part + z * z / (2 * whole)) / shrink
    half = z * sqrt(part * (1 - part) / whole + z * z / (4 * whole * whole)) / shrink
    # At the ends the bound is exact; floating point would miss it by a hair.
    low = 0.0 if share.part == 0 else middle - half
    high = 1.0 if share.part == whole else middle + half
    return Interval(part, low, high)


def newcombe(first: Share, second: Share, level: float = LEVEL) -> Interval:
    """The difference of two shares, second minus first, from -1 to 1.

    Newcombe's hybrid score interval (Statistics in Medicine 17, 1998, method 10): the distances of
    both shares to the bounds of their Wilson intervals, put together as the sides of a rectangle.
    """
    one, two = wilson(first, level), wilson(second, level)
    estimate = two.estimate - one.estimate
    return Interval(
        estimate,
        estimate - hypot(two.estimate - two.low, one.high - one.estimate),
        estimate + hypot(two.high - two.estimate, one.estimate - one.low),
    )
