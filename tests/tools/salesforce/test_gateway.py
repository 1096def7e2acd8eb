"""The Crm port against the sandbox's Salesforce, over real HTTPS."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from domain.effects import Applied, Refusal, Refused, SetOwner, Stamp, Unknown
from domain.errors import AuthError
from domain.lead.absences import OutOfOffice
from domain.lead.crm_records import RecordKind
from domain.lead.model import CrmLink, FieldName, Lead
from domain.ports import Crm, Finding, RecordLinks
from domain.routing.route import Subject
from domain.values import DecisionId, EffectKey, LeadKey, Quoted, RecordId, Scalar, Source, Sourced
from sandbox import salesforce
from sandbox.http import tls
from sandbox.http.message import Request, Response
from sandbox.salesforce.org.schema import CUSTOM_FIELD
from sandbox.salesforce.rules import assignment, validation
from sandbox.salesforce.store import records
from sandbox.server.http_server import Server
from sandbox.state.world import World
from tools.salesforce import (
    ClientCredentials,
    Connection,
    Expected,
    Gateway,
    Guard,
    Settings,
)

Json = Any
ANA, BEN, ROB = "ana.torres@meridian.example", "ben.okafor@meridian.example", "rob@meridian.example"
SETUP = "setup"


@dataclass
class WorldClock:
    """The sandbox's own time."""

    world: World

    def now(self) -> datetime:
        """The world's present."""
        return self.world.now

    def sleep(self, seconds: float) -> None:
        """Let the world's time pass."""
        self.world.advance(timedelta(seconds=seconds))


@dataclass
class Org:
    """One small org with its people, and a gateway to it."""

    world: World
    settings: Settings
    gateway: Gateway
    ids: dict[str, str]
    """Users by e-mail and queues by DeveloperName."""
    lost: list[str]
    """The end of a path whose next answer never arrives, though its effect happens."""

    def insert(self, sobject: str, **values: Json) -> RecordId:
        """Create a record as an administrator would."""
        return RecordId(records.insert(self.world, sobject, values, by=SETUP, assign=False))

    def update(self, sobject: str, record_id: str, *, by: str = SETUP, **values: Json) -> None:
        """Change a record as somebody would."""
        records.update(self.world, sobject, record_id, values, by=by, assign=False)

    def lead(self, number: int, **values: Json) -> RecordId:
        """A lead in the holding queue."""
        usual = {
            "LastName": f"Fox{number}",
            "Company": f"Company {number}",
            "Email": f"fox{number}@company{number}.example",
            "OwnerId": self.ids["Marketo_Holding"],
        }
        return self.insert("Lead", **usual | values)

    def row(self, sobject: str, record_id: str) -> Mapping[str, Json]:
        """A record as it is now."""
        return self.world.table(f"salesforce.{sobject}")[record_id]

    def calls(self) -> int:
        """How many requests the org has answered, sign-ins aside."""
        return sum(
            entry.kind == "request"
            and entry.vendor == "salesforce"
            and "oauth2" not in entry.name
            and "subrequest" not in entry.name
            for entry in self.world.journal
        )

    def plan(
        self,
        record_id: str,
        *,
        owner: str | None = ANA,
        kind: RecordKind = RecordKind.LEAD,
        decision: str = "d1",
    ) -> SetOwner:
        """Give a record to someone, expecting that its owner is who owns it now."""
        return SetOwner(
            lead=LeadKey(record_id),
            subject=Subject(
                record_id=RecordId(record_id),
                kind=kind,
                expected_owner=RecordId(self.row(kind.value, record_id)["OwnerId"]),
            ),
            owner=None if owner is None else RecordId(self.ids[owner]),
            owner_name="Ana Torres" if owner is not None else "Salesforce",
            why=Quoted(text="Territory DACH: it's Ana's turn"),
            stamp=Stamp(
                decision_id=DecisionId(decision),
                status="assigned",
                reason="Territory DACH: it's Ana's turn",
                rule="territory",
                territory="DACH",
                policy_version="abc",
                routed_at=self.world.now,
                sla_due=self.world.now + timedelta(hours=4),
            ),
        )


