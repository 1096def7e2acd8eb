"""Labels by the phrases that stand in a text: longest first, never a word that a phrase took."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from domain.intake.vocabulary.texts import fold

STRONG, WEAK = ",", "&"
"""Marks between words: where another part begins, and where two things stand side by side."""

_ABBREVIATED = re.compile(r"(?<!\w)(?:[^\W\d_]\.){2,}(?:[^\W\d_](?!\w))?")
_PAIR = re.compile(r"(?<!\w)([^\W\d_])\s?[&+]\s?([^\W\d_])(?!\w)")
_THROUGH = re.compile(r"(?<=\w)-(?:to|2)-(?=\w)", re.IGNORECASE)
_PART = re.compile(
    r"\s[-\u2013\u2014~]+\s|[,;:|()\[\]{}\u2022\u00b7@\u3001\uff0c\uff08\uff09\n]|\s[-\u2013\u2014]+$|^[-\u2013\u2014]+\s"
)
_SIDE = re.compile(r"[&+/\\\u30fb\uff0f]")
_AT = frozenset({"at", "bei", "chez", "presso"})
_AND = frozenset({"and", "und", "et", "y", "och", "og", "en", "i", "и", "ve"})
_WIDE = re.compile(r"([\u2e80-\u9fff\uf900-\ufaff])")
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"})


def words_of(text: str) -> tuple[str, ...]:
    """A text's folded words, with marks between its parts; letters of CJK scripts stand alone."""
    spelled = _ABBREVIATED.sub(lambda found: found[0].replace(".", ""), text)
    spelled = _THROUGH.sub("2", _PAIR.sub(r"\1\2", spelled))
    marked = _SIDE.sub(" \ue001 ", _PART.sub(" \ue000 ", spelled))
    words: list[str] = []
    for piece in marked.split(" "):
        if piece in ("\ue000", "\ue001"):
            words.append(STRONG if piece == "\ue000" else WEAK)
            continue
        words += [
            STRONG if word in _AT else WEAK if word in _AND else word
            for word in _WIDE.sub(r" \1 ", fold(piece)).split()
        ]
    return tuple(words)


class Found(NamedTuple):
    """A phrase that stands in a text."""

    label: str
    start: int
    end: int
    """Of its words, the end not among them."""


@dataclass(frozen=True, slots=True)
class _Form:
    words: tuple[str, ...]
    label: str
    begins: bool
    ends: bool

    def fits(self, words: Sequence[str], at: int) -> bool:
        """Whether the phrase stands there, at the ends of a part where it must."""
        end = at + len(self.words)
        if tuple(words[at:end]) != self.words:
            return False
        begins = at == 0 or words[at - 1] in (STRONG, WEAK)
        ends = end == len(words) or words[end] in (STRONG, WEAK)
        return (begins or not self.begins) and (ends or not self.ends)


def spellings(phrase: str) -> set[tuple[str, ...]]:
    """A phrase's words in the ways people write them: with umlauts or without."""
    lower = unicodedata.normalize("NFC", phrase.casefold())
    written = {lower, lower.translate(_UMLAUTS)}
    return {_plain_words(_PAIR.sub(r"\1\2", one)) for one in written} - {()}


def _plain_words(text: str) -> tuple[str, ...]:
    words = _WIDE.sub(r" \1 ", fold(text)).split()
    return tuple(WEAK if word in _AND and len(words) > 1 else word for word in words)


class Phrases:
    """A vocabulary compiled once: which label each phrase has."""

    def __init__(self, labels: Mapping[str, Iterable[str]], *, marked: bool = True) -> None:
        """`marked`: texts come with the marks between their parts, so "and" is no word of them."""
        self._small = frozenset[str]() if marked else _AT | {WEAK}
        self._forms: dict[str, list[_Form]] = {}
        self._beginnings: dict[str, str] = {}
        self._endings: dict[str, str] = {}
        for label, phrases in labels.items():
            for phrase in phrases:
                self._add(label, phrase)
        for forms in self._forms.values():
            forms.sort(key=lambda one: (-len(one.words), -one.begins - one.ends))
        self._longest = sorted({len(part) for part in self._beginnings}, reverse=True)
        self._longest_end = sorted({len(part) for part in self._endings}, reverse=True)

    def _add(self, label: str, phrase: str) -> None:
        core = phrase.strip("^$")
        for spelled in spellings(core.replace("*", "")):
            words = tuple(one for one in spelled if one not in self._small) or spelled
            if core.endswith("*"):
                self._beginnings.setdefault(words[0], label)
            elif core.startswith("*"):
                self._endings.setdefault(words[0], label)
            else:
                form = _Form(words, label, phrase.startswith("^"), phrase.endswith("$"))
                self._forms.setdefault(words[0], []).append(form)

    def found(self, words: Sequence[str]) -> list[Found]:
        """All phrases in a text, from left to right, none within another."""
        hits: list[Found] = []
        at = 0
        while at < len(words):
            form = next(
                (one for one in self._forms.get(words[at], ()) if one.fits(words, at)), None
            )
            if form is not None:
                hits.append(Found(form.label, at, at + len(form.words)))
                at += len(form.words)
                continue
            label = self._part(words[at])
            if label is not None:
                hits.append(Found(label, at, at + 1))
            at += 1
        return hits

    def whole(self, words: Sequence[str]) -> str | None:
        """The label of a text that is one phrase; None for any other."""
        forms = self._forms.get(words[0], ()) if words else ()
        return next((one.label for one in forms if one.words == tuple(words)), None)

    def _part(self, word: str) -> str | None:
        for length in self._longest:
            if length < len(word) and word[:length] in self._beginnings:
                return self._beginnings[word[:length]]
        for length in self._longest_end:
            if length < len(word) and word[-length:] in self._endings:
                return self._endings[word[-length:]]
        return None
