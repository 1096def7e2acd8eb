"""Comparisons as tables: cohorts beside each other, and predictions beside what was done."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, time, timedelta

from agent.tables.table import UNDEFINED, Form, Sheet, length, percent, written
from domain.errors import RoutereadyError
from domain.grammar import counted
from domain.metrics.agreement import Agreement, Match, agreed
from domain.metrics.cohorts import (
    Cohorts,
    Comparison,
    Unit,
    before_after,
    cautions,
    compare,
    signed,
    size_of,
    treated_control,
)
from domain.metrics.confidence_intervals import wilson
from domain.metrics.lifecycle import Journey
from domain.metrics.measures import Dimension, value_of

SEED = 7
"""The same question gets the same bounds."""
_KINDS = (Dimension.SEGMENT, Dimension.TIER)
"""By what groups are alike or differ in kind."""
BY_CHANCE = "About 1 in 20 comparisons of identical groups looks significant by chance."
MOST = 40
"""So many leads are listed in text; a page lists all."""


@dataclass(frozen=True, slots=True)
class Which:
    """Which leads are compared with which."""

    now: datetime
    cut: datetime | None = None
    """Those triggered from then on with those before."""
    treated: tuple[Dimension, str] | None = None
    """Those with a value in a dimension with the others."""
    control: str | None = None
    """Only with those that have this value in the same dimension."""
    only: tuple[tuple[Dimension, str], ...] = ()
    """Only leads that have all these values: one geo, product line or path."""

    @property
    def names(self) -> tuple[str, str]:
        """What the two groups are called."""
        if self.cut is not None:
            is_midnight = self.cut.time() == time()
            day = f"{self.cut:%Y-%m-%d}" if is_midnight else f"{self.cut:%Y-%m-%d %H:%M %Z}"
            return f"before {day}", f"since {day}"
        dimension, value = self.treated or (Dimension.SEGMENT, "")
        other = f"{dimension} {self.control}" if self.control else f"other {dimension}"
        return other, f"{dimension} {value}"


@dataclass(frozen=True, slots=True)
class Compared:
    """Two groups and everything that may and may not be said of them."""

    names: tuple[str, str]
    sizes: tuple[int, int]
    only: tuple[str, ...]
    comparisons: tuple[Comparison, ...]
    cautions: tuple[str, ...]


def read_value(text: str) -> tuple[Dimension, str]:
    """A value of a dimension as a person writes it: `territory=DACH`.

    Raises RoutereadyError for anything else.
    """
    name, _, value = text.partition("=")
    if name not in set(Dimension) or not value:
        known = ", ".join(Dimension)
        raise RoutereadyError(f'"{text}" is not a group. Use FIELD=VALUE with one of: {known}.')
    return Dimension(name), value


def cohorts(journeys: Sequence[Journey], which: Which) -> Compared:
    """Compare two groups of journeys.

    Raises RoutereadyError when it isn't said which, or a group has no lead at all.
    """
    kept = [one for one in journeys if all(value_of(one, by) == value for by, value in which.only)]
    groups = _groups(kept, which)
    sizes = len(groups.first), len(groups.second)
    for name, size in zip(which.names, sizes, strict=True):
        if not size:
            raise RoutereadyError(
                f'The group "{name}" has no leads. Look farther back, or choose another group.'
            )
    return Compared(
        names=which.names,
        sizes=sizes,
        only=tuple(f"{by} {value}" for by, value in which.only),
        comparisons=compare(groups, which.now, SEED),
        cautions=cautions(groups, _KINDS),
    )


def _groups(journeys: Sequence[Journey], which: Which) -> Cohorts:
    if (which.cut is None) == (which.treated is None):
        raise RoutereadyError("Use either --after DATE or --treated FIELD=VALUE.")
    if which.cut is not None:
        return before_after(journeys, which.cut)
    dimension, value = which.treated or (Dimension.SEGMENT, "")
    return treated_control(journeys, dimension, value, which.control)


def render_cohorts(found: Compared, form: Form) -> str:
    """The comparison in one format."""
    if form is Form.JSON:
        sentences = [one.sentence for one in found.comparisons]
        return json.dumps({**asdict(found), "sentences": sentences}, indent=2, ensure_ascii=False)
    among = f", among {' and '.join(found.only)}" if found.only else ""
    first, second = (
        f"{name} ({counted(size, 'lead')})"
        for name, size in zip(found.names, found.sizes, strict=True)
    )
    said = [f"{second} vs. {first}{among}", *found.cautions]
    said.append(BY_CHANCE)
    return written("Cohort comparison", said, [_comparisons(found), _sentences(found)], form)


def _comparisons(found: Compared) -> Sheet:
    rows = tuple(
        (
            one.measure,
            amount(one.first, one.unit),
            amount(one.second, one.unit),
            interval(one),
            size_of(one.detectable, one.unit) if one.detectable else UNDEFINED,
            "significant" if one.difference is not None and one.difference.is_clear else "",
        )
        for one in found.comparisons
    )
    columns = ("Measure", *found.names, "Difference (95% CI)", "Smallest detectable", "")
    return Sheet("Measures", columns, rows, "Formulas: docs/reference/measures.md.")


def _sentences(found: Compared) -> Sheet:
    rows = tuple((one.sentence,) for one in found.comparisons)
    return Sheet("Conclusions", ("Conclusion",), rows)


def amount(value: float | None, unit: Unit) -> str:
    """A share in per cent, or a time in the unit that reads best."""
    if value is None:
        return UNDEFINED
    return f"{value:.1f}%" if unit is Unit.POINTS else length(timedelta(minutes=value))


def interval(one: Comparison) -> str:
    """The difference with its bounds, in its unit; or why there is none to tell."""
    if one.difference is None:
        return one.reason or UNDEFINED
    found = one.difference
    told = (signed(value, one.unit) for value in (found.estimate, found.low, found.high))
    return "{} ({} to {})".format(*told)


def render_agreements(title: str, agreements: Sequence[Agreement], form: Form) -> str:
    """Predictions beside what was done, in one format."""
    if form is Form.JSON:
        told = {
            "groups": [
                {**one.model_dump(), "share": one.share.value} for one in agreed(agreements)
            ],
            "leads": [one.model_dump(mode="json") for one in agreements],
        }
        return json.dumps(told, indent=2, ensure_ascii=False)
    most = None if form is Form.HTML else MOST
    said = [f"{counted(len(agreements), 'lead')}: policy's choice vs. actual owner in Salesforce"]
    return written(title, said, agreement_sheets(agreements, most), form)


def agreement_sheets(agreements: Sequence[Agreement], most: int | None = None) -> Iterator[Sheet]:
    """How often the policy would have chosen likewise, and where it would not."""
    rows: list[tuple[str, ...]] = []
    for one in agreed(agreements):
        share = one.share
        surely = wilson(share) if share.whole else None
        told = UNDEFINED if surely is None else f"{percent(surely.low)} to {percent(surely.high)}"
        counts = (str(count) for count in (one.same, one.team, one.other, one.nobody))
        rows.append((one.by, one.group, percent(share.value), told, *counts))
    columns = ("By", "Group", "Agreement", "95% CI", "Same", "Same pool", "Other", "Unassigned")
    note = "Agreement: same owner, or another member of the same pool, of all assigned leads."
    yield Sheet("Agreement", columns, tuple(rows), note)
    others = [one for one in agreements if one.match is Match.OTHER]
    shown = others if most is None else others[:most]
    more = len(others) - len(shown)
    yield Sheet(
        "Differences",
        ("Lead", "Segment", "Rule", "Policy", "Actual owner"),
        tuple((one.lead, one.segment, one.rule, one.predicted, one.actual) for one in shown),
        f"and {more} more; see all with --format html" if more else "",
    )
