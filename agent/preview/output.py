"""What was found of tried leads, as JSON, as tables and as a spreadsheet: one row after another."""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from agent.metrics.rendering import safe_cell
from agent.preview.verdicts import Previewed
from agent.tables.table import Sheet, as_text
from domain.gate.verdict import CheckResult, VerdictKind
from domain.language import checks, facts, names, routes, tried_leads
from domain.lead.model import FieldName
from domain.routing.route import Keep, Route, ToQueue, ToUser
from domain.values import Sourced

Told = dict[str, Any]
"""One row as docs/reference/try.md has it."""
TOGETHER = 50
"""Rows of one table; the next ones are in the next table."""
_MARKS = {"pass": "passed", "fail": "failed", "wait": "pending", "not_applicable": "-"}
_COLUMNS = (
    "line",
    "verdict",
    "segment",
    "rule",
    "owner",
    "owner_name",
    "sentence",
    "reason",
    "why_not",
    "problems",
)


READ_AS = ("Field", "Value", "Typed", "Source", "Confidence", "Problem")
"""How each field of a lead was read."""


def told(one: Previewed, zone: ZoneInfo) -> Told:
    """One row as plain values."""
    row: Told = {
        "line": one.line,
        "fields": _fields(one),
        "checks": [],
        "verdict": None,
        "sentence": "",
        "segment": None,
        "rule": None,
        "owner": None,
        "owner_name": None,
        "owner_kind": None,
        "reason": None,
        "why_not": [],
    }
    if one.problem is not None:
        row["sentence"] = tried_leads.row_problem(one.problem)
    if one.outcome is not None:
        verdict = one.outcome.verdict
        row |= {
            "checks": [_check(check, zone) for check in verdict.checks],
            "verdict": verdict.kind,
            "sentence": checks.verdict(verdict, zone),
            "segment": verdict.segment,
        }
        if one.outcome.routed is not None:
            row |= _route(one.outcome.routed.decision, zone)
    return row


def _fields(one: Previewed) -> Told:
    fields: Told = {}
    if one.typed is None:
        return fields
    typed, lead = one.typed.values, one.lead
    known: Mapping[FieldName, Sourced] = {} if lead is None else lead.fields
    problems = () if lead is None else lead.problems
    why = {problem.field: facts.problem(problem) for problem in problems}
    for name in FieldName:
        if name not in typed and name not in known and name not in why:
            continue
        value = known.get(name)
        said = why.get(name)
        if value is None and said is None:
            said = tried_leads.NOTHING_READ
        fields[name.value] = {
            "value": None if value is None else value.value,
            "typed": typed.get(name),
            "source": None if value is None else value.source.value,
            "confidence": None if value is None else value.confidence,
            "problem": said,
        }
    return fields


def _check(one: CheckResult, zone: ZoneInfo) -> Told:
    fix = None
    if one.remedy is not None:
        fix = f"{checks.fix(one.remedy)} ({checks.who(one.remedy)})"
    return {
        "check": one.code.value,
        "name": names.check(one.code),
        "outcome": one.outcome.value,
        "sentence": checks.reason(one.why, zone),
        "fix": fix,
    }


def _route(chosen: Route | Keep, zone: ZoneInfo) -> Told:
    owner, name, kind = _owner(chosen)
    why = routes.basis(chosen.basis)
    return {
        "segment": chosen.segment,
        "rule": chosen.rule,
        "owner": owner,
        "owner_name": name,
        "owner_kind": kind,
        "reason": f"{why[:1].upper()}{why[1:]}.",
        "why_not": [
            {"who": routes.name(skipped), "why": routes.why_not(skipped.why, zone)}
            for skipped in chosen.skipped
        ],
    }


def _owner(chosen: Route | Keep) -> tuple[str | None, str, str]:
    """E-mail address or queue, the name, and what kind of owner it is."""
    if isinstance(chosen, Keep):
        kind = "user" if "@" in chosen.owner else "queue"
        return chosen.owner or None, chosen.owner_name, kind
    match chosen.target:
        case ToUser():
            return chosen.target.email, chosen.target.name, "user"
        case ToQueue():
            return chosen.target.queue, chosen.target.queue, "queue"
        case _:
            return None, "Salesforce assignment rules", "salesforce_rules"


class Counts:
    """How many rows came out how; they pass through."""

    def __init__(self) -> None:
        self._verdicts: Counter[VerdictKind | None] = Counter()

    def of(self, rows: Iterable[Told]) -> Iterator[Told]:
        """The same rows, counted."""
        for row in rows:
            self._verdicts[row["verdict"]] += 1
            yield row

    def __str__(self) -> str:
        """`3 leads: 2 ready to route, 1 needs review`."""
        kinds: tuple[VerdictKind, ...] = ("READY", "WAIT", "PARK", "REJECT")
        some = [(names.verdict(kind), self._verdicts[kind]) for kind in kinds]
        some.append(("not judged", self._verdicts[None]))
        return tried_leads.totals([one for one in some if one[1]], self._verdicts.total())


