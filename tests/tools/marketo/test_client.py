"""The Marketo client against a small server that answers exactly as scripted."""

import json
import random
import socket
import struct
import threading
from collections import defaultdict
from collections.abc import Callable, Generator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import SecretStr

from domain.effects import (
    Applied,
    MirrorActivity,
    MirrorFields,
    Receipt,
    Refusal,
    Refused,
    RequestSync,
    Stamp,
    Unknown,
    Untried,
)
from domain.errors import (
    AuthError,
    QuotaError,
    RateLimitError,
    RequestError,
    UnavailableError,
    UnknownOutcomeError,
)
from domain.lead.model import FieldName
from domain.ports import Marketing
from domain.values import DecisionId, EffectKey, LeadKey
from tools.http import CallRecord, HttpSettings, Timeouts, Transport
from tools.marketo.client import MarketoAccess, MarketoClient
from tools.marketo.examination import Expectations
from tools.marketo.fields import STANDARD
from tools.marketo.gateway import MarketoGateway
from tools.quota import Budget, Limits

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
STAMP = Stamp(
    decision_id=DecisionId("d-1"),
    status="assigned",
    reason="Territory fits.",
    rule="territory",
    territory="DACH",
    policy_version="abc",
    routed_at=NOW,
    sla_due=None,
)
SECRET = "the-client-secret"
LEADS, EXTERNAL = "/rest/v1/leads.json", "/rest/v1/activities/external.json"
ACTIVITIES, PAGING = "/rest/v1/activities.json", "/rest/v1/activities/pagingtoken.json"
TYPES, DESCRIBE = "/rest/v1/activities/types.json", "/rest/v1/leads/describe2.json"
CAMPAIGNS, TRIGGER = "/rest/v1/campaigns.json", "/rest/v1/campaigns/5/trigger.json"


class Clock:
    """A clock that moves only when slept on."""

    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> datetime:
        """The time so far."""
        return self.time

    def sleep(self, seconds: float) -> None:
        """Move on."""
        self.time += timedelta(seconds=seconds)


class Seen(NamedTuple):
    """One request as the server saw it."""

    method: str
    path: str
    target: str
    """With the query."""
    headers: dict[str, str]
    query: dict[str, list[str]]
    form: dict[str, list[str]]
    json: Any


class Bare(NamedTuple):
    """An answer that isn't Marketo's own JSON with HTTP 200."""

    status: int
    body: bytes = b""


Reply = Callable[[Seen], Any]
"""Gives the JSON or the bare answer; None drops the connection without one."""


