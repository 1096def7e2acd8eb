"""Why a check of the gate came out as it did: codes with what they rest on, never sentences."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from domain.lead.crm_records import RecordKind
from domain.lead.match import AccountBasis, PersonBasis
from domain.lead.model import Occurrence, Problem
from domain.policy.facts import Known
from domain.time.durations import Duration
from domain.values import Instant, LeadKey, RecordId, Value


class RecordRef(Value):
    """A Salesforce record by its id."""

    object: RecordKind
    id: RecordId


class AccountRef(Value):
    """A Salesforce account by its id, with its name."""

    id: RecordId
    name: str


class PlainCode(StrEnum):
    """A reason that says all by itself."""

    NO_EMAIL = "NO_EMAIL"
    INVALID_EMAIL = "INVALID_EMAIL"
    MISSPELLED_EMAIL = "MISSPELLED_EMAIL"
    DISPOSABLE_EMAIL = "DISPOSABLE_EMAIL"
    ROLE_EMAIL = "ROLE_EMAIL"
    BOUNCING_EMAIL = "BOUNCING_EMAIL"
    PERSONAL_EMAIL = "PERSONAL_EMAIL"
    PERSONAL_EMAIL_NO_COMPANY = "PERSONAL_EMAIL_NO_COMPANY"
    DO_NOT_CALL = "DO_NOT_CALL"
    UNSUBSCRIBED = "UNSUBSCRIBED"
    MARKETING_SUSPENDED = "MARKETING_SUSPENDED"
    CONTACTABLE = "CONTACTABLE"
    NOT_EXCLUDED = "NOT_EXCLUDED"
    NO_DUPLICATE = "NO_DUPLICATE"
    ONLY_CONVERTED = "ONLY_CONVERTED"
    """Salesforce has only a converted lead, and its contact is not to be seen."""
    RECORD_EXISTS = "RECORD_EXISTS"
    SYNC_PENDING = "SYNC_PENDING"
    NOTHING_TO_COMPARE = "NOTHING_TO_COMPARE"
    COPY_IS_NEWER = "COPY_IS_NEWER"
    COPY_IS_ALIKE = "COPY_IS_ALIKE"
    NOT_HELD = "NOT_HELD"


class Plain(Value):
    """A reason without particulars."""

    kind: Literal["plain"] = "plain"
    code: PlainCode


class Triggered(Value):
    """What brought the lead up."""

    kind: Literal["triggered"] = "triggered"
    fact: Occurrence


class CoolingDown(Value):
    """It was triggered again too soon after the last time."""

    kind: Literal["cooling_down"] = "cooling_down"
    until: Instant


class ValidEmail(Value):
    """The address is of a kind that the policy takes."""

    kind: Literal["valid_email"] = "valid_email"
    email_kind: str | None
    """`business`, `free` or `role`."""


class AllRequired(Value):
    """Every required field has a value."""

    kind: Literal["all_required"] = "all_required"
    count: int


class MissingFields(Value):
    """Required fields without a value, and what stood in them that could not be understood."""

    kind: Literal["missing_fields"] = "missing_fields"
    fields: tuple[str, ...]
    problems: tuple[Problem, ...] = ()


class NoConsentBasis(Value):
    """A consent basis has to be recorded there, and none is."""

    kind: Literal["no_consent_basis"] = "no_consent_basis"
    place: str | None
    """The country or region; None where the country is unknown and may be one of them."""


class ExcludedDomain(Value):
    """The domain is our own, or on the policy's list."""

    kind: Literal["excluded_domain"] = "excluded_domain"
    domain: str
    is_own: bool


class TestWord(Value):
    """A field says that somebody tried something out."""

    kind: Literal["test_word"] = "test_word"
    field: str
    text: str


class Student(Value):
    """A student, by the title."""

    kind: Literal["student"] = "student"
    title: str | None


class DoNotRoute(Value):
    """Somebody ticked Do Not Route."""

    kind: Literal["do_not_route"] = "do_not_route"
    system: Literal["Marketo", "Salesforce"]


class Qualified(Value):
    """A rule of the policy fits."""

    kind: Literal["qualified"] = "qualified"
    rule: str
    facts: tuple[Known, ...]
    """What the rule's conditions looked at."""
    tier: str | None
    intent: int
    """High-intent activities within the window."""
    window: Duration
    trigger: Occurrence


class Unqualified(Value):
    """No rule fits."""

    kind: Literal["unqualified"] = "unqualified"
    rules: tuple[str, ...]
    intent: int
    nearest: str | None = None
    """The first rule that could fit if what is unknown were known."""
    unknown: tuple[str, ...] = ()


class DoublePeople(Value):
    """Marketo has the same email address on other people too."""

    kind: Literal["double_people"] = "double_people"
    people: tuple[LeadKey, ...]


class SeveralRecords(Value):
    """Salesforce has the email address several times."""

    kind: Literal["several_records"] = "several_records"
    records: tuple[RecordRef, ...]


class SeveralAccounts(Value):
    """Several accounts fit equally."""

    kind: Literal["several_accounts"] = "several_accounts"
    accounts: tuple[AccountRef, ...]
    by: AccountBasis


class Matched(Value):
    """Which record and which account it is."""

    kind: Literal["matched"] = "matched"
    record: RecordRef | None = None
    record_by: PersonBasis | None = None
    account: str | None = None
    """The account's name."""
    account_by: AccountBasis | None = None


class CannotSync(Value):
    """Marketo can't create the lead in Salesforce without these fields."""

    kind: Literal["cannot_sync"] = "cannot_sync"
    fields: tuple[str, ...]


class Hidden(Value):
    """Marketo links a record that Salesforce doesn't show: deleted, merged or hidden."""

    kind: Literal["hidden"] = "hidden"
    object: str
    id: RecordId


class SyncRequested(Value):
    """The worker asked Marketo for the sync."""

    kind: Literal["sync_requested"] = "sync_requested"
    at: Instant


class StillDiffers(Value):
    """Salesforce's copy differs, and has been waited for long enough."""

    kind: Literal["still_differs"] = "still_differs"
    fields: tuple[str, ...]
    waited: Duration


class NotCopied(Value):
    """Marketo changed, and Salesforce doesn't show it yet."""

    kind: Literal["not_copied"] = "not_copied"
    fields: tuple[str, ...]
    changed_at: Instant


class Held(Value):
    """A person holds it, for the reason that they gave."""

    kind: Literal["held"] = "held"
    by: str
    reason: str


Reason = Annotated[
    Plain
    | Triggered
    | CoolingDown
    | ValidEmail
    | AllRequired
    | MissingFields
    | NoConsentBasis
    | ExcludedDomain
    | TestWord
    | Student
    | DoNotRoute
    | Qualified
    | Unqualified
    | DoublePeople
    | SeveralRecords
    | SeveralAccounts
    | Matched
    | CannotSync
    | Hidden
    | SyncRequested
    | StillDiffers
    | NotCopied
    | Held,
    Field(discriminator="kind"),
]
