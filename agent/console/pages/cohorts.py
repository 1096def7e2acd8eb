"""Cohorts: two groups of leads beside each other, how sure a difference is, what is no claim.

The comparison is that of `routeready cohorts`. Groups are called by opaque keys in addresses, for
a group may be the leads of a person.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from starlette.responses import Response

from agent.console import labels, words
from agent.console.boards import content
from agent.console.boards.content import Board, Scope
from agent.console.boards.contrast import Contrast
from agent.console.visit import PERIODS, Visit, address, group_name
from agent.metrics.cohort_comparison import BY_CHANCE, Compared, amount, interval
from agent.metrics.report import read_date
from domain.conversation.permissions import Ability
from domain.errors import RoutereadyError
from domain.metrics.cohorts import Comparison, Unit, size_of
from domain.metrics.measures import Dimension
from domain.policy.model import Policy

USUAL = 90
"""Days that are compared unless somebody asks for others, as in the terminal."""
DATE, GROUP = "date", "group"
"""Before and after a date, or one group beside others."""
MIDDLE, REACH = 50.0, 48.0
"""Where zero is on a drawing 100 wide, and how far the largest bound lies from it."""


@dataclass(frozen=True)
class Group:
    """A group that can be chosen."""

    key: str
    """What it is called in an address."""
    dimension: Dimension
    value: str
    name: str
    """What it is called on the page."""
    leads: int

    @property
    def title(self) -> str:
        """The group with what it is a group of."""
        return f"{labels.DIMENSIONS[self.dimension]} {self.name}"


@dataclass(frozen=True)
class Mark:
    """Where an interval lies on a drawing 100 wide with zero in the middle."""

    low: float
    estimate: float
    high: float


@dataclass(frozen=True)
class Row:
    """One measure of both groups."""

    measure: str
    first: str
    second: str
    sizes: tuple[int, int]
    difference: str
    mark: Mark | None
    detectable: str
    verdict: str
    is_clear: bool


@dataclass(frozen=True)
class Part:
    """Measures in one unit, drawn to one scale."""

    unit: Unit
    bound: str
    """The largest bound, at which the drawing ends; empty when there is nothing to draw."""
    rows: Sequence[Row]


def show(visit: Visit) -> Response:
    """What to compare, and what came of it."""
    days, how = visit.days(USUAL), visit.asked("how")
    how = how if how in (DATE, GROUP) else DATE
    board = visit.board(days)
    shown: dict[str, Any] = {}
    if board is not None:
        choosing = _Choosing(visit, board)
        shown = {"choosing": choosing, **_compared(visit, choosing, how)}
    return visit.page("cohorts.html", board=board, days=days, periods=PERIODS, how=how, **shown)


def _compared(visit: Visit, choosing: "_Choosing", how: str) -> dict[str, Any]:
    try:
        contrast = choosing.by_date() if how == DATE else choosing.by_group()
    except RoutereadyError as error:
        return {"reason": str(error), "is_asked": False}
    if contrast is None:
        return {"reason": None, "is_asked": False}
    found = visit.office.figures.contrasted(contrast, visit.policy, visit.now)
    if found is None or found.compared is None:
        return {"reason": None if found is None else found.reason, "is_asked": True, "found": None}
    compared = found.compared
    return {
        "reason": None,
        "is_asked": True,
        "found": found,
        "sizes": compared.sizes,
        "names": choosing.names(contrast, compared),
        "parts_of": list(parts(compared.comparisons)),
        "may": [one.sentence for one in compared.comparisons if _is_told(one)],
        "may_not": [
            *(one.sentence for one in compared.comparisons if not _is_told(one)),
            *compared.cautions,
            BY_CHANCE,
        ],
    }


class _Choosing:
    """The groups that can be chosen, and those that were."""

    def __init__(self, visit: Visit, board: Board) -> None:
        self._visit = visit
        self._scope = board.scope
        self.groups: Mapping[Dimension, Sequence[Group]] = {
            dimension: found
            for dimension in Dimension
            if (found := _groups(board, dimension, visit.policy))
        }
        self._by_key = {one.key: one for found in self.groups.values() for one in found}
        self.after = visit.asked("after")
        self.treated = visit.asked("treated")
        self.control = visit.asked("control")
        self.only = [one for one in visit.request.query_params.getlist("only") if one]

    def by_date(self) -> Contrast | None:
        """Before and after the chosen date; None when none was chosen.

        Raises RoutereadyError for what is no date, and for a group that is not there.
        """
        if not self.after:
            return None
        cut = read_date(self.after, self._visit.policy.timezone)
        return Contrast(self._whole(), cut=cut, only=self._only())

    def by_group(self) -> Contrast | None:
        """The chosen group beside another or all others; None when none was chosen.

        Raises RoutereadyError for groups that are not there or can't be compared.
        """
        if not self.treated:
            return None
        treated = self._group(self.treated)
        control = None
        if self.control:
            other = self._group(self.control)
            if other.dimension is not treated.dimension or other == treated:
                raise RoutereadyError(
                    f"{treated.title} can't be compared with {other.title}: "
                    f"choose another {labels.DIMENSIONS[treated.dimension]}, or all others"
                )
            control = other.value
        chosen = treated.dimension, treated.value
        return Contrast(self._whole(), treated=chosen, control=control, only=self._only())

    def names(self, contrast: Contrast, compared: Compared) -> tuple[Group | str, Group | str]:
        """What both groups are called; a group with an address where a list has its leads."""
        if contrast.cut is not None:
            return compared.names
        treated = self._group(self.treated)
        control = self._group(self.control) if self.control else "all others"
        return control, treated

    def chosen(self) -> list[Group]:
        """Only leads of these."""
        return [self._group(one) for one in self.only]

    def path(self, group: Group) -> str:
        """Where the leads of a group are; empty while others narrow it."""
        if self.only:
            return ""
        return address("/leads", behind=group.key, days=self._scope.days)

    def _whole(self) -> Scope:
        return Scope(self._scope.days, None, self._visit.circle(Ability.NUMBERS))

    def _only(self) -> tuple[tuple[Dimension, str], ...]:
        return tuple((one.dimension, one.value) for one in self.chosen())

    def _group(self, key: str) -> Group:
        found = self._by_key.get(key)
        if found is None:
            raise RoutereadyError("A selected group has no leads in this period. Select another.")
        return found


def _groups(board: Board, dimension: Dimension, policy: Policy) -> list[Group]:
    found: list[Group] = []
    for value in board.values(dimension):
        title = content.in_group(dimension, value)
        name = group_name(dimension, value, policy)
        found.append(Group(content.key_of(title), dimension, value, name, board.size(title)))
    return found


def parts(comparisons: Sequence[Comparison]) -> Iterator[Part]:
    """The comparisons by unit, each drawn to the scale of its unit."""
    for unit in Unit:
        found = [one for one in comparisons if one.unit is unit]
        differences = [one.difference for one in found if one.difference is not None]
        bound = max((abs(end) for one in differences for end in (one.low, one.high)), default=0.0)
        yield Part(unit, size_of(bound, unit) if bound else "", [_row(one, bound) for one in found])


def _row(one: Comparison, bound: float) -> Row:
    return Row(
        measure=one.measure,
        first=_amount(one.first, one.unit),
        second=_amount(one.second, one.unit),
        sizes=one.sizes,
        difference=interval(one),
        mark=_mark(one, bound),
        detectable="" if one.detectable is None else size_of(one.detectable, one.unit),
        verdict=_verdict(one),
        is_clear=one.difference is not None and one.difference.is_clear,
    )


def _amount(value: float | None, unit: Unit) -> str:
    if value is None or unit is Unit.POINTS:
        return amount(value, unit)
    return words.length(timedelta(minutes=value))


def _mark(one: Comparison, bound: float) -> Mark | None:
    if one.difference is None:
        return None
    scale = REACH / bound if bound else 0.0
    found = one.difference
    ends = (MIDDLE + scale * value for value in (found.low, found.estimate, found.high))
    return Mark(*ends)


def _is_same(one: Comparison) -> bool:
    return one.difference is not None and one.difference.low == one.difference.high


def _is_told(one: Comparison) -> bool:
    """Whether something may be said of it."""
    return one.difference is not None and (one.difference.is_clear or _is_same(one))


def _verdict(one: Comparison) -> str:
    if one.difference is None:
        return "not enough data"
    if one.difference.is_clear:
        return "significant"
    return "same" if _is_same(one) else "not significant"