class Marketo:
    """Answers each path with the next of its replies, the last one for ever."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.tokens = 0
        self.same_token = False
        self.expires_in = 3599
        self.date = NOW
        self.replies: dict[str, list[Reply]] = defaultdict(lambda: [ok()])
        self.replies["/identity/oauth/token"] = [self._token]
        self.replies[PAGING] = [ok(nextPageToken="t0")]
        self.replies[TYPES] = [
            ok({"id": 2, "name": "Fill Out Form"}, {"id": 100001, "name": "Lead Routed"})
        ]
        vendor = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def _play(self) -> None:
                vendor.play(self)

            do_GET = do_POST = _play  # noqa: N815  (http.server's names)

            def date_time_string(self, timestamp: float | None = None) -> str:  # noqa: ARG002  (its form there)
                return vendor.date.strftime("%a, %d %b %Y %H:%M:%S GMT")

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (its name there)
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True)

    def play(self, exchange: BaseHTTPRequestHandler) -> None:
        """Answer one request."""
        body = exchange.rfile.read(int(exchange.headers.get("content-length") or 0)).decode()
        headers = {name.lower(): text for name, text in exchange.headers.items()}
        parts = urlsplit(exchange.path)
        is_json = headers.get("content-type") == "application/json"
        seen = Seen(
            exchange.command,
            parts.path,
            exchange.path,
            headers,
            parse_qs(parts.query),
            {} if is_json else parse_qs(body),
            json.loads(body) if is_json else None,
        )
        self.seen.append(seen)
        replies = self.replies[parts.path]
        value = (replies.pop(0) if len(replies) > 1 else replies[0])(seen)
        exchange.close_connection = value is None
        if value is None:
            linger = struct.pack("ii", 1, 0)
            exchange.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            exchange.connection.close()
            return
        bare = value if isinstance(value, Bare) else Bare(200, json.dumps(value).encode())
        exchange.send_response(bare.status)
        exchange.send_header("content-length", str(len(bare.body)))
        exchange.end_headers()
        exchange.wfile.write(bare.body)

    def paths(self) -> list[str]:
        """The paths of all REST calls, in order."""
        return [one.path for one in self.seen if one.path.startswith("/rest")]

    def _token(self, _: Seen) -> Any:  # noqa: ANN401  (JSON)
        self.tokens += not self.same_token or not self.tokens
        return {
            "access_token": f"token-{self.tokens}",
            "token_type": "bearer",
            "expires_in": self.expires_in,
        }


def ok(*rows: Any, **more: Any) -> Reply:  # noqa: ANN401  (JSON)
    """A success with these records."""
    return lambda _: {"requestId": "1#2", "success": True, "result": list(rows), **more}


def fails(code: str) -> Reply:
    """A failure of the whole request, with HTTP 200 as Marketo sends it."""
    error = {"code": code, "message": f"message of {code}"}
    return lambda _: {"requestId": "1#2", "success": False, "errors": [error]}


def bare(status: int, body: bytes = b"") -> Reply:
    """An answer as a proxy or a broken server gives it."""
    return lambda _: Bare(status, body)


def drops(_: Seen) -> None:
    """Take the request and drop the connection."""


def updated(seen: Seen) -> Any:  # noqa: ANN401  (JSON)
    """Every record of a write was updated."""
    return {"success": True, "result": [{"status": "updated"} for _ in seen.json["input"]]}


def persons(seen: Seen) -> Any:  # noqa: ANN401  (JSON)
    """Every person asked for by id exists."""
    asked = {**seen.query, **seen.form}
    moments = {"createdAt": "2026-11-01T08:00:00Z", "updatedAt": "2026-11-23T08:00:00Z"}
    ids = asked["filterValues"][0].split(",")
    return {"success": True, "result": [{"id": int(one), **moments} for one in ids]}


@pytest.fixture
def marketo() -> Generator[Marketo]:
    """A running server."""
    marketo = Marketo()
    marketo.thread.start()
    yield marketo
    marketo.http.shutdown()
    marketo.http.server_close()
    marketo.thread.join()


@pytest.fixture
def clock() -> Clock:
    """A clock of our own."""
    return Clock()


@pytest.fixture
def calls() -> list[CallRecord]:
    """What was logged."""
    return []


@pytest.fixture
def client(marketo: Marketo, clock: Clock, calls: list[CallRecord]) -> Generator[MarketoClient]:
    """A client of that server."""
    transport = Transport(
        "marketo",
        clock,
        random.Random(1),
        HttpSettings(timeouts=Timeouts(connect=2, read=5)),
        budget=Budget("marketo", clock, Limits()),
        on_call=calls.append,
    )
    access = MarketoAccess(marketo.url + "/rest", "the-client-id", SecretStr(SECRET))
    yield MarketoClient(access, transport, clock)
    transport.close()


@pytest.fixture
def gateway(client: MarketoClient, clock: Clock) -> Marketing:
    """The port over that client."""
    return MarketoGateway(client, clock, STANDARD, Expectations(sync_campaign="Sync to SFDC"))


def mirrors(*leads: int) -> dict[EffectKey, MirrorFields]:
    """One mirror per lead, with the effect key `e<n>`."""
    return {
        EffectKey(f"e{number}"): MirrorFields(
            lead=LeadKey(str(lead)), status="assigned", owner_name="Ana Torres", stamp=STAMP
        )
        for number, lead in enumerate(leads)
    }


def activities(*leads: int) -> dict[EffectKey, MirrorActivity]:
    """One custom activity per lead, with the effect key `e<n>`."""
    return {
        EffectKey(f"e{number}"): MirrorActivity(
            lead=LeadKey(str(lead)), owner_name="Ana Torres", stamp=STAMP
        )
        for number, lead in enumerate(leads)
    }


def requests(*leads: int) -> dict[EffectKey, RequestSync]:
    """One sync request per lead, with the effect key `e<n>`."""
    return {
        EffectKey(f"e{number}"): RequestSync(lead=LeadKey(str(lead)), campaign="Sync to SFDC")
        for number, lead in enumerate(leads)
    }


def test_secrets_travel_in_headers_and_bodies_only(marketo: Marketo, client: MarketoClient) -> None:
    """Neither the client secret nor the access token is ever part of a URL or of a repr."""
    client.calls_today()
    sign_in, call = marketo.seen
    assert sign_in.form["client_secret"] == [SECRET]
    assert call.headers["authorization"] == "Bearer token-1"
    assert all("token-1" not in one.target and SECRET not in one.target for one in marketo.seen)
    assert SECRET not in repr(client) + repr(vars(client)["_access"])


def test_a_token_is_kept_until_it_nearly_expires(
    marketo: Marketo, client: MarketoClient, clock: Clock
) -> None:
    """Many calls share one sign-in, and a new one comes shortly before the end."""
    for _ in range(3):
        client.calls_today()
    assert marketo.tokens == 1
    clock.sleep(3590)
    client.calls_today()
    assert marketo.tokens == 2


@pytest.mark.parametrize("code", ["600", "601", "602"])
def test_a_stale_token_is_renewed_in_the_middle_of_a_run(
    marketo: Marketo, client: MarketoClient, code: str
) -> None:
    """The refused page is asked for again with a new token, and nothing is lost or doubled."""
    marketo.replies[LEADS] = [persons, fails(code), persons]
    rows = list(client.persons("id", [str(one) for one in range(1, 601)], ("id",)))
    assert [row["id"] for row in rows] == list(range(1, 601))
    tokens = [one.headers["authorization"] for one in marketo.seen if one.path == LEADS]
    assert tokens == ["Bearer token-1", "Bearer token-1", "Bearer token-2"]


def test_a_refused_write_is_replayed_after_renewal(marketo: Marketo, gateway: Marketing) -> None:
    """601 says that nothing was executed, so even a write is sent again."""
    marketo.replies[EXTERNAL] = [fails("601"), ok({"id": 1, "status": "added"})]
    receipts = gateway.mirror_activities(activities(7))
    assert receipts == {"e0": Applied(detail="added")}


def test_a_revoked_service_does_not_loop(marketo: Marketo, client: MarketoClient) -> None:
    """Identity hands out the same refused token again: two renewals, then a person must act."""
    marketo.same_token = True
    marketo.replies[LEADS] = [fails("601")]
    with pytest.raises(AuthError, match="revoked"):
        list(client.persons("id", ["1"], ("id",)))
    assert marketo.paths() == [LEADS] * 3


def test_wrong_credentials_need_a_person(marketo: Marketo, client: MarketoClient) -> None:
    """HTTP 401 at the identity service is the one way in which Marketo refuses a secret."""
    refused = json.dumps({"error": "invalid_client", "error_description": SECRET}).encode()
    marketo.replies["/identity/oauth/token"] = [bare(401, refused)]
    with pytest.raises(AuthError) as caught:
        client.sign_in()
    assert SECRET not in str(caught.value)
    assert len(marketo.seen) == 1


def test_only_this_machine_may_be_spoken_to_in_the_clear(
    client: MarketoClient, clock: Clock
) -> None:
    """A secret is never sent unencrypted to another machine."""
    access = MarketoAccess("http://123-ABC-456.mktorest.com/rest", "id", SecretStr(SECRET))
    with pytest.raises(AuthError, match="https"):
        MarketoClient(access, vars(client)["_transport"], clock)


def test_a_burst_of_606_is_waited_out(marketo: Marketo, gateway: Marketing, clock: Clock) -> None:
    """606 says that nothing was executed: the write is sent again after the window of 20 s."""
    marketo.replies[LEADS] = [fails("606"), fails("606"), updated]
    assert gateway.mirror_fields(mirrors(1)) == {"e0": Applied(detail="updated")}
    assert clock.now() - NOW >= timedelta(seconds=40)


def test_a_burst_that_does_not_end_is_passed_on(
    marketo: Marketo, gateway: Marketing, calls: list[CallRecord]
) -> None:
    """Retries are bounded in number and in time, and the caller learns how long to wait."""
    marketo.replies[LEADS] = [fails("606")]
    with pytest.raises(RateLimitError) as caught:
        gateway.mirror_fields(mirrors(1))
    assert caught.value.retry_after == timedelta(seconds=20)
    assert [one.attempt for one in calls if one.template == LEADS] == [1, 2, 3, 4]


@pytest.mark.parametrize("code", ["608", "615", "713"])
def test_a_busy_marketo_is_asked_again(marketo: Marketo, gateway: Marketing, code: str) -> None:
    """What Marketo says it did not execute is sent again, reads and writes alike."""
    marketo.replies[LEADS] = [fails(code), updated]
    assert gateway.mirror_fields(mirrors(1)) == {"e0": Applied(detail="updated")}


def test_the_daily_quota_stops_at_once(marketo: Marketo, gateway: Marketing) -> None:
    """607 is not retried; it says until when."""
    marketo.replies[LEADS] = [fails("607")]
    with pytest.raises(QuotaError) as caught:
        gateway.people([LeadKey("1")])
    assert caught.value.until == datetime(2026, 11, 24, 6, tzinfo=UTC)
    assert marketo.paths() == [LEADS]


@pytest.mark.parametrize(
    "act", [drops, fails("604"), fails("611"), bare(502), bare(200, b"<html>")]
)
def test_a_read_without_an_answer_is_asked_again(
    marketo: Marketo, gateway: Marketing, act: Reply
) -> None:
    """A lost, late or garbled answer to a read does no harm."""
    marketo.replies[LEADS] = [act, persons]
    assert list(gateway.people([LeadKey("1")])) == ["1"]


def test_a_read_that_stays_unanswered_is_unavailable(marketo: Marketo, gateway: Marketing) -> None:
    """A read leaves nothing behind, so it never ends as unknown."""
    marketo.replies[LEADS] = [fails("604")]
    with pytest.raises(UnavailableError):
        gateway.people([LeadKey("1")])


@pytest.mark.parametrize(
    "act", [drops, fails("604"), fails("611"), bare(502), bare(200, b"<html>")]
)
def test_a_write_without_an_answer_is_sent_once(
    marketo: Marketo, gateway: Marketing, act: Reply
) -> None:
    """Every record of a write whose answer was lost is unknown, and it isn't sent again."""
    marketo.replies[EXTERNAL] = [act]
    receipts = gateway.mirror_activities(activities(7, 8))
    assert [type(one) for one in receipts.values()] == [Unknown, Unknown]
    assert marketo.paths() == [TYPES, EXTERNAL]


