"""What a lead is: a person in play, the activity that brought it up, and its one pass through."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from domain.values import (
    CycleId,
    Instant,
    LeadKey,
    Quoted,
    RecordId,
    Scalar,
    Source,
    Sourced,
    Value,
)


class FieldName(StrEnum):
    """The lead fields that rules can use, mapped from Marketo and Salesforce fields."""

    EMAIL = "email"
    EMAIL_KIND = "email_kind"
    """`business`, `free`, `disposable`, `role` or `invalid`; worked out from the address."""
    FIRST_NAME = "first_name"
    LAST_NAME = "last_name"
    COMPANY = "company"
    DOMAIN = "domain"
    """The company's registrable web domain, such as `acme.co.uk`; never a freemail domain."""
    WEBSITE = "website"
    COUNTRY = "country"
    """ISO 3166-1 alpha-2."""
    STATE = "state"
    """ISO 3166-2 without the country, such as `CA` or `BY`."""
    CITY = "city"
    POSTAL_CODE = "postal_code"
    PHONE = "phone"
    """E.164."""
    TITLE = "title"
    SENIORITY = "seniority"
    """`c_level`, `vp`, `director`, `manager`, `individual`, `student`."""
    FUNCTION = "function"
    """`marketing`, `sales`, `it`, `engineering`, `finance`, `operations`, `hr`, `legal`, ..."""
    INDUSTRY = "industry"
    EMPLOYEES = "employees"
    """Head count of the company."""
    EMPLOYEE_BAND = "employee_band"
    """`1-49`, `50-199`, `200-999`, `1000-4999`, `5000+`."""
    ANNUAL_REVENUE = "annual_revenue"
    LEAD_SOURCE = "lead_source"
    SOURCE_DETAIL = "source_detail"
    PRODUCT_INTEREST = "product_interest"
    COMMENT = "comment"
    """What the lead wrote in a form's free text. Data, never an instruction."""
    SCORE = "score"
    ICP_TIER = "icp_tier"
    """`A`, `B`, `C` or `D`."""
    CONSENT_BASIS = "consent_basis"
    UNSUBSCRIBED = "unsubscribed"
    EMAIL_INVALID = "email_invalid"
    DO_NOT_CALL = "do_not_call"
    MARKETING_SUSPENDED = "marketing_suspended"
    DO_NOT_ROUTE = "do_not_route"


class CrmLink(Value):
    """What Marketo believes about this person's Salesforce record."""

    kind: str
    """`Lead` or `Contact`."""
    record_id: RecordId


class RawLead(Value):
    """A Marketo person as read: the vendor's own texts under our field names."""

    key: LeadKey
    values: Mapping[FieldName, Scalar]
    """Only what the vendor really holds; an absent field is an absent key."""
    link: CrmLink | None
    """None while the person is not in Salesforce as far as Marketo knows."""
    created_at: Instant
    updated_at: Instant
    read_at: Instant


class Misread(StrEnum):
    """Why a value could not be understood."""

    NOT_AN_EMAIL = "NOT_AN_EMAIL"
    NOT_A_COMPANY = "NOT_A_COMPANY"
    UNKNOWN_COUNTRY = "UNKNOWN_COUNTRY"
    STATE_WITHOUT_COUNTRY = "STATE_WITHOUT_COUNTRY"
    NOT_A_STATE = "NOT_A_STATE"
    INVALID_PHONE = "INVALID_PHONE"
    NOT_A_HEAD_COUNT = "NOT_A_HEAD_COUNT"
    ONLY_AT_MOST = "ONLY_AT_MOST"
    """An upper bound of the head count: it says no least."""
    A_DATE = "A_DATE"
    """A spreadsheet made a date of a range such as 1-10."""
    MISSPELLED_EMAIL = "MISSPELLED_EMAIL"
    """A mail provider's name with a slip of the keyboard in it."""


