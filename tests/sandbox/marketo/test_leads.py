"""Marketo's leads: reading, writing, fields, partitions, forms, merging."""

from collections.abc import Iterator

import pytest

from sandbox.marketo.lead_database import people
from sandbox.people import roster
from sandbox.salesforce.store import records
from sandbox.state.world import World
from tests.support.subscription import Subscription, code, codes, subscribed


@pytest.fixture
def here() -> Iterator[Subscription]:
    """A subscription of its own, next to Meridian's Salesforce."""
    world = World()
    roster.settle(world)
    with subscribed(world) as here:
        yield here


def synced(here: Subscription, **values: str) -> int:
    """A person whom Salesforce knows as a Lead."""
    known = {"lastName": "L", "company": "Acme", "email": "s@acme.example"} | values
    person = people.create_person(here.world, known)
    lead = {"LastName": "L", "Company": "Acme", "Email": known["email"]}
    by = records.find(here.world, "User", Email=roster.SYNC)[0]["Id"]
    record = records.insert(here.world, "Lead", lead, by=by, assign=False)
    link = {"sfdcType": "Lead", "sfdcId": record, "sfdcLeadId": record}
    people.change_person(here.world, person, link, reason="sync", source="sync")
    return person


def contact(here: Subscription) -> int:
    """A person whom Salesforce knows as a contact."""
    person = synced(here, email="c@acme.example")
    by = records.find(here.world, "User", Email=roster.SYNC)[0]["Id"]
    made = records.convert_lead(here.world, here.person(person)["sfdcId"], by=by)
    link = {
        "sfdcType": "Contact",
        "sfdcId": made.contact_id,
        "sfdcContactId": made.contact_id,
        "sfdcAccountId": made.account_id,
    }
    people.change_person(here.world, person, link, reason="sync", source="sync")
    return person


def test_pages_of_a_filter_fit_together(here: Subscription) -> None:
    """300 a page at most, a token while there is more, and more than 1,000 are too many."""
    here.persons(1000, routedRule="territory")
    found: list[int] = []
    asked = {"filterType": "routedRule", "filterValues": "Territory", "fields": "id"}
    sizes: list[int] = []
    while True:
        page = here.get("leads", batchSize=500, **asked)
        found += [row["id"] for row in page["result"]]
        sizes.append(len(page["result"]))
        if "nextPageToken" not in page:
            break
        asked["nextPageToken"] = page["nextPageToken"]
    assert ([300, 300, 300, 100], 1000) == (sizes, len(set(found)))
    here.persons(1, routedRule="territory")
    assert "1003" == code(here.get("leads", filterType="routedRule", filterValues="territory"))


def test_fields_are_told_as_asked_for(here: Subscription) -> None:
    """The usual six without `fields`; an unknown one is refused; one without a value is null."""
    (lead,) = here.persons(1)
    usual = here.get(f"lead/{lead}")["result"][0]
    assert {"id", "email", "updatedAt", "createdAt", "lastName", "firstName"} == set(usual)
    assert {"id": lead, "leadScore": None} == here.get(f"lead/{lead}", fields="leadScore")[
        "result"
    ][0]
    assert "1006" == code(here.get(f"lead/{lead}", fields="nope"))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"action": "createOnly"}, ["1005", "created"]),
        ({"action": "updateOnly"}, ["updated", "1004"]),
        ({"action": "createDuplicate"}, ["created", "created"]),
        ({}, ["updated", "created"]),
    ],
)
def test_actions(here: Subscription, body: dict[str, str], expected: list[str]) -> None:
    """What each does with a known and with an unknown address."""
    here.persons(1)
    rows = [{"email": "P0@acme.example"}, {"email": "new@acme.example"}]
    assert expected == codes(here.post("leads", body | {"input": rows}))


def test_lookups_that_cannot_be(here: Subscription) -> None:
    """`id` only to update, no standard field but a few, and no key that several leads have."""
    here.persons(2, routeDecisionId="d-1")
    rows = [{"routeDecisionId": "d-1", "lastName": "X"}]
    several = here.post("leads", {"lookupField": "routeDecisionId", "input": rows})
    assert ["1007"] == codes(several)
    assert "1003" == code(here.post("leads", {"lookupField": "id", "input": [{"id": 1}]}))
    assert "1011" == code(here.post("leads", {"lookupField": "firstName", "input": rows}))
    assert "1006" == code(here.post("leads", {"lookupField": "nope", "input": rows}))
    assert "1003" == code(here.post("leads", {"input": [{"email": "a@x.io"}] * 301}))


