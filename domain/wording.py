"""Whether a sentence that a model wrote says only what is in the facts.

Every number, every name and every address in it must stand in the facts; anything that Slack would
format, link or mention is refused. What doesn't pass is replaced by the template, never mended.
"""

import re
from collections.abc import Sequence

LONGEST = 240
"""Characters; a rep reads this on a phone."""

_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_WORD = re.compile(r"[^\W\d_][\w'-]*")
_ADDRESS = re.compile(
    r"://|www\.|\b[\w.-]+\.(?:com|net|org|io|co|ai|dev|example)\b|@", re.IGNORECASE
)
_MARKUP = re.compile(r"[<>*_~`|\[\]{}\n]|&(?:amp|lt|gt);")
_SENTENCES = re.compile(r"(?<=[.!?])\s+")
_SENTENCE_START = re.compile(r"(?:^|[.!?:]\s+)([^\W\d_][\w'-]*)")


def faithful(text: str, facts: Sequence[str]) -> bool:
    """Whether a text may be shown: short, plain, and nothing in it that the facts don't hold."""
    if not text.strip() or len(text) > LONGEST:
        return False
    if _ADDRESS.search(text) or _MARKUP.search(text):
        return False
    known = " ".join(facts)
    numbers = set(_NUMBER.findall(known))
    if any(number not in numbers for number in _NUMBER.findall(text)):
        return False
    words = {word.casefold() for word in _WORD.findall(known)}
    return all(name.casefold() in words for name in _names(text))


MOST_LINES = 6


def faithful_lines(text: str, facts: Sequence[str]) -> bool:
    """Whether an answer of a few lines may be shown: each line by itself, and not too many.

    A colleague's question is no fact: what an answer repeats must stand in what was looked up.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    sentences = [one for line in lines for one in _SENTENCES.split(line.strip()) if one]
    return 0 < len(lines) <= MOST_LINES and all(faithful(one, facts) for one in sentences)


def _names(text: str) -> list[str]:
    """Words with a capital that don't begin a sentence, and those that do but look like names."""
    openers = {found.start(1) for found in _SENTENCE_START.finditer(text)}
    found: list[str] = []
    for word in _WORD.finditer(text):
        is_capital = word[0][0].isupper()
        if is_capital and word[0] != "I" and word.start() not in openers:
            found.append(word[0])
    return found
