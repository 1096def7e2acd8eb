"""The ledger's tables.

Decisions are append-only (the database itself refuses to change one); effects have one row per
key for ever; a cycle's row is the only place that says when somebody must look at it again.
"""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Column, DateTime, Dialect, Index, Text, UniqueConstraint
from sqlalchemy.orm import declared_attr
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant in UTC on every database; SQLite by itself forgets the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(
        self,
        value: datetime | None,
        dialect: Dialect,  # noqa: ARG002  (SQLAlchemy's signature)
    ) -> datetime | None:
        """Refuse a naive time; everything else goes in as UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a naive time reached the ledger: {value.isoformat()}")
        return value.astimezone(UTC)

    def process_result_value(
        self,
        value: datetime | None,
        dialect: Dialect,  # noqa: ARG002  (SQLAlchemy's signature)
    ) -> datetime | None:
        """Give every time back aware."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _instant(*, index: bool = False, nullable: bool = True) -> Any:  # noqa: ANN401  (as Field)
    return Field(default=None, sa_column=Column(UtcDateTime(), index=index, nullable=nullable))


def _json() -> Any:  # noqa: ANN401  (as Field)
    return Field(sa_column=Column(JSON, nullable=False))


def _text() -> Any:  # noqa: ANN401  (as Field)
    return Field(sa_column=Column(Text, nullable=False))


class CycleStatus(StrEnum):
    """Where a cycle stands."""

    OPEN = "open"
    """Triggered; the gate has not spoken yet, or must speak again."""
    WAITING = "waiting"
    PARKED = "parked"
    REJECTED = "rejected"
    APPROVAL = "approval"
    """A person must confirm the write."""
    ASSIGNING = "assigning"
    """The owner's write is planned or under way."""
    ASSIGNED = "assigned"
    TOUCHED = "touched"
    CLOSED = "closed"
    """The follow-through ended without a touch: disqualified, recycled, converted, deleted."""
    SHADOWED = "shadowed"
    """Decided in shadow mode: nothing was written outside."""
    DENIED = "denied"
    """A person refused the write; only a new trigger brings the lead up again."""
    GONE = "gone"
    """The person no longer exists in Marketo."""


UNFINISHED = (
    CycleStatus.OPEN,
    CycleStatus.WAITING,
    CycleStatus.PARKED,
    CycleStatus.APPROVAL,
    CycleStatus.ASSIGNING,
)
"""A lead with a cycle in one of these opens no other."""


class EffectState(StrEnum):
    """Where an effect stands."""

    PLANNED = "planned"
    ATTEMPTED = "attempted"
    """Sent, or about to be: after a crash the vendor is asked before anything is repeated."""
    UNKNOWN = "unknown"
    """The answer never came: the vendor is asked first."""
    APPLIED = "applied"
    REFUSED = "refused"
    """The vendor would not, and something else was decided because of it."""
    DEAD = "dead"
    """Given up: kept with the vendor's words for a person to retry."""


class Table(SQLModel):
    """A table named by its class: `CycleRow` rows live in `cycle`."""

    @declared_attr.directive
    def __tablename__(cls) -> str:  # noqa: N805  # pyright: ignore[reportIncompatibleVariableOverride]
        return cls.__name__.removesuffix("Row").lower()


class CursorRow(Table, table=True):
    """How far a feed has been read."""

    name: str = Field(primary_key=True)
    token: str = _text()
    at: datetime = _instant(nullable=False)


class ActivityRow(Table, table=True):
    """Something a Marketo person did; its id makes overlapping reads harmless."""

    __table_args__ = (Index("ix_activity_lead_at", "lead", "at"),)
    id: str = Field(primary_key=True)
    lead: str
    type: str
    at: datetime = _instant(nullable=False)
    name: str
    attributes: dict[str, str] = _json()


class TriggerRow(Table, table=True):
    """One reason why a lead came up, and what it led to."""

    activity_id: str = Field(primary_key=True)
    lead: str = Field(index=True)
    kind: str
    at: datetime = _instant(nullable=False)
    sentence: str = _text()
    outcome: str = _text()
    """`opened a cycle`, `joined the open cycle`, or why it led to nothing."""
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
    trigger: dict[str, Any] = _json()
    opened_at: datetime = _instant(nullable=False)
    status: str = Field(index=True)
    due_at: datetime | None = _instant()
    """When the worker looks again; None when only an event or a person can wake it."""
    deadline: datetime | None = _instant()
    """Past this, a waiting or parked cycle is leakage."""
    looks: int = 0
    """How often a write was refused and the lead decided again."""
    claimed_by: str | None = None
    claimed_until: datetime | None = _instant()
    verdict_hash: str | None = None
    sentence: str = Field(default="", sa_column=Column(Text, nullable=False))
    """The latest decision in one sentence."""
    blocked_by: str | None = None
    """The check that keeps it from being ready, and what is missing."""
    segment: str | None = None
    sync_requested_at: datetime | None = _instant()
    record_id: str | None = None
    record_kind: str | None = None
    owner: str | None = Field(default=None, index=True)
    """E-mail of the person, or name of the queue, that owns it."""
    owner_name: str | None = None
    title: str = Field(default="", sa_column=Column(Text, nullable=False))
    """The lead in a few words, as it was seen last: what a search looks at."""
    rule: str | None = None
    territory: str | None = None
    is_fallback: bool = False
    ready_at: datetime | None = _instant()
    assigned_at: datetime | None = _instant(index=True)
    sla_due: datetime | None = _instant()