def test_the_client_says_that_a_write_may_have_happened(
    marketo: Marketo, client: MarketoClient
) -> None:
    """At the client a lost answer to a write is an error of its own."""
    marketo.replies[LEADS] = [drops]
    with pytest.raises(UnknownOutcomeError):
        client.update_persons([{"id": 1}])


def test_a_thousand_people_are_four_calls(
    marketo: Marketo, gateway: Marketing, calls: list[CallRecord]
) -> None:
    """300 persons per call, each found once, however often asked for."""
    marketo.replies[LEADS] = [persons]
    keys = [LeadKey(str(one)) for one in range(1, 1001)]
    assert list(gateway.people([*keys, keys[0]])) == keys
    assert len([one for one in calls if one.template == LEADS]) == 4


def test_a_long_filter_travels_as_a_form(marketo: Marketo, gateway: Marketing) -> None:
    """A filter that would make the URL too long is sent as POST with `_method=GET`."""
    marketo.replies[LEADS] = [ok({"id": 9, "email": "Person.7@Acme.example"})]
    emails = [f"person.{number}@acme.example" for number in range(300)]
    assert gateway.same_email(emails) == {"person.7@acme.example": (LeadKey("9"),)}
    call = marketo.seen[-1]
    assert (call.method, call.query) == ("POST", {"_method": ["GET"]})
    assert call.form["filterValues"][0].split(",") == sorted(emails)