def keyed(actions: list[SetOwner]) -> dict[EffectKey, SetOwner]:
    """The actions by keys of their own."""
    return {EffectKey(f"e{number}"): action for number, action in enumerate(actions)}


def lead(key: str, link: tuple[str, str] | None = None, **values: Scalar) -> Lead:
    """A normalized lead."""
    now = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
    return Lead(
        key=LeadKey(key),
        fields={
            FieldName(name): Sourced(value=value, source=Source.MARKETO, at=now)
            for name, value in values.items()
        },
        link=CrmLink(kind=link[0], record_id=RecordId(link[1])) if link else None,
        updated_at=now,
    )


def subjects(org: Org, *ids: str, kind: RecordKind = RecordKind.LEAD) -> dict[LeadKey, Subject]:
    """Who must own these records: whoever does now."""
    return {LeadKey(one): org.plan(one, kind=kind).subject for one in ids}


@pytest.fixture
def org() -> Iterator[Org]:
    """Three people, two queues, behind a TLS port of its own."""
    world = World()
    ids: dict[str, str] = {}
    for email, name in ((ANA, "Ana Torres"), (BEN, "Ben Okafor"), (ROB, "Rob Diaz")):
        values = {"Username": email, "Email": email, "LastName": name, "Name": name}
        values |= {"UserType": "Standard", "IsActive": True}
        ids[email] = records.insert(world, "User", values, by=SETUP, assign=False)
    records.update(world, "User", ids[ROB], {"IsActive": False}, by=SETUP, assign=False)
    for name in ("Marketo_Holding", "EMEA_Inbound"):
        values = {"Name": name, "DeveloperName": name, "Type": "Queue"}
        ids[name] = records.insert(world, "Group", values, by=SETUP, assign=False)
        served = {"QueueId": ids[name], "SobjectType": "Lead"}
        records.insert(world, "QueueSobject", served, by=SETUP, assign=False)
    face, lost = salesforce.face(world), list[str]()

    def answer(request: Request) -> Response:
        answered = face(request)
        if lost and request.path.endswith(lost[0]):
            lost.clear()
            raise ConnectionAbortedError
        return answered

    context, ca_file = tls.serve()
    server = Server(world, {"/": answer}, tls=context)
    server.start()
    credentials = ClientCredentials(salesforce.CONSUMER_KEY, salesforce.CONSUMER_SECRET)
    connection = Connection(f"https://localhost:{server.port}", credentials, Path(ca_file))
    expected = Expected(users=(ANA, BEN), queues=("Marketo_Holding", "EMEA_Inbound"))
    settings = Settings(connection, expected=expected)
    gateway = Gateway(settings, WorldClock(world))
    yield Org(world, settings, gateway, ids, lost)
    gateway.close()
    server.stop()


def test_the_gateway_is_the_port(org: Org) -> None:
    """It is a Crm and knows where records can be opened."""
    crm: Crm = org.gateway
    links: RecordLinks = org.gateway
    assert crm.candidates([]) == {}
    assert links.url(RecordId("00Q1")).endswith("/00Q1")
    assert org.calls() == 0


def test_candidates_by_email_link_and_conversion(org: Org) -> None:
    """Leads, contacts and what a converted lead became are all candidates of the same person."""
    by_email = org.lead(1, Email="Dana@Acme.example")
    account = org.insert("Account", Name="Acme", OwnerId=org.ids[BEN])
    contact = org.insert(
        "Contact",
        LastName="Fox",
        Email="dana@acme.example",
        AccountId=account,
        OwnerId=org.ids[ANA],
    )
    linked = org.lead(2)
    converted = org.lead(3, Email="old@acme.example")
    records.convert_lead(org.world, converted, account, by=org.ids[ANA])
    became = org.row("Lead", converted)["ConvertedContactId"]
    found = org.gateway.candidates(
        [
            lead("1", email="dana@acme.example"),
            lead("2", ("Lead", linked[:15]), email="new@acme.example"),
            lead("3", ("Lead", converted)),
            lead("4", email="nobody@nowhere.example"),
        ]
    )
    ids = {key: {one.id for one in each.records} for key, each in found.items()}
    assert ids == {"1": {by_email, contact}, "2": {linked}, "3": {converted, became}, "4": set()}
    person = next(one for one in found[LeadKey("1")].records if one.kind is RecordKind.CONTACT)
    assert (person.company, person.account_id, person.owner.email) == ("Acme", account, ANA)
    [company] = found[LeadKey("1")].accounts
    assert (company.id, company.owner.email) == (account, BEN)


