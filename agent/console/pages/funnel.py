"""The funnel: how many came how far, how fast and how well, and what leaks; all clickable."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from starlette.responses import Response

from agent.console import labels
from agent.console.boards import content
from agent.console.boards.content import Board
from agent.console.visit import PERIODS, NotThereError, Visit, address, group_name
from agent.metrics.rendering import Format, render
from agent.metrics.report import shares
from domain.language import names
from domain.metrics.measures import (
    OF_ASSIGNED,
    WHOLES,
    Dimension,
    Measures,
    Share,
    Stretch,
)

CUTS = (
    Dimension.SEGMENT,
    Dimension.TERRITORY,
    Dimension.SOURCE,
    Dimension.TIER,
    Dimension.REP,
    Dimension.RULE,
    Dimension.WEEK,
)


@dataclass(frozen=True)
class Number:
    """A count that leads to its leads; without an address where there are none."""

    count: int
    path: str


@dataclass(frozen=True)
class Step:
    """One stage of the waterfall."""

    stage: str
    reached: int | None
    reason: str | None
    lost: Number
    going: Number


@dataclass(frozen=True)
class Portion:
    """One share, with the leads that count and those that don't."""

    name: str
    whole: str
    """What it is a share of."""
    share: Share
    yes: Number
    no: Number


@dataclass(frozen=True)
class Speed:
    """One stretch on both clocks."""

    stretch: str
    wall: Sequence[timedelta | None]
    business: Sequence[timedelta | None]
    through: int
    entered: int
    waiting: Number
    slow: Number
    reason: str | None


@dataclass(frozen=True)
class Cut:
    """One group of a dimension."""

    name: str
    leads: Number
    measured: Measures
    to_touch: Sequence[timedelta | None]


def show(visit: Visit) -> Response:
    """The funnel of a period."""
    days, segment = visit.days(), visit.segment()
    board = visit.board(days, segment)
    cut = visit.asked("by")
    dimension = Dimension(cut) if cut in CUTS else Dimension.SEGMENT
    shown: dict[str, Any] = {}
    if board is not None:
        listing = _Listing(board, segment)
        shown = {
            "steps": list(listing.steps()),
            "portions": list(listing.portions()),
            "speeds": list(listing.speeds()),
            "leaks": [
                (names.leak(one), listing.number(content.leaking(one)))
                for one in board.report.leaks
            ],
            "cuts": list(listing.cuts(dimension, visit)),
            "whole": board.report.whole,
        }
    return visit.page(
        "funnel.html",
        board=board,
        days=days,
        segment=segment,
        periods=PERIODS,
        dimension=dimension,
        dimensions={one: labels.DIMENSIONS[one] for one in CUTS},
        **shown,
    )


def export(visit: Visit) -> Response:
    """The same figures as `routeready report --format csv` writes them."""
    board = visit.board(visit.days(), visit.segment())
    if board is None:
        raise NotThereError("The figures are still being calculated. Try again in a moment.")
    headers = {"Content-Disposition": 'attachment; filename="figures.csv"'}
    text = render(board.report, Format.CSV)
    return Response(text, media_type="text/csv", headers=headers)


@dataclass(frozen=True)
class _Listing:
    """A board's numbers, each with the address of the leads behind it."""

    board: Board
    segment: str | None

    def number(self, title: str) -> Number:
        """How many are in a list, and where it is."""
        size = self.board.size(title)
        days = self.board.scope.days
        path = address("/leads", behind=content.key_of(title), days=days, of=self.segment)
        return Number(size, path if size else "")

    def steps(self) -> Iterator[Step]:
        """The waterfall."""
        for level in self.board.report.levels:
            yield Step(
                level.stage,
                level.reached,
                level.reason,
                self.number(content.lost_at(level.stage)),
                self.number(content.on_the_way(level.stage)),
            )

    def portions(self) -> Iterator[Portion]:
        """Coverage and quality."""
        for name, share in shares(self.board.report.whole):
            yield Portion(
                name,
                WHOLES.get(name, OF_ASSIGNED),
                share,
                self.number(content.counted(name)),
                self.number(content.not_counted(name)),
            )

    def speeds(self) -> Iterator[Speed]:
        """Speed by stretch."""
        for pace in self.board.report.whole.speed:
            yield Speed(
                pace.stretch,
                pace.wall.within,
                pace.business.within,
                pace.wall.through,
                pace.wall.entered,
                self.number(content.under_way(pace.stretch)),
                self.number(content.slowest(pace.stretch)),
                pace.wall.reason,
            )

    def cuts(self, dimension: Dimension, visit: Visit) -> Iterator[Cut]:
        """The groups of one dimension."""
        for found, parts in self.board.report.slices:
            if found is not dimension:
                continue
            for group, measured in parts:
                name = group_name(dimension, group, visit.policy)
                yield Cut(
                    name,
                    self.number(content.in_group(dimension, group)),
                    measured,
                    to_touch(measured),
                )


def to_touch(measured: Measures) -> Sequence[timedelta | None]:
    """Wall time from the assignment to the first touch: p50, p90, p95."""
    return next(one.wall.within for one in measured.speed if one.stretch is Stretch.TO_TOUCH)