def test_doubles_are_found_across_pages(marketo: Marketo, gateway: Marketing) -> None:
    """All persons of an address are told, lowest id first; others' answers are left out."""
    marketo.replies[LEADS] = [
        ok({"id": 10, "email": "d@x.io"}, nextPageToken="p2"),
        ok({"id": 9, "email": "D@X.io"}, {"id": 8, "email": "other@x.io"}),
    ]
    assert gateway.same_email(["D@x.io", "a,b@x.io"]) == {"d@x.io": ("9", "10")}
    assert marketo.seen[-1].query["nextPageToken"] == ["p2"]
    assert marketo.seen[-1].query["filterValues"] == ["d@x.io"]


def test_too_many_matches_are_asked_for_in_halves(marketo: Marketo, gateway: Marketing) -> None:
    """1003 "too many results" splits the filter until the answers fit."""
    error = {"code": "1003", "message": "Too many results match the filter"}

    def at_most_two(seen: Seen) -> Any:  # noqa: ANN401  (JSON)
        values = seen.query["filterValues"][0].split(",")
        if len(values) > 2:
            return {"success": False, "errors": [error]}
        return {"success": True, "result": [{"id": ord(one[0]), "email": one} for one in values]}

    marketo.replies[LEADS] = [at_most_two]
    emails = ["a@x.io", "b@x.io", "c@x.io", "d@x.io", "e@x.io"]
    assert list(gateway.same_email(emails)) == emails


