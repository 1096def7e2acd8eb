"""Why a lead goes where it goes, and why not to somebody else: codes with what they rest on."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from domain.lead.absences import AtCap, Holiday, Inactive, NoUser, OffHours, OutOfOffice
from domain.policy.facts import Known
from domain.values import Quoted, Value, is_absent


class PassedOver(StrEnum):
    """Why somebody or something that could have had the lead didn't, apart from absence."""

    NOT_IN_POLICY = "NOT_IN_POLICY"
    """Not one of the policy's users."""
    OWNER_INACTIVE = "OWNER_INACTIVE"
    """Owns the record, and is not active in Salesforce."""
    HAD_IT_BEFORE = "HAD_IT_BEFORE"
    NOBODY_AVAILABLE = "NOBODY_AVAILABLE"
    EXCLUDED = "EXCLUDED"
    """The policy never gives them such leads."""
    NOT_THEIR_KIND = "NOT_THEIR_KIND"
    """A member of the pool who takes only other leads."""
    NOT_FOR_CONTACTS = "NOT_FOR_CONTACTS"
    """A contact can't be owned by a queue."""


class Passed(Value):
    """A reason without particulars."""

    kind: Literal["passed"] = "passed"
    code: PassedOver


class NoQueue(Value):
    """Salesforce has no such queue."""

    kind: Literal["no_queue"] = "no_queue"
    developer_name: str


class NoTerritory(Value):
    """No row of the territories fits."""

    kind: Literal["no_territory"] = "no_territory"
    segment: str
    country: str | None


WhyNot = Annotated[
    NoUser
    | Inactive
    | OutOfOffice
    | AtCap
    | Holiday
    | OffHours
    | Quoted
    | Passed
    | NoQueue
    | NoTerritory,
    Field(discriminator="kind"),
]


class Skipped(Value):
    """A person, pool, queue or the territories: who could have had the lead, and why not."""

    what: Literal["person", "pool", "queue", "territories"] = "person"
    who: str
    """A person's name, or the policy's name of the pool or queue."""
    why: WhyNot


class FromFacts(Value):
    """What a rule's conditions looked at; empty for a rule that takes every lead."""

    kind: Literal["facts"] = "facts"
    facts: tuple[Known, ...] = ()


class FromTerritory(Value):
    """The first row of the territories that fits, with its filled cells."""

    kind: Literal["territory"] = "territory"
    territory: str
    line: int
    """Of territories.csv."""
    country: str | None = None
    """The lead's country, where the row asks for a country or region."""
    state: str | None = None
    segment: str | None = None
    industry: str | None = None


class FromAccount(Value):
    """An account whose owner left, and whose next owner someone has to choose."""

    kind: Literal["account"] = "account"
    account: str
    standing: str
    owner: str


Origin = Annotated[FromFacts | FromTerritory, Field(discriminator="kind")]
"""What sent the lead somewhere."""


class SegmentLeaves(Value):
    """The segment leaves the choice to Salesforce's own assignment rules."""

    kind: Literal["segment_leaves"] = "segment_leaves"
    segment: str


class SalesforceDecides(Value):
    """A routing rule leaves the choice to Salesforce's own assignment rules."""

    kind: Literal["salesforce_decides"] = "salesforce_decides"
    facts: tuple[Known, ...] = ()


class AlreadyOwns(Value):
    """A rep owns the record already."""

    kind: Literal["already_owns"] = "already_owns"
    owner: str


class Although(StrEnum):
    """Why an owner could not have got the lead, had the rule not said so."""

    AWAY = "AWAY"
    AT_CAP = "AT_CAP"


class StandIn(Value):
    """Who gets the lead in place of an owner who is there no more, away or at a cap."""

    name: str
    role: Literal["cover", "manager"]


class OpportunityOwned(Value):
    """The account has an open opportunity, whose owner gets the lead."""

    kind: Literal["opportunity_owned"] = "opportunity_owned"
    account: str
    opportunity: str
    stage: str
    owner: str
    although: Although | None = Field(default=None, exclude_if=is_absent)
    stand_in: StandIn | None = Field(default=None, exclude_if=is_absent)
    """Gets it in place of an owner who is away or at a cap."""


class AccountOwned(Value):
    """The account's owner gets the lead, or their manager when they left."""

    kind: Literal["account_owned"] = "account_owned"
    account: str
    standing: str
    """`customer`, `named` or `prospect`."""
    owner: str
    manager: str | None = None
    """Gets it in place of an owner who left."""
    although: Although | None = Field(default=None, exclude_if=is_absent)
    stand_in: StandIn | None = Field(default=None, exclude_if=is_absent)
    """Gets it in place of an owner who is away or at a cap."""


class ForPerson(Value):
    """A rule or a territory names a person."""

    kind: Literal["for_person"] = "for_person"
    origin: Origin
    owner: str


class Drawn(Value):
    """A pool shares such leads, and it was somebody's turn."""

    kind: Literal["drawn"] = "drawn"
    origin: Origin
    pool: str
    owner: str
    weight: int
    whole: int
    """The weights of all members together."""
    open_leads: int | None = Field(default=None, exclude_if=is_absent)
    """How many open leads the owner had, where the pool gives to whoever has fewest."""
    instead_of: str | None = Field(default=None, exclude_if=is_absent)
    """The pool that overflowed into this one."""


class Queued(Value):
    """A rule or a territory names a queue."""

    kind: Literal["queued"] = "queued"
    origin: Origin
    queue: str


class Ending(StrEnum):
    """Where a lead ends up when nobody was available."""

    IN_QUEUE = "IN_QUEUE"
    KEPT_BY_OWNER = "KEPT_BY_OWNER"
    """The contact's own owner keeps it."""
    ACCOUNT_OWNER = "ACCOUNT_OWNER"
    QUEUE_OWNER = "QUEUE_OWNER"
    """Whoever answers for the fallback queue, which can't own a contact."""
    AS_IT_IS = "AS_IT_IS"


Unmet = Annotated[FromFacts | FromTerritory | FromAccount, Field(discriminator="kind")]
"""What sent the lead somewhere, or would have, had somebody been there."""


class FellBack(Value):
    """Nobody was available, or no rule fits: the segment's fallback."""

    kind: Literal["fell_back"] = "fell_back"
    origin: Unmet | None = None
    """What sent it where nobody was; None where no rule fits."""
    wanted_queue: str | None = None
    """The queue that can't have it; None where it would have been a person's."""
    ending: Ending
    queue: str
    """The segment's fallback queue."""
    owner: str | None = None
    """The name of the person who has it now; None for a queue, or where it stays as it is."""


Basis = Annotated[
    SegmentLeaves
    | SalesforceDecides
    | AlreadyOwns
    | OpportunityOwned
    | AccountOwned
    | ForPerson
    | Drawn
    | Queued
    | FellBack,
    Field(discriminator="kind"),
]
"""Why the chosen owner."""


class RoutedBy(Value):
    """The answer to "why did this lead go to this person?"."""

    kind: Literal["routed"] = "routed"
    rule: str
    """The routing rule's name; `Fallback` and `Salesforce's rules` where no rule chose."""
    basis: Basis
    skipped: tuple[Skipped, ...] = ()
