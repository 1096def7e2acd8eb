"""The contract that marketing and sales agreed on, as data.

`policy.yaml` and `territories.csv` are read into these types (`agent.policy.file`), linted
(`domain.policy.lint`) and versioned by content. The docstring under each field is its
documentation: it appears in the exported JSON Schema.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from domain.lead.model import FieldName, TriggerKind
from domain.policy.alerts import Alerting
from domain.policy.conditions import Test, When
from domain.policy.conversation import Conversation
from domain.policy.first_touch import TouchRules
from domain.policy.follow_through import FollowThrough, Rung
from domain.policy.outcomes import OutcomeRules
from domain.policy.rollout import Publishing
from domain.policy.routing import RoutingRule, Territory
from domain.time.business_hours import Calendar, next_open
from domain.time.durations import Duration
from domain.values import Source, Value, canonical_json, content_hash


class Mode(StrEnum):
    """How far the worker may go by itself."""

    SHADOW = "shadow"
    """Decide and record, but write nothing outside."""
    APPROVE = "approve"
    """A person confirms each write."""
    AUTO = "auto"


class Assignment(StrEnum):
    """Who owns the choice of owner in a segment; never both."""

    WORKER = "worker"
    SALESFORCE_RULES = "salesforce_rules"


class User(Value):
    """A person who may own leads or answers for those who do; the key is the e-mail address."""

    name: str
    timezone: str
    calendar: str
    manager: str | None = None
    """E-mail of the person who hears of breaches."""
    cover: str | None = None
    """E-mail of the person who is asked while this one is away; without one, the manager."""
    role: Literal["rep", "manager", "ops", "viewer"] = "rep"
    cap_open: int | None = Field(default=None, ge=0)
    """At most so many open leads at once."""
    cap_per_day: int | None = Field(default=None, ge=0)
    """At most so many new leads per calendar day of their own."""


class Queue(Value):
    """A Salesforce queue, and the person who answers for what lies in it."""

    salesforce: str
    """The queue's DeveloperName."""
    answers: str
    """E-mail of the person who answers for its dwell time."""


class PoolMember(Value):
    """One member of a pool."""

    user: str
    weight: int = Field(default=1, ge=1, le=100)
    """A weight of 2 gets twice the leads of a weight of 1."""


class Pool(Value):
    """People who share leads by weighted round robin."""

    members: tuple[PoolMember, ...] = Field(min_length=1)
    outside_hours: Literal["assign", "skip"] = "assign"
    """`assign`: the clock starts when the owner's day does; `skip`: only those at work now."""


class TriggerRule(Value):
    """One way in which a lead comes up. Every part that is given must hold."""

    name: str
    kind: TriggerKind
    activity: str
    """Marketo's name of the activity type, such as `Fill Out Form` or `Change Score`."""
    names: tuple[str, ...] = ()
    """Names of forms, lists or pages; empty means any."""
    attribute: str | None = None
    """An attribute of the activity that `at_least` is read from, such as `New Value`."""
    at_least: float | None = None


class Sla(Value):
    """When the first human touch is due."""

    first_touch: Duration
    clock: Literal["business", "wall"] = "business"
    """`business` counts the owner's working hours only."""


class Segment(Value):
    """A group of leads that is handled alike; the first whose `when` holds is the lead's."""

    name: str
    when: When = Field(default_factory=dict[str, Test])
    mode: Mode = Mode.SHADOW
    assignment: Assignment = Assignment.WORKER
    required: tuple[FieldName, ...] = ()
    """Fields needed besides those that every lead needs."""
    call_first: bool = False
    """The first touch is a call: `do_not_call` then stops the lead."""
    sla: Sla
    fallback: str
    """The queue that gets a lead for whom nobody is available."""
    ladder: tuple[Rung, ...] | None = None
    """What happens while nobody has touched the lead; without one, `follow_through.ladder`."""


class QualifiedRule(Value):
    """One way to be qualified, explained by its `name`."""

    name: str
    when: When = Field(default_factory=dict[str, Test])
    intent_activities: int = Field(default=0, ge=0)
    """At least so many high-intent activities within `intent_window`."""