def test_activities_are_read_by_name_and_page_by_page(marketo: Marketo, gateway: Marketing) -> None:
    """An empty page may have more behind it, and there is always a token for the next read."""
    row = {
        "marketoGUID": "g",
        "leadId": 7,
        "activityDate": "2026-11-23T11:00:00Z",
        "activityTypeId": 2,
        "primaryAttributeValue": "Demo Request",
    }
    marketo.replies[ACTIVITIES] = [
        lambda _: {"success": True, "nextPageToken": "t1", "moreResult": True},
        ok(row, nextPageToken="t2", moreResult=False),
    ]
    token = gateway.start_token(NOW - timedelta(days=1))
    assert marketo.seen[-1].query["sinceDatetime"] == ["2026-11-22T12:00:00Z"]
    empty = gateway.activities(token, ["Fill Out Form"])
    assert (empty.activities, empty.token, empty.more) == ((), "t1", True)
    page = gateway.activities(empty.token, ["Fill Out Form"])
    assert (page.token, page.more) == ("t2", False)
    assert [(one.type, one.name) for one in page.activities] == [("Fill Out Form", "Demo Request")]
    assert marketo.paths().count(TYPES) == 1


def test_an_unknown_activity_type_is_named(marketo: Marketo, gateway: Marketing) -> None:
    """A type that the subscription lacks is looked for once more, then it is an error."""
    with pytest.raises(RequestError, match="Fill In Form"):
        gateway.activities("t", ["Fill In Form"])
    assert marketo.paths() == [TYPES]


def test_changes_are_asked_for_by_rest_names(marketo: Marketo, gateway: Marketing) -> None:
    """Our field names become Marketo's; what Marketo doesn't have is left out."""
    gateway.changes("t", [FieldName.EMPLOYEES, FieldName.COUNTRY, FieldName.SENIORITY])
    assert marketo.seen[-1].query["fields"] == ["numberOfEmployees,country"]


def test_one_bad_record_fails_alone(marketo: Marketo, gateway: Marketing) -> None:
    """A skipped record is refused with the vendor's words; its neighbours are applied."""
    reason = {"code": "1004", "message": "Lead '8' not found"}
    marketo.replies[LEADS] = [
        ok({"id": 7, "status": "updated"}, {"status": "skipped", "reasons": [reason]})
    ]
    assert gateway.mirror_fields(mirrors(7, 8)) == {
        "e0": Applied(detail="updated"),
        "e1": Refused(refusal=Refusal.GONE, code="1004", words="Lead '8' not found"),
    }


def test_results_that_are_not_as_many_as_records_are_nobodys(
    marketo: Marketo, gateway: Marketing
) -> None:
    """Which of them is missing can't be known, so that each may have happened."""
    marketo.replies[LEADS] = [ok({"id": 7, "status": "updated"})]
    detail = "Marketo's answer has 1 results for 2 records"
    expected = dict.fromkeys(("e0", "e1"), Unknown(detail=detail))
    assert gateway.mirror_fields(mirrors(7, 8)) == expected


def test_mirrors_are_updates_by_id_of_300(marketo: Marketo, gateway: Marketing) -> None:
    """Never an upsert: concurrent upserts make duplicates (Adobe: Leads)."""
    marketo.replies[LEADS] = [updated]
    receipts = gateway.mirror_fields(mirrors(*range(1, 702)))
    writes = [one.json for one in marketo.seen if one.path == LEADS]
    assert [len(one["input"]) for one in writes] == [300, 300, 101]
    assert {(one["action"], one["lookupField"]) for one in writes} == {("updateOnly", "id")}
    assert list(receipts.values()) == [Applied(detail="updated")] * 701


