"""Elements of a SOAP body as values: once, several times or not at all."""

from typing import cast

from sandbox.http.message import Json
from sandbox.salesforce.org.errors import SalesforceError
from sandbox.state.world import Row


def is_true(value: Json) -> bool:
    """A flag as XML, JSON or a careless client writes it."""
    return str(value).lower() == "true"


def many(value: Json) -> list[Json]:
    """What may be there once, several times or not at all, as a list."""
    if value is None:
        return []
    return cast("list[Json]", value) if isinstance(value, list) else [value]


def parts_of(value: Json) -> list[Row]:
    """What may be there once, several times or not at all, each with parts of its own.

    Raises `SalesforceError`.
    """
    given = many(value)
    if not all(isinstance(each, dict) for each in given):
        raise SalesforceError("XML_PARSER_ERROR", "A text stands where elements are expected")
    return cast("list[Row]", given)


def part_of(value: Json) -> Row:
    """The parts of what may be there once; of nothing, none. Raises `SalesforceError`."""
    found = parts_of(value or None)
    return found[0] if found else {}