class DecisionRow(Table, table=True):
    """A recorded choice with everything it depended on. Never changed, never deleted."""

    __table_args__ = (Index("ix_decision_kind_at", "kind", "at"),)
    id: str = Field(primary_key=True)
    cycle_id: str = Field(index=True)
    lead: str = Field(index=True)
    kind: str
    """`gate`, `route` or `observed`."""
    at: datetime = _instant(nullable=False)
    policy_version: str
    inputs_hash: str
    inputs: str = _text()
    """Canonical JSON of the snapshot."""
    outcome: str = _text()
    """Canonical JSON of what was decided."""
    sentence: str = _text()


class PolicyRow(Table, table=True):
    """A policy that decisions were made under, whole."""

    version: str = Field(primary_key=True)
    body: str = _text()
    first_used_at: datetime = _instant(nullable=False)


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
    because: str = _text()
    asked_at: datetime = _instant(nullable=False)
    live_at: datetime | None = _instant()
    agreed_by: str | None = None
    ended_at: datetime | None = _instant()
    ended_by: str | None = None
    ended_because: str = _text()
    watched_at: datetime | None = _instant()
    """When it was last judged."""


class EffectRow(Table, table=True):
    """One write to the outside world: planned before, confirmed after, one row per key for ever."""

    __table_args__ = (Index("ix_effect_state_kind_due", "state", "kind", "due_at"),)
    key: str = Field(primary_key=True)
    cycle_id: str = Field(index=True)
    lead: str = Field(index=True)
    kind: str
    state: str
    action: dict[str, Any] = _json()
    decision_id: str
    planned_at: datetime = _instant(nullable=False)
    due_at: datetime = _instant(nullable=False)
    attempts: int = 0
    attempted_at: datetime | None = _instant()
    settled_at: datetime | None = _instant()
    receipt: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON, nullable=True))


class PoolRow(Table, table=True):
    """A pool's round-robin memory."""

    name: str = Field(primary_key=True)
    state: dict[str, Any] = _json()


class LeaseRow(Table, table=True):
    """Who may run ticks now; `fence` grows with every new holder."""

    name: str = Field(primary_key=True)
    holder: str
    fence: int
    until: datetime = _instant(nullable=False)


class RunRow(Table, table=True):
    """One tick."""

    id: str = Field(primary_key=True)
    kind: str
    started_at: datetime = _instant(index=True, nullable=False)
    ended_at: datetime | None = _instant()
    counts: dict[str, Any] = _json()
    error: str | None = None


class ApprovalRow(Table, table=True):
    """A write that waits for a person's word."""

    id: str = Field(primary_key=True)
    cycle_id: str = Field(index=True)
    decision_id: str
    state: str
    """`pending`, `approved`, `denied` or `withdrawn`."""
    sentence: str = _text()
    requested_at: datetime = _instant(nullable=False)
    decided_at: datetime | None = _instant()
    decided_by: str | None = None


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
    """E-mail of the person who answers for it; the owner's name where the policy knows none."""
    segment: str
    state: str
    """`open`, or how it ended."""
    due_at: datetime | None = _instant()
    """When the ladder is looked at again; None once it ended."""
    seen_at: datetime = _instant(nullable=False)
    """When it was last looked at: what happened before needs no other look."""
    version: int = 0
    """Counts changes: a change that was made on an older version is not written."""
    handoff: dict[str, Any] = _json()
    sentence: str = _text()
    """What was decided last, in words."""
    target_at: datetime | None = _instant()
    """When the first touch is due for this owner."""
    touched_at: datetime | None = _instant(index=True)
    touch: str | None = None
    """What kind of touch it was."""
    in_time: bool | None = None
    ended_at: datetime | None = _instant()
    listed_at: datetime | None = _instant()
    """Since when it is on the leakage list; None when it isn't."""
    claimed_by: str | None = None
    claimed_until: datetime | None = _instant()


class MessageRow(Table, table=True):
    """A message that was posted in Slack, so that it can be brought up to date and answered."""

    id: str = Field(primary_key=True)
    """`channel/ts`."""
    person: str = Field(index=True)
    """E-mail of the person it went to."""
    kind: str
    """The kind of effect that posted it."""
    at: datetime = _instant(nullable=False)
    items: list[dict[str, Any]] = _json()
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
    body: dict[str, Any] = _json()
    received_at: datetime = _instant(nullable=False)
    handled_at: datetime | None = _instant()
    answer: str = _text()
    """What the person was told."""


