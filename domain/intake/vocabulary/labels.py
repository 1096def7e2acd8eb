"""Industries and lead sources to the few words that rules and reports use."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

from domain.intake.vocabulary.phrases import STRONG, WEAK, Found, Phrases, words_of

FILLER, NOTHING = "filler", "-"
_MARKS = (STRONG, WEAK)


class Labels:
    """A closed list of labels, compiled once. Only a text that is understood whole has a label."""

    def __init__(self, labels: Mapping[str, Sequence[str]], *, first_wins: bool) -> None:
        """`first_wins`: of several labels the one that stands first, not what is the head noun."""
        own = {label: (label, *phrases) for label, phrases in labels.items() if _is_label(label)}
        others = {label: phrases for label, phrases in labels.items() if not _is_label(label)}
        self._phrases = Phrases({**own, **others}, marked=False)
        self._rank = {label: place for place, label in enumerate(own)}
        self._first_wins = first_wins
        self.names = tuple(own)
        self.read = lru_cache(maxsize=4096)(self._read)

    def _read(self, text: str) -> str | None:
        """The label of a text; None for one that isn't known, which then stays as it is."""
        words = words_of(text)
        plain = tuple(word for word in words if word not in _MARKS)
        label = self._whole(plain)
        if label is None and STRONG in words:
            return self._of_kind(words, plain)
        return label

    def _of_kind(self, words: Sequence[str], plain: Sequence[str]) -> str | None:
        """The label of `Event - Annual Gathering`: the kind, unless the rest speaks of another."""
        kind = tuple(word for word in words[: words.index(STRONG)] if word != WEAK)
        label = self._whole(kind)
        rest = {
            one.label for one in self._phrases.found(plain[len(kind) :]) if _is_label(one.label)
        }
        return label if rest <= {label} else None

    def _whole(self, words: Sequence[str]) -> str | None:
        hits = self._phrases.found(words)
        known = {at for one in hits for at in range(one.start, one.end)}
        if any(at not in known and not word.isdigit() for at, word in enumerate(words)):
            return None
        if any(one.label == NOTHING for one in hits):
            return None
        named = [one for one in hits if one.label != FILLER]
        if not named:
            return None
        if self._first_wins:
            return min((one.label for one in named), key=lambda label: self._rank[label])
        return _head(named)


def _is_label(name: str) -> bool:
    return name not in (FILLER, NOTHING)


def _head(hits: Sequence[Found]) -> str:
    """What the last of several words that stand side by side says: legal software is software."""
    last = hits[0]
    for one in hits[1:]:
        if one.start != last.end:
            break
        last = one
    return last.label