@pytest.mark.parametrize(
    "website",
    ["acme.example", "WWW.acme.example", "https://acme.example/", "http://www.acme.example"],
)
def test_accounts_by_domain(org: Org, website: str) -> None:
    """However the website is written, the account of the lead's domain is found."""
    account = org.insert("Account", Name="Something", Website=website, OwnerId=org.ids[BEN])
    org.insert("Account", Name="Other", Website="other.example", OwnerId=org.ids[BEN])
    found = org.gateway.candidates([lead("1", domain="acme.example")])
    assert [one.id for one in found[LeadKey("1")].accounts] == [account]


def test_accounts_by_name(org: Org) -> None:
    """The bare name finds the account with its legal form, whatever the capitals."""
    account = org.insert("Account", Name="ACME GmbH", OwnerId=org.ids[BEN])
    found = org.gateway.candidates([lead("1", company="Acme", country="DE"), lead("2")])
    assert [one.id for one in found[LeadKey("1")].accounts] == [account]
    assert found[LeadKey("2")].accounts == ()


def test_an_account_comes_whole(org: Org) -> None:
    """Open opportunities, number of contacts and the parent account come with an account."""
    parent = org.insert("Account", Name="Acme Holding", OwnerId=org.ids[ANA])
    account = org.insert(
        "Account",
        Name="Acme",
        Website="acme.example",
        ParentId=parent,
        OwnerId=org.ids[BEN],
        Type="Customer",
        BillingCountry="DE",
        Named_Account__c=True,
    )
    deal: dict[str, Json] = {"AccountId": account, "CloseDate": "2026-12-31"}
    is_open = org.insert(
        "Opportunity", Name="New", StageName="Prospecting", OwnerId=org.ids[ANA], **deal
    )
    org.insert("Opportunity", Name="Old", StageName="Closed Won", OwnerId=org.ids[BEN], **deal)
    for name in ("A", "B"):
        org.insert("Contact", LastName=name, AccountId=account, OwnerId=org.ids[BEN])
    found = org.gateway.candidates([lead("1", domain="acme.example")])
    by_id = {one.id: one for one in found[LeadKey("1")].accounts}
    assert set(by_id) == {account, parent}
    acme = by_id[account]
    assert [(one.id, one.owner.email) for one in acme.opportunities] == [(is_open, ANA)]
    assert (acme.contacts, acme.parent_id, acme.is_named) == (2, parent, True)
    assert (acme.domain, acme.country, acme.type) == ("acme.example", "DE", "Customer")


@pytest.mark.parametrize(
    "text",
    ["O'Brien & Söhne", "x' OR Name != '", "back\\", "%", "a_b", "line\nbreak", "日本\u2028"],
)
def test_hostile_texts_find_only_themselves(org: Org, text: str) -> None:
    """What a lead typed is a value of the query and nothing else."""
    account = org.insert("Account", Name=text, OwnerId=org.ids[BEN])
    org.insert("Account", Name="Other", OwnerId=org.ids[BEN])
    hostile = lead("1", company=text, email=f"{text}@x.example", domain=f"{text}.example")
    found = org.gateway.candidates([hostile])
    assert found[LeadKey("1")].records == ()
    assert {one.id for one in found[LeadKey("1")].accounts} <= {account}


