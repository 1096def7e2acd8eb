"""Small makers of domain values for tests: everything ordinary unless said otherwise."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from domain.gate.snapshot import Snapshot
from domain.lead.crm_records import (
    Account,
    CrmRecord,
    Member,
    Opportunity,
    Owner,
    OwnerKind,
    PoolState,
    RecordKind,
    Roster,
)
from domain.lead.match import (
    AccountBasis,
    AccountMatch,
    Match,
    NoAccount,
    OneAccount,
    OneRecord,
    PersonBasis,
    PersonMatch,
)
from domain.lead.model import (
    Activity,
    Conditions,
    CrmLink,
    Cycle,
    Did,
    FieldName,
    Lead,
    Problem,
    Trigger,
    TriggerKind,
)
from domain.policy.model import Policy
from domain.routing.route import RouteInputs
from domain.values import CycleId, LeadKey, RecordId, Scalar, Source, Sourced

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
"""A Monday: ten in the morning in New York, four in the afternoon in Berlin."""
KEY = LeadKey("1001")
HOLDING = Owner(id=RecordId("00GHOLD"), kind=OwnerKind.QUEUE, name="Marketo Holding")
ASKED = Did(type="Fill Out Form", name="Demo Request")
BY_DOMAIN = AccountBasis(by="domain", domain="acme.example")
CALL_SOON: Mapping[str, Any] = {"first_touch": "4h"}

_ORDINARY: Mapping[str, Scalar] = {
    "email": "dana.fox@acme.example",
    "email_kind": "business",
    "first_name": "Dana",
    "last_name": "Fox",
    "company": "Acme",
    "domain": "acme.example",
    "country": "US",
    "state": "CA",
    "employees": 500,
    "icp_tier": "B",
}


def lead(
    *,
    problems: Sequence[Problem] = (),
    link: CrmLink | None = None,
    updated_at: datetime = NOW - timedelta(hours=1),
    sources: Mapping[str, Source] | None = None,
    **fields: Scalar | None,
) -> Lead:
    """An ordinary lead; a field given as None is unknown. `sources` says whose word a field is."""
    known = {name: one for name, one in {**_ORDINARY, **fields}.items() if one is not None}
    said = sources or {}
    return Lead(
        key=KEY,
        fields={
            FieldName(name): Sourced(
                value=value, source=said.get(name, Source.MARKETO), at=updated_at
            )
            for name, value in known.items()
        },
        problems=tuple(problems),
        link=link,
        updated_at=updated_at,
    )


def activity(
    name: str = "Demo Request",
    *,
    type: str = "Fill Out Form",  # noqa: A002  (the field's name)
    at: datetime = NOW - timedelta(minutes=40),
    id: str = "g1",  # noqa: A002  (the field's name)
    **attributes: str,
) -> Activity:
    """Something the lead did; attributes' names are written with `_` for a space."""
    told = {key.replace("_", " "): value for key, value in attributes.items()}
    return Activity(id=id, lead=KEY, type=type, at=at, name=name, attributes=told)


def trigger(
    kind: TriggerKind = TriggerKind.HAND_RAISE, at: datetime = NOW - timedelta(minutes=40)
) -> Trigger:
    """Why the lead came up."""
    return Trigger(kind=kind, lead=KEY, at=at, activity_id="g1", fact=ASKED)


def user_owner(email: str, *, is_active: bool = True) -> Owner:
    """A Salesforce user as an owner."""
    name = email.partition("@")[0].replace(".", " ").title()
    return Owner(
        id=user_id(email), kind=OwnerKind.USER, name=name, email=email, is_active=is_active
    )


def user_id(email: str) -> RecordId:
    """The Salesforce id of a made-up user."""
    return RecordId(f"005-{email.partition('@')[0]}")


def record(
    kind: RecordKind = RecordKind.LEAD,
    *,
    owner: Owner = HOLDING,
    **more: Any,  # noqa: ANN401
) -> CrmRecord:
    """The lead's Salesforce record, in the holding queue."""
    fields: dict[str, Any] = {
        "id": RecordId("00Q1" if kind is RecordKind.LEAD else "0031"),
        "kind": kind,
        "email": "dana.fox@acme.example",
        "first_name": "Dana",
        "last_name": "Fox",
        "company": "Acme",
        "owner": owner,
        "created_at": NOW - timedelta(days=1),
        "modified_at": NOW - timedelta(minutes=30),
    }
    return CrmRecord(**{**fields, **more})


def one_record(found: CrmRecord | None = None) -> OneRecord:
    """The person is this record."""
    return OneRecord(record=found or record(), by=PersonBasis.SAME_EMAIL, confidence=1.0)


def opportunity(owner: Owner, name: str = "Renewal", *, days_old: int = 20) -> Opportunity:
    """An open opportunity."""
    return Opportunity(
        id=RecordId(f"006-{name}"),
        name=name,
        owner=owner,
        stage="Proposal",
        created_at=NOW - timedelta(days=days_old),
    )


def account(owner: Owner, **more: Any) -> Account:  # noqa: ANN401
    """The account Acme."""
    fields: dict[str, Any] = {
        "id": RecordId("0011"),
        "name": "Acme",
        "domain": "acme.example",
        "country": "US",
        "owner": owner,
        "created_at": NOW - timedelta(days=900),
    }
    return Account(**{**fields, **more})