class Gate(Value):
    """What makes a lead route-ready."""

    required: tuple[FieldName, ...] = (
        FieldName.EMAIL,
        FieldName.LAST_NAME,
        FieldName.COMPANY,
        FieldName.COUNTRY,
    )
    """The least every lead must have."""
    state_required_in: tuple[str, ...] = ("US", "CA")
    """Countries whose territories need the state."""
    role_accounts: Literal["allow", "refuse"] = "refuse"
    """Addresses such as info@ or sales@."""
    free_mail: Literal["allow", "company_required", "refuse"] = "company_required"
    """Personal addresses: `company_required` lets those pass whose company is known."""
    cool_down: Duration = timedelta(days=30)
    """A new trigger of the same lead within this time opens no second cycle unless it is one of
    `always`."""
    always: tuple[TriggerKind, ...] = (TriggerKind.HAND_RAISE,)
    """Triggers that the cool-down does not hold back."""
    consent_basis_required_in: tuple[str, ...] = ()
    """Regions or countries in which a recorded consent basis is needed."""
    excluded_domains: tuple[str, ...] = ()
    """Competitors, partners and the like; a domain covers its subdomains."""
    own_domains: tuple[str, ...] = ()
    """Our own: employees are not leads."""
    test_words: tuple[str, ...] = ("test", "asdf", "qwerty")
    """A first name, last name or company that is one of these words is a test."""
    students: Literal["allow", "refuse"] = "refuse"
    qualified: tuple[QualifiedRule, ...] = Field(min_length=1)
    """Any one of these qualifies a lead."""
    intent_activities: tuple[str, ...] = ()
    """High-intent activities: `Fill Out Form: Demo Request` or only a type."""
    intent_window: Duration = timedelta(days=7)
    stale_after: Duration = timedelta(minutes=10)
    """Salesforce's copy may be this much older than Marketo's; longer means that the sync lags."""
    wait_for_sync: Duration = timedelta(hours=2)
    """A lead that is still not in Salesforce after this time is reported as leakage."""
    look_again: Duration = timedelta(minutes=5)
    """How long to wait between two looks; Marketo's sync pauses five minutes."""
    park_for: Duration = timedelta(days=14)
    """A parked lead that nobody mends is reported as leakage after this time."""


class IcpRule(Value):
    """A tier of the ideal customer profile; the first that holds is the lead's."""

    tier: Literal["A", "B", "C", "D"]
    when: When = Field(default_factory=dict[str, Test])


class Provider(Value):
    """An enrichment provider, in the order in which it is asked."""

    name: Literal["pdl", "apollo", "hunter"]
    credits_per_day: int = Field(default=500, ge=0)


class Enrichment(Value):
    """What to look up, where, and how much it may cost."""

    fields: tuple[FieldName, ...] = (
        FieldName.COUNTRY,
        FieldName.STATE,
        FieldName.EMPLOYEES,
        FieldName.INDUSTRY,
        FieldName.COMPANY,
    )
    """Fields worth asking for when the lead lacks them."""
    providers: tuple[Provider, ...] = ()
    time_budget: Duration = timedelta(seconds=8)
    """At most this long for one batch; what is not known by then is not waited for."""
    keep: Duration = timedelta(days=60)
    """How long an answer is kept."""
    keep_not_found: Duration = timedelta(days=7)
    min_confidence: float = Field(default=0.6, ge=0, le=1)


class TieBreaker(StrEnum):
    """How one of several equal accounts is chosen; asked in the order given."""

    OPEN_OPPORTUNITY = "open_opportunity"
    CUSTOMER = "customer"
    NAMED = "named"
    SAME_COUNTRY = "same_country"
    MOST_CONTACTS = "most_contacts"
    OLDEST = "oldest"


class Matching(Value):
    """When two records are the same person or the same company."""

    company_similarity: float = Field(default=0.9, ge=0.5, le=1)
    """How alike two company names must be, from 0 to 1, when the domain doesn't tell."""
    name_needs_country: bool = True
    """A match by name alone also needs the same country."""
    tie_breakers: tuple[TieBreaker, ...] = (
        TieBreaker.OPEN_OPPORTUNITY,
        TieBreaker.CUSTOMER,
        TieBreaker.NAMED,
        TieBreaker.SAME_COUNTRY,
    )
    """What is still equal after these is ambiguous, and a person decides."""
    customer_types: tuple[str, ...] = ("Customer",)
    """Values of Account.Type that make an account a customer."""


