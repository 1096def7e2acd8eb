"""Company names as they are compared."""

import re
from functools import cache, lru_cache

from cleanco import basename
from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from domain.intake.vocabulary.shipped import vocabulary
from domain.intake.vocabulary.texts import fold

_STOP_WORDS = frozenset({"the", "and", "of", "und", "et", "y", "e", "de", "co"})
_INITIALS = re.compile(r"\b(?:\w\.){2,}(?:\w\b)?")
"""`J.B.`: dots that hold letters together."""
_HYPHENS = re.compile(r"(?<=\b\w)-(?=\w{3})|(?<=\b\w\w)-(?=\w{3})")
"""`Co-operative`, `E-Plus`: a hyphen within one word."""
_SHORTEST_SLIP = 4
"""One other letter in a shorter word makes another word of it."""


@cache
def _forms() -> frozenset[tuple[str, ...]]:
    return frozenset(tuple(one.split()) for one in vocabulary("companies")["form"])


@cache
def _fronts() -> tuple[str, ...]:
    return vocabulary("companies")["front"]


@cache
def _longest_form() -> int:
    return max(map(len, _forms()))


@cache
def _writings() -> dict[str, str]:
    """The one writing of words that people shorten."""
    return {
        short: word
        for word, shorts in vocabulary("companies").items()
        if word not in ("form", "front", "attached")
        for short in shorts
    }


@lru_cache(maxsize=65536)
def company_key(name: str) -> str:
    """A company's name for comparing: without legal form, accents, case and small words."""
    joined = _INITIALS.sub(lambda found: found[0].replace(".", ""), name)
    joined = _HYPHENS.sub("", joined).strip()
    for form in vocabulary("companies")["attached"]:
        joined = joined.removeprefix(form).removesuffix(form) or joined
    without_form = basename(joined.replace("&", " and "))
    words = _without_forms(fold(without_form).split())
    kept = [_writings().get(word, word) for word in words if word not in _STOP_WORDS]
    return " ".join(kept) or fold(name)


def _without_forms(words: list[str]) -> list[str]:
    """The words without the legal forms around them; never without all of them."""
    if len(words) > 1 and words[0] in _fronts():
        words = words[1:]
    plain = [word for word in words if word not in ("and", "und", "et", "y")]
    for size in range(min(_longest_form(), len(plain) - 1), 0, -1):
        if tuple(plain[-size:]) in _forms():
            return _without_forms(plain[:-size])
    return plain


@lru_cache(maxsize=65536)
def similarity(one: str, other: str) -> float:
    """How alike two company names are, from 0 to 1, legal forms and word order aside.

    Names in which one word stands for another one are as alike as these two words: a bank in Dover
    is none in Denver. A slip of the pen in a longer word is no other word; a number always is.
    """
    key, other_key = company_key(one), company_key(other)
    whole = fuzz.token_sort_ratio(key, other_key) / 100
    words, others = key.split(), other_key.split()
    left = [word for word in words if word not in others]
    right = [word for word in others if word not in words]
    if any(char.isdigit() for word in (*left, *right) for char in word):
        return min(whole, 0.5)
    if len(left) != len(right):
        return whole
    for word in left:
        nearest = max(right, key=lambda each: fuzz.ratio(word, each))
        right.remove(nearest)
        if not _is_slip(word, nearest):
            whole = min(whole, fuzz.ratio(word, nearest) / 100)
    return whole


def _is_slip(one: str, other: str) -> bool:
    """Whether two words are one, mistyped: a letter lost, doubled, taken or exchanged."""
    is_long = min(len(one), len(other)) >= _SHORTEST_SLIP
    return is_long and one[0] == other[0] and OSA.distance(one, other) <= 1
