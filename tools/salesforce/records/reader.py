"""Reading records of an org whose fields aren't all known beforehand."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from domain import border
from domain.errors import AuthError, RequestError, UnavailableError
from tools.salesforce.connection.answers import Json, Row
from tools.salesforce.connection.client import Client
from tools.salesforce.connection.errors import VENDOR
from tools.salesforce.records.fields import COLUMNS, PACKAGE, Columns, SObject
from tools.salesforce.records.shapes import why_odd
from tools.salesforce.soql.query import Query, Term, finding

UNKNOWN_FIELD = "INVALID_FIELD"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Rows of one object: those for which any of the terms holds."""

    sobject: SObject
    terms: Iterable[Term]
    rest: str = ""
    """A further condition on every row, such as `AND IsClosed = false`."""
    columns: Columns | None = None
    """None selects the object's usual columns."""
    includes_deleted: bool = False
    spellings: int = 1
    """How many of the terms are ways to write one thing."""


@dataclass(frozen=True, slots=True)
class FieldFacts:
    """One field as the integration user sees it."""

    name: str
    is_updateable: bool


class Rows(list[Row]):
    """The rows of one question that are as they should be."""

    odd: Sequence[tuple[Row, str]] = ()
    """The others, each with the field that holds what it can't; an empty row was no object."""


Asked = Wanted | Sequence[Query]
"""Rows of an object, or ready queries such as aggregates."""


class Reader:
    """Asks for rows, leaving out optional fields that the org turns out not to have.

    `absent` are optional fields that need not be tried.
    """

    def __init__(self, client: Client, absent: frozenset[str] = frozenset()) -> None:
        self._client = client
        self._absent = absent
        self._described: dict[SObject, dict[str, FieldFacts]] = {}

    def rows(self, asked: Sequence[Asked]) -> list[Rows]:
        """The rows of each thing asked for, in as few calls as possible.

        Rows that can't be understood are told apart; whom they concern, the asker knows.

        Salesforce answers INVALID_FIELD both for a field that doesn't exist and for one that the
        user may not see. Only then are objects described, once, and the rows asked for again.

        Raises:
            AuthError: a field that is needed is missing; the message says what to deploy.
        """
        try:
            return self._rows(asked)
        except RequestError as error:
            if error.code != UNKNOWN_FIELD or not self._learn(asked):
                raise
        return self._rows(asked)

    def _rows(self, asked: Sequence[Asked]) -> list[Rows]:
        texts = [self._queries(one) for one in asked]
        found = iter(self._client.query([query for queries in texts for query in queries]))
        return [
            self._parted(one, [row for _ in queries for row in next(found)])
            for one, queries in zip(asked, texts, strict=True)
        ]

    def _parted(self, asked: Asked, found: Sequence[Json]) -> Rows:
        if not isinstance(asked, Wanted):
            return Rows(row for row in map(border.record, found) if row)
        columns = self._columns(asked)
        needed = (asked.columns or COLUMNS[asked.sobject]).needed
        whys = [why_odd(row, columns, needed) for row in found]
        rows = Rows(row for row, why in zip(found, whys, strict=True) if why is None)
        rows.odd = [
            (border.record(row), f"Salesforce's {asked.sobject} {why}")
            for row, why in zip(found, whys, strict=True)
            if why is not None
        ]
        return rows

    def _queries(self, asked: Asked) -> Sequence[Query]:
        if not isinstance(asked, Wanted):
            return asked
        return finding(
            self._columns(asked),
            asked.sobject,
            asked.terms,
            rest=asked.rest,
            includes_deleted=asked.includes_deleted,
            spellings=asked.spellings,
        )

    def _columns(self, wanted: Wanted) -> tuple[str, ...]:
        columns = wanted.columns or COLUMNS[wanted.sobject]
        known = self._described.get(wanted.sobject)
        return columns.needed + tuple(
            name
            for name in columns.optional
            if name not in self._absent and (known is None or name in known)
        )

    def _learn(self, asked: Sequence[Asked]) -> bool:
        """Describe what was asked for; False when that brings nothing new."""
        objects = {one.sobject for one in asked if isinstance(one, Wanted)}
        new = sorted(objects - self._described.keys())
        for sobject in new:
            self.describe(sobject)
        for one in asked:
            if isinstance(one, Wanted):
                self._expect(one.sobject, one.columns or COLUMNS[one.sobject])
        return bool(new)

    def _expect(self, sobject: SObject, columns: Columns) -> None:
        known = self._described[sobject]
        missing = [name for name in columns.needed if "." not in name and name not in known]
        if missing:
            raise AuthError(VENDOR, missing_sentence(sobject, missing), code=UNKNOWN_FIELD)

    def known(self, sobject: SObject) -> dict[str, FieldFacts]:
        """The object's fields, described once."""
        return self._described.get(sobject) or self.describe(sobject)

    def describe(self, sobject: SObject) -> dict[str, FieldFacts]:
        """The object's fields as the integration user sees them now, by name."""
        told: Json = self._client.read(f"sobjects/{sobject}/describe")
        try:
            described = border.records(border.record(told).get("fields"))
        except ValueError as error:
            detail = f"its description of {sobject} holds {error}"
            raise UnavailableError(VENDOR, detail) from None
        facts = {
            name: FieldFacts(name, is_updateable=field.get("updateable") is True)
            for field in described
            if isinstance(name := field.get("name"), str)
        }
        self._described[sobject] = facts
        return facts


def missing_sentence(sobject: SObject, missing: Sequence[str]) -> str:
    """Which fields are missing and what to do about it."""
    names = ", ".join(missing)
    if set(missing) <= set(PACKAGE):
        cure = (
            "`routeready setup salesforce` adds what is missing and lets the integration user "
            "see it"
        )
    else:
        cure = "let the integration user read it (field-level security)"
    return f"{sobject} has no field {names} that the integration user can see; {cure}"
