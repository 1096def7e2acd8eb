"""Lengths of time as a policy file writes them: `90s`, `15m`, `4h`, `2d`, `1w`."""

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer

_DURATION = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*(s|m|h|d|w)\s*$")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def parse_duration(text: object) -> object:
    """Read "90s", "15m", "4h", "2d" or "1w"; anything else is left for pydantic to refuse."""
    return read_duration(text) if isinstance(text, str) else text


def read_duration(text: str) -> timedelta:
    """Read "90s", "15m", "4h", "2d" or "1w".

    Raises:
        ValueError: it is written in another way.
    """
    found = _DURATION.match(text)
    if found is None:
        raise ValueError(
            f'"{text}" is not a duration; use a number and a unit, such as 15m, 4h or 2d'
        )
    return timedelta(**{_UNITS[found[2]]: float(found[1])})


def format_duration(duration: timedelta) -> str:
    """Write a duration as a policy file does: the largest unit that fits without a rest."""
    seconds = int(duration.total_seconds())
    for unit, size in (("w", 604800), ("d", 86400), ("h", 3600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration, json_schema_input_type=str),
    PlainSerializer(format_duration, return_type=str),
]
"""A length of time, written as "15m", "4h" or "2d"."""
