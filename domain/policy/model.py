"""The agreement between marketing and sales, as data.

`policy.yaml` and `territories.csv` are read into these types (`agent.policy.file`), linted
(`domain.policy.lint`) and versioned by what they say. The docstring under each field is its
documentation: it appears in the exported JSON Schema.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import Field

from domain.lead.model import FieldName, TriggerKind
from domain.policy.alerts import Alerting
from domain.policy.conditions import Test, Vocabulary, When
from domain.policy.conversation import Conversation
from domain.policy.first_touch import TouchRules
from domain.policy.follow_through import FollowThrough, Rung
from domain.policy.rollout import Publishing
from domain.policy.routing import RoutingRule, Territory
from domain.time.business_hours import Calendar, next_open
from domain.time.durations import Duration
from domain.values import Source, Value, canonical_json, content_hash


class Mode(StrEnum):
    """How much the worker may do on its own."""

    SHADOW = "shadow"
    """Decide and record, but write nothing outside."""
    APPROVE = "approve"
    """A person confirms each write."""
    AUTO = "auto"


class Assignment(StrEnum):
    """Who chooses the owner in a segment: the worker or Salesforce's assignment rules."""

    WORKER = "worker"
    SALESFORCE_RULES = "salesforce_rules"


class User(Value):
    """A person who owns leads, or manages people who do. The key is the email address."""

    name: str
    timezone: str
    calendar: str
    manager: str | None = None
    """Email of the person who is notified of SLA breaches."""
    cover: str | None = None
    """Email of the person who covers while this one is away; the manager if none is given."""
    role: Literal["rep", "manager", "ops", "viewer"] = "rep"
    cap_open: int | None = Field(default=None, ge=0)
    """Maximum number of open leads at a time."""
    cap_per_day: int | None = Field(default=None, ge=0)
    """Maximum number of new leads per calendar day, in the person's own time zone."""
    never: tuple[When, ...] = ()
    """Leads that no rule and no reassignment gives this person: a lead is excluded if it meets all
    conditions of any one of these."""


class Queue(Value):
    """A Salesforce queue and its queue owner."""

    salesforce: str
    """The queue's DeveloperName."""
    owner: str
    """Email of the queue owner: the person responsible for the leads in the queue."""


class PoolMember(Value):
    """One member of a round-robin pool."""

    user: str
    weight: int = Field(default=1, ge=1, le=100)
    """A weight of 2 gets twice the leads of a weight of 1."""
    when: When = Field(default_factory=dict[str, Test])
    """The leads this member can take, such as by product or country. Default: all leads of the
    pool."""


class Pool(Value):
    """People who share leads."""

    members: tuple[PoolMember, ...] = Field(min_length=1)
    choose: Literal["round_robin", "least_loaded"] = "round_robin"
    """`round_robin`: in turn, by weight. `least_loaded`: whoever has the fewest open leads for
    their weight; in turn among equals."""
    overflow: str | None = None
    """Name of the pool that gets the leads while no member is available."""
    outside_hours: Literal["assign", "skip"] = "assign"
    """`assign`: members outside their working hours get leads too, and the SLA clock starts when
    their day does. `skip`: only members who are at work now get leads."""


class TriggerRule(Value):
    """A Marketo activity that starts routing. Every condition given must hold."""

    name: str
    kind: TriggerKind
    activity: str
    """Marketo activity type, such as `Fill Out Form` or `Change Score`."""
    names: tuple[str, ...] = ()
    """Names of forms, lists or pages. Empty means any."""
    attribute: str | None = None
    """The activity attribute that `at_least` is compared with, such as `New Value`."""
    at_least: float | None = None


class Sla(Value):
    """First-touch SLA."""

    first_touch: Duration
    clock: Literal["business", "wall"] = "business"
    """`business` counts only the owner's working hours; `wall` counts all hours."""


