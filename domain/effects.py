"""What is written to the outside world, and what came of it."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from domain.crm import RecordKind
from domain.route import Subject
from domain.values import DecisionId, EffectKey, Instant, LeadKey, RecordId, Value


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
    """The new owner's e-mail address; None for a queue, or where Salesforce's rules choose."""
    title: str = ""
    """The lead in a few words: `Dana Fox, VP Marketing at Acme`."""
    stamp: Stamp


class MirrorFields(Value):
    """Tell Marketo, in fields of the person, what was decided."""

    kind: Literal["mirror_fields"] = "mirror_fields"
    lead: LeadKey
    status: str
    """`assigned`, `waiting`, `parked`, `rejected`."""
    owner_name: str
    stamp: Stamp


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


class TellOwner(Value):
    """Tell an owner in Slack which leads are theirs now; several leads share one message."""

    kind: Literal["tell_owner"] = "tell_owner"
    lead: LeadKey
    owner: str
    """The owner's e-mail address."""
    title: str
    """Such as `Dana Fox, VP Marketing at Acme`."""
    record_id: RecordId
    record_kind: RecordKind
    reason: str
    sla_due: Instant | None


Action = Annotated[
    SetOwner | MirrorFields | MirrorActivity | RequestSync | TellOwner,
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
    """Busy; try again soon."""
    OWNER_UNFIT = "owner_unfit"
    """The chosen owner is inactive or may not own this; decide again."""
    DATA = "data"
    """The org's own rules refuse the record's data; someone must mend it."""
    OTHER = "other"


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
