"""What matching answers: which CRM record this person is, and which account the company is."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from domain.lead.crm_records import Account, CrmRecord
from domain.values import RecordId, Value


class NotTaken(StrEnum):
    """Why a candidate was not taken."""

    CONVERTED = "CONVERTED"
    SAME_PERSON = "SAME_PERSON"
    """Another record of the same person."""
    OTHER_EMAIL = "OTHER_EMAIL"
    PERSON_ACCOUNT = "PERSON_ACCOUNT"
    OTHER_DOMAIN = "OTHER_DOMAIN"
    OTHER_NAME = "OTHER_NAME"
    LESS_ALIKE = "LESS_ALIKE"
    """Its name is alike, and another's is more so."""
    OTHER_COUNTRY = "OTHER_COUNTRY"
    NAME_BUT_OTHER_DOMAIN = "NAME_BUT_OTHER_DOMAIN"
    TIE_BREAKER = "TIE_BREAKER"


class Loser(Value):
    """A candidate that was looked at and not taken."""

    object: Literal["Lead", "Contact", "Account"]
    id: RecordId
    name: str = ""
    """An account's name."""
    why: NotTaken
    ratio: float | None = None
    """How alike the names are, from 0 to 1, where that decided."""
    seen: str | None = None
    """The country, domain or tie-breaker that decided; None where it is unknown."""


class PersonBasis(StrEnum):
    """How a person's record was recognized."""

    LINKED = "LINKED"
    """Marketo's own sync links it."""
    SAME_EMAIL = "SAME_EMAIL"
    CONTACT_OF_ACCOUNT = "CONTACT_OF_ACCOUNT"
    """The same email address several times; the contact of the matched account."""


class NoRecord(Value):
    """The CRM knows nobody like this."""

    kind: Literal["none"] = "none"


class OneRecord(Value):
    """This is the person's record."""

    kind: Literal["one"] = "one"
    record: CrmRecord
    by: PersonBasis
    confidence: float
    losers: tuple[Loser, ...] = ()


class ManyRecords(Value):
    """Several records may be this person; a person has to merge or choose."""

    kind: Literal["many"] = "many"
    records: tuple[CrmRecord, ...]
    only_converted: bool = False
    """Only a converted lead is there, and its contact is not to be seen."""


class AccountBasis(Value):
    """How a company's account was recognized."""

    by: Literal["own_account", "domain", "name"]
    """`own_account`: it is the matched contact's."""
    domain: str | None = None
    ratio: float | None = None
    """How alike the names are, from 0 to 1."""
    same_country: bool = False
    """Whether the country had to be the same, and was."""
    tie_breakers: tuple[str, ...] = ()
    """The policy's tie-breakers that decided, in order."""


class NoAccount(Value):
    """The CRM knows no such company, or the lead names none."""

    kind: Literal["none"] = "none"
    losers: tuple[Loser, ...] = ()


class OneAccount(Value):
    """This is the lead's company."""

    kind: Literal["one"] = "one"
    account: Account
    by: AccountBasis
    confidence: float
    losers: tuple[Loser, ...] = ()


class ManyAccounts(Value):
    """Several accounts may be the company and no tie-break decides."""

    kind: Literal["many"] = "many"
    accounts: tuple[Account, ...]
    by: AccountBasis


PersonMatch = Annotated[NoRecord | OneRecord | ManyRecords, Field(discriminator="kind")]
AccountMatch = Annotated[NoAccount | OneAccount | ManyAccounts, Field(discriminator="kind")]


class Match(Value):
    """Both answers for one lead."""

    person: PersonMatch
    account: AccountMatch
