"""Whether a sentence that a model wrote says only what is in the facts.

Every number, every name and every address in it must stand in the facts; anything that Slack would
format, link or mention is refused. What doesn't pass is replaced by the template, never repaired.
"""

import re
from collections.abc import Sequence

LONGEST = 240
"""Characters; a rep reads this on a phone."""

_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_WORD = re.compile(r"[^\W\d_][\w'-]*")
_ADDRESS = re.compile(
    r"://|www\.|(?<=[\w.-])\.(?:com|net|org|io|co|ai|dev|example)\b|@", re.IGNORECASE
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
STEM = 5
"""Letters by which forms of one word are told to be the same: assigned, assignment."""
_PLAIN_WORDS = frozenset(
    "a an the this that these those it its he him his she her hers they them their you your i me my"
    " we us our who whose which what there here is are was were be been has have had do does did"
    " will would can could may might shall to of in on at by for from with as and or so than then"
    " now right currently also just about into up out s t".split()
)
"""Words that claim nothing by themselves. Words such as "not", "all" and "because" do."""


def grounds(text: str, facts: Sequence[str]) -> list[str] | None:
    """For each sentence of a model's answer the one fact that holds it; None if any has none.

    A fact holds a sentence when every number, every name and every word that claims something
    stands in it: names of two facts don't make a third, and a "not" must be the record's.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    sentences = [one for line in lines for one in _SENTENCES.split(line.strip()) if one]
    if not 0 < len(lines) <= MOST_LINES:
        return None
    found = [next((fact for fact in facts if _holds(fact, one)), None) for one in sentences]
    held = [fact for fact in found if fact is not None]
    return held if len(held) == len(sentences) else None


def _holds(fact: str, sentence: str) -> bool:
    return faithful(sentence, [fact]) and _claims(sentence) <= _claims(fact)


def _claims(text: str) -> set[str]:
    words = {word.casefold().removesuffix("'s") for word in _WORD.findall(text)}
    return {word[:STEM] for word in words - _PLAIN_WORDS}


_MAIL = re.compile(r"[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+")
"""No address has more before its @ (RFC 5321); without that end a long word takes minutes."""
_PHONE = re.compile(r"\+\d[\d ()/.-]{6,}\d")


def without_addresses(text: str) -> str:
    """A text for a model: no email address and no phone number, for no task needs one."""
    return _PHONE.sub("[phone number]", _MAIL.sub("[e-mail address]", text))


def _names(text: str) -> list[str]:
    """Words with a capital that don't begin a sentence, and those that do but look like names."""
    openers = {found.start(1) for found in _SENTENCE_START.finditer(text)}
    found: list[str] = []
    for word in _WORD.finditer(text):
        is_capital = word[0][0].isupper()
        if is_capital and word[0] != "I" and word.start() not in openers:
            found.append(word[0])
    return found