def test_one_person_is_in_a_call_once(marketo: Marketo, gateway: Marketing) -> None:
    """Two mirrors of one person are two calls, so that the later one wins."""
    marketo.replies[LEADS] = [updated]
    gateway.mirror_fields(mirrors(1, 2, 1))
    writes = [one.json["input"] for one in marketo.seen if one.path == LEADS]
    assert [[row["id"] for row in one] for one in writes] == [[1, 2], [1]]


@pytest.mark.parametrize(
    ("act", "second"),
    [
        (fails("607"), Untried),
        (fails("606"), Untried),
        (fails("603"), Untried),
        (fails("610"), Untried),
        (drops, Unknown),
    ],
)
def test_a_later_failure_says_nothing_about_earlier_calls(
    marketo: Marketo, gateway: Marketing, act: Reply, second: type[Receipt]
) -> None:
    """What was applied before a call failed stays applied in the receipts."""
    marketo.replies[LEADS] = [updated, act]
    receipts = gateway.mirror_fields(mirrors(*range(1, 302)))
    assert receipts[EffectKey("e0")] == Applied(detail="updated")
    assert isinstance(receipts[EffectKey("e300")], second)


def test_mirrored_finds_decisions_by_their_id(marketo: Marketo, gateway: Marketing) -> None:
    """Of our custom activities since then, those with the decision's id are there already."""
    row = {"leadId": 7, "attributes": [{"name": "Decision ID", "value": "d-1"}]}
    other = {"leadId": 8, "attributes": [{"name": "Decision ID", "value": "d-0"}]}
    marketo.replies[ACTIVITIES] = [
        ok(nextPageToken="t1", moreResult=True),
        ok(row, other, nextPageToken="t2", moreResult=False),
    ]
    assert gateway.mirrored(activities(7, 8), NOW) == {"e0"}
    call = marketo.seen[-1]
    assert (call.query["leadIds"], call.query["activityTypeIds"]) == (["7,8"], ["100001"])
    gateway.mirrored(activities(*range(1, 40)), NOW)
    assert "leadIds" not in marketo.seen[-1].query


def test_mirrored_looks_back_to_the_decision(marketo: Marketo, gateway: Marketing) -> None:
    """An activity is dated by its decision, however much later it was logged."""
    gateway.mirrored(activities(7), NOW + timedelta(hours=5))
    since = next(one.query["sinceDatetime"] for one in marketo.seen if one.path == PAGING)
    assert since == ["2026-11-23T11:59:00Z"]


def test_pages_that_do_not_advance_are_an_error(marketo: Marketo, gateway: Marketing) -> None:
    """A token that repeats itself must neither loop for ever nor pass for the end."""
    marketo.replies[ACTIVITIES] = [ok(nextPageToken="t0", moreResult=True)]
    marketo.replies[LEADS] = [ok(nextPageToken="p2")]
    with pytest.raises(UnavailableError):
        gateway.mirrored(activities(7), NOW)
    with pytest.raises(UnavailableError):
        gateway.people([LeadKey("1")])


def campaign(**more: Any) -> dict[str, Any]:  # noqa: ANN401  (JSON)
    """The sync campaign as Marketo tells it."""
    return {"id": 5, "name": "Sync to SFDC", "type": "trigger", "active": True, **more}


def test_a_sync_is_requested_for_100_at_a_time(marketo: Marketo, gateway: Marketing) -> None:
    """The campaign is found by name once; each person is in one request."""
    marketo.replies[CAMPAIGNS] = [ok(campaign())]
    receipts = gateway.request_sync(requests(*range(1, 251)))
    sizes = [len(one.json["input"]["leads"]) for one in marketo.seen if one.path == TRIGGER]
    assert sizes == [100, 100, 50]
    assert list(receipts.values()) == [Applied(detail="queued")] * 250
    gateway.request_sync(requests(1))
    assert marketo.paths().count(CAMPAIGNS) == 1


