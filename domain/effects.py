"""What is written to the outside world, and what came of it."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from domain.follow_through.reasons import WhyOwner
from domain.lead.brief import Brief
from domain.lead.crm_records import RecordKind
from domain.lead.model import FieldName
from domain.metrics.charts import Chart
from domain.routing.route import Subject
from domain.values import (
    CycleId,
    DecisionId,
    EffectKey,
    Instant,
    LeadKey,
    RecordId,
    Scalar,
    Value,
    is_absent,
)


class Line(Value):
    """Something that happened, as a message tells it; the time in its reader's own zone."""

    at: Instant
    what: str


class LeadLines(Value):
    """What a message tells of a lead besides whose it is."""

    did: tuple[Line, ...] = ()
    """What the lead did lately, newest first."""
    opening: str | None = None
    """What to say first."""


class Stamp(Value):
    """The answer to "why did this lead go to this person?", as it stands on the record."""

    decision_id: DecisionId
    status: str
    reason: str
    rule: str
    territory: str | None
    policy_version: str
    routed_at: Instant
    sla_due: Instant | None


class SetOwner(Value):
    """Give a record its owner and its stamp in one write."""

    kind: Literal["set_owner"] = "set_owner"
    lead: LeadKey
    subject: Subject
    owner: RecordId | None
    """None hands the record to Salesforce's active assignment rule."""
    owner_name: str
    owner_email: str | None = None
    """The new owner's email address; None for a queue, or where Salesforce's rules choose."""
    title: str = ""
    """The lead in a few words: `Dana Fox, VP Marketing at Acme`."""
    why: WhyOwner
    """Why the new owner has it; the stamp says the same in words."""
    stamp: Stamp
    segment: str = ""
    pool: str | None = None
    """The pool whose turn it was."""
    barred: tuple[str, ...] = Field(default=(), exclude_if=is_absent)
    """Email addresses of the pool's members who never get such leads."""
    brief: Brief = Brief()


class MirrorFields(Value):
    """Tell Marketo, in fields of the person, what was decided."""

    kind: Literal["mirror_fields"] = "mirror_fields"
    lead: LeadKey
    status: str
    """`assigned`, `waiting`, `parked`, `rejected`, `touched`, `recycled` and the like."""
    owner_name: str
    stamp: Stamp | None
    """None leaves what was written of the assignment as it is."""


class MirrorActivity(Value):
    """Log the assignment as a custom activity of the Marketo person."""

    kind: Literal["mirror_activity"] = "mirror_activity"
    lead: LeadKey
    owner_name: str
    stamp: Stamp


class RequestSync(Value):
    """Ask Marketo's campaign to sync a person to Salesforce. The vendor does not undo a repeat."""

    kind: Literal["request_sync"] = "request_sync"
    lead: LeadKey
    campaign: str


class Tone(StrEnum):
    """What a message to an owner is about."""

    ASSIGNED = "assigned"
    REMINDER = "reminder"
    BREACH = "breach"
    COVER = "cover"
    """To whoever is asked while the owner is away."""


class TellOwner(Value):
    """Tell an owner in Slack which leads wait for them; several leads share one message."""

    kind: Literal["tell_owner"] = "tell_owner"
    lead: LeadKey
    cycle: CycleId | None = None
    """What the message's buttons are about; None shows none."""
    stage: int = 0
    """Which owner's turn it is; a button of an earlier turn does nothing any more."""
    owner: str
    """The email address of the person who is notified."""
    title: str
    """Such as `Dana Fox, VP Marketing at Acme`."""
    record_id: RecordId
    record_kind: RecordKind
    reason: str
    sla_due: Instant | None
    tone: Tone = Tone.ASSIGNED
    brief: LeadLines = LeadLines()
    for_whom: str | None = None
    """Name of the absent owner, in a message to the cover."""


class TellManager(Value):
    """Tell a manager of a breach; what follows on the same lead goes into the same thread."""

    kind: Literal["tell_manager"] = "tell_manager"
    lead: LeadKey
    cycle: CycleId
    manager: str
    """The manager's email address."""
    title: str
    record_id: RecordId
    record_kind: RecordKind
    owner_name: str
    rung: str
    sentence: str
    """What happened and what is being done."""
    timeline: tuple[Line, ...] = ()
    """What happened so far, oldest first."""
    sla_due: Instant | None
    dispute: str | None = None
    """The dispute that the two buttons decide; None shows none."""


