"""A contrast: two groups of leads beside each other, as `routeready cohorts` compares them."""

from dataclasses import dataclass
from datetime import datetime

from agent.console.boards.content import Measurer, Scope
from agent.metrics.cohort_comparison import Compared, Which, cohorts
from domain.errors import RoutereadyError
from domain.metrics.measures import Dimension
from domain.policy.model import Policy


@dataclass(frozen=True, slots=True)
class Contrast:
    """What is to be compared: exactly one of `cut` and `treated` is there."""

    scope: Scope
    cut: datetime | None = None
    treated: tuple[Dimension, str] | None = None
    control: str | None = None
    """Another value of the same dimension; None for all others."""
    only: tuple[tuple[Dimension, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Contrasted:
    """What came of a comparison."""

    at: datetime
    """As of when."""
    compared: Compared | None
    reason: str | None
    """Why nothing could be compared; None when it could."""


def contrasted(measurer: Measurer, contrast: Contrast, policy: Policy, now: datetime) -> Contrasted:
    """Compare two groups of the leads of a scope."""
    journeys, at = measurer.journeys(contrast.scope, policy, now)
    which = Which(at, contrast.cut, contrast.treated, contrast.control, contrast.only)
    try:
        return Contrasted(at, cohorts(journeys, which), None)
    except RoutereadyError as error:  # a group without leads
        return Contrasted(at, None, str(error))
