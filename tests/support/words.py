"""Whether a text that somebody reads keeps to the product's language; one file has the phrases."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from ruamel.yaml import YAML

from tests.support.repository import ROOT

Audience = Literal["developers", "operators", "people"]
READ_BY: dict[Audience, tuple[Audience, ...]] = {
    "developers": ("developers",),
    "operators": ("developers", "operators"),
    "people": ("developers", "operators", "people"),
}
"""Whose bans hold for whom: the nearer to the customer, the stricter."""
CLOCK = re.compile(r"\b\d{1,2}:\d{2}\b(?!:)")
ZONED = re.compile(
    r"\b\d{1,2}:\d{2}(\s?[AP]M)?(\s*(to|-)\s*\d{1,2}:\d{2}(\s?[AP]M)?)?\s+([A-Z]{2,5}|[+-]\d{2}:?\d{0,2})\b"
)


@dataclass(frozen=True)
class Hit:
    """One banned phrase in one text."""

    where: str
    found: str
    say: str

    def __str__(self) -> str:
        return f"{self.where}: {self.found!r}: say {self.say}"


@cache
def _phrases() -> dict[str, Any]:
    text = (ROOT / "tests/language/phrases.yaml").read_text(encoding="utf-8")
    return YAML(typ="safe").load(text)


def hits(text: str, where: str, audience: Audience) -> Iterator[Hit]:
    """Every banned phrase in a text that this audience reads."""
    book = _phrases()
    allowed = {(one["phrase"], one["where"]) for one in book["allowances"]}
    for part in READ_BY[audience]:
        for one in book[part]:
            found = re.search(one["phrase"], text, re.IGNORECASE)
            if found is not None and (one["phrase"], where) not in allowed:
                yield Hit(where, _around(text, found), one["say"])


def zoneless(text: str, where: str) -> Iterator[Hit]:
    """Every time of day that has no time zone behind it."""
    zoned = {one.start() for one in ZONED.finditer(text)}
    for one in CLOCK.finditer(text):
        if one.start() not in zoned and not any(
            whole.start() <= one.start() < whole.end() for whole in ZONED.finditer(text)
        ):
            yield Hit(where, _around(text, one), "the time with its zone")


def _around(text: str, found: re.Match[str]) -> str:
    start, end = max(0, found.start() - 30), min(len(text), found.end() + 30)
    return text[start:end].replace("\n", " ")
