"""Salesforce's records as the simulated people and the sync write them."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.http.message import Json
from sandbox.salesforce.org.ids import full_id, lengthened, sobject_of
from sandbox.salesforce.org.schema import CUSTOM_FIELD
from sandbox.salesforce.org.setup import DEFAULT_LEAD_OWNER, change_setting, default_lead_owner
from sandbox.salesforce.rules.assignment import activate
from sandbox.salesforce.rules.validation import add_rule
from sandbox.salesforce.store import records
from sandbox.salesforce.store.records import SalesforceError
from sandbox.state.world import Row, World

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SETUP = "setup"
LEAD = {"LastName": "Keld", "FirstName": "Ada", "Company": "Alder Foods", "Email": "a@k.example"}


@pytest.fixture
def world() -> World:
    """An org with two users, one of whom left, and two queues, one of them not for leads."""
    world = World(now=NOON)
    for name, active in (("Ana Torres", True), ("Ben Okafor", True), ("Rob Diaz", False)):
        first, last = name.split()
        email = f"{first}.{last}@meridian.example".lower()
        values = {"Username": email, "Email": email, "FirstName": first, "LastName": last}
        user = records.insert(world, "User", values, by=SETUP, assign=False)
        records.update(world, "User", user, {"IsActive": active}, by=SETUP, assign=False)
    for name in ("Marketo_Holding", "Cases"):
        values = {"Name": name, "DeveloperName": name, "Type": "Queue"}
        queue = records.insert(world, "Group", values, by=SETUP, assign=False)
        served = {"QueueId": queue, "SobjectType": "Case" if name == "Cases" else "Lead"}
        records.insert(world, "QueueSobject", served, by=SETUP, assign=False)
    return world


def user(world: World, first: str) -> str:
    """A user's id."""
    return records.find(world, "User", FirstName=first)[0]["Id"]


def queue(world: World, name: str = "Marketo_Holding") -> str:
    """A queue's id."""
    return records.find(world, "Group", DeveloperName=name)[0]["Id"]


def insert(world: World, sobject: str = "Lead", *, by: str = SETUP, **values: Json) -> str:
    """Create a record without assignment rules; a lead has its usual values."""
    usual = LEAD | {"OwnerId": queue(world)} if sobject == "Lead" else {}
    return records.insert(world, sobject, usual | values, by=by, assign=False)


def row(world: World, record_id: str) -> Row:
    """A record as it is."""
    return world.table(f"salesforce.{sobject_of(record_id)}")[record_id]


def refused(world: World, record_id: str, **values: Json) -> tuple[str, tuple[str, ...]]:
    """Why a change is refused: its code and fields."""
    sobject = sobject_of(record_id) or ""
    before = row(world, record_id)
    with pytest.raises(SalesforceError) as raised:
        records.update(world, sobject, record_id, values, by=SETUP, assign=False)
    assert row(world, record_id) == before
    return raised.value.status_code, raised.value.fields


def test_ids_have_prefix_and_checksum(world: World) -> None:
    """An id has 18 characters, of which the first three name the object; 15 are enough to ask."""
    lead = insert(world)
    assert (len(lead), lead[:3], full_id(lead[:15])) == (18, "00Q", lead)
    records.update(world, "Lead", lead[:15], {"Title": "CFO"}, by=SETUP, assign=False)
    assert row(world, lead)["Title"] == "CFO"


def test_the_checksum_is_salesforces_own() -> None:
    """The three last characters are those that Salesforce computes."""
    assert lengthened("001D000000IqhSL") == "001D000000IqhSLIAZ"
    assert full_id("001D000000IqhSLIAA") is None


def test_defaults_names_and_stamps(world: World) -> None:
    """A new lead has its status, its whole name, and the stamps of who made it when."""
    ana = user(world, "Ana")
    lead = row(world, insert(world, by=ana))
    assert lead["Name"] == "Ada Keld"
    assert lead["Status"] == "Open - Not Contacted"
    assert lead["IsConverted"] is lead["Do_Not_Route__c"] is False
    assert lead["CreatedById"] == lead["LastModifiedById"] == ana
    assert lead["SystemModstamp"] == "2026-11-23T12:00:00.000+0000"


def test_an_owner_change_is_two_history_rows(world: World) -> None:
    """One row has the ids, the other the names, both with who did it."""
    ana, ben = user(world, "Ana"), user(world, "Ben")
    lead = insert(world, OwnerId=ana)
    world.advance(timedelta(minutes=3))
    records.update(world, "Lead", lead, {"OwnerId": ben}, by=ben, assign=False)
    told = records.find(world, "LeadHistory", LeadId=lead, Field="Owner")
    assert [(each["OldValue"], each["NewValue"], each["CreatedById"]) for each in told] == [
        ("Ana Torres", "Ben Okafor", ben),
        (ana, ben, ben),
    ]
    assert row(world, lead)["LastModifiedDate"] == "2026-11-23T12:03:00.000+0000"