def test_what_belongs_to_the_company_is_not_the_persons(here: Subscription) -> None:
    """1021 once a person is linked to a company record."""
    here.persons(1, externalCompanyId="C1")
    rows = [{"email": "p0@acme.example", "company": "Bolt"}, {"email": "p0@acme.example"}]
    assert ["1021", "updated"] == codes(here.post("leads", {"input": rows}))


def test_partitions_are_kept_apart(here: Subscription) -> None:
    """A new lead goes to the one that is named; an update for another one is refused."""
    body = {"partitionName": "Partner", "input": [{"email": "a@x.io"}]}
    lead = here.post("leads", body)["result"][0]["id"]
    assert 2 == here.person(lead)["leadPartitionId"]
    (other,) = here.persons(1)
    refused = {"partitionName": "Partner", "input": [{"email": "p0@acme.example"}]}
    assert ["1010"] == codes(here.post("leads", refused))
    assert "1008" == code(here.post("leads", body | {"partitionName": "Secret"}))
    moved = [{"id": other, "partitionName": "Partner"}, {"id": other, "partitionName": "Secret"}]
    assert ["updated", "1008"] == codes(here.post("leads/partitions", {"input": moved}))
    assert 2 == here.person(other)["leadPartitionId"]


def test_a_created_field_is_a_field(here: Subscription) -> None:
    """It is described, written, filtered by, told in changes; its type can't be changed."""
    field = {"displayName": "Acme Code", "name": "acmeCode", "dataType": "string"}
    assert ["created"] == codes(here.post("leads/schema/fields", {"input": [field]}))
    assert "1017" == code(here.post("leads/schema/fields", {"input": [field]}))
    described = {one["name"]: one for one in here.get("leads/describe2")["result"][0]["fields"]}
    assert ("string", 255, True) == tuple(
        described["acmeCode"][key] for key in ("dataType", "length", "updateable")
    )
    since = here.get("activities/pagingtoken", sinceDatetime="2026-11-01")["nextPageToken"]
    lead = here.post("leads", {"input": [{"email": "a@x.io"}]})["result"][0]["id"]
    assert ["updated"] == codes(
        here.post("leads", {"input": [{"email": "a@x.io", "acmeCode": "7"}]})
    )
    found = here.get("leads", filterType="acmeCode", filterValues="7", fields="acmeCode")
    assert [{"id": lead, "acmeCode": "7"}] == found["result"]
    changes = here.get("activities/leadchanges", nextPageToken=since, fields="acmeCode")["result"]
    assert [("acmeCode", "7")] == [
        (one["fields"][0]["name"], one["fields"][0]["newValue"])
        for one in changes
        if "fields" in one
    ]
    one = "leads/schema/fields/acmeCode"
    assert ["updated"] == codes(here.post(one, {"input": [{"isHidden": True}]}))
    assert (True, True) == tuple(
        here.get(one)["result"][0][key] for key in ("isHidden", "isApiCreated")
    )
    assert "1003" == code(here.post(one, {"input": [{"dataType": "integer"}]}))
    standard = "leads/schema/fields/email"
    assert "1003" == code(here.post(standard, {"input": [{"displayName": "Mail"}]}))
    assert ["updated"] == codes(here.post(standard, {"input": [{"description": "Where"}]}))


def test_at_most_a_hundred_fields_are_created(here: Subscription) -> None:
    """All of a call or none."""
    rows = [
        {"displayName": f"F {number}", "name": f"f{number}", "dataType": "string"}
        for number in range(101)
    ]
    assert "1003" == code(here.post("leads/schema/fields", {"input": rows}))
    assert ["created"] * 100 == codes(here.post("leads/schema/fields", {"input": rows[:100]}))
    assert "1003" == code(here.post("leads/schema/fields", {"input": rows[100:]}))


def test_pushed_and_submitted_leads_leave_their_activity(here: Subscription) -> None:
    """Push Lead names program and reason; a form makes or updates a person and a program member."""
    body = {"programName": "Routing", "reason": "Pricing", "source": "Site"}
    pushed = here.post("leads/push", body | {"input": [{"email": "a@x.io", "cookies": "token:1"}]})
    lead = pushed["result"][0]["id"]
    assert [{"Source": "Site", "Reason": "Pricing", "primary": "Routing"}] == here.log(lead, 145)
    by_cookie = here.get("leads", filterType="cookies", filterValues="token:1", fields="cookies")
    assert [{"id": lead, "cookies": ["token:1"]}] == by_cookie["result"]
    form = {"formId": 7, "programId": 1001, "input": [{"leadFormFields": {"email": "a@x.io"}}]}
    for _ in range(2):
        assert [{"id": lead, "status": "updated"}] == here.post("leads/submitForm", form)["result"]
    (member,) = here.get("programs/1001/members", filterType="leadId", filterValues=lead)["result"]
    assert (0, lead, 1001) == (member["seq"], member["leadId"], member["programId"])
    assert "1013" == code(here.post("leads/push", body | {"programName": "No", "input": [{}]}))
    unknown = body | {"programStatus": "Nope", "input": [{"email": "z@x.io"}]}
    assert "1025" == code(here.post("leads/push", unknown))
    assert "1012" == code(here.post(f"leads/{lead}/associate", cookie="nonsense"))