class Segment(Value):
    """A group of leads with the same mode, SLA and fallback queue. The first match wins."""

    name: str
    when: When = Field(default_factory=dict[str, Test])
    mode: Mode = Mode.SHADOW
    assignment: Assignment = Assignment.WORKER
    required: tuple[FieldName, ...] = ()
    """Fields required in this segment, in addition to `gate.required`."""
    call_first: bool = False
    """The first touch must be a call, so leads marked `do_not_call` are not routed."""
    sla: Sla
    fallback: str
    """The queue that gets the lead when nobody is available."""
    ladder: tuple[Rung, ...] | None = None
    """Escalation steps for unworked leads in this segment. Default: `follow_through.ladder`."""


class QualifiedRule(Value):
    """One way to qualify. Its `name` is the reason that people read."""

    name: str
    when: When = Field(default_factory=dict[str, Test])
    intent_activities: int = Field(default=0, ge=0)
    """Minimum number of high-intent activities within `intent_window`."""


class Gate(Value):
    """What makes a lead route-ready."""

    required: tuple[FieldName, ...] = (
        FieldName.EMAIL,
        FieldName.LAST_NAME,
        FieldName.COMPANY,
        FieldName.COUNTRY,
    )
    """Fields that every lead must have."""
    state_required_in: tuple[str, ...] = ("US", "CA")
    """Countries where the state is required, because territories depend on it."""
    role_accounts: Literal["allow", "refuse"] = "refuse"
    """Shared addresses such as info@ or sales@."""
    free_mail: Literal["allow", "company_required", "refuse"] = "company_required"
    """Personal email addresses. `company_required` accepts them if the company is known."""
    cool_down: Duration = timedelta(days=30)
    """A lead that is triggered again within this time is not routed again, unless the trigger is
    listed in `cool_down_exceptions`."""
    cool_down_exceptions: tuple[TriggerKind, ...] = (TriggerKind.HAND_RAISE,)
    """Triggers that ignore the cool-down."""
    consent_basis_required_in: tuple[str, ...] = ()
    """Regions or countries where a recorded consent basis is required."""
    excluded_domains: tuple[str, ...] = ()
    """Domains that are never routed, such as competitors and partners. Subdomains included."""
    own_domains: tuple[str, ...] = ()
    """Your own domains: employees are not leads."""
    test_words: tuple[str, ...] = ("test", "asdf", "qwerty")
    """A lead whose first name or company is one of these words is a test lead; a last name counts
    only without a company, because people are called Test."""
    students: Literal["allow", "refuse"] = "refuse"
    qualified: tuple[QualifiedRule, ...] = Field(min_length=1)
    """A lead that meets any one of these is qualified."""
    intent_activities: tuple[str, ...] = ()
    """High-intent activities: a type and a name, such as `Fill Out Form: Demo Request`, or only a
    type."""
    intent_window: Duration = timedelta(days=7)
    stale_after: Duration = timedelta(minutes=10)
    """How far the Salesforce record may be behind Marketo before the sync counts as delayed."""
    wait_for_sync: Duration = timedelta(hours=2)
    """A lead that is not in Salesforce after this time is reported as leakage."""
    look_again: Duration = timedelta(minutes=5)
    """How long to wait before checking again. Marketo's native sync runs every five minutes."""
    park_for: Duration = timedelta(days=14)
    """A lead that needs review and has not been fixed after this time is reported as leakage."""


class IcpRule(Value):
    """One ICP tier. The first match wins."""

    tier: Literal["A", "B", "C", "D"]
    when: When = Field(default_factory=dict[str, Test])


class Provider(Value):
    """An enrichment provider. Providers are called in the order listed."""

    name: Literal["pdl", "apollo", "hunter"]
    credits_per_day: int = Field(default=500, ge=0)


class Enrichment(Value):
    """Which fields to enrich, with which providers, and within which budget."""

    fields: tuple[FieldName, ...] = (
        FieldName.COUNTRY,
        FieldName.STATE,
        FieldName.EMPLOYEES,
        FieldName.INDUSTRY,
        FieldName.COMPANY,
    )
    """Fields to look up when the lead doesn't have them."""
    providers: tuple[Provider, ...] = ()
    time_budget: Duration = timedelta(seconds=8)
    """Maximum time for one batch. Results that come later are not waited for."""
    cache_for: Duration = timedelta(days=60)
    """How long a result is cached."""
    cache_not_found_for: Duration = timedelta(days=7)
    min_confidence: float = Field(default=0.6, ge=0, le=1)


