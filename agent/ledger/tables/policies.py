"""Rows about policies, those on trial, and the pools' memory."""

from datetime import datetime
from typing import Any

from sqlmodel import Field

from agent.ledger.tables.columns import Table, instant, json, text


class PolicyRow(Table, table=True):
    """A policy that decisions were made under, whole."""

    version: str = Field(primary_key=True)
    body: str = text()
    first_used_at: datetime = instant(nullable=False)


class PublicationRow(Table, table=True):
    """A policy that was published beside the policy file, and what became of it."""

    id: str = Field(primary_key=True)
    slot: str | None = Field(default=None, unique=True)
    """`open` while it waits or decides: the database allows one; None once it ended."""
    state: str
    version: str
    base: str
    segment: str | None = None
    share: int
    by: str
    asserted_by: str | None = None
    """The user of the machine who said that they were this person; None for who signed in."""
    because: str = text()
    asked_at: datetime = instant(nullable=False)
    live_at: datetime | None = instant()
    agreed_by: str | None = None
    ended_at: datetime | None = instant()
    ended_by: str | None = None
    ended_because: str = text()
    watched_at: datetime | None = instant()
    """When it was last judged."""


class PoolRow(Table, table=True):
    """A pool's round-robin memory."""

    name: str = Field(primary_key=True)
    state: dict[str, Any] = json()