class DisputeRow(Table, table=True):
    """A "not mine", and how it was ruled."""

    id: str = Field(primary_key=True)
    cycle_id: str = Field(index=True)
    lead: str
    by: str
    """E-mail of the owner who refused it."""
    reason: str
    note: str = _text()
    evidence: list[str] = _json()
    opened_at: datetime = _instant(nullable=False)
    state: str
    """`open`, `accepted` or `refused`."""
    ruled_by: str | None = None
    """`policy`, or the e-mail of the manager."""
    ruled_at: datetime | None = _instant()


class HoldRow(Table, table=True):
    """A lead that a person holds back."""

    lead: str = Field(primary_key=True)
    by: str
    reason: str = _text()
    at: datetime = _instant(nullable=False)
    until: datetime | None = _instant()
    """When the hold ends by itself; None when only a person ends it."""


class PauseRow(Table, table=True):
    """What is stopped by a person's word: nothing is written outside for it."""

    scope: str = Field(primary_key=True)
    """`worker`, or a segment's name."""
    by: str
    reason: str = _text()
    at: datetime = _instant(nullable=False)


class ProposalRow(Table, table=True):
    """Changes that were asked for in a conversation, and the word on them."""

    id: str = Field(primary_key=True)
    by: str
    """E-mail of who asked."""
    thread: str = Field(index=True)
    body: dict[str, Any] = _json()
    """The proposal, whole."""
    state: str
    """`pending`, `approved`, `refused`, `expired` or `overtaken`."""
    expires_at: datetime = _instant(nullable=False)
    decided_at: datetime | None = _instant()
    decided_by: str | None = None
    answer: str = _text()
    """What the person was told."""


class InboxRow(Table, table=True):
    """Something that was said to the worker; kept before Slack is acknowledged, answered once."""

    id: str = Field(primary_key=True)
    """Told by team, channel, time and kind: the same message twice has the same id."""
    kind: str
    person: str
    """Slack's id of the person, from Slack itself."""
    channel: str
    thread: str
    """The conversation's thread; where the answer goes."""
    text: str = _text()
    received_at: datetime = _instant(nullable=False)
    claimed_until: datetime | None = _instant()
    handled_at: datetime | None = _instant()
    reply: str | None = None
    """`channel/ts` of the message that holds the answer."""
    tries: int = 0
    """How often an answer was begun."""


class CallRow(Table, table=True):
    """One call of a model: what it was for, by which prompt, and what it took."""

    __tablename__ = "model_call"  # pyright: ignore[reportAssignmentType, reportIncompatibleVariableOverride]  (CALL is a word of SQL)
    id: int | None = Field(default=None, primary_key=True)
    at: datetime = _instant(index=True, nullable=False)
    purpose: str
    who: str
    """E-mail of the person it was for; empty for the worker's own runs."""
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
    at: datetime = _instant(index=True, nullable=False)
    who: str = Field(index=True)
    """E-mail of the person who asked."""
    thread: str
    """The conversation."""
    asked: str = _text()
    used: list[dict[str, Any]] = _json()
    """Every tool that was used, with its arguments, in order."""
    answered: str = _text()
    """What the person read."""
    grounds: list[str] = _json()
    """For each sentence of the model's that was shown, the record's sentence that holds it."""
    proposal: str | None = None
    milliseconds: int = 0
    """From the question to the answer, models and vendors included."""


class CorrectionRow(Table, table=True):
    """What a person said of one field of a lead: read with the lead from then on."""

    lead: str = Field(primary_key=True)
    field: str = Field(primary_key=True)
    value: Any = Field(sa_column=Column(JSON, nullable=False))
    by: str
    """E-mail of the person."""
    at: datetime = _instant(nullable=False)


class SignInRow(Table, table=True):
    """A way into the console: a token that is good for one entry, or a session."""

    __tablename__ = "sign_in"  # pyright: ignore[reportAssignmentType, reportIncompatibleVariableOverride]
    id: str = Field(primary_key=True)
    """SHA-256 of the secret; the secret itself is with its bearer only."""
    kind: str
    """`token` or `session`."""
    email: str = Field(index=True)
    made_at: datetime = _instant(nullable=False)
    until: datetime = _instant(nullable=False)
    used_at: datetime | None = _instant()
    """When a token was turned into a session."""


class VisitRow(Table, table=True):
    """Who looked at what in the console, and who did what. Only ever added to."""

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = _instant(index=True, nullable=False)
    who: str
    """E-mail of the person; empty for somebody who was not let in."""
    page: str
    """The page's pattern, such as `/leads/{lead}`."""
    about: str
    """The lead, proposal or list that it was about; empty when nothing in particular."""
    did: str
    """`looked`, or what was asked for."""
    outcome: int
    """The HTTP status that it was answered with."""


class EnrichmentRow(Table, table=True):
    """What a provider answered, kept so that it isn't paid for twice."""

    key: str = Field(primary_key=True)
    found: bool
    fields: dict[str, Any] = _json()
    until: datetime = _instant(nullable=False)


METADATA = SQLModel.metadata
