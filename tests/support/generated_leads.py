"""Ten thousand leads as dirty as real ones, the same for the same seed; and what is decided."""

import hashlib
import random
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from agent.policy.file import load_policy
from domain.decision.cases import GateCase, Outcome, RouteCase
from domain.decision.replay import decide
from domain.gate.snapshot import Snapshot
from domain.intake.field_precedence import merge
from domain.intake.normalization.fields import normalize, offline_signals
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
    Cycle,
    Did,
    FieldName,
    RawLead,
    Trigger,
    TriggerKind,
)
from domain.matching.rules import match
from domain.policy.facts import with_icp_tier
from domain.policy.model import Policy
from domain.routing.route import RouteInputs
from domain.routing.rules import evolve, restrict
from domain.values import CycleId, LeadKey, RecordId, Scalar, canonical_json
from tests.support.repository import ROOT

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
AWAY = OutOfOffice(source="Slack", until=datetime(2026, 11, 26, tzinfo=UTC))
COUNTRIES = (
    "United States;usa;U.S.A.;UK;Deutschland;germny;France;España;日本;India;;Atlantis".split(";")
)
STATES = "CA;California;calif.;NY;TX;Bayern;;WA;Nowhere".split(";")
NAMES = "Fox;FOX;müller;O'Brien;van der Berg;李;Test;Şahin;de Souza".split(";")
COMPANIES = "Acme;ACME GmbH;Initech Ltd;Globex;n/a;Umbrella Health;Hooli;Stark & Sons".split(";")
DOMAINS = (
    "acme.example;initech.example;gmail.com;mailinator.com;globex.example;hooli.example".split(";")
)
SIZES = ("", "1,999", "4.6k", "1000-5000", "30", "250", "many", "12")
TITLES = "VP Marketing;cto;Leiterin IT;Student;;Head of Sales;Assistant".split(";")
PHONES = "+1 415 555 2671;020 7946 0958;12345;;+49 30 901820".split(";")


def roster(policy: Policy) -> Roster:
    """Everybody of the policy at work, but for two."""
    members = {
        email: Member(
            email=email,
            name=user.name,
            user_id=RecordId(f"005{index:015}"),
            is_active=user.name != "Rob Diaz",
            out_of_office=AWAY if user.name == "Ella Novak" else None,
        )
        for index, (email, user) in enumerate(sorted(policy.users.items()))
    }
    queues = sorted({queue.salesforce for queue in policy.queues.values()})
    return Roster(
        at=NOW,
        members=members,
        queues={name: RecordId(f"00G{index:015}") for index, name in enumerate(queues)},
    )


def owner(members: Roster, chance: random.Random) -> Owner:
    """The holding queue mostly, sometimes a person."""
    if chance.random() < 0.9:
        queue = members.queues["Marketo_Holding"]
        return Owner(id=queue, kind=OwnerKind.QUEUE, name="Marketo Holding")
    member = members.members[chance.choice(sorted(members.members))]
    return Owner(
        id=member.user_id or RecordId(""),
        kind=OwnerKind.USER,
        name=member.name,
        email=member.email,
        is_active=member.is_active,
    )


def raw_lead(number: int, chance: random.Random) -> RawLead:
    """One dirty person."""
    host = chance.choice(DOMAINS)
    texts: dict[FieldName, Scalar] = {
        FieldName.EMAIL: f"p{number}@{host}" if chance.random() < 0.97 else "not an address",
        FieldName.FIRST_NAME: chance.choice(NAMES),
        FieldName.LAST_NAME: chance.choice(NAMES),
        FieldName.COMPANY: chance.choice(COMPANIES),
        FieldName.COUNTRY: chance.choice(COUNTRIES),
        FieldName.STATE: chance.choice(STATES),
        FieldName.EMPLOYEES: chance.choice(SIZES),
        FieldName.TITLE: chance.choice(TITLES),
        FieldName.PHONE: chance.choice(PHONES),
        FieldName.UNSUBSCRIBED: chance.random() < 0.03,
    }
    return RawLead(
        key=LeadKey(str(number)),
        values={name: value for name, value in texts.items() if value != ""},
        link=None,
        created_at=NOW - timedelta(days=3),
        updated_at=NOW - timedelta(hours=1),
        read_at=NOW,
    )


