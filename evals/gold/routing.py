"""Routing judged without a model: leads whose owner a person reasoned from the written policy.

The gold was written from `policy.yaml` and `territories.csv`, not from what the engine says. The
leads go through the product's own normalizing, matching, gate and routing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.resources import files

from pydantic import Field

from agent.policy.example import example_policy
from agent.policy.file import load_policy
from agent.policy.yaml_text import read_yaml
from domain.gate.checks import judge
from domain.gate.snapshot import Snapshot
from domain.gate.verdict import Outcome, Ready, Verdict
from domain.intake.normalization.fields import normalize
from domain.lead.absences import OutOfOffice
from domain.lead.crm_records import (
    Account,
    Candidates,
    CrmRecord,
    Member,
    Opportunity,
    Owner,
    OwnerKind,
    PoolState,
    RecordKind,
    Roster,
)
from domain.lead.model import (
    Activity,
    Conditions,
    CrmLink,
    Cycle,
    FieldName,
    RawLead,
    Trigger,
    TriggerKind,
)
from domain.matching.rules import match
from domain.policy.facts import with_icp_tier
from domain.policy.model import Policy
from domain.routing.route import Keep, Route, RouteInputs, ToQueue, ToUser
from domain.routing.rules import route
from domain.values import CycleId, LeadKey, Quoted, RecordId, Scalar, Value, content_hash

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
"""A Monday; ten in the morning in New York."""
DOMAIN = "meridian.example"
POLICY = example_policy()
_HOLDING = Owner(id=RecordId("00GHOLD"), kind=OwnerKind.QUEUE, name="Marketo_Holding")


class GoldAccount(Value):
    """A Salesforce account that leads may belong to."""

    name: str
    domain: str
    country: str
    type: str | None = None
    named: bool = False
    owner: str
    opportunity: str | None = None
    """Who owns its open opportunity."""


class GoldLead(Value):
    """A lead as it was typed, what else holds, and whose it is."""

    id: str
    email: str | None = None
    """Absent: a business address of a company that the CRM doesn't know."""
    last_name: str = "Weber"
    company: str | None = None
    country: str | None = None
    state: str | None = None
    employees: str | None = None
    title: str | None = None
    source: str | None = None
    trigger: TriggerKind = TriggerKind.HAND_RAISE
    intents: int = 1
    """High-intent activities in the last week."""
    flags: tuple[FieldName, ...] = ()
    owned_by: str | None = None
    """Who owns the record; absent: the holding queue."""
    away: tuple[str, ...] = ()
    full: tuple[str, ...] = ()
    """At their cap."""
    left: tuple[str, ...] = ()
    """No longer active, besides those who always are."""
    owner: str = Field(pattern=r"^(user|pool|queue|stop):.+$")


class GoldGroup(Value):
    """Leads that one clause of the policy decides."""

    name: str
    hard: bool
    because: str
    """The clause, in words."""
    leads: tuple[GoldLead, ...]


class Gold(Value):
    """The whole gold set."""

    accounts: tuple[GoldAccount, ...]
    groups: tuple[GoldGroup, ...]

    @property
    def leads(self) -> tuple[GoldLead, ...]:
        """All leads."""
        return tuple(lead for group in self.groups for lead in group.leads)

    @property
    def hard(self) -> int:
        """How many leads are hard."""
        return sum(len(group.leads) for group in self.groups if group.hard)


@dataclass(frozen=True)
class Routing:
    """What became of one lead."""

    lead: GoldLead
    got: str
    """In the words of the gold: `user:`, `queue:` or `stop:` with every check that didn't pass."""
    is_right: bool
    violations: tuple[str, ...]
    """Facts of the roster that the choice breaks: away, full or gone, and still drawn."""
    unsupported: tuple[str, ...]
    """Values of the normalized lead that nothing typed supports."""


def load_gold() -> Gold:
    """The gold set."""
    text = (files("evals.gold") / "routing.yaml").read_text(encoding="utf-8")
    return Gold.model_validate(read_yaml(text).value)


def run_gold(gold: Gold) -> list[Routing]:
    """Every lead through the product, each alone and with fresh pools."""
    policy = load_policy(POLICY)
    candidates = tuple(_account(one, policy) for one in gold.accounts)
    return [_routed(lead, candidates, policy) for lead in gold.leads]


def _email(name: str) -> str:
    return f"{name}@{DOMAIN}"


def _user(name: str, policy: Policy) -> Owner:
    email = _email(name)
    return Owner(
        id=RecordId(f"005-{name}"),
        kind=OwnerKind.USER,
        name=policy.users[email].name,
        email=email,
        is_active=name != "rob.diaz",
    )


def _account(one: GoldAccount, policy: Policy) -> Account:
    opportunities = () if one.opportunity is None else (_opportunity(one, one.opportunity, policy),)
    return Account(
        id=RecordId(f"001-{one.domain}"),
        name=one.name,
        domain=one.domain,
        country=one.country,
        owner=_user(one.owner, policy),
        type=one.type,
        is_named=one.named,
        opportunities=opportunities,
        created_at=NOW - timedelta(days=700),
    )


def _opportunity(one: GoldAccount, owner: str, policy: Policy) -> Opportunity:
    return Opportunity(
        id=RecordId(f"006-{one.domain}"),
        name="Expansion",
        owner=_user(owner, policy),
        stage="Proposal",
        created_at=NOW - timedelta(days=30),
    )


