"""Whether a row holds what was asked for, in the form in which Salesforce holds it.

Columns are known by name, so that what a row must look like follows from its query. A row that
doesn't is left out here, once for all readers, and is never half understood.
"""

import re
from collections.abc import Sequence

from domain import border
from tools.salesforce.connection.answers import Json, Row

_ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?")
_BOOLEANS = frozenset(
    {
        "DoNotCall",
        "Do_Not_Route__c",
        "HasOptedOutOfEmail",
        "Incoming",
        "Named_Account__c",
    }
)
"""Besides those that begin with Is."""
_NUMBERS = frozenset(
    {
        "Amount",
        "AnnualRevenue",
        "CallDurationInSeconds",
        "NumberOfEmployees",
    }
)
_MUST = frozenset({"Id", "OwnerId", "CreatedDate", "LastModifiedDate"})
"""Never empty."""
_NAMES = frozenset({"Name", "Username", "DeveloperName", "StageName"})
"""Never empty on the objects that are read with them."""


def why_odd(row: Json, columns: Sequence[str], needed: Sequence[str]) -> str | None:
    """Which field holds what it can't, and what; None when the row is as it should be."""
    if not isinstance(row, dict):
        return f"row is {border.kind_of(row)}"
    told = border.record(row)
    for name in columns:
        parent, _, column = name.partition(".")
        if parent not in told and name in needed:
            return f"{parent} is missing"
        value = told.get(parent)
        if column:
            if value is None:
                continue
            if not isinstance(value, dict):
                return f"{parent} holds {border.kind_of(value)}"
            value = border.record(value).get(column)
        problem = _problem(column or parent, value, must=not column)
        if problem is not None:
            return f"{name} holds {problem}"
    return None


def _problem(name: str, value: Json, *, must: bool) -> str | None:
    if value is None:
        is_wanted = must and (name in _MUST or name in _NAMES)
        return "nothing" if is_wanted else None
    if name.startswith("Is") or name in _BOOLEANS:
        return None if isinstance(value, bool) else border.kind_of(value)
    if name in _NUMBERS:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return None if is_number else border.kind_of(value)
    if not isinstance(value, str):
        return border.kind_of(value)
    if name.endswith("Id") and _ID.fullmatch(value) is None:
        return "a text that is no ID" if value or name in _MUST else None
    if name.endswith(("Date", "DateTime")) and name != "ActivityDate":
        return _no_date(value)
    return "an empty text" if must and name in _NAMES and not value else None


def _no_date(value: str) -> str | None:
    try:
        border.moment(value)
    except ValueError as error:
        return str(error)
    return None


def has(row: Row, **kinds: type) -> bool:
    """Whether a row of an aggregate holds these values."""
    return all(
        isinstance(row.get(name), kind) and not isinstance(row.get(name), bool)
        for name, kind in kinds.items()
    )
