"""Rows about writes to the outside world."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, Index
from sqlmodel import Field

from agent.ledger.tables.columns import Table, instant, json, text


class EffectRow(Table, table=True):
    """One write to the outside world: planned before, confirmed after, one row per key for ever."""

    __table_args__ = (Index("ix_effect_state_kind_due", "state", "kind", "due_at"),)
    key: str = Field(primary_key=True)
    cycle_id: str = Field(index=True)
    lead: str = Field(index=True)
    kind: str
    state: str
    action: dict[str, Any] = json()
    decision_id: str
    planned_at: datetime = instant(nullable=False)
    due_at: datetime = instant(nullable=False)
    attempts: int = 0
    """How often the vendor answered, and this one had to be tried again: outages don't count."""
    attempted_at: datetime | None = instant()
    settled_at: datetime | None = instant()
    receipt: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON, nullable=True))
    defects: int = 0
    """How often something failed on it that nobody foresaw, in a row."""
    error: str = text()
    """That failure's kind and place, once it is known to be this effect's own."""
