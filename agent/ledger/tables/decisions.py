"""Rows about decisions, and the approvals some of them wait for."""

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field

from agent.ledger.tables.columns import Table, coded, instant, text
from domain.decision.said import SAID, Said


class DecisionRow(Table, table=True):
    """A recorded choice with everything it depended on. Never changed, never deleted."""

    __table_args__ = (Index("ix_decision_kind_at", "kind", "at"),)
    id: str = Field(primary_key=True)
    cycle_id: str = Field(index=True)
    lead: str = Field(index=True)
    kind: str
    """`gate`, `route` or `observed`."""
    at: datetime = instant(nullable=False)
    policy_version: str
    inputs_hash: str
    inputs: str = text()
    """Canonical JSON of the snapshot."""
    outcome: str = text()
    """Canonical JSON of what was decided."""
    said: Said = coded(SAID)
    """What was decided, in short."""


class ApprovalRow(Table, table=True):
    """A write that waits for a person's word."""

    id: str = Field(primary_key=True)
    cycle_id: str = Field(index=True)
    decision_id: str
    state: str
    """`pending`, `approved`, `denied` or `withdrawn`."""
    said: Said = coded(SAID)
    """What is to be approved, in short."""
    requested_at: datetime = instant(nullable=False)
    decided_at: datetime | None = instant()
    decided_by: str | None = None
