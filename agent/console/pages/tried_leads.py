"""Leads that somebody tries: pasted rows or one filled form, judged and shown, never written."""

import io
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from itertools import islice

from starlette.responses import Response

from agent.app import FIELDS
from agent.console.visit import NotThereError, Visit
from agent.preview import output
from agent.preview.columns import Columns, read_columns
from agent.preview.sheet import Row, Sheet, table
from agent.preview.situation import present
from agent.preview.verdicts import Entry, preview
from domain.errors import RoutereadyError
from domain.policy.model import Policy

MOST = 50
"""Rows of one try; longer lists are for the command line."""
ASKED = (
    ("email", "Email"),
    ("firstName", "First name"),
    ("lastName", "Last name"),
    ("company", "Company"),
    ("title", "Job title"),
    ("country", "Country"),
    ("state", "State"),
    ("numberOfEmployees", "Employees"),
    ("leadSource", "Lead source"),
    ("form", "Form"),
)
"""Fields of the form, and what they are called on it."""


@dataclass(frozen=True)
class Shown:
    """One lead: how it was read, and what each policy makes of it."""

    line: int
    who: str
    fields: Sequence[tuple[str, ...]]
    results: Sequence[output.Told]
    """One for each policy, in their order."""


def show(visit: Visit) -> Response:
    """What would become of the leads, under the current policy and under one that is tested.

    Records of people are not looked up: whose an existing lead is, is not everybody's to see.
    """
    policies = [("Current policy", visit.policy), *_tested(visit)]
    with _sheet(visit) as sheet:
        columns = read_columns(sheet.columns, FIELDS)
        if not columns.are_known:
            raise RoutereadyError(
                "No column is a known field. The first row must have Marketo field names, such as "
                "email, company, country."
            )
        entries = list(islice(_entries(sheet, columns), MOST + 1))
    found = [_under(policy, entries[:MOST], visit) for _, policy in policies]
    return visit.page(
        "policy_leads.html",
        shown=[_shown(rows) for rows in zip(*found, strict=True)],
        names=[name for name, _ in policies],
        notes=columns.notes,
        is_cut=len(entries) > MOST,
        most=MOST,
        attempt=visit.asked("attempt"),
        asked=ASKED,
        given={name: visit.asked(name) for name, _ in ASKED},
        pasted=visit.asked("rows"),
        columns=output.READ_AS,
        result=output.result,
    )


def _tested(visit: Visit) -> list[tuple[str, Policy]]:
    attempt = visit.asked("attempt")
    if not attempt:
        return []
    one = visit.office.tries.get(attempt)
    if one is None or one.policy is None:
        raise NotThereError("This test has expired. Test the policy again.")
    return [("Tested policy", one.policy)]


def _sheet(visit: Visit) -> AbstractContextManager[Sheet]:
    pasted = visit.asked("rows")
    if pasted:
        return table(io.BytesIO(pasted.encode("utf-8", "replace")), "utf-8")
    given = {name: visit.asked(name) for name, _ in ASKED if visit.asked(name)}
    if not given:
        raise RoutereadyError("Paste rows with their column names, or fill in at least one field.")
    row = Row(1, tuple(given.values()))
    return nullcontext(Sheet(tuple(given), iter([row])))


def _entries(sheet: Sheet, columns: Columns) -> Iterator[Entry]:
    for row in sheet.rows:
        read = columns.lead(row.line, row.cells) if row.problem is None else row.problem
        yield row.line, read


def _under(policy: Policy, entries: Sequence[Entry], visit: Visit) -> list[output.Told]:
    situation = present(visit.office.app.context(), policy, records=False)
    return [output.told(one, visit.zone) for one in preview(entries, situation)]


def _shown(results: Sequence[output.Told]) -> Shown:
    first = results[0]
    return Shown(first["line"], output.who(first), output.rows(first), results)