def test_a_thousand_leads_cost_five_calls(org: Org) -> None:
    """Candidates, states and writes of 1,000 leads are few calls, whatever they point to."""
    leads: list[Lead] = []
    ids: list[RecordId] = []
    for number in range(1000):
        site = f"company{number}.example"
        if number % 4 == 0:
            org.insert("Account", Name=f"Company {number} Inc.", Website=site, OwnerId=org.ids[BEN])
        ids.append(org.lead(number))
        values = {"email": f"fox{number}@{site}", "domain": site}
        leads.append(
            lead(
                str(number), ("Lead", ids[-1]), **values, company=f"Company {number}", country="US"
            )
        )
    before = org.calls()
    found = org.gateway.candidates(leads)
    candidates_calls = org.calls() - before
    org.gateway.owner_states(subjects(org, *ids))
    state_calls = org.calls() - before - candidates_calls
    org.gateway.set_owners(keyed([org.plan(one) for one in ids]))
    write_calls = org.calls() - before - candidates_calls - state_calls
    assert sum(len(one.records) == 1 for one in found.values()) == 1000
    assert sum(len(one.accounts) == 1 for one in found.values()) == 250
    assert candidates_calls <= 3
    assert (state_calls, write_calls) == (1, 1)


def test_roster(org: Org) -> None:
    """Who is there, who is away, how many open leads each has, and the queues' ids: one call."""
    org.update("User", org.ids[BEN], OutOfOfficeMessage="Back on Monday")
    for number in range(3):
        org.lead(number, OwnerId=org.ids[ANA])
    org.lead(9, OwnerId=org.ids[ANA], Status="Closed - Not Converted")
    before = org.calls()
    roster = org.gateway.roster(
        [ANA, BEN, ROB, "new@meridian.example"], ["Marketo_Holding", "Nowhere"], org.world.now
    )
    assert org.calls() - before == 1
    assert roster.queues == {"Marketo_Holding": org.ids["Marketo_Holding"]}
    assert {one.email: (one.user_id, one.is_active) for one in roster.members.values()} == {
        ANA: (org.ids[ANA], True),
        BEN: (org.ids[BEN], True),
        ROB: (org.ids[ROB], False),
        "new@meridian.example": (None, False),
    }
    assert roster.members[ANA].open_leads == 3
    assert roster.members[BEN].out_of_office == OutOfOffice(
        source="Salesforce", note="Back on Monday"
    )


def test_owner_states(org: Org) -> None:
    """A person's change is told with the person's name."""
    changed = org.lead(1)
    before = subjects(org, changed)
    org.update("Lead", changed, by=org.ids[BEN], OwnerId=org.ids[BEN])
    state = org.gateway.owner_states(before)[LeadKey(changed)]
    assert (state.owner.email, state.modified_by, state.is_deleted) == (BEN, "Ben Okafor", False)


def test_merged_deleted_and_converted_records(org: Org) -> None:
    """A merged lead is followed to the winner, a deleted one told, a converted one named."""
    winner, loser, deleted, converted = (org.lead(number) for number in range(4))
    account = org.insert("Account", Name="Acme", OwnerId=org.ids[BEN])
    asked = subjects(org, loser, deleted, converted)
    asked[LeadKey("gone")] = asked[LeadKey(loser)].model_copy(
        update={"record_id": RecordId("00Q000000099999")}
    )
    asked[LeadKey("typo")] = asked[LeadKey(loser)].model_copy(
        update={"record_id": RecordId("00Q000000099999XXX")}
    )
    records.merge_leads(org.world, winner, [loser], by=org.ids[ANA])
    records.delete(org.world, "Lead", deleted, by=org.ids[ANA])
    records.convert_lead(org.world, converted, account, by=org.ids[ANA])
    states = org.gateway.owner_states(asked)
    assert set(states) == {loser, deleted, converted}
    assert (states[LeadKey(loser)].record_id, states[LeadKey(loser)].is_deleted) == (winner, False)
    assert states[LeadKey(deleted)].is_deleted
    contact = org.row("Lead", converted)["ConvertedContactId"]
    assert states[LeadKey(converted)].converted_contact_id == contact


def test_owner_and_stamp_are_one_write(org: Org) -> None:
    """Owner, decision and reason arrive together, for leads and contacts."""
    record = org.lead(1)
    contact = org.insert("Contact", LastName="Fox", OwnerId=org.ids[BEN])
    actions = keyed([org.plan(record), org.plan(contact, kind=RecordKind.CONTACT)])
    receipts = org.gateway.set_owners(actions)
    assert list(receipts.values()) == [Applied(detail="Ana Torres")] * 2
    for row in (org.row("Lead", record), org.row("Contact", contact)):
        assert row["OwnerId"] == org.ids[ANA]
        assert row["Routing_Decision_Id__c"] == "d1"
        assert row["Routing_Reason__c"] == "Territory DACH: it's Ana's turn"
    states = org.gateway.owner_states({one.lead: one.subject for one in actions.values()})
    assert {state.decision_id for state in states.values()} == {"d1"}


