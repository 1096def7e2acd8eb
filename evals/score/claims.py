"""Whether a model's words say what was looked up: each number, time, name and pairing of names.

Independent of the product's own check, which refuses words that stand nowhere in the facts. Here
it also matters what is said of whom: a number must stand beside the same thing, and a colleague
beside the same lead, in one of the facts.
"""

import re
from collections.abc import Iterator, Sequence

from domain.conversation.answers import Answer

_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n")
_NUMBER = re.compile(r"(\d+(?:[.,:]\d+)*)\s*(%|[^\W\d_]{3,})?")
_CLOCK = re.compile(r"\d{1,2}:\d{2}")
_STEM = 4
"""Letters by which two words are one: `lead` and `leads`, `late` and `lateness`."""


def unsupported(words: str, answers: Sequence[Answer], people: Sequence[str]) -> Iterator[str]:
    """What the words claim and no single fact holds; `people` are the colleagues' full names."""
    facts = [fact.casefold() for answer in answers for fact in _facts(answer)]
    titles = [card.title for answer in answers for card in answer.cards]
    for sentence in _SENTENCE.split(words):
        yield from _numbers(sentence, facts)
        yield from _pairs(sentence, facts, titles, people)


def _facts(answer: Answer) -> list[str]:
    """Sentences that hold together; what a card says is said of its lead."""
    cards = [f"{card.title} {' '.join(card.lines)}" for card in answer.cards]
    whole = [" ".join([answer.title, *answer.lines])] if len(answer.cards) == 1 else []
    return [answer.title, *answer.lines, *cards, *whole, answer.source]


def _numbers(sentence: str, facts: Sequence[str]) -> Iterator[str]:
    for found in _NUMBER.finditer(sentence):
        number, thing = found[1].rstrip(".,"), (found[2] or "").casefold()
        holds = [one for one in facts if re.search(rf"(?<![\d.,:]){re.escape(number)}(?!\d)", one)]
        if not holds:
            yield f"no fact holds {number}"
        elif thing and not _CLOCK.fullmatch(number) and not _beside(thing, holds):
            yield f"no fact says {number} {thing}"


def _beside(thing: str, facts: Sequence[str]) -> bool:
    return any(thing[:_STEM] in one for one in facts)


def _pairs(
    sentence: str, facts: Sequence[str], titles: Sequence[str], people: Sequence[str]
) -> Iterator[str]:
    said = sentence.casefold()
    names = {title.partition(",")[0].casefold() for title in titles}
    for lead in sorted(one for one in names if one in said):
        for person in (one for one in people if one.casefold() in said):
            if not any(lead in one and person.casefold() in one for one in facts):
                yield f"no fact puts {person} and {lead} together"
