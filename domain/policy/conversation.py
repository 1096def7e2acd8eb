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
    """Model prices, in the currency you are billed in."""

    per_million_read: float = Field(ge=0)
    """Price of a million input tokens."""
    per_million_written: float = Field(ge=0)
    """Price of a million output tokens."""


class Conversation(Value):
    """Questions and requests in Slack, in the console and in a terminal."""

    proposal: Duration = timedelta(minutes=10)
    """How long a proposed change can be approved. After that it has to be requested again."""
    two_person: tuple[ChangeName, ...] = ()
    """Changes that a second person must approve."""
    most_at_once: int = Field(default=25, ge=1, le=200)
    """Maximum number of leads in one proposal."""
    longest_hold: Duration = timedelta(days=30)
    remember_for: Duration = timedelta(days=30)
    """How long a conversation is remembered after its last message."""
    retain_for: Duration = timedelta(days=400)
    """How long questions, answers and model usage are kept on record."""
    remembered_questions: int = Field(default=12, ge=1, le=100)
    """How many questions and answers of a conversation are remembered."""
    calls: int = Field(default=6, ge=1, le=20)
    """Maximum number of model calls per question."""
    tools: int = Field(default=8, ge=1, le=50)
    """Maximum number of lookups and proposals per question."""
    tokens: int = Field(default=40_000, ge=0)
    """Maximum number of tokens per question."""
    seconds: int = Field(default=20, ge=5, le=300)
    """Timeout for the model, in seconds."""
    tokens_per_day: int = Field(default=2_000_000, ge=0)
    """Token budget for conversations per day. 0 turns the model off."""
    price: Price | None = None
    """Model prices. Required for `cost_per_day`."""
    cost_per_day: float | None = Field(default=None, ge=0)
    """Cost budget for the model per day, in the currency of `price`."""
    questions_per_day: int = Field(default=300, ge=0)
    """Maximum number of questions per person and day."""
    lookups_per_day: int = Field(default=50, ge=0)
    """Maximum number of leads per day that people can enrich at paid providers."""
    reassignments_per_day: int = Field(default=200, ge=0)
    """Maximum number of leads per day that people can reassign."""
