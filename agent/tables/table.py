"""Tables for people, each written once: as text, as a page of its own, and as Markdown."""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from html import escape

from rich.console import Console
from rich.table import Table

from domain.errors import RoutereadyError

UNDEFINED = "-"
TEXT_WIDTH = 130
MINUTES_SHOWN = 120
"""Longer times are told in hours."""
HOURS_SHOWN = 72
"""Longer times are told in days."""


class Form(StrEnum):
    """How tables are written; JSON is written by whoever has the values."""

    TEXT = "text"
    HTML = "html"
    MD = "md"
    JSON = "json"


def form_of(name: str) -> Form:
    """A format by its name; raises RoutereadyError naming those that there are."""
    if name not in set(Form):
        raise RoutereadyError(f'Unknown --format "{name}". Use one of: {", ".join(Form)}.')
    return Form(name)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table for a person: words, in rows."""

    title: str
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    note: str = ""
    picture: str = ""
    """An SVG drawing that a page shows above the table; the rows say the same."""


def length(duration: timedelta | None) -> str:
    """A length of time in the unit that reads best."""
    if duration is None:
        return UNDEFINED
    minutes = duration / timedelta(minutes=1)
    if minutes < MINUTES_SHOWN:
        return f"{minutes:.0f} min"
    hours = minutes / 60
    return f"{hours:.1f} h" if hours < HOURS_SHOWN else f"{hours / 24:.1f} d"


def percent(value: float | None) -> str:
    """A share from 0 to 1 in whole per cent."""
    return UNDEFINED if value is None else f"{100 * value:.0f}%"


def written(title: str, lines: Sequence[str], sheets: Iterable[Sheet], form: Form) -> str:
    """Lines and tables in one of the formats for people."""
    if form is Form.HTML:
        return as_page(title, lines, sheets)
    return as_markdown(title, lines, sheets) if form is Form.MD else as_text(lines, sheets)


def as_text(lines: Sequence[str], sheets: Iterable[Sheet]) -> str:
    """Tables of columns that line up, for a terminal and a log."""
    written = io.StringIO()
    out = Console(file=written, width=TEXT_WIDTH, highlight=False, no_color=True, markup=False)
    for line in lines:
        out.print(line)
    for sheet in sheets:
        out.print(f"\n{sheet.title.upper()}")
        if sheet.rows:
            table = Table(*sheet.columns, box=None, padding=(0, 2, 0, 0), title_justify="left")
            for row in sheet.rows:
                table.add_row(*row)
            out.print(table)
        if sheet.note:
            out.print(sheet.note)
    return "\n".join(line.rstrip() for line in written.getvalue().splitlines())


def as_markdown(title: str, lines: Sequence[str], sheets: Iterable[Sheet]) -> str:
    """Tables for an issue or a wiki."""
    said = [f"# {title}", "", *_apart(lines)]
    for sheet in sheets:
        said += ["", f"## {sheet.title}", ""]
        if sheet.rows:
            said.append(_piped(sheet.columns))
            said.append("|" + "---|" * len(sheet.columns))
            said += [_piped(row) for row in sheet.rows]
        if sheet.note:
            said += ["", sheet.note] if sheet.rows else [sheet.note]
    return "\n".join(said)


def _apart(lines: Sequence[str]) -> list[str]:
    return "\n\n".join(lines).split("\n")


def _piped(cells: Sequence[str]) -> str:
    safe = (escape(cell, quote=False).replace("|", "\\|").replace("\n", " ") for cell in cells)
    return "| " + " | ".join(safe) + " |"


_STYLE = """
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 20%, transparent); }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
.wide { overflow-x: auto; }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid var(--line);
  vertical-align: top; font-variant-numeric: tabular-nums; }
th { font-weight: 600; }
h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
p { opacity: .8; }
svg { display: block; width: 100%; max-width: 40rem; }
"""


def as_page(title: str, lines: Sequence[str], sheets: Iterable[Sheet]) -> str:
    """One page without scripts and without anything from elsewhere."""
    parts = [
        "<!doctype html>",
        f'<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<style>{_STYLE}</style></head><body><main><h1>{escape(title)}</h1>",
        *[f"<p>{escape(line)}</p>" for line in lines],
    ]
    for sheet in sheets:
        parts += [f"<section><h2>{escape(sheet.title)}</h2>", sheet.picture]
        if sheet.picture and sheet.rows:
            parts.append("<details><summary>As a table</summary>")
        if sheet.rows:
            label = escape(sheet.title)
            parts.append(f'<div class="wide" role="region" aria-label="{label}" tabindex="0">')
            parts.append("<table><thead><tr>")
            parts += [f'<th scope="col">{escape(one)}</th>' for one in sheet.columns]
            parts.append("</tr></thead><tbody>")
            for row in sheet.rows:
                cells = "".join(f"<td>{escape(one)}</td>" for one in row)
                parts.append(f"<tr>{cells}</tr>")
            parts.append("</tbody></table></div>")
        if sheet.picture and sheet.rows:
            parts.append("</details>")
        if sheet.note:
            parts.append(f"<p>{escape(sheet.note)}</p>")
        parts.append("</section>")
    return "\n".join([*parts, "</main></body></html>"])