def test_the_journal_tells_who_changed_what(world: World) -> None:
    """An effect carries the id, old and new values, and who it was."""
    lead = insert(world)
    records.update(world, "Lead", lead, {"Title": "CFO"}, by=SETUP, assign=False)
    entry = world.journal[-1]
    assert (entry.kind, entry.name) == ("effect", "Lead.update")
    assert entry.data == {
        "id": lead,
        "changes": {"Title": {"old": None, "new": "CFO"}},
        "by": SETUP,
    }


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"Foo__c": 1}, ("INVALID_FIELD", ())),
        ({"Company": "x" * 256}, ("STRING_TOO_LONG", ("Company",))),
        ({"Company": None}, ("REQUIRED_FIELD_MISSING", ("Company",))),
        ({"Company": "  "}, ("REQUIRED_FIELD_MISSING", ("Company",))),
        ({"Email": "nobody"}, ("INVALID_EMAIL_ADDRESS", ("Email",))),
        ({"IsUnreadByOwner": "yes"}, ("JSON_PARSER_ERROR", ("IsUnreadByOwner",))),
        ({"Do_Not_Route__c": None}, ("INVALID_TYPE_ON_FIELD_IN_RECORD", ("Do_Not_Route__c",))),
        ({"NumberOfEmployees": 2**40}, ("NUMBER_OUTSIDE_VALID_RANGE", ("NumberOfEmployees",))),
        ({"Routed_At__c": "soon"}, ("JSON_PARSER_ERROR", ("Routed_At__c",))),
        ({"OwnerId": "005"}, ("MALFORMED_ID", ("OwnerId",))),
        ({"OwnerId": lengthened("005Hs0000zzzzzz")}, ("INVALID_CROSS_REFERENCE_KEY", ("OwnerId",))),
        ({"OwnerId": lengthened("001Hs0000zzzzzz")}, ("FIELD_INTEGRITY_EXCEPTION", ("OwnerId",))),
    ],
)
def test_values_that_do_not_fit(
    world: World, values: Mapping[str, Json], expected: tuple[str, tuple[str, ...]]
) -> None:
    """Each is refused with Salesforce's code and the field that is to blame."""
    assert refused(world, insert(world), **values) == expected


def test_owners_that_do_not_fit(world: World) -> None:
    """Nobody is given to an inactive user, to a queue for other objects; no contact to a queue."""
    lead = insert(world)
    contact = insert(world, "Contact", LastName="Keld", OwnerId=user(world, "Ana"))
    owner = ("OwnerId",)
    assert refused(world, lead, OwnerId=user(world, "Rob")) == ("INACTIVE_OWNER_OR_USER", owner)
    assert refused(world, lead, OwnerId=queue(world, "Cases")) == ("INVALID_OPERATION", owner)
    assert refused(world, contact, OwnerId=queue(world)) == ("FIELD_INTEGRITY_EXCEPTION", owner)


def test_who_left_may_keep_what_they_own(world: World) -> None:
    """A record of a user who was deactivated since can still be changed."""
    ana = user(world, "Ana")
    account = insert(world, "Account", Name="Alder", OwnerId=ana)
    records.update(world, "User", ana, {"IsActive": False}, by=SETUP, assign=False)
    records.update(world, "Account", account, {"Type": "Customer"}, by=SETUP, assign=False)
    assert row(world, account)["OwnerId"] == ana


def test_compare_and_set(world: World) -> None:
    """A decision is refused unless the owner is still the one that it was made for."""
    lead, ana = insert(world), user(world, "Ana")
    decided = {"OwnerId": ana, "Routing_Decision_Id__c": "d1"}
    wrong = decided | {"Routing_Expected_Owner__c": ana}
    assert refused(world, lead, **wrong)[0] == "FIELD_CUSTOM_VALIDATION_EXCEPTION"
    right = decided | {"Routing_Expected_Owner__c": queue(world)}
    records.update(world, "Lead", lead, right, by=SETUP, assign=False)
    assert row(world, lead)["OwnerId"] == ana


def test_a_validation_rule_as_data(world: World) -> None:
    """A rule that a test adds refuses with its own sentence."""
    lead = insert(world)
    add_rule(world, "Lead", "Country", "Atlantis", "nobody sells there")
    with pytest.raises(SalesforceError, match="nobody sells there"):
        records.update(world, "Lead", lead, {"Country": "Atlantis"}, by=SETUP, assign=False)


def test_an_org_without_the_package(world: World) -> None:
    """A custom field that is not deployed is unknown."""
    lead = insert(world)
    del world.table(CUSTOM_FIELD)["Lead.Routing_Decision_Id__c"]
    assert refused(world, lead, Routing_Decision_Id__c="d")[0] == "INVALID_FIELD"


