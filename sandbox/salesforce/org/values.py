"""From the values that somebody gives to the values that a record holds."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from email.utils import format_datetime
from typing import Any, cast

from sandbox.http.message import Json
from sandbox.salesforce.org.errors import SalesforceError
from sandbox.salesforce.org.ids import full_id, sobject_of
from sandbox.salesforce.org.schema import NUMBERS, Field, SObject, field_named
from sandbox.state.world import Row, World

LONG_ADDRESS = 1000
"""A field this long holds several addresses, which are not checked."""
LARGEST_INT = 2**31 - 1
LARGEST_NUMBER = 10**18
_EMAIL = re.compile(r"[^\s@,;:<>()\[\]\\\"]+@[^\s@,;:<>()\[\]\\\"]+\.[^\s@.,;:<>()\[\]\\\"]+")
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,3})?)?Z?")


def timestamp(instant: datetime) -> str:
    """An instant as Salesforce writes it. Its records know no fractions of a second."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def http_date(instant: datetime) -> str:
    """An instant as HTTP headers write it."""
    return format_datetime(instant.astimezone(UTC), usegmt=True)


def instant(text: str) -> datetime:
    """The instant that `timestamp` wrote, or any ISO 8601 one; UTC when it names no offset."""
    read = datetime.fromisoformat(text)
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def clean(world: World, shape: SObject, given: Mapping[str, Json]) -> Row:
    """The given values by their canonical names, each checked against its field.

    Raises `SalesforceError`, for the first that does not fit.
    """
    cleaned: Row = {}
    for name, value in given.items():
        field = field_named(world, shape, name)
        if field is None:
            message = f"No such column '{name}' on sobject of type {shape.name}"
            raise SalesforceError("INVALID_FIELD", message)
        cleaned[field.name] = _cleaned(world, field, value)
    return cleaned


def check_writeable(
    world: World, shape: SObject, given: Mapping[str, Json], *, creates: bool
) -> None:
    """Refuse fields that a caller of the API can't set. Unknown ones are left to `clean`."""
    fixed = [
        field.name
        for name in given
        if (field := field_named(world, shape, name)) is not None
        and not (field.createable if creates else field.updateable)
    ]
    if fixed:
        message = (
            f"Unable to create/update fields: {', '.join(fixed)}. Please check the security "
            "settings of this field and verify that it is read/write for your profile or "
            "permission set."
        )
        raise SalesforceError("INVALID_FIELD_FOR_INSERT_UPDATE", message, fixed)


def _cleaned(world: World, field: Field, value: Json) -> Json:
    if value is None or value == "":
        if field.type == "boolean":
            raise _wrong_type(field, value)
        return None
    if field.is_text:
        return _text(field, value)
    if field.type == "reference":
        return _reference(world, field, value)
    if field.type in NUMBERS:
        return _number(field, value)
    return _CLEANERS[field.type](field, value)


def _text(field: Field, value: Json) -> str | None:
    if not isinstance(value, str):
        if isinstance(value, dict | list | bool):
            raise _unreadable(field, value)
        value = str(cast("object", value))
    text = value.strip()
    if len(text) > field.length:
        message = f"{field.name}: data value too large: {text} (max length={field.length})"
        raise SalesforceError("STRING_TOO_LONG", message, [field.name])
    if field.type == "email" and text and field.length < LONG_ADDRESS and not _is_email(text):
        message = f"{field.name}: invalid email address: {text}"
        raise SalesforceError("INVALID_EMAIL_ADDRESS", message, [field.name])
    if field.values and field.is_restricted and text not in field.values:
        message = f"{field.name}: bad value for restricted picklist field: {text}"
        raise SalesforceError("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, [field.name])
    return text or None


def _is_email(text: str) -> bool:
    return _EMAIL.fullmatch(text) is not None


def _reference(world: World, field: Field, value: Json) -> str:
    found = full_id(value)
    if found is None:
        message = f"{_label(field)}: id value of incorrect type: {value}"
        raise SalesforceError("MALFORMED_ID", message, [field.name])
    target = sobject_of(found)
    if target not in field.targets:
        message = f"{_label(field)}: id value of incorrect type: {found}"
        raise SalesforceError("FIELD_INTEGRITY_EXCEPTION", message, [field.name])
    row = world.table(f"salesforce.{target}").get(found)
    if row is None:
        raise SalesforceError(
            "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", [field.name]
        )
    if row.get("IsDeleted"):
        raise SalesforceError("ENTITY_IS_DELETED", "entity is deleted", [field.name])
    return found


def _label(field: Field) -> str:
    return field.name.removesuffix("Id") + " ID" if field.name.endswith("Id") else field.name


def _number(field: Field, value: Json) -> float | int:
    if isinstance(value, bool):
        raise _unreadable(field, value)
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise _unreadable(field, value) from None
    largest = LARGEST_INT if field.type == "int" else LARGEST_NUMBER
    if not abs(number) <= largest:
        message = f"{field.name}: value outside of valid range on numeric field: {value}"
        raise SalesforceError("NUMBER_OUTSIDE_VALID_RANGE", message, [field.name])
    return int(number) if field.type == "int" else number


def _boolean(field: Field, value: Json) -> bool:
    if not isinstance(value, bool):
        raise _unreadable(field, value)
    return value


def _date(field: Field, value: Json) -> str:
    try:
        return date.fromisoformat(str(value)[:10]).isoformat()
    except ValueError:
        raise _unreadable(field, value) from None


def _datetime(field: Field, value: Json) -> str:
    try:
        return timestamp(instant(str(value)))
    except ValueError:
        raise _unreadable(field, value) from None


def _time(field: Field, value: Json) -> str:
    if not _TIME.fullmatch(str(value)):
        raise _unreadable(field, value)
    return f"{value[:5]}:00.000Z"


def _refused_id(field: Field, value: Json) -> Json:
    message = f"The {field.name} field should not be specified in the sobject data: {value}"
    raise SalesforceError("INVALID_FIELD", message, [field.name])


_CLEANERS: dict[str, Callable[[Field, Any], Json]] = {
    "boolean": _boolean,
    "date": _date,
    "datetime": _datetime,
    "id": _refused_id,
    "time": _time,
}


def _unreadable(field: Field, value: Json) -> SalesforceError:
    kind = "VALUE_STRING" if isinstance(value, str) else f"VALUE_{type(value).__name__.upper()}"
    message = (
        f"Cannot deserialize instance of {field.type} from {kind} value {value} or request may be "
        "missing a required field at [line:1, column:1]"
    )
    return SalesforceError("JSON_PARSER_ERROR", message, [field.name])


def _wrong_type(field: Field, value: Json) -> SalesforceError:
    message = f"{field.name}: value not of required type: {value}"
    return SalesforceError("INVALID_TYPE_ON_FIELD_IN_RECORD", message, [field.name])
