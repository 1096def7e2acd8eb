"""Which values a person field takes, and texts as values of a field's type."""

from collections.abc import Callable
from datetime import date

from sandbox.http.message import Json
from sandbox.marketo.lead_database.schema import Field

WHOLE = ("integer", "score", "percent")
FRACTIONS = ("currency", "float")
LARGEST_INTEGER = 2**31 - 1


def _is_whole(value: Json) -> bool:
    text = str(value)
    if isinstance(value, bool) or not text.removeprefix("-").isdigit():
        return False
    return abs(int(text)) <= LARGEST_INTEGER


def _is_number(value: Json) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return not isinstance(value, bool)


def _is_date(value: Json) -> bool:
    try:
        date.fromisoformat(str(value)[:10])
    except ValueError:
        return False
    return True


_FITS: dict[str, Callable[[Json], bool]] = {
    "boolean": lambda value: isinstance(value, bool) or str(value).lower() in ("true", "false"),
    "integer": _is_whole,
    "score": _is_whole,
    "percent": _is_whole,
    "currency": _is_number,
    "float": _is_number,
    "date": _is_date,
    "datetime": _is_date,
    "email": lambda value: "@" in str(value) and str(value).isascii(),
}


def fits(field: Field, value: Json) -> bool:
    """Whether a field takes a value: type and length."""
    if isinstance(value, dict | list):
        return False
    if field.length and len(str(value)) > field.length:
        return False
    return _FITS.get(field.type, lambda _: True)(value)


def typed(field: Field, text: str) -> Json:
    """A text that fits a field, as a value of the field's type."""
    if not text:
        return text
    if field.type == "boolean":
        return text.lower() == "true"
    if field.type in WHOLE:
        return int(text)
    return float(text) if field.type in FRACTIONS else text
