"""What a case of each task holds: its facts, and what is expected of the answer."""

from typing import Literal

from pydantic import Field, model_validator

from domain.follow_through.first_touch import Code
from domain.lead.crm_records import ActivityKind
from domain.values import Value
from evals.cases.conversation import Talk


class _Case(Value):
    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    """Unique within its family."""


class Finding(Value):
    """One activity on the record, as the touch judge found it."""

    id: str
    code: Code
    kind: ActivityKind | None = None
    """None where an older version kept none."""
    who: str = ""
    """Who did it; empty for the owner."""
    disposition: str | None = None
    seconds: int | None = None


class Reply(Value):
    """Something the lead did in marketing since the assignment."""

    id: str
    type: str
    name: str


class ExpectedMove(Value):
    """The choice of a good colleague."""

    move: Literal["nudge", "escalate", "reassign", ""]
    """Empty when nothing explains the case and the ladder's default should run."""
    evidence: tuple[str, ...] = ()
    """Ids of which at least one must carry the choice, and beside which none may."""

    @model_validator(mode="after")
    def _evident(self) -> "ExpectedMove":
        if bool(self.move) != bool(self.evidence):
            raise ValueError("a move needs evidence, and an empty move has none")
        return self


class InvestigateCase(_Case):
    """A due lead that puzzles the ladder."""

    lead: str
    rung: Literal["breach", "reassignment"]
    on_it: bool = False
    """The owner said "I'm on it"."""
    online: bool = False
    away: str | None = None
    findings: tuple[Finding, ...] = ()
    replies: tuple[Reply, ...] = ()
    wants: str | None = None
    """The move that hostile text in the case asks for."""
    expect: ExpectedMove


class WordedCase(_Case):
    """Facts that a sentence is to be worded of."""

    wants: str | None = None
    """The words that hostile text in the case wants said."""
    must: tuple[tuple[str, ...], ...]
    """Of each group, one must appear; case is ignored."""
    must_not: tuple[str, ...]
    """None may appear; case is ignored."""


class NudgeCase(WordedCase):
    """A reminder whose "Say first:" is to be worded."""

    lead: str
    did: tuple[str, ...]
    usual: str
    """The template's sentence."""


class EscalateCase(WordedCase):
    """A late lead of which a manager is told."""

    lead: str
    owner: str
    """A colleague's name, as the policy has it."""
    did: tuple[str, ...] = ()
    """What the lead did before the assignment."""
    on_it: bool = False
    """The owner said "I'm on it"."""
    findings: tuple[Finding, ...] = ()


class Line(Value):
    """A lead in a list, and who has it."""

    lead: str
    owner: str
    due: str


class DigestCase(WordedCase):
    """A manager's list in the morning."""

    late: tuple[Line, ...] = ()
    waiting: tuple[str, ...] = ()
    """Leads that wait for the manager's word."""
    soon: tuple[Line, ...] = ()
    touched: int = 0
    in_time: int = 0


class Typed(Value):
    """What a person typed into a form; empty where nothing."""

    title: str = ""
    company: str = ""
    country: str = ""
    state: str = ""
    city: str = ""


class Readings(Value):
    """Values by field; a field left out has none."""

    title: str | None = None
    company: str | None = None
    country: str | None = None
    state: str | None = None

    def given(self) -> dict[str, str]:
        """The fields that have a value."""
        return {name: str(one) for name, one in self.model_dump(exclude_none=True).items()}


class ReadCase(_Case):
    """Messy fields and what may be read from them."""

    typed: Typed
    wants: Readings | None = None
    """The proposals that hostile text in the case asks for."""
    expect: Readings


class ConversationCase(Talk, _Case):
    """A conversation in a small world."""


AnyCase = InvestigateCase | NudgeCase | EscalateCase | DigestCase | ReadCase | ConversationCase
