"""Salesforce as the worker sees it: the port `domain.ports.Crm`, and links to records."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from domain.effects import LogCall, Receipt, SetOwner, SetTask, StampTouch
from domain.lead.crm_records import Candidates, OwnerState, Roster
from domain.lead.model import Lead
from domain.metrics.outcomes import Became
from domain.ports import Clock, Finding, Observed, Watch, unwatched
from domain.routing.route import Subject
from domain.values import EffectKey, LeadKey, RecordId
from tools.salesforce.connection.answers import Row, Usage
from tools.salesforce.connection.client import Client
from tools.salesforce.connection.credentials import Connection
from tools.salesforce.records import activities, candidates, outcomes, owners, wire
from tools.salesforce.records.fields import PERSON_ACCOUNT, SObject
from tools.salesforce.records.reader import Reader, Wanted
from tools.salesforce.records.shapes import has
from tools.salesforce.setup import examination
from tools.salesforce.setup.deployment import Deployer
from tools.salesforce.setup.examination import Expected
from tools.salesforce.soql.query import Query, Term, literal, one_of, packs, select
from tools.salesforce.writes.activity_log import ActivityWriter
from tools.salesforce.writes.owner_changes import Guard, OwnerWriter

CLOSED_STATUSES = (
    "Closed - Converted",
    "Closed - Not Converted",
    "Disqualified",
    "Recycled",
    "Unqualified",
)
USERS_PER_COUNT = 500
"""How many email addresses one count of open leads names."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How to work with one org."""

    connection: Connection
    guard: Guard = Guard.VALIDATION_RULE
    person_accounts: bool = False
    """Whether the org uses person accounts; `examine` tells when this is wrong."""
    closed_statuses: tuple[str, ...] = CLOSED_STATUSES
    """Values of Lead.Status that no longer count as open."""
    expected: Expected = field(default_factory=Expected)
    """What `examine` compares the org with."""


class Gateway:
    """Implements `Crm` and `RecordLinks`. Nothing is sent before the first call."""

    def __init__(self, settings: Settings, clock: Clock, watch: Watch = unwatched) -> None:
        self._settings = settings
        self._clock = clock
        self._client = Client(settings.connection, clock, watch)
        absent = frozenset[str]() if settings.person_accounts else frozenset({PERSON_ACCOUNT})
        self._reader = Reader(self._client, absent)
        self._activities = ActivityWriter(self._client, self._reader, clock)
        self._writer = OwnerWriter(self._client, self._reader, settings.guard, clock)

    @property
    def usage(self) -> Usage | None:
        """API calls of the org in the last 24 hours, as last told; None before the first call."""
        return self._client.usage

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._client.close()

    def candidates(self, leads: Sequence[Lead]) -> Mapping[LeadKey, Candidates]:
        """Records and accounts that may be these leads; every lead is in the answer."""
        return candidates.find(leads, self._reader)

    def roster(self, emails: Sequence[str], queues: Sequence[str], now: datetime) -> Roster:
        """Who may take leads: users by email or username, queues by DeveloperName.

        An address without a user comes back as a member without a `user_id`.
        """
        people = [Term(field, email) for email in emails for field in ("Email", "Username")]
        users, groups, counts = self._reader.rows(
            [
                Wanted(SObject.USER, people, rest="AND UserType = 'Standard'"),
                Wanted(
                    SObject.GROUP,
                    [Term("DeveloperName", queue) for queue in queues],
                    rest="AND Type = 'Queue'",
                ),
                self._open_leads(emails),
            ]
        )
        open_leads = Counter[str]()
        for row in counts:
            if has(row, OwnerId=str, total=int):
                open_leads[row["OwnerId"]] += row["total"]
        return Roster(
            at=now,
            members={
                email: wire.member(email, _named(email, users), open_leads) for email in emails
            },
            queues={row["DeveloperName"]: RecordId(row["Id"]) for row in groups},
        )

    def _open_leads(self, emails: Sequence[str]) -> list[Query]:
        closed = ", ".join(literal(status) for status in self._settings.closed_statuses)
        is_open = f" AND Status NOT IN ({closed})" if closed else ""
        queries: list[Query] = []
        for some in packs(sorted(set(emails)), USERS_PER_COUNT):
            people = f"{one_of('Email', some)} OR {one_of('Username', some)}"
            users = select(("Id",), SObject.USER, people)
            where = f"IsConverted = false{is_open} AND OwnerId IN ({users}) GROUP BY OwnerId"
            queries.append(Query(select(("OwnerId", "COUNT(Id) total"), SObject.LEAD, where)))
        return queries

    def owner_states(self, subjects: Mapping[LeadKey, Subject]) -> Mapping[LeadKey, OwnerState]:
        """Who owns these records now; merged ones are followed, those gone for good absent."""
        return owners.owner_states(subjects, self._reader)

    def set_owners(self, planned: Mapping[EffectKey, SetOwner]) -> Mapping[EffectKey, Receipt]:
        """Give records their owner and stamp, each only if the expected owner still owns it."""
        return self._writer.write(planned)

    def observe(
        self, subjects: Mapping[LeadKey, Subject], since: datetime
    ) -> Mapping[LeadKey, Observed]:
        """These records as they are now, with what was done about them since then."""
        return activities.observe(subjects, since, self._reader)

    def outcomes(
        self, subjects: Mapping[LeadKey, Subject], since: Mapping[LeadKey, datetime]
    ) -> Mapping[LeadKey, Became]:
        """What became of these records; one that is gone for good is absent."""
        return outcomes.outcomes(subjects, since, self._reader)

    def stirred(self, since: datetime) -> Mapping[RecordId, datetime]:
        """Records on which somebody did something, or that changed, and when."""
        return activities.stirred(since, self._reader, self._client.user_id)

    def stamp_touches(self, planned: Mapping[EffectKey, StampTouch]) -> Mapping[EffectKey, Receipt]:
        """Write first touches on their records; harmless to repeat."""
        return self._activities.stamp_touches(planned)

    def set_tasks(self, planned: Mapping[EffectKey, SetTask]) -> Mapping[EffectKey, Receipt]:
        """Keep a task per handed-off record; harmless to repeat."""
        return self._activities.set_tasks(planned)

    def log_calls(self, planned: Mapping[EffectKey, LogCall]) -> Mapping[EffectKey, Receipt]:
        """Log reported calls; harmless to repeat."""
        return self._activities.log_calls(planned)

    def examine(self) -> list[Finding]:
        """Check credentials, permissions, fields, queues, users, the guard rule and the clock."""
        settings = self._settings
        org = examination.Org(self._client, self._reader, self._clock.now())
        return examination.examine(
            org, settings.expected, settings.guard, person_accounts=settings.person_accounts
        )

    def deployer(self) -> Deployer:
        """What adds our fields and rules to the org."""
        return Deployer(self._client, self._clock)

    def url(self, record_id: RecordId) -> str:
        """The record's page in Salesforce, whatever kind of record it is."""
        return f"{self._settings.connection.url.rstrip('/')}/{record_id}"


def _named(email: str, users: Sequence[Row]) -> list[Row]:
    wanted = email.lower()
    return [
        user
        for user in users
        if wanted in ((user["Email"] or "").lower(), user["Username"].lower())
    ]
