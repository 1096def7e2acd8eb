"""The border: what strangers send, made safe before anything else sees it.

Vendors, spreadsheets, people and models send half an emoji, a NUL, a number without end. Text that
no database stores, no file holds and no vendor takes is replaced by U+FFFD, which whoever reads it
recognizes. What is too deep to be a record is refused whole.
"""

import re
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
_HALVES = re.compile("[\ud800-\udfff]")
REPLACED = "\ufffd"


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
    """A value of JSON with every text, name and number in it made safe.

    Raises:
        ValueError: it is nested more deeply than any record is.
    """
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
            raise ValueError(f"nested more than {DEEPEST} levels deep")
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
        ValueError: it is not JSON, or nested too deeply.
    """
    try:
        told = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        told = body.decode("utf-8-sig", "replace")
    try:
        return safe(loads(told, strict=False, parse_int=_whole))
    except RecursionError:
        raise ValueError(f"nested more than {DEEPEST} levels deep") from None


def _whole(digits: str) -> int | str:
    """A whole number; one that is too long stays as it is written."""
    return int(digits) if len(digits) <= LONGEST_NUMBER else digits