def _raw(lead: GoldLead) -> RawLead:
    typed: dict[FieldName, Scalar | None] = {
        FieldName.EMAIL: _address(lead),
        FieldName.FIRST_NAME: "Kim",
        FieldName.LAST_NAME: lead.last_name,
        FieldName.COMPANY: _company(lead),
        FieldName.COUNTRY: lead.country,
        FieldName.STATE: lead.state,
        FieldName.EMPLOYEES: lead.employees,
        FieldName.TITLE: lead.title,
        FieldName.LEAD_SOURCE: lead.source,
        **{FieldName(flag): True for flag in lead.flags},
    }
    return RawLead(
        key=LeadKey(content_hash(lead.id)),
        values={name: value for name, value in typed.items() if value},
        link=CrmLink(kind="Lead", record_id=RecordId("00Q1")),
        created_at=NOW - timedelta(days=1),
        updated_at=NOW - timedelta(hours=1),
        read_at=NOW,
    )


def _address(lead: GoldLead) -> str:
    return lead.email or f"kim.weber@{lead.id.replace('_', '-')}.example"


def _company(lead: GoldLead) -> str:
    return f"{lead.id.replace('_', ' ').title()} Works" if lead.company is None else lead.company


def _record(lead: GoldLead, policy: Policy) -> CrmRecord:
    return CrmRecord(
        id=RecordId("00Q1"),
        kind=RecordKind.LEAD,
        email=_address(lead),
        first_name="Kim",
        last_name=lead.last_name or "Weber",
        company=_company(lead),
        owner=_HOLDING if lead.owned_by is None else _user(lead.owned_by, policy),
        created_at=NOW - timedelta(days=1),
        modified_at=NOW - timedelta(minutes=30),
    )


def _snapshot(lead: GoldLead, accounts: Sequence[Account], policy: Policy) -> Snapshot:
    known = with_icp_tier(normalize(_raw(lead)), policy)
    found = Candidates(records=(_record(lead, policy),), accounts=tuple(accounts))
    at = NOW - timedelta(minutes=40)
    trigger = Trigger(
        kind=lead.trigger, lead=known.key, at=at, activity_id="g0", fact=Quoted(text="it came up")
    )
    return Snapshot(
        cycle=Cycle(id=CycleId(lead.id), number=1, trigger=trigger, opened_at=at),
        lead=known,
        activities=tuple(
            Activity(id=f"g{index}", lead=known.key, type="Visit Webpage", at=at, name="/pricing")
            for index in range(lead.intents)
        ),
        match=match(known, found, policy.matching),
        conditions=Conditions(),
        at=NOW,
    )


def _inputs(lead: GoldLead, policy: Policy) -> RouteInputs:
    members = {email: _member(email.partition("@")[0], lead, policy) for email in policy.users}
    queues = {one.salesforce: RecordId(f"00G-{name}") for name, one in policy.queues.items()}
    return RouteInputs(
        roster=Roster(at=NOW, members=members, queues=queues),
        pools={name: PoolState() for name in policy.pools},
    )


def _member(name: str, lead: GoldLead, policy: Policy) -> Member:
    user = policy.users[_email(name)]
    is_full = name in lead.full
    return Member(
        email=_email(name),
        name=user.name,
        user_id=RecordId(f"005-{name}"),
        is_active=name != "rob.diaz" and name not in lead.left,
        out_of_office=OutOfOffice(source="Salesforce") if name in lead.away else None,
        open_leads=(user.cap_open or 0) if is_full else 0,
        assigned_today=(user.cap_per_day or 0) if is_full else 0,
    )


def _routed(lead: GoldLead, accounts: Sequence[Account], policy: Policy) -> Routing:
    snapshot = _snapshot(lead, accounts, policy)
    verdict = judge(snapshot, policy)
    if isinstance(verdict, Ready):
        got = _target(route(snapshot, _inputs(lead, policy), policy).decision)
    else:
        got = f"stop:{' '.join(_failing(verdict))}"
    name = got.partition(":")[2]
    drawn = got.startswith("user:") and lead.owned_by is None
    broken = tuple(
        f"{name} is {why}"
        for why, people in (("away", lead.away), ("full", lead.full), ("gone", lead.left))
        if drawn and name in people
    )
    return Routing(lead, got, _is_right(lead, got, policy), broken, _unsupported(lead, snapshot))


def _failing(verdict: Verdict) -> list[str]:
    bad = (Outcome.FAIL, Outcome.WAIT)
    return [str(one.code) for one in verdict.checks if one.outcome in bad]


def _target(routed: Route | Keep) -> str:
    if isinstance(routed, Keep):
        return f"user:{routed.owner.partition('@')[0]}" if "@" in routed.owner else routed.owner
    match routed.target:
        case ToUser(email=email):
            return f"user:{email.partition('@')[0]}"
        case ToQueue(queue=queue):
            return f"queue:{queue}"
        case _:
            return "salesforce_rules"


def _is_right(lead: GoldLead, got: str, policy: Policy) -> bool:
    kind, _, name = lead.owner.partition(":")
    if kind == "pool":
        people = {one.user.partition("@")[0] for one in policy.pools[name].members}
        absent = {*lead.away, *lead.full, *lead.left}
        return got.startswith("user:") and got.partition(":")[2] in people - absent
    if kind == "stop":
        return got.startswith("stop:") and name in got.partition(":")[2].split()
    return got == lead.owner


_TYPED: Mapping[FieldName, str] = {
    FieldName.COUNTRY: "country",
    FieldName.STATE: "state",
    FieldName.EMPLOYEES: "employees",
    FieldName.COMPANY: "company",
}


def _unsupported(lead: GoldLead, snapshot: Snapshot) -> tuple[str, ...]:
    """Values that stand in the normalized lead although their field was left empty."""
    return tuple(
        str(field)
        for field, typed in _TYPED.items()
        if field in snapshot.lead.fields
        and not (_company(lead) if typed == "company" else getattr(lead, typed))
    )