def test_a_locked_record(world: World) -> None:
    """A lock refuses writes until it ends."""
    lead = insert(world)
    until = (NOON + timedelta(seconds=30)).isoformat()
    world.table("sandbox.locked")[lead] = {"until": until}
    assert refused(world, lead, Title="CFO")[0] == "UNABLE_TO_LOCK_ROW"
    world.advance(timedelta(seconds=30))
    records.update(world, "Lead", lead, {"Title": "CFO"}, by=SETUP, assign=False)


def test_assignment_rules_choose(world: World) -> None:
    """The first entry that fits owns the lead; without one, a new lead falls to the default."""
    ana, holding = user(world, "Ana"), queue(world)
    german = {"field": "Country", "operation": "equals", "value": "Germany, Austria"}
    activate(
        world, "Inbound", [{"criteria": [german], "assigned_to": "ana.torres@meridian.example"}]
    )
    for country, owner in (("austria", ana), ("Peru", holding)):
        values = LEAD | {"Country": country, "OwnerId": user(world, "Ben")}
        lead = records.insert(world, "Lead", values, by=SETUP, assign=True)
        assert row(world, lead)["OwnerId"] == owner
    ben = {"OwnerId": user(world, "Ben"), "Country": "Peru"}
    records.update(world, "Lead", lead, ben, by=SETUP, assign=True)
    assert row(world, lead)["OwnerId"] == user(world, "Ben")
    records.update(world, "Lead", lead, {"Country": "Germany"}, by=SETUP, assign=True)
    assert row(world, lead)["OwnerId"] == ana


def test_the_default_lead_owner(world: World) -> None:
    """It is the first queue for leads until somebody sets another."""
    assert default_lead_owner(world) == queue(world)
    change_setting(world, DEFAULT_LEAD_OWNER, user(world, "Ben"))
    lead = records.insert(world, "Lead", LEAD, by=SETUP, assign=True)
    assert row(world, lead)["OwnerId"] == user(world, "Ben")


def test_conversion(world: World) -> None:
    """A converted lead names its contact and account, and can't be changed any more."""
    ana = user(world, "Ana")
    lead = insert(world, OwnerId=ana, Country="Peru", Routing_Decision_Id__c="d1")
    account_id, contact_id = records.convert_lead(world, lead, by=ana)
    contact = row(world, contact_id)
    assert (contact["AccountId"], contact["MailingCountry"]) == (account_id, "Peru")
    assert (contact["OwnerId"], contact["Routing_Decision_Id__c"]) == (ana, "d1")
    assert row(world, lead)["ConvertedContactId"] == contact_id
    assert refused(world, lead, Title="CFO")[0] == "CANNOT_UPDATE_CONVERTED_LEAD"


def test_merging(world: World) -> None:
    """A merged lead is deleted and names its master, which inherits its tasks."""
    master, loser = insert(world), insert(world)
    task = insert(world, "Task", WhoId=loser, OwnerId=user(world, "Ana"))
    records.merge_leads(world, master, [loser], by=SETUP)
    gone = row(world, loser)
    assert (gone["IsDeleted"], gone["MasterRecordId"]) == (True, master)
    assert row(world, task)["WhoId"] == master
    assert refused(world, loser, Title="CFO")[0] == "ENTITY_IS_DELETED"


def test_a_call_is_the_last_activity(world: World) -> None:
    """A completed task shows on the lead, whose own stamps stay as they are."""
    lead = insert(world)
    stamp = row(world, lead)["SystemModstamp"]
    world.advance(timedelta(days=1))
    ana = user(world, "Ana")
    task = insert(world, "Task", WhoId=lead, OwnerId=ana, Status="Completed", TaskSubtype="Call")
    assert row(world, task)["IsClosed"]
    assert row(world, task)["CompletedDateTime"] == "2026-11-24T12:00:00.000+0000"
    assert row(world, lead)["LastActivityDate"] == "2026-11-24"
    assert row(world, lead)["SystemModstamp"] == stamp


def test_unread_until_the_owner_edits(world: World) -> None:
    """A new owner has not read the lead; editing it makes it read."""
    ana, ben = user(world, "Ana"), user(world, "Ben")
    lead = insert(world, OwnerId=ana, by=ana)
    assert row(world, lead)["IsUnreadByOwner"] is False
    records.update(world, "Lead", lead, {"OwnerId": ben}, by=ana, assign=False)
    assert row(world, lead)["IsUnreadByOwner"] is True
    records.update(world, "Lead", lead, {"Status": "Working"}, by=ben, assign=False)
    assert row(world, lead)["IsUnreadByOwner"] is False