class Problem(Value):
    """A value that could not be understood, and why, for the person who can fix it."""

    field: FieldName
    value: str
    why: Misread
    country: str | None = None
    """The country that has no such state."""


class Lead(Value):
    """A lead with every field in canonical form and with its provenance."""

    key: LeadKey
    fields: Mapping[FieldName, Sourced]
    problems: tuple[Problem, ...] = ()
    link: CrmLink | None = None
    updated_at: Instant

    def text(self, field: FieldName) -> str | None:
        """A field's value as text; None when the lead has none."""
        sourced = self.fields.get(field)
        return None if sourced is None else str(sourced.value)

    def number(self, field: FieldName) -> float | None:
        """A field's value as a number; None when absent or not one."""
        sourced = self.fields.get(field)
        if sourced is None or isinstance(sourced.value, str | bool):
            return None
        return sourced.value

    def holds(self, field: FieldName) -> bool:
        """Whether a yes-or-no field is known to be yes."""
        sourced = self.fields.get(field)
        return sourced is not None and sourced.value is True

    def source(self, field: FieldName) -> Source | None:
        """Where a field's value came from; None when the lead has none."""
        sourced = self.fields.get(field)
        return None if sourced is None else sourced.source


class Activity(Value):
    """Something a Marketo person did, or that was done to it."""

    id: str
    """Marketo's `marketoGUID`: seeing it twice is harmless."""
    lead: LeadKey
    type: str
    """Marketo's name of the activity type, such as `Fill Out Form`."""
    at: Instant
    name: str = ""
    """The primary attribute, such as the form's or the page's name."""
    attributes: Mapping[str, str] = {}


class TriggerKind(StrEnum):
    """Why a lead is routed."""

    HAND_RAISE = "hand_raise"
    MQL_THRESHOLD = "mql_threshold"
    TARGET_ACCOUNT = "target_account"
    PRODUCT_QUALIFIED = "product_qualified"
    RECYCLED = "recycled"


class Reached(Value):
    """A number of the lead reached what the policy asks for."""

    kind: Literal["reached"] = "reached"
    what: str
    """The number's name, such as `Lead Score`; empty where Marketo gives none."""
    value: float
    enough: float


class Did(Value):
    """The lead did something, or something was done to it."""

    kind: Literal["did"] = "did"
    type: str
    """Marketo's name of the activity type."""
    name: str = ""
    """The form's, page's or list's name."""


Occurrence = Annotated[Reached | Did | Quoted, Field(discriminator="kind")]
"""What happened in Marketo."""
OCCURRENCE: TypeAdapter[Occurrence] = TypeAdapter(Occurrence)
"""Reads one from the ledger's JSON."""


class Trigger(Value):
    """One trigger of a lead, with the activity that shows it."""

    kind: TriggerKind
    lead: LeadKey
    at: Instant
    activity_id: str
    fact: Occurrence


class Cycle(Value):
    """One pass of one lead from trigger to close; a re-qualified lead opens a new one."""

    id: CycleId
    number: int
    """1 for the lead's first cycle."""
    trigger: Trigger
    opened_at: Instant


class OnHold(Value):
    """Who put a lead on hold, and why in their own words."""

    by: str
    """The person's name."""
    reason: str


class Given(Value):
    """What the worker itself did to the owner of a lead's record before."""

    owner: RecordId | None
    """Whom or what it gave the record last; None when it never changed the owner."""


class Conditions(Value):
    """What the ledger knows about a cycle when the gate is asked."""

    held: OnHold | None = None
    """None when nobody holds it."""
    previous_trigger_at: Instant | None = None
    """When the lead was last triggered before and assigned; None when it never was."""
    sync_requested_at: Instant | None = None
    """When the worker asked Marketo to sync this person; None when it didn't."""
    other_people: tuple[LeadKey, ...] = ()
    """Older Marketo people with the same email address."""
    given: Given | None = None
    """None in decisions of before this was asked: they know only owners of the policy's users."""