class TieBreaker(StrEnum):
    """How to choose between several matching accounts. Applied in the order given."""

    OPEN_OPPORTUNITY = "open_opportunity"
    CUSTOMER = "customer"
    NAMED = "named"
    SAME_COUNTRY = "same_country"
    MOST_CONTACTS = "most_contacts"
    OLDEST = "oldest"


class Matching(Value):
    """When two records count as the same person or the same company."""

    company_similarity: float = Field(default=0.9, ge=0.5, le=1)
    """How similar two company names must be, from 0 to 1, when there is no domain to match."""
    name_needs_country: bool = True
    """A match by company name alone also requires the same country."""
    tie_breakers: tuple[TieBreaker, ...] = (
        TieBreaker.OPEN_OPPORTUNITY,
        TieBreaker.CUSTOMER,
        TieBreaker.NAMED,
        TieBreaker.SAME_COUNTRY,
    )
    """If several accounts still match after these, the match is ambiguous and a person decides."""
    customer_types: tuple[str, ...] = ("Customer",)
    """Values of `Account.Type` that mean customer."""


class Mirroring(Value):
    """What is written back to Marketo."""

    activity: bool = True
    """Also log a custom activity on the person record."""
    verdicts: bool = True
    """Also write why a lead is pending sync, needs review or was disqualified."""


class Sync(Value):
    """How leads that are not in Salesforce yet get there."""

    request: bool = False
    """Request the sync campaign right away instead of waiting for the next native sync."""
    campaign: str | None = None
    """Name of the active trigger campaign with the flow step Sync Person to SFDC."""
    unassigned_owners: tuple[str, ...] = ()
    """Queues (DeveloperName) and users (email) that own leads before they are assigned."""


class OutcomeRules(Value):
    """What counts as an outcome in Salesforce."""

    sql_statuses: tuple[str, ...] = ("Qualified", "Sales Qualified", "SQL")
    """Values of `Lead.Status` that mean SQL. Converted leads count too."""


class Limits(Value):
    """Daily limits. What exceeds them waits until the next day, and the log says so."""

    owner_changes_per_day: int = Field(default=20_000, ge=0)
    """Maximum number of owner changes in Salesforce."""
    messages_per_day: int = Field(default=20_000, ge=0)
    """Maximum number of Slack notifications. Answers to questions don't count."""


class Policy(Value):
    """The keys at the top level of the file."""

    policy: Literal[1]
    """Version of the file format."""
    name: str
    timezone: str
    """The company's time zone. Days in reports and daily limits follow it."""
    regions: Mapping[str, tuple[str, ...]]
    """Countries by region, as ISO 3166-1 codes. Each country belongs to one region."""
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
    """Source precedence per field. A field not listed keeps the value that the lead gave."""
    vocabulary: Vocabulary = Vocabulary()
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
    """Read from territories.csv, in the same folder as the policy file."""

    @cached_property
    def fingerprint(self) -> str:
        """A short hash of what the policy says, territories included; defaults are not part of it.

        Comments, the order of keys and the spelling of numbers don't change it, nor does a release
        that adds a field with a default. The lines of territories do: decisions name them.
        """
        return content_hash(canonical_json(self, exclude_unset=True))

    @cached_property
    def version(self) -> str:
        """The policy's name on decisions and in the ledger: its fingerprint, unless it was `named`.

        Kept beside the fields, so that two policies with the same content are equal.
        """
        return self.fingerprint

    def named(self, version: str) -> Self:
        """The same policy under a version that it was given before."""
        renamed = self.model_copy()
        vars(renamed)["version"] = version
        return renamed

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy; one that is changed is another policy, with a version of its own."""
        copied = super().model_copy(update=update, deep=deep)
        if update:
            vars(copied).pop("fingerprint", None)
            vars(copied).pop("version", None)
        return copied

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
