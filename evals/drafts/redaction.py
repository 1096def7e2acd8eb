"""Names, companies, addresses and numbers replaced, the same by the same, and checked to be gone.

What is known to be somebody's is replaced wherever it stands, by the word; what only looks like an
address, a telephone number or an id is replaced too. If anything known still stands in a text at
the end, nothing is written at all.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice
from typing import Any, cast

from domain.errors import RoutereadyError

_FIRST: Sequence[str] = (
    "Alex Bo Cleo Dale Eden Finn Gale Hana Indy Jude Kai Lane Mika Noel Olin Pia".split()
)
_LAST: Sequence[str] = (
    "Alder Birch Cedar Dogwood Elder Fir Gorse Hazel Ivy Juniper Larch Maple Oak Pine".split()
)
_TRADE: Sequence[str] = "Works Mills Labs Foods Metal Print Marine Energy".split()
_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_SITE = re.compile(
    r"\b(?:https?://\S+|(?:[\w-]+\.)+(?:com|net|org|io|co|ai|dev|de|fr|uk|example))\b"
)
_PHONE = re.compile(r"\+?\d[\d ().-]{6,}\d")
_RECORD = re.compile(r"\b(?:[a-zA-Z0-9]{18}|0[0-9a-zA-Z]{14}|\d{5,})\b")
_LONGEST_NAME = 4
"""Words; what is longer is a sentence that somebody typed, and is replaced as a whole."""
_SHORTEST = 3
"""Letters; a shorter part of a name stands in too many words to be replaced alone."""


class RedactionError(RoutereadyError):
    """Something that must not leave still stands in a text."""


@dataclass
class Redactor:
    """What is replaced by what; the same by the same, in the order in which it was learned."""

    _words: dict[str, str] = field(default_factory=dict[str, str])
    _people: int = 0
    _companies: int = 0

    def learn_person(self, name: str, stands_for: str | None = None) -> None:
        """A person's full name; without a stand-in the next made-up one is taken."""
        if not name.strip() or name.casefold() in self._words:
            return
        if stands_for is None:
            stands_for = _made_up(_FIRST, _LAST, self._people)
            self._people += 1
        self._words[name.casefold()] = stands_for
        theirs, ours = name.split(), stands_for.split()
        if len(theirs) > _LONGEST_NAME:
            return
        for part, other in zip(theirs, islice(cycle(ours), len(theirs)), strict=True):
            if len(part) >= _SHORTEST:
                self._words.setdefault(part.casefold(), other)

    def learn_company(self, name: str) -> None:
        """A company's name; its first word stands for it too."""
        if not name.strip() or name.casefold() in self._words:
            return
        stands_for = _made_up(_LAST, _TRADE, self._companies)
        self._companies += 1
        self._words[name.casefold()] = stands_for
        first = name.split(maxsplit=1)[0].strip(",.")
        if len(first) >= _SHORTEST:
            self._words.setdefault(first.casefold(), stands_for.split()[0])

    def learn_address(self, address: str, stands_for: str) -> None:
        """A colleague's email address, and the one that stands for it."""
        self._words[address.casefold()] = stands_for

    def text(self, text: str) -> str:
        """A text with everything replaced."""
        known = sorted(self._words, key=len, reverse=True)
        kept = {key: f"\x00{index}\x00" for index, key in enumerate(known)}
        text = _replaced(text, [one for one in known if "@" in one], kept)
        text = _SITE.sub("company.example", _ADDRESS.sub("somebody at company.example", text))
        text = _replaced(text, [one for one in known if "@" not in one], kept)
        text = _RECORD.sub("(an id)", _PHONE.sub("(a telephone number)", text))
        return re.sub("\x00(\\d+)\x00", lambda one: self._words[known[int(one[1])]], text)

    def value(self, value: object) -> Any:  # noqa: ANN401  (JSON)
        """A JSON value with all its texts replaced; keys stay."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            given = cast("Mapping[str, object]", value)
            return {key: self.value(one) for key, one in given.items()}
        if isinstance(value, (list, tuple)):
            return [self.value(one) for one in cast("Iterable[object]", value)]
        return value

    def check(self, text: str, unsaid: Collection[str] = ()) -> None:
        """Raise RedactionError when anything that is known still stands in a text.

        `unsaid` are words that the form of the text has by itself, and that tell of nobody.
        """
        ours = {word.casefold() for one in self._words.values() for word in [one, *one.split()]}
        for known in self._words.keys() - ours - set(unsaid):
            if re.search(rf"(?<!\w){re.escape(known)}(?!\w)", text, re.IGNORECASE):
                raise RedactionError(f"{known!r} still stands in a draft; nothing was written")


def _replaced(text: str, known: Sequence[str], kept: Mapping[str, str]) -> str:
    if not known:
        return text
    pattern = rf"(?<!\w)(?:{'|'.join(map(re.escape, known))})(?!\w)"
    return re.sub(pattern, lambda one: kept[one[0].casefold()], text, flags=re.IGNORECASE)


def _made_up(first: Sequence[str], second: Sequence[str], number: int) -> str:
    around, index = divmod(number, len(first))
    return f"{first[index]} {second[(index + around) % len(second)]}"
