"""Salesforce's JSON becomes our values and the other way round."""

from datetime import UTC, datetime

import pytest

from domain.effects import Stamp
from domain.lead.absences import OutOfOffice
from domain.lead.crm_records import Member, Owner, OwnerKind, RecordKind
from domain.lead.model import FieldName
from domain.values import DecisionId, LeadKey, RecordId
from tools.salesforce.records import wire
from tools.salesforce.soql import spellings

OWNER_ROW = {
    "OwnerId": "005000000000001AAA",
    "Owner": {"attributes": {"type": "Name"}, "Name": "Ana", "Email": "a@x.io", "IsActive": True},
}
LEAD_ROW = {
    **OWNER_ROW,
    "Id": "00Q000000000001AAA",
    "Email": "dana@acme.com",
    "FirstName": None,
    "LastName": "Fox",
    "Company": "Acme",
    "Status": "Open",
    "IsConverted": False,
    "ConvertedContactId": None,
    "ConvertedAccountId": None,
    "CreatedDate": "2026-11-23T08:12:36.000+0000",
    "LastModifiedDate": "2026-11-23T08:12:37.250+0000",
    "Routing_Decision_Id__c": None,
    "Do_Not_Route__c": False,
    "Country": "Germany",
    "City": "",
    "NumberOfEmployees": 40,
    "DoNotCall": False,
    "HasOptedOutOfEmail": True,
}


@pytest.mark.parametrize(
    ("short", "expected"),
    [
        ("001A0000006Vm9u", "001A0000006Vm9uIAC"),
        ("001A0000006Vm9uIAC", "001A0000006Vm9uIAC"),
        ("000000000000000", "000000000000000AAA"),
        ("ABCDEFGHIJKLMNO", "ABCDEFGHIJKLMNO555"),
    ],
)
def test_short_ids_get_their_checksum(short: str, expected: str) -> None:
    """Marketo may tell an id with 15 characters; Salesforce answers with 18."""
    assert wire.record_id(short) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("001A0000006Vm9u", True),
        ("001A0000006Vm9uIAC", True),
        ("001A0000006Vm9uAAA", False),
        ("00Q1", False),
        ("", False),
        ("001A0000006Vm9u'--", False),
    ],
)
def test_what_is_an_id(text: str, expected: object) -> None:
    """One malformed id would fail the query of a whole batch, so it is recognized before."""
    assert wire.is_record_id(text) is expected


def test_a_lead_is_read() -> None:
    """Empty texts and unticked boxes are absent values; Germany is DE."""
    record = wire.lead_record(LEAD_ROW)
    assert record.kind is RecordKind.LEAD
    assert record.country == "DE"
    assert record.modified_at == datetime(2026, 11, 23, 8, 12, 37, 250_000, tzinfo=UTC)
    assert record.values == {
        FieldName.LAST_NAME: "Fox",
        FieldName.COMPANY: "Acme",
        FieldName.COUNTRY: "DE",
        FieldName.EMPLOYEES: 40,
        FieldName.UNSUBSCRIBED: True,
    }


def test_a_field_the_org_lacks_is_absent() -> None:
    """A row without an optional field is read like a row whose field is empty."""
    row = {name: value for name, value in LEAD_ROW.items() if name != "Country"}
    assert wire.lead_record(row) == wire.lead_record(LEAD_ROW | {"Country": None})


def test_values_are_canonical() -> None:
    """Salesforce's texts are understood as Marketo's are; what isn't understood is left out."""
    row = LEAD_ROW | {
        "CountryCode": None,
        "Country": "Atlantis",
        "Phone": "call me",
        "City": " Bonn ",
    }
    record = wire.lead_record(row)
    assert record.country is None
    assert FieldName.PHONE not in record.values
    assert record.values[FieldName.CITY] == "Bonn"


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (
            OWNER_ROW,
            Owner(
                id=RecordId("005000000000001AAA"), kind=OwnerKind.USER, name="Ana", email="a@x.io"
            ),
        ),
        (
            {"OwnerId": "005000000000001AAA", "Owner": {"Name": "Rob", "IsActive": False}},
            Owner(
                id=RecordId("005000000000001AAA"),
                kind=OwnerKind.USER,
                name="Rob",
                is_active=False,
            ),
        ),
        (
            {"OwnerId": "00G000000000001AAA", "Owner": {"Name": "Inbound", "IsActive": False}},
            Owner(id=RecordId("00G000000000001AAA"), kind=OwnerKind.QUEUE, name="Inbound"),
        ),
        (
            {"OwnerId": "005000000000001AAA", "Owner": None},
            Owner(
                id=RecordId("005000000000001AAA"), kind=OwnerKind.USER, name="005000000000001AAA"
            ),
        ),
    ],
)
def test_owners(row: wire.Row, expected: Owner) -> None:
    """The id tells users from queues; a queue is never inactive."""
    assert wire.owner(row) == expected


