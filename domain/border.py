"""The border: what strangers send, made safe before anything else sees it.

Vendors, spreadsheets, people and models send half an emoji, a NUL, a number without end. Text that
no database stores, no file holds and no vendor takes is replaced by U+FFFD, which whoever reads it
recognizes. So is what lies deeper than any record does: the other records beside it can be read.
"""

import re
from datetime import UTC, datetime
from json import loads
from math import isfinite
from typing import Any, cast

Json = Any
"""A value of JSON."""

LONGEST_TEXT = 131_072
"""Characters of one text; the longest text area that Salesforce has."""
DEEPEST = 64
"""Levels of lists and objects in one value."""
LONGEST_NUMBER = 18
"""Digits of a whole number that every database and every float still holds."""

_UNSAFE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
"""Controls but tab and line ends, halves of pairs, and what Unicode says is no character."""
_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)
"""Texts and brackets of JSON."""
_HALVES = re.compile("[\ud800-\udfff]")
REPLACED = "\ufffd"
_FIRST_YEAR, _LAST_YEAR = 1900, 2200
"""What a record can be dated; everything else is a default, a joke or an overflow."""


def text(value: str) -> str:
    """A text without what can't be kept, and of a bounded length."""
    return text_of_any_length(value[:LONGEST_TEXT])


def text_of_any_length(value: str) -> str:
    """A text without what can't be kept, such as a file's, whose length is bounded elsewhere."""
    if _UNSAFE.search(value) is None:
        return value
    if _HALVES.search(value) is not None:
        # Two halves that belong together become the one character that they stand for.
        value = value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return _UNSAFE.sub(REPLACED, value)


def safe(value: Json, depth: int = DEEPEST) -> Json:
    """A value of JSON with every text, name and number in it made safe, and of a bounded depth."""
    match value:
        case str():
            return text(value)
        case bool() | None:
            return value
        case float():
            return value if isfinite(value) else None
        case int():
            return value if abs(value) < 10**LONGEST_NUMBER else str(value)
        case _ if depth == 0:
            return REPLACED
        case dict():
            row = cast("dict[Any, Json]", value)
            return {text(str(name)): safe(one, depth - 1) for name, one in row.items()}
        case list() | tuple():
            return [safe(one, depth - 1) for one in cast("list[Json]", value)]
        case _:
            return value


def decode(body: bytes) -> Json:
    """JSON as it came over a wire, made safe; bytes that are no UTF-8 become U+FFFD.

    Raises:
        ValueError: it is not JSON.
    """
    try:
        told = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        told = body.decode("utf-8-sig", "replace")
    try:
        return safe(loads(told, strict=False, parse_int=_whole))
    except RecursionError:
        return safe(loads(_cut(told), strict=False, parse_int=_whole))


def _cut(told: str) -> str:
    """JSON with U+FFFD in the place of everything that no parser would reach the end of."""
    kept: list[str] = []
    depth = end = 0
    for token in _TOKENS.finditer(told):
        sign = token[0]
        if sign in "[{":
            if depth == DEEPEST:
                kept.append(f'{told[end : token.start()]}"{REPLACED}"')
            depth += 1
        elif sign in "]}":
            depth -= 1
            if depth == DEEPEST:
                end = token.end()
    if depth > DEEPEST:
        raise ValueError("nested without end")
    return "".join((*kept, told[end:]))


def moment(value: Json) -> datetime:
    """A moment as vendors write one (`Z`, `+0000`, `-05:00`, `Z+0000`, or none for UTC), in UTC.

    Raises:
        ValueError: it is no text, no date, or of no year in which anything was recorded.
    """
    if not isinstance(value, str):
        raise ValueError(f"{kind_of(value)} where a date and time should be")  # noqa: TRY004
    try:
        told = datetime.fromisoformat(value.strip().upper().replace("Z+0000", "Z"))
        at = (told if told.tzinfo else told.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("a text that is no date and time") from None
    if not _FIRST_YEAR <= at.year < _LAST_YEAR:
        raise ValueError(f"a date of the year {at.year}")
    return at


def epoch(value: Json) -> datetime | None:
    """A moment in seconds since 1970, as Slack writes one; None for none or one that can't be."""
    try:
        at = datetime.fromtimestamp(float(value), UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return None
    return at if _FIRST_YEAR <= at.year < _LAST_YEAR else None


def number_of(value: Json) -> str:
    """A vendor's whole number as digits, however it was written: 7, 7.0 and "7" are one.

    Raises:
        ValueError: it is none that fits a database.
    """
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    digits = str(value).strip() if isinstance(value, int | str) else ""
    is_one = digits.isascii() and digits.isdigit() and len(digits) <= LONGEST_NUMBER
    if isinstance(value, bool) or not is_one:
        raise ValueError(f"{kind_of(value)} where a number should be")
    return str(int(digits))


def record(value: Json) -> dict[str, Json]:
    """An object; empty where there is something else."""
    return cast("dict[str, Json]", value) if isinstance(value, dict) else {}


def records(value: Json) -> list[dict[str, Json]]:
    """A list of objects; none where there is nothing.

    Raises:
        ValueError: it is something else.
    """
    listed = cast("list[Json]", value) if isinstance(value, list) else None
    if value is None:
        return []
    if listed is None or not all(isinstance(one, dict) for one in listed):
        raise ValueError(f"{kind_of(value)} where a list of objects should be")
    return cast("list[dict[str, Json]]", listed)


def kind_of(value: Json) -> str:
    """What a value is, for a sentence that must not hold the value itself."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "a yes or no"
        case int() | float():
            return "a number"
        case str():
            return "a text"
        case dict():
            return "an object"
        case _:
            return "a list"


def _whole(digits: str) -> int | str:
    """A whole number; one that is too long stays as it is written."""
    return int(digits) if len(digits) <= LONGEST_NUMBER else digits
