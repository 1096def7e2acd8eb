"""SOQL as text: literals that can't break out, and queries that stay within Salesforce's limits.

Salesforce: "Long SOQL queries" (knowledge article 000386264), "Quoted String Escape Sequences".
"""

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import NamedTuple, TypeVar

from simple_salesforce.format import quote_soql_value

T = TypeVar("T")
Literal = str | int | float | bool | date | datetime | None

LONGEST_QUERY = 95_000
"""Salesforce takes 100,000 characters; the rest is room for what a proxy may add."""
LONGEST_LITERAL = 3_999
"""Of a string within a WHERE clause, its quotes included."""
MOST_TERMS = 2_000
"""A query for more values than a page has rows would need a second page."""

_PATH = r"[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z][A-Za-z0-9_]*)*"
_IDENTIFIER = re.compile(_PATH)
_COLUMN = re.compile(rf"{_PATH}|COUNT\({_PATH}\) [A-Za-z]+")


@dataclass(frozen=True, slots=True)
class Query:
    """One SOQL statement."""

    text: str
    includes_deleted: bool = False
    """Asked by queryAll, which also sees what was deleted or merged away."""


class Term(NamedTuple):
    """One thing that a row may be found by: a field and the value it must have."""

    field: str
    value: str


def literal(value: Literal) -> str:
    """A value as SOQL writes it; a string comes out quoted and escaped.

    Raises ValueError for what SOQL can't say: NaN, infinities, naive times, over-long strings.
    """
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"SOQL has no literal for {value}")
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("a time without a zone means nothing to Salesforce")
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    quoted = str(quote_soql_value(value))
    if len(quoted) > LONGEST_LITERAL:
        raise ValueError(f"a literal of {len(quoted)} characters is longer than SOQL allows")
    return quoted


def identifier(name: str) -> str:
    """The name itself; raises ValueError unless it is a field, a path of fields or an object."""
    if _IDENTIFIER.fullmatch(name) is None:
        raise ValueError(f"{name!r} is not the name of a field or object")
    return name


def one_of(field: str, values: Iterable[str]) -> str:
    """The condition that a field has one of the values; at least one must be given."""
    return f"{identifier(field)} IN ({','.join(literal(value) for value in values)})"


def select(columns: Sequence[str], sobject: str, where: str) -> str:
    """A SELECT statement over known names and a condition made by this module."""
    unfit = [column for column in columns if _COLUMN.fullmatch(column) is None]
    if unfit:
        raise ValueError(f"{unfit[0]!r} is not a field or a count")
    listed = ", ".join(columns)
    return f"SELECT {listed} FROM {identifier(sobject)} WHERE {where}"  # noqa: S608  (names are checked, values escaped)


def conditions(terms: Iterable[Term], *, room: int, most: int = MOST_TERMS) -> Iterator[str]:
    """Conditions that any of at most `most` terms holds, each at most `room` characters long.

    The same terms give the same conditions. A value too long for a literal can't be in Salesforce
    either and is left out.
    """
    begun: dict[str, list[str]] = {}
    length = count = 0
    for term in sorted(set(terms)):
        if len(term.value) * 2 + 2 > LONGEST_LITERAL:
            continue
        quoted = literal(term.value)
        added = (
            len(quoted) + 1 + (0 if term.field in begun else len(term.field) + len(" OR  IN ()"))
        )
        if begun and (length + added > room or count == most):
            yield _any(begun)
            begun, length, count = {}, 0, 0
            added = len(quoted) + 1 + len(term.field) + len(" OR  IN ()")
        begun.setdefault(term.field, []).append(quoted)
        length, count = length + added, count + 1
    if begun:
        yield _any(begun)


def _any(lists: dict[str, list[str]]) -> str:
    parts = [f"{identifier(name)} IN ({','.join(quoted)})" for name, quoted in lists.items()]
    return parts[0] if len(parts) == 1 else f"({' OR '.join(parts)})"


def finding(
    columns: Sequence[str],
    sobject: str,
    terms: Iterable[Term],
    *,
    rest: str = "",
    includes_deleted: bool = False,
    spellings: int = 1,
) -> list[Query]:
    """The queries, as few as possible, for the rows for which any of the terms holds.

    `rest` is what follows the terms, such as `AND IsClosed = false` or `GROUP BY AccountId`;
    `spellings` how many terms are ways to write one thing, so that only one of them finds rows.
    """
    ending = f" {rest}" if rest else ""
    room = LONGEST_QUERY - len(select(columns, sobject, ending))
    return [
        Query(select(columns, sobject, found + ending), includes_deleted)
        for found in conditions(terms, room=room, most=MOST_TERMS * spellings)
    ]


def packs(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """The items in order, `size` at a time."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
