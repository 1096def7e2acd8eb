"""The conversation part of the policy: how long a proposal stands, and what a turn may cost."""

from datetime import timedelta
from typing import Literal

from pydantic import Field

from domain.time.durations import Duration
from domain.values import Value

ChangeName = Literal[
    "give",
    "hold",
    "release",
    "snooze",
    "correct",
    "gate_again",
    "try_again",
    "approve",
    "deny",
    "pause",
    "resume",
]


class Price(Value):
    """What a model costs, in the currency that its bill is in."""

    per_million_read: float = Field(ge=0)
    """Per million tokens of what it is sent."""
    per_million_written: float = Field(ge=0)
    """Per million tokens of what it answers."""


class Conversation(Value):
    """Talking with the worker."""

    proposal: Duration = timedelta(minutes=10)
    """How long a proposed change waits for a word; after that it must be asked for again."""
    two_person: tuple[ChangeName, ...] = ()
    """Changes that somebody else than who asked for them must approve."""
    most_at_once: int = Field(default=25, ge=1, le=200)
    """At most so many leads in one proposal."""
    longest_hold: Duration = timedelta(days=30)
    remember_for: Duration = timedelta(days=30)
    """How long a conversation is remembered after its last message."""
    retain_for: Duration = timedelta(days=400)
    """How long questions, answers and what models used for them are kept for the audit."""
    remembered_questions: int = Field(default=12, ge=1, le=100)
    """How many questions the model remembers with their answers, the current one included."""
    calls: int = Field(default=6, ge=1, le=20)
    """At most so many calls of the model for one question."""
    tools: int = Field(default=8, ge=1, le=50)
    """At most so many lookups and proposals for one question."""
    tokens: int = Field(default=40_000, ge=0)
    """At most so many tokens for one question."""
    seconds: int = Field(default=20, ge=5, le=300)
    """After so many seconds the model is not waited for any more."""
    tokens_per_day: int = Field(default=2_000_000, ge=0)
    """What conversations may take per day of the business; 0 means no model."""
    price: Price | None = None
    """What the model costs; needed for `cost_per_day`."""
    cost_per_day: float | None = Field(default=None, ge=0)
    """What the model may cost per day of the business, in the currency of `price`."""
    questions_per_day: int = Field(default=300, ge=0)
    """At most so many questions of one person per day of the business."""
    lookups_per_day: int = Field(default=50, ge=0)
    """At most so many leads are looked up at paid providers by conversation per day."""
    reassignments_per_day: int = Field(default=200, ge=0)
    """At most so many leads are reassigned by conversation per day of the business."""
