"""Rows about the worker itself: leases, runs, pauses, how far feeds were read."""

from datetime import datetime
from typing import Any

from sqlmodel import Field

from agent.ledger.tables.columns import Table, instant, json, text


class CursorRow(Table, table=True):
    """How far a feed has been read."""

    name: str = Field(primary_key=True)
    token: str = text()
    at: datetime = instant(nullable=False)


class SeenRow(Table, table=True):
    """Something of a feed that was dealt with, so that reading it again changes nothing."""

    id: str = Field(primary_key=True)
    """Marketo's `marketoGUID`."""
    at: datetime = instant(index=True, nullable=False)
    """When it was dealt with; the row goes once no look back reaches so far."""


class UnreadRow(Table, table=True):
    """A record of a feed that couldn't be read, for whoever looks into it."""

    id: str = Field(primary_key=True)
    """A hash of the record, so that seeing it again is no second one."""
    feed: str
    lead: str | None = Field(default=None, index=True)
    """Whose it is; None when that is what can't be read."""
    why: str = text()
    """Which field holds what instead; nothing of the lead's data."""
    record: str = text()
    """As it came, escaped and cut."""
    first_at: datetime = instant(nullable=False)
    last_at: datetime = instant(index=True, nullable=False)


class LeaseRow(Table, table=True):
    """Who may run ticks now; `fence` grows with every new holder."""

    name: str = Field(primary_key=True)
    holder: str
    fence: int
    until: datetime = instant(nullable=False)


class RunRow(Table, table=True):
    """One tick."""

    id: str = Field(primary_key=True)
    kind: str
    started_at: datetime = instant(index=True, nullable=False)
    ended_at: datetime | None = instant()
    counts: dict[str, Any] = json()
    error: str | None = None


class PauseRow(Table, table=True):
    """What is stopped by a person's word: nothing is written outside for it."""

    scope: str = Field(primary_key=True)
    """`worker`, or a segment's name."""
    by: str
    reason: str = text()
    at: datetime = instant(nullable=False)


class ArchiveRow(Table, table=True):
    """The form that a row had before a migration changed it. Never changed, never deleted."""

    id: str = Field(primary_key=True)
    """The migration, the table and the row's own key."""
    body: str = text()
    """JSON of the columns that were changed, as they were."""