def test_a_merge_fills_gaps_and_sums_scores(here: Subscription) -> None:
    """The winner's values win, what the losers did and belonged to is the winner's from then on."""
    winner, loser, other = here.persons(3)
    people.change_person(here.world, winner, {"leadScore": 5, "city": "Bonn"}, reason="", source="")
    gaps = {"leadScore": 7, "city": "Rome", "country": "Italy"}
    people.change_person(here.world, loser, gaps, reason="", source="")
    people.add_to_list(here.world, other, "Fair")
    people.log_activity(here.world, loser, "Fill Out Form", primary="Demo Request")
    assert here.post(f"leads/{winner}/merge", leadIds=f"{loser},{other}")["success"]
    row = here.person(winner)
    assert (12, "Bonn", "Italy") == (row["leadScore"], row["city"], row["country"])
    assert ["Demo Request"] == [one["primary"] for one in here.log(winner, 2)]
    assert 1 == len(here.get(f"leads/{winner}/listMembership")["result"])
    assert "1004" == code(here.get(f"lead/{loser}"))


def test_salesforce_decides_who_wins(here: Subscription) -> None:
    """A contact over a lead, a lead over who is in Marketo only, whatever the path says."""
    (plain,) = here.persons(1)
    lead, person = synced(here), contact(here)
    here.post(f"leads/{plain}/merge", leadId=lead)
    assert ("1004", True) == (
        code(here.get(f"lead/{plain}")),
        here.get(f"lead/{lead}")["success"],
    )
    here.post(f"leads/{lead}/merge", leadId=person, mergeInCRM=True)
    assert ("1004", True) == (
        code(here.get(f"lead/{lead}")),
        here.get(f"lead/{person}")["success"],
    )


def test_a_merge_in_salesforce_merges_there(here: Subscription) -> None:
    """The loser's Lead is deleted and names the winner's as its master."""
    first, second = synced(here), synced(here, email="t@acme.example")
    ids = [here.person(one)["sfdcId"] for one in (first, second)]
    assert here.post(f"leads/{first}/merge", leadId=second, mergeInCRM="true")["success"]
    row = here.world.table("salesforce.Lead")[ids[1]]
    assert (True, ids[0]) == (row["IsDeleted"], row["MasterRecordId"])


def test_a_merge_that_salesforce_refuses_does_nothing(here: Subscription) -> None:
    """1078 for a record that is gone there; 712 for person accounts; 1080 above 25."""
    first, second = synced(here), synced(here, email="t@acme.example")
    by = records.find(here.world, "User", Email=roster.SYNC)[0]["Id"]
    records.delete(here.world, "Lead", here.person(second)["sfdcId"], by=by)
    assert "1078" == code(here.post(f"leads/{first}/merge", leadId=second, mergeInCRM="true"))
    assert here.get(f"lead/{second}")["success"]
    ids = ",".join(str(one) for one in range(26))
    assert "1080" == code(here.post(f"leads/{first}/merge", leadIds=ids))
    person = contact(here)
    account = here.person(person)["sfdcAccountId"]
    here.world.table("salesforce.Account")[account]["IsPersonAccount"] = True
    assert "712" == code(here.post(f"leads/{person}/merge", leadId=first))


def test_deleted_leads_are_told(here: Subscription) -> None:
    """One that isn't there fails alone; the others are in the feed of deleted leads."""
    since = here.get("activities/pagingtoken", sinceDatetime="2026-11-01")["nextPageToken"]
    lead, other = here.persons(2, firstName="Ada", lastName="Byron")
    deleted = here.post("leads/delete", {"input": [{"id": lead}, {"id": 5}]})
    assert ["deleted", "1004"] == codes(deleted)
    assert ["deleted"] == codes(here.call("DELETE", f"/rest/v1/leads.json?id={other}").json())
    told = here.get("activities/deletedleads", nextPageToken=since)["result"]
    assert [(lead, "Ada Byron"), (other, "Ada Byron")] == [
        (one["leadId"], one["primaryAttributeValue"]) for one in told
    ]
