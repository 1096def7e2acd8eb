"""What matching answers: which CRM record this person is, and which account the company is."""

from typing import Annotated, Literal

from pydantic import Field

from domain.lead.crm_records import Account, CrmRecord
from domain.values import Value


class Loser(Value):
    """A candidate that was looked at and not taken."""

    name: str
    """Such as `Lead 00Q... Dana Fox` or `Account Acme GmbH`."""
    why: str


class NoRecord(Value):
    """The CRM knows nobody like this."""

    kind: Literal["none"] = "none"


class OneRecord(Value):
    """This is the person's record."""

    kind: Literal["one"] = "one"
    record: CrmRecord
    by: str
    """How it was recognised, such as `same e-mail`, or which tie-break decided."""
    confidence: float
    losers: tuple[Loser, ...] = ()


class ManyRecords(Value):
    """Several records may be this person; a person has to merge or choose."""

    kind: Literal["many"] = "many"
    records: tuple[CrmRecord, ...]
    sentence: str


class NoAccount(Value):
    """The CRM knows no such company, or the lead names none."""

    kind: Literal["none"] = "none"
    losers: tuple[Loser, ...] = ()


class OneAccount(Value):
    """This is the lead's company."""

    kind: Literal["one"] = "one"
    account: Account
    by: str
    """Such as `same domain acme.com`, `company name 0.96 alike and same country`."""
    confidence: float
    losers: tuple[Loser, ...] = ()


class ManyAccounts(Value):
    """Several accounts may be the company and no tie-break decides."""

    kind: Literal["many"] = "many"
    accounts: tuple[Account, ...]
    sentence: str


PersonMatch = Annotated[NoRecord | OneRecord | ManyRecords, Field(discriminator="kind")]
AccountMatch = Annotated[NoAccount | OneAccount | ManyAccounts, Field(discriminator="kind")]


class Match(Value):
    """Both answers for one lead."""

    person: PersonMatch
    account: AccountMatch