@pytest.mark.parametrize("guard", list(Guard))
def test_a_persons_choice_stays(org: Org, guard: Guard) -> None:
    """Someone took the lead after the decision: the write is refused, and theirs stays."""
    record = org.lead(1)
    action = org.plan(record)
    org.update("Lead", record, by=org.ids[BEN], OwnerId=org.ids[BEN])
    gateway = Gateway(replace(org.settings, guard=guard), WorldClock(org.world))
    [receipt] = gateway.set_owners(keyed([action])).values()
    gateway.close()
    assert isinstance(receipt, Refused)
    assert receipt.refusal is Refusal.OWNER_CHANGED
    assert org.row("Lead", record)["OwnerId"] == org.ids[BEN]
    assert org.row("Lead", record)["Routing_Decision_Id__c"] is None


def test_a_write_without_the_rule(org: Org) -> None:
    """Guarded by time, an unchanged record gets its owner."""
    record = org.lead(1)
    org.world.advance(timedelta(minutes=1))
    gateway = Gateway(replace(org.settings, guard=Guard.UNMODIFIED_SINCE), WorldClock(org.world))
    receipts = gateway.set_owners(keyed([org.plan(record)]))
    gateway.close()
    assert list(receipts.values()) == [Applied(detail="Ana Torres")]
    assert org.row("Lead", record)["OwnerId"] == org.ids[ANA]


def test_an_owner_who_left(org: Org) -> None:
    """Salesforce gives nothing to an inactive user; the lead is decided again."""
    [receipt] = org.gateway.set_owners(keyed([org.plan(org.lead(1), owner=ROB)])).values()
    assert isinstance(receipt, Refused)
    assert receipt.refusal is Refusal.OWNER_UNFIT


def test_one_bad_record_never_fails_the_others(org: Org) -> None:
    """Of 300 writes four are refused, each for its own reason, and 296 happen: in one call."""
    ids = [org.lead(number) for number in range(300)]
    actions = [org.plan(one) for one in ids]
    invalid, deleted, locked, converted = ids[3], ids[150], ids[220], ids[299]
    org.update("Lead", invalid, City="Atlantis")
    validation.add_rule(org.world, "Lead", "City", "Atlantis", "Atlantis has sunk")
    records.delete(org.world, "Lead", deleted, by=org.ids[BEN])
    until = (org.world.now + timedelta(minutes=5)).isoformat()
    org.world.table("sandbox.locked")[locked] = {"until": until}
    account = org.insert("Account", Name="Acme", OwnerId=org.ids[BEN])
    records.convert_lead(org.world, converted, account, by=org.ids[BEN])
    before = org.calls()
    receipts = org.gateway.set_owners(keyed(actions))
    assert org.calls() - before == 1
    refused = {key: one.refusal for key, one in receipts.items() if isinstance(one, Refused)}
    assert refused == {
        "e3": Refusal.DATA,
        "e150": Refusal.GONE,
        "e220": Refusal.LOCKED,
        "e299": Refusal.CONVERTED,
    }
    assert sum(one == Applied(detail="Ana Torres") for one in receipts.values()) == 296
    owners = [org.row("Lead", one)["OwnerId"] for one in ids]
    assert owners.count(org.ids[ANA]) == 296


def test_a_lost_answer_is_settled_by_reading(org: Org) -> None:
    """The write happened and its answer did not arrive: the stamp on the record tells."""
    record = org.lead(1)
    action = org.plan(record)
    org.gateway.owner_states(subjects(org, record))
    org.lost.append("/composite")
    before = org.calls()
    [receipt] = org.gateway.set_owners(keyed([action])).values()
    assert isinstance(receipt, Unknown)
    assert org.calls() - before == 1
    state = org.gateway.owner_states({action.lead: action.subject})[action.lead]
    assert (state.decision_id, state.owner.email) == ("d1", ANA)