def test_a_replaced_campaign_is_found_again(marketo: Marketo, gateway: Marketing) -> None:
    """A campaign that is refused is looked up by its name the next time."""
    marketo.replies[CAMPAIGNS] = [ok(campaign()), ok(campaign(id=6))]
    marketo.replies[TRIGGER] = [fails("1013")]
    with pytest.raises(RequestError):
        gateway.request_sync(requests(1))
    assert gateway.request_sync(requests(1)) == {"e0": Applied(detail="queued")}
    assert marketo.paths()[-1] == "/rest/v1/campaigns/6/trigger.json"


def test_one_vanished_person_is_told_from_the_others(marketo: Marketo, gateway: Marketing) -> None:
    """The person who is gone is refused; whether the others were queued must be read first."""
    marketo.replies[CAMPAIGNS] = [ok(campaign())]
    marketo.replies[TRIGGER] = [fails("1004")]
    marketo.replies[LEADS] = [ok({"id": 1}, {"id": 3})]
    receipts = gateway.request_sync(requests(1, 2, 3))
    assert [type(one) for one in receipts.values()] == [Unknown, Refused, Unknown]
    assert marketo.paths().count(TRIGGER) == 1


def test_vanished_persons_that_cannot_be_told_apart_are_unknown(
    marketo: Marketo, gateway: Marketing
) -> None:
    """When the read after the refusal fails too, nothing is claimed of anybody."""
    marketo.replies[CAMPAIGNS] = [ok(campaign())]
    marketo.replies[TRIGGER] = [fails("1004")]
    marketo.replies[LEADS] = [fails("607")]
    receipts = gateway.request_sync(requests(1, 2))
    assert [type(one) for one in receipts.values()] == [Unknown, Unknown]


def test_a_batch_that_is_not_understood_leaves_the_others_their_chance(
    marketo: Marketo, gateway: Marketing
) -> None:
    """The first 300 are refused as a whole, the other one is written all the same."""
    marketo.replies[LEADS] = [fails("609"), updated]
    receipts = gateway.mirror_fields(mirrors(*range(1, 302)))
    assert isinstance(receipts[EffectKey("e0")], Untried)
    assert receipts[EffectKey("e300")] == Applied(detail="updated")


@pytest.mark.parametrize(
    ("code", "error", "sent"), [("609", RequestError, 2), ("607", QuotaError, 1)]
)
def test_an_error_is_raised_when_nothing_was_written(
    marketo: Marketo, gateway: Marketing, code: str, error: type[Exception], sent: int
) -> None:
    """Nothing of two calls was written: the caller hears of it as of one failed call."""
    marketo.replies[LEADS] = [fails(code)]
    with pytest.raises(error):
        gateway.mirror_fields(mirrors(*range(1, 302)))
    assert marketo.paths().count(LEADS) == sent


@pytest.mark.parametrize("act", [drops, fails("604"), bare(502)])
def test_a_sync_request_without_an_answer_is_not_repeated(
    marketo: Marketo, gateway: Marketing, act: Reply
) -> None:
    """A repeat would run the campaign's flow a second time."""
    marketo.replies[CAMPAIGNS] = [ok(campaign())]
    marketo.replies[TRIGGER] = [act]
    receipts = gateway.request_sync(requests(1))
    assert isinstance(receipts[EffectKey("e0")], Unknown)
    assert marketo.paths().count(TRIGGER) == 1


@pytest.mark.parametrize(
    "found", [[], [campaign(active=False)], [campaign(type="batch")], [campaign(), campaign(id=6)]]
)
def test_a_sync_campaign_must_be_one_and_active(
    marketo: Marketo, gateway: Marketing, found: list[dict[str, Any]]
) -> None:
    """Anything but one active trigger campaign of that name is refused before it is asked."""
    marketo.replies[CAMPAIGNS] = [ok(*found)]
    with pytest.raises(RequestError):
        gateway.request_sync(requests(1))
    assert TRIGGER not in marketo.paths()


def test_nothing_planned_is_no_call(marketo: Marketo, gateway: Marketing) -> None:
    """Empty work costs nothing."""
    assert gateway.people([]) == {}
    assert gateway.same_email([]) == {}
    assert gateway.mirror_fields({}) == {}
    assert gateway.mirror_activities({}) == {}
    assert gateway.mirrored({}, NOW) == frozenset()
    assert gateway.request_sync({}) == {}
    assert marketo.seen == []


