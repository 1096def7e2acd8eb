"""A report as text, as a page of its own, as Markdown and as a spreadsheet: one set of figures."""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from enum import StrEnum

from agent.metrics.report import Report, shares
from agent.tables.chart import svg
from agent.tables.table import (
    UNDEFINED,
    Sheet,
    as_markdown,
    as_page,
    as_text,
    length,
    percent,
)
from domain.grammar import capitalized, counted
from domain.language import names
from domain.metrics.measures import Dimension, Measures, Outcomes, Spread, Stretch

TITLE = "Lead report"
FEW = 8
"""So many leads of a list are named in text; a page and a spreadsheet name all."""


class Format(StrEnum):
    """How a report is written."""

    TEXT = "text"
    HTML = "html"
    CSV = "csv"
    MD = "md"


def render(report: Report, form: Format) -> str:
    """The report in one format."""
    made: dict[Format, Callable[[Report], str]] = {
        Format.TEXT: _text,
        Format.HTML: _html,
        Format.CSV: _csv,
        Format.MD: _markdown,
    }
    return made[form](report)


def _at(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def heading(report: Report) -> str:
    """What the report is about, in one line."""
    asked = report.question
    segment = f", segment {asked.segment}" if asked.segment else ""
    return (
        f"{counted(report.whole.journeys, 'lead')} triggered from {_at(asked.since)} to "
        f"{_at(asked.until or asked.now)}{segment}; policy {report.policy_version}"
    )


def sheets(report: Report, most: int | None = None) -> Iterator[Sheet]:
    """The report's tables; of a list of leads the first `most` are named, or all."""
    yield _waterfall(report, most)
    yield Sheet(
        "Coverage and quality",
        ("Measure", "Share", "Leads", "No value because"),
        tuple(
            (name, percent(share.value), f"{share.part} of {share.whole}", share.reason or "")
            for name, share in shares(report.whole)
        ),
        "Formulas: docs/reference/measures.md.",
    )
    if report.whole.outcomes.money is not None:
        yield _outcomes(report)
    yield _speed(report.whole)
    yield Sheet(
        "Leakage",
        ("Leak", "Leads", "Marketo IDs"),
        tuple(
            (names.leak(one), str(len(one.leads)), _named(one.leads, most)) for one in report.leaks
        ),
        "" if report.leaks else "No leakage.",
    )
    for dimension, parts in report.slices:
        yield Sheet(
            f"By {dimension}",
            (str(dimension).capitalize(), "Leads", *_SLICED),
            tuple((report.called(dimension, value), *_sliced(part)) for value, part in parts),
        )


def _trend(report: Report) -> Sheet:
    """The same numbers as the drawing: one row per bar that has any."""
    chart = report.trend
    rows = tuple(
        (label, *(str(one.values[place]) for one in chart.series))
        for place, label in enumerate(chart.labels)
        if any(one.values[place] for one in chart.series)
    )
    columns = ("From", *(capitalized(one.name) for one in chart.series))
    return Sheet(chart.title, columns, rows, "" if rows else "No leads assigned.", svg(chart))


def _waterfall(report: Report, most: int | None) -> Sheet:
    rows = tuple(
        (
            level.stage,
            UNDEFINED if level.reached is None else str(level.reached),
            str(len(level.lost)),
            str(len(level.on_the_way)),
            _named(level.lost, most),
        )
        for level in report.levels
    )
    untold = [f"{one.stage}: {one.reason}" for one in report.levels if one.reason]
    columns = ("Stage", "Reached", "Lost here", "In progress", "Lost leads (Marketo IDs)")
    return Sheet("Funnel from trigger to outcome", columns, rows, "; ".join(untold))


def _outcomes(report: Report) -> Sheet:
    """What came of it, by segment: sales speaks of money, not of shares alone."""
    parts = dict(report.slices)[Dimension.SEGMENT]
    rows = tuple(_became(name, one.outcomes) for name, one in (("all", report.whole), *parts))
    columns = ("Segment", "SQL", "Meeting", "Opportunity", "Won", "Pipeline", "Won amount")
    note = "Of assigned leads, as in Salesforce now; each opportunity counts once per row."
    return Sheet("Outcomes", columns, rows, note)


def _became(name: str, found: Outcomes) -> tuple[str, ...]:
    shown = (found.sql, found.meeting, found.opportunity, found.won)
    worth = found.money
    amounts = (None, None) if worth is None else (worth.pipeline, worth.won)
    told = (UNDEFINED if amount is None else f"{amount:,.0f}" for amount in amounts)
    return (name, *(percent(share.value) for share in shown), *told)


def _speed(measured: Measures) -> Sheet:
    rows: list[tuple[str, ...]] = []
    for pace in measured.speed:
        for clock, spread in (("elapsed", pace.wall), ("business hours", pace.business)):
            told = f"{spread.through} of {spread.entered}"
            times = (length(one) for one in spread.within)
            rows.append((pace.stretch, clock, *times, told, spread.reason or ""))
    columns = ("Stage", "Clock", "p50", "p90", "p95", "Completed", "No value because")
    note = "Leads that are still open are included (Kaplan-Meier estimate)."
    return Sheet("Speed", columns, tuple(rows), note)


_SLICED = (
    "Route-ready",
    "Assigned",
    "Touched",
    "SLA attainment",
    "Misrouted",
    "First touch p50",
    "First touch p90",
)


def _sliced(measured: Measures) -> Iterator[str]:
    coverage, quality = measured.coverage, measured.quality
    yield str(measured.journeys)
    kept = (coverage.ready, coverage.assigned, coverage.touched, coverage.in_time)
    yield from (percent(share.value) for share in (*kept, quality.misrouted))
    spread = _of(measured, Stretch.TO_TOUCH)
    yield from (length(one) for one in spread.within[:2])


def _of(measured: Measures, stretch: Stretch) -> Spread:
    return next(one.wall for one in measured.speed if one.stretch is stretch)


def _named(leads: Sequence[str], most: int | None) -> str:
    shown = leads if most is None else leads[:most]
    more = len(leads) - len(shown)
    return " ".join(shown) + (f" and {more} more" if more else "")


def _text(report: Report) -> str:
    return as_text([heading(report)], [*sheets(report, FEW), _trend(report)])


def _markdown(report: Report) -> str:
    return as_markdown(TITLE, [heading(report)], [*sheets(report, FEW), _trend(report)])


def _html(report: Report) -> str:
    return as_page(TITLE, [heading(report)], [_trend(report), *sheets(report)])


FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""A cell that begins so is run by some spreadsheet (OWASP, CSV Injection), wide forms included."""


def safe_cell(text: str) -> str:
    """A text that no spreadsheet takes for a formula: an apostrophe before what looks like one."""
    return f"'{text}" if text.lstrip(" ").startswith(FORMULAS) else text


def _csv(report: Report) -> str:
    """One row per figure, then one per lead that was lost or leaks."""
    written = io.StringIO()
    rows = csv.writer(written, lineterminator="\r\n")
    rows.writerow(("by", "group", "measure", "unit", "value", "part", "whole", "reason"))
    for one in report.figures():
        value = "" if one.value is None else round(one.value, 6)
        texts = [safe_cell(text) for text in (one.by, one.group, one.measure, one.unit)]
        rows.writerow([*texts, value, one.part, one.whole, safe_cell(one.reason or "")])
    lists = [(f"lost at {level.stage}", level.lost) for level in report.levels]
    lists += [(f"leaking: {names.leak(one)}", one.leads) for one in report.leaks]
    for name, leads in lists:
        for lead in leads:
            rows.writerow(
                ["all", "all", safe_cell(name), "lead", safe_cell(lead), 1, len(leads), ""]
            )
    return written.getvalue()