def candidates(raw: RawLead, members: Roster, chance: random.Random) -> Candidates:
    """What Salesforce might hold for a person."""
    records: list[CrmRecord] = []
    if chance.random() < 0.95:
        kind = RecordKind.LEAD if chance.random() < 0.9 else RecordKind.CONTACT
        prefix = "00Q" if kind is RecordKind.LEAD else "003"
        records.append(
            CrmRecord(
                id=RecordId(f"{prefix}{int(raw.key):015}"),
                kind=kind,
                email=str(raw.values[FieldName.EMAIL]),
                first_name=None,
                last_name="Fox",
                company="Acme",
                owner=owner(members, chance),
                created_at=NOW - timedelta(days=2),
                modified_at=NOW - timedelta(minutes=30),
            )
        )
    accounts = [_account(number, members, chance) for number in range(chance.randrange(3))]
    return Candidates(records=tuple(records), accounts=tuple(accounts))


def _account(number: int, members: Roster, chance: random.Random) -> Account:
    name = chance.choice(("Acme", "Initech", "Globex", "Hooli"))
    email = chance.choice(("ursula.grant", "rob.diaz", "wiebke.adler")) + "@meridian.example"
    member = members.members[email]
    holder = Owner(
        id=member.user_id or RecordId(""),
        kind=OwnerKind.USER,
        name=member.name,
        email=email,
        is_active=member.is_active,
    )
    deal = Opportunity(
        id=RecordId(f"006{number:015}"),
        name="Renewal",
        owner=holder,
        stage="Proposal",
        created_at=NOW - timedelta(days=20),
    )
    return Account(
        id=RecordId(f"001{number:015}"),
        name=name,
        domain=f"{name.lower()}.example",
        country=chance.choice(("US", "DE", "GB")),
        owner=holder,
        type=chance.choice(("Customer", "Prospect", None)),
        is_named=chance.random() < 0.2,
        opportunities=(deal,) if chance.random() < 0.2 else (),
        created_at=NOW - timedelta(days=900 + number),
    )


def snapshot(number: int, policy: Policy, members: Roster, chance: random.Random) -> Snapshot:
    """Everything the gate looks at for one lead."""
    raw = raw_lead(number, chance)
    lead = normalize(raw)
    lead = merge(lead, [offline_signals(lead)], policy.hygiene, min_confidence=0.6)
    lead = with_icp_tier(lead, policy)
    activity = Activity(
        id=f"g{number}",
        lead=raw.key,
        type="Fill Out Form",
        at=NOW - timedelta(minutes=40),
        name="Demo Request",
    )
    kind = chance.choice(list(TriggerKind))
    trigger = Trigger(
        kind=kind,
        lead=raw.key,
        at=activity.at,
        activity_id=activity.id,
        fact=Did(type=activity.type, name=activity.name),
    )
    return Snapshot(
        cycle=Cycle(
            id=CycleId(f"{number}-1"), number=1, trigger=trigger, opened_at=NOW - timedelta(hours=1)
        ),
        lead=lead,
        activities=(activity,),
        match=match(lead, candidates(raw, members, chance), policy.matching),
        conditions=Conditions(),
        at=NOW,
    )


def decisions(
    count: int, seed: int, policy: Policy
) -> Iterator[tuple[RouteCase | GateCase, Outcome]]:
    """Cases and outcomes of `count` generated leads, routed one after the other."""
    chance = random.Random(seed)
    members = roster(policy)
    inputs = RouteInputs(roster=members, pools={name: PoolState() for name in sorted(policy.pools)})
    for number in range(count):
        seen = snapshot(number, policy, members, chance)
        case = RouteCase(snapshot=seen, inputs=inputs)
        outcome = decide(case, policy)
        if outcome.routed is None:
            yield GateCase(snapshot=seen), outcome
        else:
            restricted = restrict(inputs, outcome.routed)
            yield RouteCase(snapshot=seen, inputs=restricted), outcome
            inputs = evolve(inputs, outcome.routed)


def fingerprint(count: int, seed: int) -> str:
    """One hash over every case and outcome."""
    policy = load_policy(ROOT / "policy.yaml")
    digest = hashlib.sha256()
    for case, outcome in decisions(count, seed, policy):
        digest.update(canonical_json(case).encode())
        digest.update(canonical_json(outcome).encode())
    return digest.hexdigest()


if __name__ == "__main__":
    sys.stdout.write(fingerprint(int(sys.argv[1]), int(sys.argv[2])))
