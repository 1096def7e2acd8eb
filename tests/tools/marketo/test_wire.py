"""Marketo's records and our values, without a server."""

from datetime import UTC, datetime
from json import dumps
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import border
from domain.effects import Applied, MirrorActivity, MirrorFields, Refusal, Refused, Stamp, Unknown
from domain.errors import (
    AuthError,
    LockedError,
    QuotaError,
    RateLimitError,
    RequestError,
    ToolError,
    UnavailableError,
    UnknownOutcomeError,
)
from domain.lead.model import CrmLink, FieldName
from domain.values import DecisionId, EffectKey, LeadKey, RecordId
from tools.http import Answer
from tools.marketo.batches import Parcel, batches
from tools.marketo.envelope import (
    Envelope,
    Outcome,
    Reason,
    StaleTokenError,
    read_envelope,
    read_outcomes,
)
from tools.marketo.error_codes import CODES
from tools.marketo.fields import STANDARD
from tools.marketo.wire import (
    activity_row,
    attribute_of,
    mirror_row,
    read_activity,
    read_change,
    read_person,
    receipts_of,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
STAMP = Stamp(
    decision_id=DecisionId("d-1"),
    status="assigned",
    reason="Territory EMEA-DACH fits.",
    rule="territory",
    territory=None,
    policy_version="abc",
    routed_at=NOW,
    sla_due=None,
)


def answer(value: Any, status: int = 200) -> Answer:  # noqa: ANN401  (JSON)
    """An answer as the transport gives it."""
    return Answer(status, {}, value if isinstance(value, bytes) else dumps(value).encode())


def failure(code: str) -> Answer:
    """A whole request that failed, as Marketo says it: with HTTP 200."""
    return answer({"success": False, "errors": [{"code": code, "message": "no"}]})


def person(**more: Any) -> dict[str, Any]:  # noqa: ANN401  (JSON)
    """A person as Marketo sends it."""
    moments = {"createdAt": "2026-11-01T08:00:00Z", "updatedAt": "2026-11-23T08:00:00Z"}
    return {"id": 7, **moments, **more}


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("601", StaleTokenError),
        ("602", StaleTokenError),
        ("600", StaleTokenError),
        ("603", AuthError),
        ("604", UnknownOutcomeError),
        ("606", RateLimitError),
        ("607", QuotaError),
        ("608", UnavailableError),
        ("609", RequestError),
        ("611", UnknownOutcomeError),
        ("615", RateLimitError),
        ("713", UnavailableError),
        ("719", UnavailableError),
        ("1003", RequestError),
        ("1022", LockedError),
        ("9999", RequestError),
    ],
)
def test_a_code_of_the_whole_request_is_raised(code: str, error: type[Exception]) -> None:
    """Each class of code has its own error, and an unheard-of code is never tried again."""
    with pytest.raises(error):
        read_envelope(failure(code), NOW)


def test_no_listed_code_is_taken_for_success() -> None:
    """Every code in the table but "no data found" is an error."""
    for code in CODES.keys() - {"702"}:
        with pytest.raises((ToolError, StaleTokenError)):
            read_envelope(failure(code), NOW)


def test_the_daily_quota_lasts_until_midnight_in_chicago() -> None:
    """607 says when calls are possible again."""
    with pytest.raises(QuotaError) as caught:
        read_envelope(failure("607"), NOW)
    assert caught.value.until == datetime(2026, 11, 24, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    "found", [{"success": True}, {"success": True, "result": []}, {"success": True, "result": None}]
)
def test_a_page_without_result_is_empty(found: dict[str, Any]) -> None:
    """A missing result means that there is nothing, not that something failed."""
    expected = Envelope((), "t", more=True)
    assert read_envelope(answer({**found, "nextPageToken": "t", "moreResult": True}), NOW) == (
        expected
    )


def test_no_data_found_is_empty() -> None:
    """702 is an answer, not a failure."""
    assert read_envelope(failure("702"), NOW) == Envelope()


@pytest.mark.parametrize("body", [b"<html>busy</html>", b"[]", b"", b'{"requestId":"1#2"}'])
def test_an_answer_that_says_nothing_may_be_a_success(body: bytes) -> None:
    """HTML or half an envelope with HTTP 200 leaves open what happened."""
    with pytest.raises(UnknownOutcomeError):
        read_envelope(answer(body), NOW)


