"""Marketo's identity, limits, permissions and refusals."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import requests

from sandbox import marketo
from sandbox.http.message import Request, Response
from sandbox.state.world import Row, World
from tests.support.subscription import Subscription, code, codes, subscribed

EVENING = datetime(2026, 11, 24, 5, 59, tzinfo=UTC)
"""A minute to midnight in Chicago."""


@pytest.fixture
def here() -> Iterator[Subscription]:
    """A subscription of its own."""
    with subscribed(World(now=EVENING)) as here:
        yield here


def test_a_token_lives_an_hour_and_is_the_same_until_then(here: Subscription) -> None:
    """Asking again tells the same token and the time that is left; a new one comes afterwards."""
    first = here.sign_in()
    here.pass_time(minutes=50)
    again = here.sign_in()
    assert (first["access_token"], 599) == (again["access_token"], again["expires_in"])
    assert ("bearer", "routeready@meridian.example") == (first["token_type"], first["scope"])
    here.pass_time(minutes=10)
    assert "602" == code(here.get("stats/usage"))
    assert here.sign_in()["access_token"] != first["access_token"]


def test_identity_takes_query_and_form_and_nothing_wrong(here: Subscription) -> None:
    """The one place of the product where 401 is normal."""
    url = f"{here.url}/identity/oauth/token"
    asked = {
        "grant_type": "client_credentials",
        "client_id": marketo.CLIENT_ID,
        "client_secret": marketo.CLIENT_SECRET,
    }
    tokens = {
        answer.json()["access_token"]
        for answer in (
            requests.get(url, params=asked, timeout=9),
            requests.post(url, params=asked, timeout=9),
            requests.post(url, data=asked, timeout=9),
        )
    }
    wrong = requests.get(url, params=asked | {"client_secret": "no"}, timeout=9)
    assert (1, 401, "invalid_client") == (len(tokens), wrong.status_code, wrong.json()["error"])


def test_only_the_header_signs_a_call(here: Subscription) -> None:
    """A token in the query is worth nothing, and a wrong one in the header is invalid."""
    token = here.http.headers.pop("Authorization")
    assert "600" == code(here.get("stats/usage", access_token=str(token).split()[1]))
    here.http.headers["Authorization"] = "Bearer nonsense"
    assert "601" == code(here.get("stats/usage"))


def test_a_revoked_service_is_invalid_until_it_is_not(here: Subscription) -> None:
    """601 for ever, though identity would have given the same token again."""
    here.world.table("marketo.service")[marketo.CLIENT_ID]["revoked"] = True
    assert "601" == code(here.get("stats/usage"))


def test_a_role_may_do_what_it_may(here: Subscription) -> None:
    """603 for what is not in it; writing includes reading."""
    allowed = ["Read-Write Lead", "Read-Only Activity"]
    here.put("marketo.service", bi={"secret": "s", "user": "bi@x.io", "permissions": allowed})
    assert "bi@x.io" == here.sign_in("bi", "s")["scope"]
    assert here.get("leads/describe")["success"]
    assert here.get("activities/types")["success"]
    assert "603" == code(here.post("activities/external", {"input": [{}]}))
    assert "603" == code(here.post("campaigns/1000/trigger", {}))
    assert "603" == code(here.get("companies/describe"))


def test_a_hundred_calls_in_twenty_seconds(here: Subscription) -> None:
    """The 101st is refused, and after the window has passed it isn't."""
    here.setting(calls=100)
    for _ in range(100):
        assert here.get("stats/usage")["success"]
    refused = here.get("stats/usage")
    assert ("606", "Max rate limit '100' exceeded with in '20' secs") == (
        code(refused),
        refused["errors"][0]["message"],
    )
    here.pass_time(seconds=20)
    assert here.get("stats/usage")["success"]


def test_the_quota_begins_anew_at_midnight_in_chicago(here: Subscription) -> None:
    """607 until then; calls with a free code don't count."""
    here.setting(daily_calls=3)
    assert "605" == code(here.call("DELETE", "/rest/v1/leads/describe.json").json())
    for _ in range(3):
        assert here.get("stats/usage")["success"]
    assert "607" == code(here.get("stats/usage"))
    here.pass_time(seconds=61)
    assert here.get("stats/usage")["success"]


def test_ten_calls_at_once(here: Subscription) -> None:
    """The eleventh that is being served is refused; calls of other integrations count too."""
    face = marketo.face(here.world)
    token = {"authorization": str(here.http.headers["Authorization"])}

    def ask(concurrent: int) -> Response:
        request = Request.parse("GET", "/rest/v1/stats/usage.json", token, b"")
        return face(replace(request, concurrent=concurrent))

    assert True is json.loads(ask(10).body)["success"]
    assert "615" == code(json.loads(ask(11).body))
    here.setting(ongoing=10)
    assert "615" == code(here.get("stats/usage"))
    here.setting(ongoing=0, answer_seconds=0.5)
    assert 0.5 == ask(1).hold_seconds