class RefreshMessage(Value):
    """Bring a message that was posted before up to date; harmless to repeat."""

    kind: Literal["refresh_message"] = "refresh_message"
    lead: LeadKey
    channel: str
    ts: str
    items: tuple[TellOwner, ...]
    """The leads of the message, as they were told."""
    news: Mapping[LeadKey, str]
    """What became of those that need nothing any more, in words."""
    notes: Mapping[LeadKey, str] = {}
    """What is to be said of those that still wait, in words."""
    marks: Mapping[LeadKey, str] = {}
    """How each of them stood: an update is new when this is, however it is worded."""


class SendReport(Value):
    """A digest or the leakage list, to one person."""

    kind: Literal["send_report"] = "send_report"
    lead: LeadKey = LeadKey("")
    """A report is about many."""
    to: str
    title: str
    intro: str
    sections: tuple[tuple[str, tuple[str, ...]], ...]
    """Headings, each with its lines."""
    charts: tuple[Chart, ...] = ()
    """Shown as pictures above the sections."""


class StampTouch(Value):
    """Write the first touch on the Salesforce record, for reports that don't know us."""

    kind: Literal["stamp_touch"] = "stamp_touch"
    lead: LeadKey
    record_id: RecordId
    record_kind: RecordKind
    status: str
    """`touched`, `disqualified`, `recycled`, `converted`."""
    touched_at: Instant | None
    touch: str | None
    """Such as `call` or `email`."""
    in_time: bool | None


class SetTask(Value):
    """Keep a Salesforce Task "First touch due" on the record: one, found by its key."""

    kind: Literal["set_task"] = "set_task"
    lead: LeadKey
    cycle: CycleId
    record_id: RecordId
    owner: RecordId
    subject: str
    due: Instant
    is_done: bool


class LogCall(Value):
    """Log a call that an owner reported in Slack, as a completed Task of theirs."""

    kind: Literal["log_call"] = "log_call"
    lead: LeadKey
    record_id: RecordId
    owner: RecordId
    at: Instant
    outcome: str
    note: str
    key: str
    """Finds the task again: our own external id."""


class CorrectField(Value):
    """Tell Marketo what a person says of one field of a lead."""

    kind: Literal["correct_field"] = "correct_field"
    lead: LeadKey
    field: FieldName
    words: str
    """What is written."""
    value: Scalar
    """The same in canonical form."""
    was: Scalar | None
    """What Marketo must still hold, in canonical form; None for nothing."""


Action = Annotated[
    SetOwner
    | MirrorFields
    | MirrorActivity
    | RequestSync
    | TellOwner
    | TellManager
    | RefreshMessage
    | SendReport
    | StampTouch
    | SetTask
    | LogCall
    | CorrectField,
    Field(discriminator="kind"),
]
"""Everything the worker can do to the outside world; nothing else exists."""


class Planned(Value):
    """An action with the key that makes it happen once."""

    key: EffectKey
    action: Action


class Applied(Value):
    """It happened."""

    kind: Literal["applied"] = "applied"
    detail: str = ""
    """What the vendor answered that is worth keeping, such as a message's ts or a new owner."""


class Refusal(StrEnum):
    """Why a vendor would not do it, in terms of what to do next."""

    OWNER_CHANGED = "owner_changed"
    """Someone changed the owner since the decision was made; theirs stays."""
    CONVERTED = "converted"
    """The lead became a contact: decide again for the contact."""
    GONE = "gone"
    """Deleted or merged away."""
    LOCKED = "locked"
    """Busy, or failed without blaming the record; try again soon."""
    OWNER_UNFIT = "owner_unfit"
    """The chosen owner is inactive or may not own this; decide again."""
    NEEDLESS = "needless"
    """What it was for happened by itself, such as a touch before a reminder."""
    DATA = "data"
    """The org's own rules refuse the record's data; someone must fix it."""
    SETUP = "setup"
    """A permission or setting is missing, or the org's own code fails; other records meet it."""
    OTHER = "other"
    """Nobody need do anything, or nobody knows; look again now and then."""


class Refused(Value):
    """It did not happen, and the vendor said why."""

    kind: Literal["refused"] = "refused"
    refusal: Refusal
    code: str
    words: str
    """The vendor's own words."""


class Unknown(Value):
    """It may or may not have happened: read before it is repeated."""

    kind: Literal["unknown"] = "unknown"
    detail: str


class Untried(Value):
    """It certainly did not happen, and nothing speaks against trying again."""

    kind: Literal["untried"] = "untried"
    detail: str
    retry_at: Instant | None = None


Receipt = Annotated[Applied | Refused | Unknown | Untried, Field(discriminator="kind")]
