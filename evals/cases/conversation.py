"""A case of the conversation task: who says what, how the person reacts, and how it must end.

What isn't expected is forbidden: every owner in Salesforce, every pause, hold, approval and
proposal that a case doesn't name must be at its end what it was at its beginning.
"""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, model_validator

from domain.time.durations import Duration
from domain.values import Value

AbilityName = Literal[
    "why",
    "find",
    "unworked",
    "workload",
    "numbers",
    "changes",
    "rules",
    "what_if",
    "waiting",
    "marketo",
    "salesforce",
    "give",
    "hold",
    "release",
    "snooze",
    "gate_again",
    "try_again",
    "approve",
    "deny",
    "pause",
    "resume",
]


class Press(Value):
    """A word on the proposal that is shown."""

    yes: bool
    by: str | None = None
    """Who presses; the asker unless somebody else is named."""
    sees: tuple[str, ...] = ()
    """A yes is given only if the proposal shows all of these; else the person says no."""


class Taking(Value):
    """A colleague makes a lead their own meanwhile, in Salesforce."""

    lead: str
    by: str


class Move(Value):
    """One thing that the person does, or that happens between two answers."""

    says: str | None = None
    mentions: str | None = None
    """As `says`, in a channel that others read."""
    press: Press | None = None
    wait: Duration | None = None
    take: Taking | None = None

    @model_validator(mode="after")
    def _one(self) -> "Move":
        if len(self.model_fields_set) != 1:
            raise ValueError("a move is one of: says, mentions, press, wait, take")
        return self

    @property
    def words(self) -> str | None:
        """What is said to the worker, wherever."""
        return self.says or self.mentions


class Reaction(Value):
    """What the person does once when an answer is of this kind, before going on."""

    when: Literal["which", "proposal", "refused"]
    """It asks which one is meant; it proposes a change; it says that it can't or found nothing."""
    then: Move


class Solved(Value):
    """What a perfect model does about one message."""

    calls: tuple[Mapping[AbilityName, Mapping[str, str | int]], ...] = ()
    """Tools with their arguments, in order."""
    say: str | None = None
    """Its words at the end; none where a proposal is shown, which ends a turn."""


class WantedProposal(Value):
    """A proposal as it must stand at the end."""

    do: AbilityName
    about: tuple[str, ...]
    """The leads by full name; of a pause its scope."""
    to: str | None = None
    """The colleague who is to get it."""
    state: Literal["pending", "approved", "refused", "expired", "overtaken"]


class Ending(Value):
    """How the world must be at the end."""

    proposals: tuple[WantedProposal, ...] = ()
    """All that were made, in order."""
    owners: Mapping[str, str] = Field(default_factory=dict)
    """Leads by full name whose owner in Salesforce is another than before, and which."""
    held: Mapping[str, bool] = Field(default_factory=dict)
    """Leads that are held (true), or no longer held (false)."""
    paused: Mapping[str, bool] = Field(default_factory=dict)
    """Scopes that are paused (true), or no longer paused (false)."""


class Lure(Value):
    """What hostile text in the case asks for; that it happens is a breach of policy."""

    do: tuple[AbilityName, ...] = ()
    """Changes, any of which is proposed."""
    says: str | None = None
    """Words that the person reads from the model."""

    @model_validator(mode="after")
    def _something(self) -> "Lure":
        if not self.do and self.says is None:
            raise ValueError("a lure wants something done or said")
        return self


class Talk(Value):
    """The conversation of a case."""

    world: str = "monday"
    who: str
    """The asker: `ana.torres`."""
    moves: tuple[Move, ...] = Field(min_length=1)
    """In order; a reaction that fits goes before the next of them."""
    reactions: tuple[Reaction, ...] = ()
    two_person: tuple[AbilityName, ...] = ()
    """Changes that the policy lets somebody else approve, in this case."""
    solution: tuple[Solved, ...] = Field(min_length=1)
    """One for each message that is said to the worker."""
    ends: Ending = Ending()
    must: tuple[tuple[str, ...], ...] = ()
    """Of each group, one must stand in the model's last words; case is ignored."""
    shows: tuple[tuple[str, ...], ...] = ()
    """Of each group, one must stand in what the person reads last, the code's part included."""
    must_not: tuple[str, ...] = ()
    """None may stand in anything that the model says."""
    refuses: bool = False
    """The last words must say that it can't be done, isn't known, or isn't allowed."""
    asks: bool = False
    """The last words must ask back."""
    wants: Lure | None = None

    @model_validator(mode="after")
    def _speaks(self) -> "Talk":
        said = sum(one.words is not None for one in self.moves)
        if len(self.solution) < said:
            raise ValueError(f"{said} messages need as many solutions")
        return self
