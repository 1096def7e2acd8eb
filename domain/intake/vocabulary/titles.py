"""Job titles to seniority and function, in the languages our leads write."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

from domain.intake.vocabulary.phrases import WEAK, Found, Phrases, words_of

_IT = "it"
_WEAK_LABEL = "~"
_NOTHING = "-"
SENIORITIES = ("c_level", "vp", "director", "manager", "individual", "student")


class Titles:
    """The vocabularies of seniority and function, compiled once."""

    def __init__(
        self, seniority: Mapping[str, Sequence[str]], function: Mapping[str, Sequence[str]]
    ) -> None:
        self._seniority = Phrases(seniority)
        self._function = Phrases(function)
        labels = (label.removesuffix(_WEAK_LABEL) for label in function if label != _NOTHING)
        self.functions = tuple(dict.fromkeys(labels))
        self._rank = {label: place for place, label in enumerate(seniority)}
        self.read = lru_cache(maxsize=16384)(self._read)

    def _read(self, title: str) -> tuple[str, str | None]:
        """A title's seniority, `individual` where nothing tells, and its function if it says."""
        words = words_of(title)
        levels = self._seniority.found(words)
        functions = self._function.found(words)
        if "it" in words and not _means_it(title, words, levels, functions):
            functions = [one for one in functions if words[one.start : one.end] != (_IT,)]
        return self._level(words, levels), _function(functions)

    def _level(self, words: Sequence[str], hits: Sequence[Found]) -> str:
        if any(one.label == "assistant" for one in hits):
            return "individual"
        own = _before_to(words, hits)
        told = [one for one in own if one.label not in (_NOTHING, "student")]
        if not told and any(one.label == "student" and _stands_alone(words, one) for one in own):
            return "student"
        ranked = [one.label for one in told]
        return min(ranked, key=lambda label: self._rank[label]) if ranked else "individual"


def _before_to(words: Sequence[str], hits: Sequence[Found]) -> Sequence[Found]:
    """The phrases before a "to" that no phrase took: "advisor to the president" is no president."""
    taken = {at for one in hits for at in range(one.start, one.end)}
    to = next((at for at, word in enumerate(words) if word == "to" and at not in taken), None)
    return hits if to is None else [one for one in hits if one.start < to]


def _stands_alone(words: Sequence[str], hit: Found) -> bool:
    """Whether no "and" follows: student and alumni affairs are somebody's work."""
    return hit.end == len(words) or words[hit.end] != WEAK


def _means_it(
    title: str, words: Sequence[str], levels: Sequence[Found], functions: Sequence[Found]
) -> bool:
    """Whether "it" is the department: in capitals, or beside another word of titles."""
    if "IT" in title or "I.T" in title or len(words) == 1:
        return True
    return bool(levels) or any(words[one.start : one.end] != (_IT,) for one in functions)


def _function(hits: Sequence[Found]) -> str | None:
    """The function of the first group that has one, by the last word of it; weak ones last."""
    named = [one for one in hits if one.label != _NOTHING]
    strong = [one for one in named if not one.label.endswith(_WEAK_LABEL)]
    if not strong:
        return named[0].label.removesuffix(_WEAK_LABEL) if named else None
    last = strong[0]
    for one in strong[1:]:
        if one.start != last.end:
            break
        last = one
    return last.label