def one_account(found: Account) -> OneAccount:
    """The company is this account."""
    return OneAccount(account=found, by=BY_DOMAIN, confidence=0.95)


def snapshot(
    of: Lead | None = None,
    *,
    person: PersonMatch | None = None,
    company: AccountMatch | None = None,
    kind: TriggerKind = TriggerKind.HAND_RAISE,
    activities: Sequence[Activity] | None = None,
    opened_at: datetime = NOW - timedelta(minutes=40),
    conditions: Conditions | None = None,
    at: datetime = NOW,
) -> Snapshot:
    """All that the gate looks at: an ordinary lead in the holding queue, no account."""
    cycle = Cycle(id=CycleId("1001-1"), number=1, trigger=trigger(kind), opened_at=opened_at)
    return Snapshot(
        cycle=cycle,
        lead=of or lead(),
        activities=tuple((activity(),) if activities is None else activities),
        match=Match(person=person or one_record(), account=company or NoAccount()),
        conditions=conditions or Conditions(),
        at=at,
    )


_USERS = {
    "ana@meridian.example": "Ana",
    "ben@meridian.example": "Ben",
    "chloe@meridian.example": "Chloe",
    "lena@meridian.example": "Lena",
    "marta@meridian.example": "Marta",
    "quinn@meridian.example": "Quinn",
}


def policy(**changes: Any) -> Policy:  # noqa: ANN401
    """A small policy: a pool of three in the west, Lena in Germany, two segments, two queues."""
    users: dict[str, Any] = {
        email: {
            "name": name,
            "timezone": "America/New_York",
            "calendar": "office",
            "manager": None if name == "Marta" else "marta@meridian.example",
        }
        for email, name in _USERS.items()
    }
    users["lena@meridian.example"]["timezone"] = "Europe/Berlin"
    weekdays = ("mon", "tue", "wed", "thu", "fri")
    parts: dict[str, Any] = {
        "policy": 1,
        "name": "Small",
        "timezone": "America/New_York",
        "regions": {"AMER": ("US", "CA"), "EMEA": ("DE", "GB")},
        "calendars": {
            "office": {
                "hours": ({"days": weekdays, "opens": "09:00", "closes": "17:00"},),
                "holidays": "US",
            }
        },
        "users": users,
        "queues": {
            "review": {"salesforce": "Ops_Review", "owner": "quinn@meridian.example"},
            "partners": {"salesforce": "Partner_Desk", "owner": "quinn@meridian.example"},
        },
        "pools": {
            "west": {
                "members": [{"user": f"{one}@meridian.example"} for one in ("ana", "ben", "chloe")]
            }
        },
        "triggers": ({"name": "Hand raise", "kind": "hand_raise", "activity": "Fill Out Form"},),
        "segments": (
            {
                "name": "Enterprise",
                "when": {"employees": {"at_least": 1000}},
                "sla": {"first_touch": "2h"},
                "fallback": "review",
            },
            {"name": "Everyone else", "sla": CALL_SOON, "fallback": "review"},
        ),
        "gate": {"qualified": ({"name": "asked", "when": {"trigger": "hand_raise"}},)},
        "routing": (
            {"name": "Stays", "kind": "current_owner"},
            {"name": "Opportunity", "kind": "opportunity_owner"},
            {"name": "Account", "kind": "account_owner"},
            {"name": "Territory", "kind": "territory"},
        ),
        "sync": {"unassigned_owners": ("Marketo_Holding",)},
        "territories": (
            {"line": 2, "territory": "West", "country": "US", "state": "CA", "owner": "pool:west"},
            {
                "line": 3,
                "territory": "Germany",
                "country": "DE",
                "owner": "user:lena@meridian.example",
            },
            {"line": 4, "territory": "Partners", "country": "GB", "owner": "queue:partners"},
        ),
    }
    return Policy.model_validate({**parts, **changes})


def gate(**changes: Any) -> dict[str, Any]:  # noqa: ANN401
    """The small policy's gate with changes, for `policy(gate=...)`."""
    return {"qualified": ({"name": "asked", "when": {"trigger": "hand_raise"}},), **changes}


def member(email: str, **more: Any) -> Member:  # noqa: ANN401
    """Somebody at work."""
    name = _USERS.get(email, email.partition("@")[0].title())
    fields: dict[str, Any] = {"email": email, "name": name, "user_id": user_id(email)}
    return Member(**{**fields, **more})


def inputs(
    pools: Mapping[str, PoolState] | None = None, **changed: Mapping[str, Any] | None
) -> RouteInputs:
    """Everybody at work; `ana={"is_active": False}` changes one, `ana=None` takes one away."""
    members = {
        email: member(email, **(changed.get(name.lower()) or {}))
        for email, name in _USERS.items()
        if changed.get(name.lower(), {}) is not None
    }
    queues = {"Ops_Review": RecordId("00GREVIEW"), "Partner_Desk": RecordId("00GPARTNER")}
    roster = Roster(at=NOW, members=members, queues=queues)
    return RouteInputs(roster=roster, pools=pools or {"west": PoolState()})
