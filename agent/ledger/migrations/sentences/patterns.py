"""Sentences read by patterns: the first that fits gives the code."""

import re
from collections.abc import Callable, Sequence
from typing import Any

Json = Any
"""A value of JSON, or a part of one."""
Rule = tuple[re.Pattern[str], Callable[[re.Match[str]], Json]]


class UnreadableError(ValueError):
    """A sentence that is none of 0.1.0's."""


def rule(pattern: str, read: Callable[[re.Match[str]], Json]) -> Rule:
    """A sentence and what it says."""
    return re.compile(pattern, re.DOTALL), read


def first(text: str, rules: Sequence[Rule]) -> Json | None:
    """What a sentence says by the first rule that fits it whole; None when none does."""
    for pattern, read in rules:
        found = pattern.fullmatch(text)
        if found is not None:
            return read(found)
    return None


def need(text: str, rules: Sequence[Rule]) -> Json:
    """What a sentence says; raises UnreadableError when no rule fits."""
    found = first(text, rules)
    if found is None:
        raise UnreadableError(f"not a sentence of 0.1.0: {text!r}")
    return found


def quoted(text: str) -> Json:
    """The sentence itself."""
    return {"kind": "quoted", "text": text}