class Mirroring(Value):
    """What Marketo is told."""

    activity: bool = True
    """Also log a custom activity on the person."""
    verdicts: bool = True
    """Also tell why a lead waits, is parked or was rejected."""


class Sync(Value):
    """How a lead that is not in Salesforce yet gets there."""

    request: bool = False
    """Ask Marketo's sync campaign at once instead of waiting for the next cycle."""
    campaign: str | None = None
    """Name of the active trigger campaign whose flow is Sync Person to SFDC."""
    holding: tuple[str, ...] = ()
    """DeveloperNames of queues, or e-mails of users, that own leads nobody was given yet."""


class Limits(Value):
    """Per day of the business; what goes beyond waits for the next day, and operators are told."""

    owner_changes_per_day: int = Field(default=20_000, ge=0)
    """At most so many writes of an owner to Salesforce."""
    messages_per_day: int = Field(default=20_000, ge=0)
    """At most so many messages of its own accord in Slack; answers to questions don't count."""


class Policy(Value):
    """The whole contract."""

    policy: Literal[1]
    """Version of this file's form."""
    name: str
    timezone: str
    """Of the business: days in reports begin here."""
    regions: Mapping[str, tuple[str, ...]]
    """Countries (ISO 3166-1) by region; a country belongs to one region."""
    calendars: Mapping[str, Calendar]
    users: Mapping[str, User]
    queues: Mapping[str, Queue]
    pools: Mapping[str, Pool]
    triggers: tuple[TriggerRule, ...] = Field(min_length=1)
    segments: tuple[Segment, ...] = Field(min_length=1)
    gate: Gate
    icp: tuple[IcpRule, ...] = ()
    hygiene: Mapping[FieldName, tuple[Source, ...]] = Field(
        default_factory=dict[FieldName, tuple[Source, ...]]
    )
    """Per field, which source is believed first; a field not named keeps the lead's own word."""
    enrichment: Enrichment = Enrichment()
    matching: Matching = Matching()
    routing: tuple[RoutingRule, ...] = Field(min_length=1)
    mirror: Mirroring = Mirroring()
    sync: Sync = Sync()
    follow_through: FollowThrough = FollowThrough()
    conversation: Conversation = Conversation()
    publishing: Publishing = Publishing()
    alerts: Alerting = Alerting()
    outcomes: OutcomeRules = OutcomeRules()
    limits: Limits = Limits()
    touch: TouchRules = TouchRules()
    territories: tuple[Territory, ...] = ()
    """Filled from territories.csv, which lies beside the policy file."""

    @cached_property
    def version(self) -> str:
        """The policy's version: a fingerprint of its content, territories included."""
        return content_hash(canonical_json(self))

    def region_of(self, country: str | None) -> str | None:
        """The region a country belongs to; None when the policy places it nowhere."""
        for region, countries in self.regions.items():
            if country in countries:
                return region
        return None

    def segment(self, name: str | None) -> Segment | None:
        """A segment by its name; None for one that the policy doesn't have."""
        return next((one for one in self.segments if one.name == name), None)

    def ladder(self, segment: str | None) -> tuple[Rung, ...]:
        """The rungs of a segment, lowest first."""
        found = self.segment(segment)
        own = None if found is None else found.ladder
        return self.follow_through.ladder if own is None else own


def next_at_work(policy: Policy, email: str, now: datetime) -> datetime:
    """When a person of the policy may be written to: now, or when their working day begins."""
    user = policy.users[email]
    return next_open(policy.calendars[user.calendar], user.timezone, now)


def local_time(instant: datetime, email: str, policy: Policy) -> datetime:
    """An instant on the wall clock of a person; the business's for somebody unknown."""
    return instant.astimezone(zone_of(email, policy))


def zone_of(email: str, policy: Policy) -> ZoneInfo:
    """The time zone of a person; the business's for somebody unknown."""
    user = policy.users.get(email)
    return ZoneInfo(policy.timezone if user is None else user.timezone)
