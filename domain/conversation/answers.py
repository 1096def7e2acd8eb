"""What the worker answers in a conversation: made by code from records, each with its source."""

from collections.abc import Sequence

from domain.values import CycleId, LeadKey, RecordId, Value


class Ask(Value):
    """A button that asks something, as if the person had typed it after `/leads`."""

    label: str
    says: str


class Card(Value):
    """One lead in an answer, or one proposal that is pending the reader's approval."""

    title: str
    lead: LeadKey | None = None
    cycle: CycleId | None = None
    """None for what is not about one lead, such as a pause."""
    record_id: RecordId | None = None
    """None until it is in Salesforce."""
    lines: tuple[str, ...] = ()
    asks: tuple[Ask, ...] = ()
    """What can be asked of it at once; the same checks apply as to what is typed."""
    proposal: str | None = None
    """The proposal that the reader may decide."""
    yes: str = "Approve"
    """What the button does that lets the proposal happen."""
    no: str = "Deny"
    """What the button does that drops it."""


class Answer(Value):
    """One answer; every sentence is a record's, and every figure is counted by code."""

    title: str
    lines: tuple[str, ...] = ()
    cards: tuple[Card, ...] = ()
    source: str = ""
    """Where it is from, and as of when."""
    proposal: str | None = None
    """The proposal that is pending approval."""
    yes: str = "Approve"
    """What the button does that lets the proposal happen."""
    no: str = "Cancel"
    """What the button does that drops it."""
    about: tuple[CycleId, ...] = ()
    """Leads that it tells of without a card."""
    is_failure: bool = False
    """Nothing was found or allowed: the lines say what to do."""

    def facts(self) -> list[str]:
        """What a model may say again: one sentence each, a lead's card as one."""
        cards = [". ".join((card.title, *card.lines)) for card in self.cards]
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
    """A model's sentences that passed the checks, or how the answers came about."""
    answers: tuple[Answer, ...] = ()

    @property
    def summary(self) -> str:
        """One line of it, for notifications."""
        if self.said:
            return self.said
        return self.answers[0].title if self.answers else "Nothing to show."

    def text(self) -> str:
        """The turn for a terminal, and for the record."""
        said = [self.said] if self.said else []
        return "\n\n".join([*said, *(answer.text() for answer in self.answers)])


def leads_of(answers: Sequence[Answer]) -> list[CycleId]:
    """The leads that answers are about, in order: what "this" means next."""
    told = [cycle for one in answers for cycle in (*(card.cycle for card in one.cards), *one.about)]
    return list(dict.fromkeys(cycle for cycle in told if cycle is not None))
