"""What the CRM holds that routing must know: records, accounts, owners and who is at work."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from domain.lead.absences import Away
from domain.lead.model import FieldName
from domain.values import Instant, LeadKey, RecordId, Scalar, Value


class OwnerKind(StrEnum):
    """Salesforce owners are users or queues; contacts can't be owned by a queue."""

    USER = "user"
    QUEUE = "queue"


class Owner(Value):
    """Who owns a record."""

    id: RecordId
    kind: OwnerKind
    name: str
    """A user's name; of a queue its label, or its DeveloperName where that is what is known."""
    email: str | None = None
    is_active: bool = True

    def is_queue(self, developer_name: str) -> bool:
        """Whether this is the queue of a DeveloperName, which Salesforce makes of its label."""
        name = self.name.replace(" ", "_").lower()
        return self.kind is OwnerKind.QUEUE and name == developer_name.lower()


class RecordKind(StrEnum):
    """The two Salesforce objects a person can be."""

    LEAD = "Lead"
    CONTACT = "Contact"


class CrmRecord(Value):
    """A Salesforce Lead or Contact that may be this person."""

    id: RecordId
    kind: RecordKind
    email: str | None
    first_name: str | None
    last_name: str | None
    company: str | None
    country: str | None = None
    account_id: RecordId | None = None
    """A contact's account, or the account a lead was converted into."""
    owner: Owner
    status: str | None = None
    is_converted: bool = False
    converted_contact_id: RecordId | None = None
    is_person_account: bool = False
    do_not_route: bool = False
    decision_id: str | None = None
    """Our stamp, when the record already carries one."""
    created_at: Instant
    modified_at: Instant
    values: Mapping[FieldName, Scalar] = {}
    """Fields the hygiene contract may take from Salesforce, under our names."""


class Opportunity(Value):
    """An open opportunity of an account."""

    id: RecordId
    name: str
    owner: Owner
    stage: str
    created_at: Instant


class Account(Value):
    """A Salesforce account that a lead may belong to."""

    id: RecordId
    name: str
    domain: str | None
    """Registrable domain of its website."""
    country: str | None
    state: str | None = None
    industry: str | None = None
    employees: int | None = None
    owner: Owner
    type: str | None = None
    """Salesforce's Account.Type, such as `Customer` or `Prospect`."""
    is_named: bool = False
    is_person_account: bool = False
    parent_id: RecordId | None = None
    opportunities: tuple[Opportunity, ...] = ()
    contacts: int = 0
    created_at: Instant


class Candidates(Value):
    """Everything in the CRM that might be this lead or its company; one read for the batch."""

    records: tuple[CrmRecord, ...] = ()
    accounts: tuple[Account, ...] = ()


class Member(Value):
    """A person who may own leads, as things stand at one moment."""

    email: str
    name: str
    user_id: RecordId | None
    """None when Salesforce has no such user."""
    is_active: bool = True
    out_of_office: Annotated[Away, Field(discriminator="kind")] | None = None
    """What their status says; None when at work."""
    open_leads: int = 0
    assigned_today: int = 0


class Roster(Value):
    """Who is there to take leads at one moment; the same for a whole batch."""

    at: Instant
    members: Mapping[str, Member]
    """By email address."""
    queues: Mapping[str, RecordId]
    """Salesforce's queues by DeveloperName."""


class PoolState(Value):
    """A pool's durable round-robin memory."""

    credits: Mapping[str, int] = {}
    """Per member's email: what the pool owes that member, in shares of a turn (see pools)."""
    turns: int = 0
    """How many leads the pool has given out."""


class OwnerState(Value):
    """A record's ownership as the CRM tells it now: read before a write and when in doubt."""

    lead: LeadKey
    record_id: RecordId
    kind: RecordKind
    owner: Owner
    decision_id: str | None
    modified_at: Instant
    modified_by: str
    """Name of the user who changed the record last."""
    is_deleted: bool = False
    converted_contact_id: RecordId | None = None


class RecordSeen(Value):
    """The Salesforce record of a handed-off lead as it is now; merged and converted followed."""

    record_id: RecordId
    kind: RecordKind
    owner: Owner
    status: str | None
    is_converted: bool
    modified_by: str
    """Name of the person who changed it last."""
    modified_at: Instant


class ActivityKind(StrEnum):
    """What an activity is."""

    CALL = "call"
    EMAIL = "email"
    LIST_EMAIL = "list_email"
    """One mail to many at once."""
    CADENCE = "cadence"
    """A step of a sales cadence."""
    LINKEDIN = "linkedin"
    MEETING = "meeting"
    TASK = "task"
    """A to-do of no particular kind."""
    FIRST_CALL = "first_call"
    """Salesforce's own FirstCallDateTime, where the org has Sales Engagement."""
    FIRST_EMAIL = "first_email"