def test_statistics_tell_users_and_errors_by_day(here: Subscription) -> None:
    """Today's calls by user and errors by code; a week has seven days, the latest first."""
    here.get("nonsense")
    here.get("leads", filterType="firstName", filterValues="a")
    here.pass_time(minutes=1)
    errors = here.get("stats/errors/last7days")["result"]
    assert [("2026-11-24", 0), ("2026-11-23", 2)] == [
        (day["date"], day["total"]) for day in errors[:2]
    ]
    assert {"610": 1, "1011": 1} == {one["errorCode"]: one["count"] for one in errors[1]["errors"]}
    usage = here.get("stats/usage")["result"]
    expected = {"userId": "routeready@meridian.example", "count": 2}
    assert [{"date": "2026-11-24", "total": 2, "users": [expected]}] == usage
    assert 7 == len(here.get("stats/usage/last7days")["result"])


REFUSED: list[tuple[str, str, Row, str]] = [
    ("GET", "/rest/v1/nothing.json", {}, "610"),
    ("GET", "/rest/v1//leads.json", {}, "610"),
    ("POST", "/rest/v1/leads/describe.json", {}, "605"),
    (
        "POST",
        "/rest/v1/leads.json",
        {"data": "{", "headers": {"Content-Type": "application/json"}},
        "609",
    ),
    ("POST", "/rest/v1/leads.json", {"json": [1]}, "609"),
    (
        "POST",
        "/rest/v1/leads.json",
        {"data": "a=1", "headers": {"Content-Type": "text/plain"}},
        "612",
    ),
    ("POST", "/rest/v1/campaigns/1000/trigger.json", {"json": {"input": [1]}}, "611"),
    ("POST", "/bulk/v1/leads.json", {"json": {}}, "612"),
    (
        "POST",
        "/bulk/v1/leads.json",
        {"data": b"x", "headers": {"Content-Type": "multipart/form-data"}},
        "613",
    ),
    ("GET", "/rest/v1/customobjects/schema.json", {}, "616"),
    ("GET", "/rest/v1/activities.json?activityTypeIds=1", {}, "701"),
    ("POST", "/rest/v1/leads.json", {"json": {"input": []}}, "701"),
    ("GET", "/rest/v1/activities/pagingtoken.json?sinceDatetime=soon", {}, "704"),
    ("GET", "/rest/v1/leads.json?filterType=id&filterValues=1&batchSize=x", {}, "1001"),
    ("GET", "/rest/v1/lead/1.json", {}, "1004"),
    ("GET", "/rest/v1/lists/1.json", {}, "1013"),
    ("POST", "/rest/v1/opportunities.json", {"json": {"input": [{}]}}, "1018"),
]


@pytest.mark.parametrize(("method", "path", "more", "expected"), REFUSED)
def test_refusals(here: Subscription, method: str, path: str, more: Row, expected: str) -> None:
    """Each comes with HTTP 200, a code as text, and nothing executed."""
    answer = here.call(method, path, **more)
    assert (200, expected) == (answer.status_code, code(answer.json()))


def test_what_is_too_long_is_no_json(here: Subscription) -> None:
    """414 above 8 KB of URI, which a POST with `_method=GET` avoids; 413 above 1 MB of body."""
    values = ",".join(f"{number:060d}" for number in range(150))
    asked = {"filterType": "email", "filterValues": values}
    assert 414 == here.call("GET", "/rest/v1/leads.json", params=asked).status_code
    encoded = {"filterType": "email", "filterValues": "é" * 1400}
    assert 414 == here.call("GET", "/rest/v1/leads.json", params=encoded).status_code
    form = here.call("POST", "/rest/v1/leads.json?_method=GET", data=asked).json()
    assert (True, []) == (form["success"], form["result"])
    body = {"input": [{"email": "a@x.io", "firstName": "x" * 1_100_000}]}
    assert 413 == here.call("POST", "/rest/v1/leads.json", json=body).status_code


def test_requests_are_numbered_and_answers_compressed(here: Subscription) -> None:
    """`<hex>#<hex of milliseconds>`, and gzip from 1024 bytes on for who takes it."""
    answer = here.call("GET", "/rest/v1/leads/describe.json")
    serial, _, millis = answer.json()["requestId"].partition("#")
    assert int(serial, 16) > 0
    assert int(EVENING.timestamp() * 1000) == int(millis, 16)
    assert "gzip" == answer.headers["content-encoding"]
    small = here.call("GET", "/rest/v1/leads/partitions.json")
    assert "content-encoding" not in small.headers


def test_both_ways_to_write_a_list(here: Subscription) -> None:
    """Values with commas and repeated parameters are the same question."""
    here.persons(3)
    emails = [f"p{number}@acme.example" for number in range(3)]
    found = [
        here.get("leads", filterType="email", filterValues=given, fields=fields)["result"]
        for given, fields in ((",".join(emails), "email,id"), (emails, ["email", "id"]))
    ]
    assert found[0] == found[1]
    assert emails == [row["email"] for row in found[0]]


def test_a_record_fails_alone(here: Subscription) -> None:
    """In the order of the input, each with its status or its reason."""
    (known,) = here.persons(1)
    rows = [
        {"email": "new@x.io"},
        {"email": "p0@acme.example"},
        {"email": "without-sign"},
        {"email": "u@x.io", "nope": 1},
        {"email": "n@x.io", "numberOfEmployees": "many"},
        {"firstName": "no address"},
        {"email": "s@x.io", "sfdcType": "Lead"},
        {"email": "ünicode@x.io"},
    ]
    answer = here.post("leads", {"input": rows})
    assert ["created", "updated", "1001", "1006", "1001", "1002", "1003", "1001"] == codes(answer)
    assert known == answer["result"][1]["id"]