def as_json(rows: Iterable[Told]) -> Iterator[str]:
    """A list with one object a line."""
    before = "[\n"
    for row in rows:
        yield before + json.dumps(row, ensure_ascii=False)
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


def as_csv(rows: Iterable[Told]) -> Iterator[str]:
    """A spreadsheet: what became of the lead, then each field as read; no cell is a formula."""
    fields = [name.value for name in FieldName]
    yield _csv_line([*_COLUMNS, *fields])
    for row in rows:
        read = row["fields"]
        cells = [row[name] for name in _COLUMNS[:-2]]
        cells += [_why_not(row), _problems(row)]
        cells += [read[name]["value"] if name in read else None for name in fields]
        yield _csv_line(["" if cell is None else str(cell) for cell in cells])


def _csv_line(cells: Iterable[str]) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerow([safe_cell(cell) for cell in cells])
    return written.getvalue()


def _why_not(row: Told) -> str:
    return ", ".join(f"{one['who']} ({one['why']})" for one in row["why_not"])


def _problems(row: Told) -> str:
    read = row["fields"]
    return " ".join(
        f"{facts.field(name)}: {one['problem']}" for name, one in read.items() if one["problem"]
    )


def as_tables(rows: Iterable[Told]) -> Iterator[str]:
    """For a terminal: a line for each lead, in tables that are complete one by one."""
    left = iter(rows)
    while some := list(islice(left, TOGETHER)):
        table = Sheet(
            f"Lines {some[0]['line']} to {some[-1]['line']}",
            ("Line", "Lead", "Result", "Segment", "Owner", "Why"),
            tuple(_line(row) for row in some),
        )
        yield f"{as_text([], [table])}\n"


def _line(row: Told) -> tuple[str, ...]:
    why = row["reason"] or row["sentence"]
    doubts = _problems(row) if row["verdict"] == "READY" else ""
    return (
        str(row["line"]),
        who(row),
        result(row),
        row["segment"] or "-",
        row["owner_name"] or "-",
        _plain(f"{why} {doubts}".strip()),
    )


def result(row: Told) -> str:
    """What became of a row, in two or three words."""
    return names.verdict(row["verdict"]) if row["verdict"] else "Not judged"


def who(row: Told) -> str:
    """A lead in a few words."""
    read = {name: one["value"] or one["typed"] for name, one in row["fields"].items()}
    person = " ".join(str(read[name]) for name in ("first_name", "last_name") if read.get(name))
    found = person or str(read.get("email") or read.get("company") or f"line {row['line']}")
    return _plain(found, 40)


def _plain(text: str, most: int = 400) -> str:
    """A text on one line, and no longer than a table bears."""
    one = " ".join(text.split())
    return one if len(one) <= most else f"{one[: most - 1]}…"


def as_sheets(row: Told) -> tuple[list[str], list[Sheet]]:
    """One lead whole: what became of it, every field as read, and every check."""
    lines = [f"{result(row)}: {_plain(row['sentence'])}"]
    if row["segment"]:
        lines.append(f"Segment: {row['segment']}")
    if row["rule"]:
        lines += [f"Owner: {row['owner_name']}", f"Rule: {row['rule']}", f"Why: {row['reason']}"]
        lines.append(f"Skipped: {_why_not(row) or 'no one'}")
    fields = Sheet(
        "Fields", ("Field", "Value", "Typed", "Source", "Confidence", "Problem"), rows(row)
    )
    made = tuple(
        (
            one["name"],
            _MARKS[one["outcome"]],
            _plain(one["sentence"] + (f" To fix: {one['fix']}." if one["fix"] else "")),
        )
        for one in row["checks"]
    )
    tested = Sheet("Checks", ("Check", "Result", "Reason"), made)
    return lines, [fields, tested] if made else [fields]


def rows(row: Told) -> tuple[tuple[str, ...], ...]:
    """Each field of a lead as read, for a table."""
    return tuple(_field(name, one) for name, one in row["fields"].items())


def _field(name: str, one: Told) -> tuple[str, ...]:
    value, source, confidence = one["value"], one["source"], one["confidence"]
    return (
        facts.field(name),
        "-" if value is None else _plain(facts.value(value)),
        "-" if one["typed"] is None else _plain(one["typed"]),
        "-" if source is None else tried_leads.source(source),
        "-" if confidence is None else f"{confidence:.0%}",
        one["problem"] or "",
    )


def in_full(row: Told) -> str:
    """One lead whole, for a terminal."""
    lines, sheets = as_sheets(row)
    return f"{as_text(lines, sheets)}\n"