def test_the_active_user_of_an_address_counts() -> None:
    """Two users share an address: the active one is the roster's, whatever their order."""
    old = {"Id": "0051", "Name": "Old", "Email": "a@x.io", "Username": "a@x.io", "IsActive": False}
    new = {"Id": "0052", "Name": "New", "Email": "a@x.io", "Username": "n@x.io", "IsActive": True}
    away = new | {"OutOfOfficeMessage": "  Back on\nMonday "}
    expected = Member(
        email="a@x.io",
        name="New",
        user_id=RecordId("0052"),
        out_of_office=OutOfOffice(source="Salesforce", note="Back on Monday"),
        open_leads=3,
    )
    assert wire.member("a@x.io", [old, away], {"0052": 3}) == expected
    assert wire.member("a@x.io", [away, old], {"0052": 3}) == expected


def test_a_long_absence_message_is_cut() -> None:
    """The note stays short enough for a reason."""
    user = {"Id": "0051", "Name": "A", "Email": "a@x.io", "Username": "a@x.io", "IsActive": True}
    away = wire.member("a@x.io", [user | {"OutOfOfficeMessage": "x" * 500}], {}).out_of_office
    assert away == OutOfOffice(source="Salesforce", note=f"{'x' * 119}…")


def test_an_address_without_a_user() -> None:
    """A person of the policy whom Salesforce doesn't know can't own anything."""
    expected = Member(email="z@x.io", name="z@x.io", user_id=None, is_active=False)
    assert wire.member("z@x.io", [], {}) == expected


def test_a_merged_record_names_who_changed_it() -> None:
    """An owner's state keeps the lead's key, and someone without a name is someone."""
    row = LEAD_ROW | {"IsDeleted": True, "LastModifiedBy": None}
    state = wire.owner_state(LeadKey("7"), RecordKind.LEAD, row)
    assert (state.lead, state.modified_by, state.is_deleted) == ("7", "someone", True)


def test_the_stamp() -> None:
    """The stamp carries the expected owner, and a text too long for its field is cut."""
    stamp = Stamp(
        decision_id=DecisionId("d1"),
        status="assigned",
        reason="r" * 5000,
        rule="territory",
        territory=None,
        policy_version="abc",
        routed_at=datetime(2026, 11, 23, 8, 0, 0, 123_456, tzinfo=UTC),
        sla_due=None,
    )
    assert wire.stamp_fields(stamp, RecordId("005x")) == {
        "Routing_Decision_Id__c": "d1",
        "Routing_Expected_Owner__c": "005x",
        "Routing_Reason__c": "r" * 4000,
        "Routing_Rule__c": "territory",
        "Routing_Territory__c": None,
        "Routing_Policy_Version__c": "abc",
        "Routing_Status__c": "assigned",
        "Routed_At__c": "2026-11-23T08:00:00.123+0000",
        "SLA_Due_At__c": None,
    }


@pytest.mark.parametrize(
    ("website", "expected"),
    [
        ("https://www.Acme.co.uk/about?x=1", "acme.co.uk"),
        ("shop.acme.com:8443", "acme.com"),
        ("  ACME.COM/ ", "acme.com"),
        ("acme.example", "acme.example"),
        ("n/a", None),
        ("no website yet", None),
        ("", None),
        (None, None),
    ],
)
def test_domains_of_websites(website: str | None, expected: str | None) -> None:
    """However people write a website, its registrable domain is what is compared."""
    assert wire.domain_of(website) == expected


def test_forms_of_a_company() -> None:
    """The name as written, bare, and with the legal forms of the lead's country."""
    assert spellings.company_forms(" Acme  GmbH ", "DE") == (
        "Acme GmbH",
        "Acme",
        "Acme AG",
        "Acme SE",
        "Acme GmbH & Co. KG",
        "Acme KG",
    )
    assert "Acme, Inc." in spellings.company_forms("Acme", "US")
    assert "Acme Inc." in spellings.company_forms("Acme", None)


def test_forms_of_a_website() -> None:
    """Nine usual ways to write the same site."""
    found = spellings.website_forms("acme.com")
    assert len(found) == len(set(found)) == 9
    assert {"acme.com", "www.acme.com", "https://acme.com/", "http://www.acme.com"} <= set(found)
