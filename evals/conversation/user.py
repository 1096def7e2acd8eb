"""The person who talks with the worker: a script with rules, and an audit of its own faults.

It is as dull as it can be: it says what its case scripts, reacts once to each kind of answer that
its case names, and says yes only to a proposal that shows what it asked for. That it kept to that
is looked at afterwards, by what Slack and the ledger hold: a person who did something else makes
a trial worthless, whatever the model did.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from domain.conversation.answers import Shown
from evals.cases.conversation import Move, Press, Reaction, Talk

MOST_MESSAGES = 12
"""A conversation that takes longer is at its end."""


@dataclass(frozen=True)
class Answered:
    """One message that was said, and what came back."""

    by: str
    text: str
    shown: Shown
    """As the product made it: the model's words that passed, and the answers behind them."""
    read: str
    """All words that the person read in Slack."""
    calls: tuple[str, ...]
    """The tools that the model called."""
    thoughts: int
    """How often the model was asked."""
    raw: str = ""
    """What the model said last, before the product's checks."""


@dataclass(frozen=True)
class Pressed:
    """A word on a proposal."""

    by: str
    yes: bool
    proposal: str
    wants: Press
    showed: str
    """What the proposal showed when it was pressed."""


@dataclass
class Person:
    """What a case's person does next, one move at a time."""

    talk: Talk
    _moves: list[Move] = field(default_factory=list[Move])
    _reactions: list[Reaction] = field(default_factory=list[Reaction])

    def __post_init__(self) -> None:
        """Nothing is said yet."""
        self._moves = list(self.talk.moves)
        self._reactions = list(self.talk.reactions)

    def next(self, last: Shown | None) -> Move | None:
        """A reaction to the last answer if one fits, else the script; None at the end."""
        kind = None if last is None else kind_of(last)
        for one in self._reactions:
            if one.when == kind:
                self._reactions.remove(one)
                return one.then
        return self._moves.pop(0) if self._moves else None

    @property
    def unsaid(self) -> list[str]:
        """What the script still holds."""
        return [one.words for one in self._moves if one.words is not None]


def kind_of(shown: Shown) -> str:
    """What an answer is to a person: a proposal, a question which one is meant, a refusal."""
    last = shown.answers[-1] if shown.answers else None
    if last is not None and last.proposal is not None:
        return "proposal"
    if last is not None and last.is_failure and len(last.cards) > 1:
        return "which"
    if shown.said.rstrip().endswith("?"):
        return "which"
    return "refused" if last is None or last.is_failure else "answer"


def says_yes(press: Press, showed: str) -> bool:
    """Whether the person presses yes: it wants to, and reads what it asked for."""
    read = showed.casefold()
    return press.yes and all(one.casefold() in read for one in press.sees)


def audit(
    talk: Talk, person: Person, answered: Sequence[Answered], pressed: Sequence[Pressed]
) -> Iterator[str]:
    """The person's own faults in a conversation that was held; none makes it fit for a score."""
    scripted = [*talk.moves, *(one.then for one in talk.reactions)]
    words = [one.words for one in scripted if one.words is not None]
    for one in answered:
        if one.text not in words:
            yield f'the person said "{one.text}", which its case does not script'
        elif one.by != talk.who:
            yield f"{one.by} said what {talk.who} was to say"
    said = [one.text for one in answered]
    for text in set(said):
        if said.count(text) > words.count(text):
            yield f'the person said "{text}" {said.count(text)} times'
    if person.unsaid and len(answered) < MOST_MESSAGES:
        yield f'the person never said "{person.unsaid[0]}"'
    for press in pressed:
        if press.yes and not says_yes(press.wants, press.showed):
            yield f"the person said yes to what it did not ask for: {press.showed}"
        if press.by != (press.wants.by or talk.who):
            yield f"{press.by} pressed in the place of {press.wants.by or talk.who}"