@pytest.mark.parametrize(("status", "error"), [(413, RequestError), (502, UnknownOutcomeError)])
def test_the_statuses_that_marketo_uses(status: int, error: type[ToolError]) -> None:
    """Too large is final; a bad gateway leaves open what happened."""
    with pytest.raises(error) as caught:
        read_envelope(answer(b"", status), NOW)
    assert caught.value.code == str(status)


def test_outcomes_keep_their_order_and_both_names_of_reasons() -> None:
    """Persons give `reasons`, custom activities give `errors`; either may lack a status."""
    reason = {"code": "1004", "message": "Lead not found"}
    rows = (
        {"id": 1, "status": "updated"},
        {"status": "skipped", "reasons": [reason]},
        {"status": "skipped", "errors": [reason]},
        {"reasons": [reason]},
    )
    told = (Reason("1004", "Lead not found"),)
    expected = (
        Outcome("updated", ()),
        Outcome("skipped", told),
        Outcome("skipped", told),
        Outcome("", told),
    )
    assert read_outcomes(Envelope(rows)) == expected


def test_every_record_sent_gets_a_receipt() -> None:
    """Applied, refused with the vendor's words, or unknown; never another record's."""
    gone = Reason("1004", "Lead not found")
    done = (Outcome("updated", ()), Outcome("skipped", (gone,)), Outcome("skipped", ()))
    outcomes = (*done, Outcome("", ()))
    expected = [
        Applied(detail="updated"),
        Refused(refusal=Refusal.GONE, code="1004", words="Lead not found"),
        Refused(refusal=Refusal.OTHER, code="skipped", words="no reason was given"),
        Unknown(detail="Marketo's answer says neither success nor failure"),
    ]
    assert receipts_of(outcomes, 4) == expected
    assert {type(one) for one in receipts_of(outcomes, 5)} == {Unknown}


@pytest.mark.parametrize(
    ("code", "refusal"),
    [
        ("1001", Refusal.DATA),
        ("1006", Refusal.DATA),
        ("1007", Refusal.DATA),
        ("1008", Refusal.DATA),
        ("1004", Refusal.GONE),
        ("1022", Refusal.LOCKED),
        ("9999", Refusal.OTHER),
    ],
)
def test_a_records_code_says_what_to_do_next(code: str, refusal: Refusal) -> None:
    """Bad data needs a person, a busy record needs time, and one that is gone needs nothing."""
    expected = [Refused(refusal=refusal, code=code, words="no")]
    assert receipts_of([Outcome("skipped", (Reason(code, "no"),))], 1) == expected


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-23T12:00:00Z",
        "2026-11-23T12:00:00+0000",
        "2026-11-23T12:00:00Z+0000",
        "2026-11-23T06:00:00-06:00",
        "2026-11-23T12:00:00",
    ],
)
def test_all_forms_of_a_moment_are_read(text: str) -> None:
    """Marketo writes moments in several ways."""
    assert border.moment(text) == NOW


def test_what_marketo_does_not_hold_is_absent() -> None:
    """Null and empty fields are no values; false and zero are."""
    row = person(email="d@x.io", company=None, city="", unsubscribed=False, leadScore=0)
    expected = {FieldName.EMAIL: "d@x.io", FieldName.UNSUBSCRIBED: False, FieldName.SCORE: 0}
    assert read_person(row, STANDARD, NOW).values == expected


@pytest.mark.parametrize(
    ("fields", "link"),
    [
        ({"sfdcType": None, "sfdcId": None}, None),
        ({"sfdcType": "", "sfdcLeadId": "00Q1"}, None),
        ({"sfdcType": "Lead", "sfdcId": "00Q1"}, CrmLink(kind="Lead", record_id=RecordId("00Q1"))),
        (
            {"sfdcType": "Contact", "sfdcLeadId": "00Q1", "sfdcContactId": "0031"},
            CrmLink(kind="Contact", record_id=RecordId("0031")),
        ),
        ({"sfdcType": "Lead"}, None),
    ],
)
def test_the_link_to_salesforce(fields: dict[str, str | None], link: CrmLink | None) -> None:
    """An empty type means that the person is not in Salesforce."""
    assert read_person(person(**fields), STANDARD, NOW).link == link


