"""Rows about leads: what they did, what triggered them, their passes, what people said of them."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, Index, Text, UniqueConstraint
from sqlmodel import Field

from agent.ledger.tables.columns import Table, coded, instant, json, one_of, text
from agent.ledger.tables.states import TriggerOutcome
from domain.decision.said import SAID, Said
from domain.lead.model import OCCURRENCE, Occurrence


class ActivityRow(Table, table=True):
    """Something a Marketo person did; its id makes overlapping reads harmless."""

    __table_args__ = (Index("ix_activity_lead_at", "lead", "at"),)
    id: str = Field(primary_key=True)
    lead: str
    type: str
    at: datetime = instant(nullable=False)
    name: str
    attributes: dict[str, str] = json()


class TriggerRow(Table, table=True):
    """One trigger of a lead, and what it led to."""

    activity_id: str = Field(primary_key=True)
    lead: str = Field(index=True)
    kind: str
    at: datetime = instant(nullable=False)
    fact: Occurrence = coded(OCCURRENCE)
    """What happened."""
    outcome: TriggerOutcome = one_of(TriggerOutcome)
    cool_until: datetime | None = instant()
    """When the cool-down ends that held it back."""
    cycle_id: str | None = None


class CycleRow(Table, table=True):
    """One pass of one lead, and when somebody must look at it again."""

    __table_args__ = (
        UniqueConstraint("lead", "number"),
        Index("ix_cycle_due", "due_at", "opened_at"),
        Index("ix_cycle_opened", "opened_at", "id"),
        Index("ix_cycle_status_opened", "status", "opened_at", "id"),
        Index("ix_cycle_segment_opened", "segment", "opened_at", "id"),
        Index("ix_cycle_title", "title", "opened_at", "id"),
    )
    id: str = Field(primary_key=True)
    lead: str = Field(index=True)
    number: int
    trigger: dict[str, Any] = json()
    opened_at: datetime = instant(nullable=False)
    status: str = Field(index=True)
    due_at: datetime | None = instant()
    """When the worker looks again; None when only an event or a person can wake it."""
    deadline: datetime | None = instant()
    """Past this, a waiting or parked cycle is leakage."""
    looks: int = 0
    """How often a write was refused and the lead decided again."""
    claimed_by: str | None = None
    claimed_until: datetime | None = instant()
    verdict_hash: str | None = None
    said: Said | None = coded(SAID)
    """The latest decision in short."""
    blocked_by: str | None = None
    """The check that keeps it from being ready, and what is missing."""
    segment: str | None = None
    sync_requested_at: datetime | None = instant()
    record_id: str | None = None
    record_kind: str | None = None
    owner: str | None = Field(default=None, index=True)
    """Email of the person, or name of the queue, that owns it."""
    owner_name: str | None = None
    title: str = Field(default="", sa_column=Column(Text, nullable=False))
    """The lead in a few words, as it was seen last: what a search looks at."""
    rule: str | None = None
    territory: str | None = None
    is_fallback: bool = False
    ready_at: datetime | None = instant()
    assigned_at: datetime | None = instant(index=True)
    sla_due: datetime | None = instant()


class HoldRow(Table, table=True):
    """A lead that a person holds back."""

    lead: str = Field(primary_key=True)
    by: str
    reason: str = text()
    at: datetime = instant(nullable=False)
    until: datetime | None = instant()
    """When the hold ends by itself; None when only a person ends it."""


class CorrectionRow(Table, table=True):
    """What a person said of one field of a lead: read with the lead from then on."""

    lead: str = Field(primary_key=True)
    field: str = Field(primary_key=True)
    value: Any = Field(sa_column=Column(JSON, nullable=False))
    by: str
    """Email of the person."""
    at: datetime = instant(nullable=False)


class EnrichmentRow(Table, table=True):
    """What a provider answered, kept so that it isn't paid for twice."""

    key: str = Field(primary_key=True)
    found: bool
    fields: dict[str, Any] = json()
    until: datetime = instant(nullable=False)
