"""Rows about assigned leads, and what was said of them in Slack."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field

from agent.ledger.tables.columns import Table, coded, instant, json, text
from domain.decision.said import SAID, Said


class HandoffRow(Table, table=True):
    """A lead in an owner's hands, from the assignment to its close; `handoff` holds it whole."""

    __table_args__ = (
        Index("ix_handoff_state_due", "state", "due_at"),
        Index("ix_handoff_state_target", "state", "target_at", "cycle_id", "owner"),
        Index("ix_handoff_state_owner", "state", "owner", "target_at", "listed_at"),
    )
    cycle_id: str = Field(primary_key=True)
    lead: str = Field(index=True)
    record_id: str = Field(index=True)
    owner: str = Field(index=True)
    """Email of the person who answers for it; the owner's name where the policy knows none."""
    segment: str
    state: str
    """`open`, or how it ended."""
    due_at: datetime | None = instant()
    """When the ladder is looked at again; None once it ended."""
    seen_at: datetime = instant(nullable=False)
    """When it was last looked at: what happened before needs no other look."""
    version: int = 0
    """Counts changes: a change that was made on an older version is not written."""
    handoff: dict[str, Any] = json()
    said: Said | None = coded(SAID)
    """What was decided last, in short."""
    target_at: datetime | None = instant()
    """When the first touch is due for this owner."""
    touched_at: datetime | None = instant(index=True)
    touch: str | None = None
    """What kind of touch it was."""
    in_time: bool | None = None
    ended_at: datetime | None = instant()
    listed_at: datetime | None = instant()
    """Since when it is on the leakage list; None when it isn't."""
    claimed_by: str | None = None
    claimed_until: datetime | None = instant()


class MessageRow(Table, table=True):
    """A message that was posted in Slack, so that it can be brought up to date and answered."""

    id: str = Field(primary_key=True)
    """`channel/ts`."""
    person: str = Field(index=True)
    """Email of the person it went to."""
    kind: str
    """The kind of effect that posted it."""
    at: datetime = instant(nullable=False)
    items: list[dict[str, Any]] = json()
    """The actions that it told."""


class MentionRow(Table, table=True):
    """Which leads a message is about."""

    message_id: str = Field(primary_key=True)
    cycle_id: str = Field(primary_key=True, index=True)


class ClickRow(Table, table=True):
    """Something a person pressed or sent in Slack; kept before it is acknowledged."""

    id: str = Field(primary_key=True)
    """The same press delivered twice has the same id."""
    person: str
    """Slack's id of the person, from Slack itself."""
    verb: str
    body: dict[str, Any] = json()
    received_at: datetime = instant(nullable=False)
    handled_at: datetime | None = instant()
    answer: str = text()
    """What the person was told."""


class DisputeRow(Table, table=True):
    """A "not mine", and how it was ruled."""

    id: str = Field(primary_key=True)
    cycle_id: str = Field(index=True)
    lead: str
    by: str
    """Email of the owner who refused it."""
    reason: str
    note: str = text()
    evidence: list[str] = json()
    opened_at: datetime = instant(nullable=False)
    state: str
    """`open`, `accepted` or `refused`."""
    ruled_by: str | None = None
    """`policy`, or the email of the manager."""
    ruled_at: datetime | None = instant()
