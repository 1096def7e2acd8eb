"""Rows about conversations: what was said, proposed, looked up and spent."""

from datetime import datetime
from typing import Any

from sqlmodel import Field

from agent.ledger.tables.columns import Table, instant, json, text


class ProposalRow(Table, table=True):
    """Changes that were asked for in a conversation, and the word on them."""

    id: str = Field(primary_key=True)
    by: str
    """Email of who asked."""
    asserted_by: str | None = None
    """The user of the machine who said that they were this person; None for who signed in."""
    thread: str = Field(index=True)
    body: dict[str, Any] = json()
    """The proposal, whole."""
    state: str
    """`pending`, `approved`, `refused`, `expired` or `overtaken`."""
    expires_at: datetime = instant(nullable=False)
    decided_at: datetime | None = instant()
    decided_by: str | None = None
    answer: str = text()
    """What the person was told."""


class InboxRow(Table, table=True):
    """Something that was said to the worker; kept before Slack is acknowledged, answered once."""

    id: str = Field(primary_key=True)
    """Told by team, channel and time: the same message twice has the same id."""
    kind: str
    person: str
    """Slack's id of the person, from Slack itself."""
    channel: str
    thread: str
    """The conversation's thread; where the answer goes."""
    text: str = text()
    """As Slack delivered it, escapes and all."""
    received_at: datetime = instant(nullable=False)
    claimed_until: datetime | None = instant()
    handled_at: datetime | None = instant()
    reply: str | None = None
    """`channel/ts` of the message that holds the answer."""
    tries: int = 0
    """How often an answer was begun."""
    files: int = 0
    """How many files came with it; nobody reads them."""


class CallRow(Table, table=True):
    """One call of a model: what it was for, by which prompt, and what it took."""

    __tablename__ = "model_call"  # pyright: ignore[reportAssignmentType, reportIncompatibleVariableOverride]  (CALL is a word of SQL)
    id: int | None = Field(default=None, primary_key=True)
    at: datetime = instant(index=True, nullable=False)
    purpose: str
    who: str
    """Email of the person it was for; empty for the worker's own runs."""
    prompt: str
    """Version of the prompt."""
    model: str
    tokens: int
    milliseconds: int
    written: int = 0
    """How many of the tokens the model wrote."""
    turn: str = Field(default="", index=True)
    """What it was for: the turn of a conversation, or the handoff's cycle; empty for a list."""


class TurnRow(Table, table=True):
    """One turn of a conversation: what was asked, looked up, answered and proposed."""

    id: str = Field(primary_key=True)
    at: datetime = instant(index=True, nullable=False)
    who: str = Field(index=True)
    """Email of the person who asked."""
    thread: str
    """The conversation."""
    asked: str = text()
    used: list[dict[str, Any]] = json()
    """Every tool that was used, with its arguments, in order."""
    answered: str = text()
    """What the person read."""
    grounds: list[str] = json()
    """For each sentence of the model's that was shown, the record's sentence that holds it."""
    proposal: str | None = None
    milliseconds: int = 0
    """From the question to the answer, models and vendors included."""
