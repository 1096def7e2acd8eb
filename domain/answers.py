"""What the worker answers in a conversation: made by code from records, each with its source."""

from collections.abc import Sequence

from domain.values import CycleId, LeadKey, RecordId, Value


class Card(Value):
    """One lead in an answer."""

    lead: LeadKey
    cycle: CycleId
    title: str
    record_id: RecordId | None = None
    """None until it is in Salesforce."""
    lines: tuple[str, ...] = ()


class Answer(Value):
    """One answer; every sentence is a record's, and every figure is counted by code."""

    title: str
    lines: tuple[str, ...] = ()
    cards: tuple[Card, ...] = ()
    source: str = ""
    """Where it is from, and as of when."""
    proposal: str | None = None
    """The proposal that waits for a word."""
    is_failure: bool = False
    """Nothing was found or allowed: the lines say what to do."""

    def facts(self) -> list[str]:
        """Every sentence of it: what a model may repeat."""
        cards = [text for card in self.cards for text in (card.title, *card.lines)]
        return [self.title, *self.lines, *cards, self.source]

    def text(self) -> str:
        """The answer for a terminal, or for a model."""
        lines = [self.title, *(f"  {line}" for line in self.lines)]
        for card in self.cards:
            lines += [f"  - {card.title}", *(f"      {line}" for line in card.lines)]
        return "\n".join([*lines, *([f"  ({self.source})"] if self.source else [])])


class Shown(Value):
    """What is shown of one turn: what was said, and the answers it rests on."""

    said: str = ""
    """A model's sentence that passed the checks; empty when the answers speak for themselves."""
    answers: tuple[Answer, ...] = ()

    @property
    def summary(self) -> str:
        """One line of it, for notifications."""
        if self.said:
            return self.said
        return self.answers[0].title if self.answers else "Nothing to say."


def leads_of(answers: Sequence[Answer]) -> list[CycleId]:
    """The leads that answers are about, in order: what "this" means next."""
    return list(dict.fromkeys(card.cycle for answer in answers for card in answer.cards))
