"""Names, companies and titles as people write them, where somebody wrote all capitals or none."""

import re
from functools import cache, lru_cache

from domain.intake.vocabulary.shipped import vocabulary

_PARTS = re.compile(r"([-'\u2019/&+.])")
_TURKISH = frozenset("İŞĞış")
_SCOTS = re.compile(r"^(mc)([a-z]{3,})$")
_IRISH = frozenset({"o", "d", "l"})
_VOWELS = frozenset("aeiouyäöüàáâãåèéêëìíîïòóôõøùúû")
_SHORT = 4
"""An all-capitals word up to this length may be a name of its own, such as IBM or SAP."""


@cache
def _written(kind: str) -> dict[str, str]:
    return {word.lower(): word for word in vocabulary("spellings")[kind]}


def _is_shouted(text: str) -> bool:
    return text.isupper() or text.islower()


@lru_cache(maxsize=16384)
def person(text: str) -> str:
    """A person's name: `mcgregor` is McGregor, VAN DEN BERG van den Berg; others are kept."""
    if not _is_shouted(text):
        return text
    words = text.split(" ")
    if len(words) == 1 and (len(text) <= 2 or (text.isupper() and not _can_be_said(text))):  # noqa: PLR2004
        return text if text.isupper() else _capital(text, turkish=False)
    turkish = bool(_TURKISH & set(text))
    particles = _written("particles")
    *before, last = words
    kept = [
        low if (low := _lower(word, turkish=turkish)) in particles else _name(word, turkish=turkish)
        for word in before
    ]
    return " ".join([*kept, _name(last, turkish=turkish)])


def _name(word: str, *, turkish: bool) -> str:
    found = _SCOTS.match(_lower(word, turkish=turkish))
    if found:
        return found[1].capitalize() + found[2].capitalize()
    return _capital(word, turkish=turkish)


@lru_cache(maxsize=16384)
def company(text: str) -> str:
    """A company's name: legal forms and short names keep their letters."""
    if not _is_shouted(text):
        return text
    if text.isupper() and " " not in text and len(text) <= _SHORT:
        return text
    turkish = bool(_TURKISH & set(text))
    written, small = _written("company"), _written("small")
    words = text.split(" ")
    shown: list[str] = []
    for at, word in enumerate(words):
        plain = word.strip("(),").lower()
        if plain in small and at:
            shown.append(word.lower())
        elif plain in written and (at or word.isupper()):
            shown.append(word.lower().replace(plain, written[plain], 1))
        elif word.isupper() and len(word) <= _SHORT and not _can_be_said(word):
            shown.append(word)
        else:
            shown.append(_capital(word, turkish=turkish))
    return " ".join(shown)


@lru_cache(maxsize=16384)
def title(text: str) -> str:
    """A job title: CEO, VP and EMEA keep their capitals, small words stay small."""
    if not _is_shouted(text):
        return text
    turkish = bool(_TURKISH & set(text))
    written, small = _written("title"), _written("small")
    shown: list[str] = []
    for at, word in enumerate(text.split(" ")):
        plain = word.strip("(),;:").lower()
        if plain == "it" or plain not in small or not at:
            known = written.get(plain)
            shown.append(
                _parts(word, turkish=turkish)
                if known is None
                else word.lower().replace(plain, known, 1)
            )
        else:
            shown.append(word.lower())
    return " ".join(shown)


def _parts(word: str, *, turkish: bool) -> str:
    """A word whose parts may be short names: `ceo/cto`."""
    written = _written("title")
    parts = _PARTS.split(word)
    return "".join(written.get(part.lower()) or _capital(part, turkish=turkish) for part in parts)


def _can_be_said(word: str) -> bool:
    return not word.isascii() or bool(_VOWELS & set(word.lower()))


def _lower(word: str, *, turkish: bool) -> str:
    return (word.replace("I", "ı") if turkish else word).replace("İ", "i").lower()


def _capital(word: str, *, turkish: bool) -> str:
    """A word with a capital at the beginning of each of its parts."""
    parts = _PARTS.split(_lower(word, turkish=turkish))
    return "".join(
        _upper(part, turkish=turkish)
        if at == 0 or parts[at - 1] not in ("'", "\u2019") or parts[at - 2] in _IRISH
        else part
        for at, part in enumerate(parts)
    )


def _upper(part: str, *, turkish: bool) -> str:
    first = "İ" if turkish and part[:1] == "i" else part[:1].upper()
    return first + part[1:]