def test_an_activity_is_known_by_its_guid() -> None:
    """The integer id may be absent; values that are no texts become texts."""
    row = {
        "marketoGUID": "g1",
        "leadId": 7,
        "activityDate": "2026-11-23T12:00:00Z",
        "activityTypeId": 22,
        "primaryAttributeValue": "Lead Score",
        "attributes": [{"name": "New Value", "value": 65}, {"name": "Reason"}],
    }
    activity = read_activity(row, {22: "Change Score"})
    assert (activity.id, activity.type, activity.name) == ("g1", "Change Score", "Lead Score")
    assert activity.attributes == {"New Value": "65", "Reason": ""}


def test_a_change_speaks_our_field_names() -> None:
    """Field changes carry our names and the new values."""
    row = {
        "id": 5,
        "leadId": 7,
        "activityDate": "2026-11-23T12:00:00Z",
        "activityTypeId": 13,
        "fields": [{"id": 1, "name": "company", "newValue": "Acme", "oldValue": None}],
    }
    change = read_change(row, {"company": FieldName.COMPANY})
    assert (change.id, change.type, change.attributes) == (
        "5",
        "Change Data Value",
        {"company": "Acme"},
    )


def test_a_mirror_clears_what_there_is_none_of() -> None:
    """Fields without a value are sent as null, moments to the second in UTC."""
    mirror = MirrorFields(lead=LeadKey("7"), status="assigned", owner_name="Ana", stamp=STAMP)
    expected = {
        "id": 7,
        "routeReadyStatus": "assigned",
        "routeReadyReason": "Territory EMEA-DACH fits.",
        "routedOwner": "Ana",
        "routedTerritory": None,
        "routedRule": "territory",
        "routeDecisionId": "d-1",
        "routedAt": "2026-11-23T12:00:00Z",
        "routeSlaDue": None,
    }
    assert mirror_row(mirror, STANDARD.mirror, {}) == expected


def test_a_mirror_fits_its_fields() -> None:
    """A reason longer than its field is cut and shows that it was."""
    mirror = MirrorFields(lead=LeadKey("7"), status="assigned", owner_name="Ana", stamp=STAMP)
    row = mirror_row(mirror, STANDARD.mirror, {"routeReadyReason": 10})
    assert row["routeReadyReason"] == "Territory…"


def test_a_custom_activity_carries_its_decision() -> None:
    """The decision's id is what makes it recognisable later."""
    mirror = MirrorActivity(lead=LeadKey("7"), owner_name="Ana", stamp=STAMP)
    row = activity_row(mirror, 100001, STANDARD.activity)
    assert (row["leadId"], row["activityTypeId"]) == (7, 100001)
    assert {"apiName": "decisionId", "value": "d-1"} in row["attributes"]


@pytest.mark.parametrize(
    "shown",
    [{"name": "decisionId"}, {"name": "Decision ID"}, {"name": "x", "apiName": "decisionId"}],
)
def test_an_attribute_is_found_by_either_name(shown: dict[str, str]) -> None:
    """Marketo may answer with the API name or with the name that people see."""
    assert attribute_of({"attributes": [{**shown, "value": "d-1"}]}, "decisionId") == "d-1"


@pytest.mark.parametrize("key", ["00Q1", "-1", "", "٣"])
def test_only_marketos_ids_are_sent(key: str) -> None:
    """A key that is not the number of a Marketo person is our mistake."""
    mirror = MirrorFields(lead=LeadKey(key), status="", owner_name="", stamp=STAMP)
    with pytest.raises(RequestError):
        mirror_row(mirror, STANDARD.mirror, {})


@given(
    people=st.lists(st.tuples(st.integers(1, 20), st.integers(0, 400_000)), max_size=30),
    size=st.integers(1, 7),
)
def test_batches_keep_order_and_bounds(people: list[tuple[int, int]], size: int) -> None:
    """Nothing is lost or reordered; no call is too long or too large, or has a person twice."""
    parcels = [
        Parcel(EffectKey(str(number)), one, {"text": "x" * length})
        for number, (one, length) in enumerate(people)
    ]
    packed = list(batches(parcels, size, lambda _: []))
    assert [parcel for batch in packed for parcel in batch.parcels] == parcels
    for batch in packed:
        persons = [parcel.person for parcel in batch.parcels]
        assert len(persons) == len(set(persons))
        assert 0 < len(persons) <= size
        assert len(dumps([parcel.row for parcel in batch.parcels])) < 1_000_000