def test_lists_are_read_to_their_end(marketo: Marketo, client: MarketoClient) -> None:
    """A static list is found by its exact name, and all its members are told."""
    marketo.replies["/rest/v1/lists.json"] = [ok({"id": 3, "name": "Route Me"})]
    members = "/rest/v1/lists/3/leads.json"
    marketo.replies[members] = [ok({"id": 1}, nextPageToken="p2"), ok({"id": 2})]
    assert [one.id for one in client.lists(["Route Me"])] == [3]
    assert [row["id"] for row in client.list_members(3, ("id",))] == [1, 2]


def test_the_budget_bounds_the_speed(marketo: Marketo, client: MarketoClient, clock: Clock) -> None:
    """Never more than 50 calls in 20 seconds, sign-ins aside."""
    for _ in range(51):
        client.calls_today()
    assert clock.now() - NOW == timedelta(seconds=20)
    assert len(marketo.paths()) == 51


def described(*but: str, **changed: Any) -> Reply:  # noqa: ANN401  (JSON)
    """A subscription with all fields but some."""
    wanted = (*STANDARD.named(), *STANDARD.mirror.all())
    fields = [{"name": name, "updateable": True} for name in wanted if name not in but]
    return ok({"name": "API Lead", "fields": [{**one, **changed} for one in fields]})


def test_a_sound_subscription_has_nothing_to_mend(marketo: Marketo, gateway: Marketing) -> None:
    """Every finding is fine, and none has a fix."""
    marketo.replies[DESCRIBE] = [described()]
    marketo.replies[CAMPAIGNS] = [ok(campaign())]
    marketo.replies["/rest/v1/stats/usage.json"] = [ok({"date": "2026-11-23", "total": 1120})]
    findings = gateway.examine()
    assert [(one.subject, one.ok, one.fix) for one in findings] == [
        ("Marketo sign-in", True, None),
        ("Marketo fields that are read", True, None),
        ("Marketo fields that are written", True, None),
        ("Marketo activities", True, None),
        ("Marketo custom activity", True, None),
        ("Marketo sync campaign", True, None),
        ("Marketo daily calls", True, None),
        ("Marketo clock", True, None),
    ]


@pytest.mark.parametrize(
    ("path", "act", "subject", "said"),
    [
        ("/identity/oauth/token", bare(401, b"{}"), "sign-in", "not accepted"),
        (DESCRIBE, described("icpTier"), "fields that are read", "icpTier"),
        (DESCRIBE, described("routedOwner"), "fields that are written", "routedOwner"),
        (DESCRIBE, described(crmManaged=True), "fields that are written", "owned by Salesforce"),
        (DESCRIBE, described(updateable=False), "fields that are written", "Read-only"),
        (DESCRIBE, fails("603"), "fields that are read", "message of 603"),
        (PAGING, fails("603"), "activities", "message of 603"),
        (TYPES, ok({"id": 2, "name": "Fill Out Form"}), "custom activity", "Lead Routed"),
        (CAMPAIGNS, ok(), "sync campaign", "no campaign"),
        (CAMPAIGNS, ok(campaign(active=False)), "sync campaign", "not an active"),
        (CAMPAIGNS, ok(campaign(), campaign(id=6)), "sync campaign", "2 active"),
        ("/rest/v1/stats/usage.json", ok({"total": 40_000}), "daily calls", "40,000 of"),
    ],
)
def test_each_trouble_is_told_with_its_fix(
    marketo: Marketo, gateway: Marketing, path: str, act: Reply, subject: str, said: str
) -> None:
    """What stands in the way is named in a sentence, and the fix says where to click."""
    marketo.replies[path] = [act]
    finding = next(one for one in gateway.examine() if one.subject == f"Marketo {subject}")
    assert not finding.ok
    assert said in finding.sentence
    assert finding.fix


@pytest.mark.parametrize(("seconds", "words"), [(300, "behind"), (-300, "ahead of")])
def test_a_wrong_clock_is_noticed(
    marketo: Marketo, gateway: Marketing, seconds: int, words: str
) -> None:
    """Marketo's Date header tells how far our clock is off."""
    marketo.date = NOW + timedelta(seconds=seconds)
    finding = gateway.examine()[-1]
    assert finding.sentence == f"This machine's clock is 300 seconds {words} Marketo's."
    assert not finding.ok