def test_the_orgs_own_rule_stays_asleep(org: Org) -> None:
    """An active assignment rule would take the lead, were it not for the header."""
    assignment.activate(org.world, "All to Ben", [{"criteria": [], "assigned_to": BEN}])
    record = org.lead(1)
    org.gateway.set_owners(keyed([org.plan(record)]))
    assert org.row("Lead", record)["OwnerId"] == org.ids[ANA]


@pytest.mark.parametrize("guard", list(Guard))
def test_handing_to_the_orgs_own_rule(org: Org, guard: Guard) -> None:
    """On purpose, the rule chooses, and the receipt says whom it chose."""
    assignment.activate(org.world, "All to Ben", [{"criteria": [], "assigned_to": BEN}])
    handed, kept = org.lead(1), org.lead(2)
    gateway = Gateway(replace(org.settings, guard=guard), WorldClock(org.world))
    receipts = gateway.set_owners(keyed([org.plan(handed, owner=None), org.plan(kept)]))
    gateway.close()
    assert receipts == {"e0": Applied(detail="Ben Okafor"), "e1": Applied(detail="Ana Torres")}
    assert org.row("Lead", handed)["OwnerId"] == org.ids[BEN]
    assert org.row("Lead", handed)["Routing_Decision_Id__c"] == "d1"
    assert org.row("Lead", kept)["OwnerId"] == org.ids[ANA]


def findings(org: Org, **expected: Json) -> dict[str, Finding]:
    """What an examination finds, by subject."""
    changed = replace(org.settings, expected=replace(org.settings.expected, **expected))
    gateway = Gateway(changed, WorldClock(org.world))
    found = {one.subject.removeprefix("Salesforce "): one for one in gateway.examine()}
    gateway.close()
    return found


def test_an_org_that_is_fit(org: Org) -> None:
    """Everything that is looked at is fine, and says so in a sentence."""
    found = findings(org)
    assert {one.subject for one in found.values() if not one.ok} <= {"Salesforce clock"}
    assert {
        "sign-in",
        "Lead fields",
        "Contact fields",
        "users",
        "queues",
        "assignment rule",
        "owner guard",
        "API calls",
    } <= set(found)


def test_an_org_that_is_not_fit(org: Org) -> None:
    """Each thing that is missing is named, with what to do about it."""
    del org.world.table(CUSTOM_FIELD)["Lead.Routing_Reason__c"]
    org.world.table("salesforce.QueueSobject").clear()
    for rule in org.world.table("salesforce.ValidationRule").values():
        rule["Active"] = False
    assignment.activate(org.world, "All to Ben", [])
    found = findings(org, users=(ANA, ROB, "new@x.io"), queues=("EMEA_Inbound",))
    wrong = {subject: one.sentence for subject, one in found.items() if not one.ok}
    assert all(one.fix for one in found.values() if not one.ok)
    assert "Routing_Reason__c" in wrong["Lead fields"]
    assert "EMEA_Inbound" in wrong["queues"]
    assert ROB in wrong["users"]
    assert "All to Ben" in wrong["assignment rule"]
    assert "Lead, Contact" in wrong["owner guard"]


def test_leaving_the_choice_to_no_rule(org: Org) -> None:
    """A policy that leans on Salesforce's rule needs an active one."""
    found = findings(org, worker_assigns=False, salesforce_assigns=True)
    assert not found["assignment rule"].ok


def test_a_package_that_is_not_deployed(org: Org) -> None:
    """Reading without our fields ends with a sentence that names them."""
    record = org.lead(1)
    asked = subjects(org, record)
    org.world.table(CUSTOM_FIELD).clear()
    with pytest.raises(AuthError, match="Routing_Decision_Id__c"):
        org.gateway.owner_states(asked)


def test_optional_fields_that_are_not_there(org: Org) -> None:
    """An org without person accounts or named accounts is read all the same."""
    account = org.insert("Account", Name="Acme", Website="acme.example", OwnerId=org.ids[BEN])
    del org.world.table(CUSTOM_FIELD)["Account.Named_Account__c"]
    found = org.gateway.candidates([lead("1", domain="acme.example")])
    assert [(one.id, one.is_named) for one in found[LeadKey("1")].accounts] == [(account, False)]
