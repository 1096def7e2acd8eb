"""The Salesforce client over real HTTPS, against a server that answers by script."""

import socket
import ssl
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from json import dumps, loads
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from domain.effects import Applied, Receipt, Refusal, Refused, SetOwner, Stamp, Unknown, Untried
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
from domain.lead.crm_records import RecordKind
from domain.routing.route import Subject
from domain.values import DecisionId, EffectKey, LeadKey, Quoted, RecordId
from tools.salesforce import (
    ClientCredentials,
    Connection,
    Gateway,
    Guard,
    JwtBearer,
    Settings,
    Usage,
)
from tools.salesforce.connection.client import Client
from tools.salesforce.soql.query import Query

Json = Any
NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
EXPIRED = (401, [{"errorCode": "INVALID_SESSION_ID", "message": "Session expired or invalid"}])
DONE: Json = {"success": True, "id": "x", "errors": []}
LOST: Json = None
"""The server takes the request and closes the connection without an answer."""


@dataclass
class Still:
    """A clock that shows one moment."""

    at: datetime = NOW

    def now(self) -> datetime:
        """That moment."""
        return self.at

    def sleep(self, seconds: float) -> None:
        """Nobody sleeps here."""
        raise AssertionError(seconds)


@dataclass
class Seen:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: str

    def json(self) -> Json:
        """Its body, decoded."""
        return loads(self.body)


@dataclass
class Org:
    """A Salesforce that answers each call by the next line of its script."""

    url: str = ""
    script: list[Json] = field(default_factory=list[Json])
    """Pairs of status and JSON, ready bytes, or LOST; the last line repeats."""
    seen: list[Seen] = field(default_factory=list[Seen])

    @property
    def calls(self) -> list[Seen]:
        """All but the sign-ins."""
        return [one for one in self.seen if "/oauth2/" not in one.path]

    @property
    def sign_ins(self) -> list[Seen]:
        """The sign-ins."""
        return [one for one in self.seen if "/oauth2/" in one.path]

    def answer(self, request: Seen) -> Json:
        """The next line of the script; signing in always works unless the script says so."""
        self.seen.append(request)
        if "/oauth2/" in request.path and not any("oauth" in str(one) for one in self.script):
            return (200, {"access_token": f"token{len(self.sign_ins)}", "instance_url": self.url})
        line = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        return line[1:] if line[0] == "oauth" else line


@dataclass(frozen=True)
class Keys:
    """A key and its certificate for 127.0.0.1."""

    key_file: Path
    cert_file: Path
    public: rsa.RSAPublicKey


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    """A fresh certificate that signs itself."""
    folder = tmp_path_factory.mktemp("tls")
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    cert = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        .sign(key, hashes.SHA256())
    )
    made = Keys(folder / "key.pem", folder / "cert.pem", key.public_key())
    made.key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    made.cert_file.write_bytes(cert.public_bytes(serialization.Encoding.PEM))
    return made


@pytest.fixture
def org(keys: Keys) -> Iterator[Org]:
    """A scripted org behind TLS on a free port."""
    made = Org()

    class Exchange(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _exchange(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = made.answer(Seen(self.command, self.path, headers, body))
            if answer is LOST:
                self.close_connection = True
                return
            status, told = answer
            text = told if isinstance(told, bytes) else dumps(told).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(text)))
            self.send_header("Sforce-Limit-Info", "api-usage=18/5000")
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_PATCH = _exchange  # noqa: N815  (http.server's names)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (its name there)
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Exchange)
    server.daemon_threads = True
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(keys.cert_file, keys.key_file)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    made.url = f"https://127.0.0.1:{server.server_port}"
    yield made
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def connection(org: Org, keys: Keys) -> Connection:
    """How to reach the scripted org."""
    return Connection(org.url, ClientCredentials("key", "secret"), keys.cert_file)


@pytest.fixture
def client(connection: Connection) -> Iterator[Client]:
    """A client of the scripted org."""
    made = Client(connection, Still())
    yield made
    made.close()


@pytest.fixture
def gateway(connection: Connection) -> Iterator[Gateway]:
    """A gateway to the scripted org."""
    made = Gateway(Settings(connection), Still())
    yield made
    made.close()


def answered(*bodies: Json, status: int = 200) -> Json:
    """A composite answer with these bodies as its parts."""
    parts: Json = [
        {"body": body, "httpHeaders": {}, "httpStatusCode": status, "referenceId": str(number)}
        for number, body in enumerate(bodies)
    ]
    return (200, {"compositeResponse": parts})


def page(rows: Sequence[Json], following: str | None = None) -> Json:
    """One page of a query's rows."""
    more = {"nextRecordsUrl": following} if following else {}
    return {"totalSize": len(rows), "done": following is None, "records": list(rows), **more}


def planned(number: int, owner: str | None = "005000000000002AAA") -> dict[EffectKey, SetOwner]:
    """Owner writes for so many leads."""
    stamp = Stamp(
        decision_id=DecisionId("d1"),
        status="assigned",
        reason="because",
        rule="territory",
        territory="DACH",
        policy_version="abc",
        routed_at=NOW,
        sla_due=None,
    )
    return {
        EffectKey(f"e{one}"): SetOwner(
            lead=LeadKey(str(one)),
            subject=Subject(
                record_id=RecordId(f"00Q{one:012d}EAA"),
                kind=RecordKind.LEAD,
                expected_owner=RecordId("005000000000001AAA"),
            ),
            owner=None if owner is None else RecordId(owner),
            owner_name="Ana Torres",
            why=Quoted(text="because"),
            stamp=stamp,
        )
        for one in range(number)
    }


def test_nothing_is_sent_before_the_first_use(org: Org, gateway: Gateway) -> None:
    """Constructing a gateway neither signs in nor calls."""
    assert org.seen == []
    assert gateway.usage is None


def test_client_credentials(org: Org, client: Client) -> None:
    """The default sign-in sends key and secret as basic authorization, once for many calls."""
    org.script = [(200, {"ok": 1})]
    client.read("limits")
    client.read("limits")
    [sign_in] = org.sign_ins
    assert parse_qs(sign_in.body) == {"grant_type": ["client_credentials"]}
    assert sign_in.headers["authorization"].startswith("Basic ")
    assert [one.path for one in org.calls] == ["/services/data/v66.0/limits"] * 2
    assert org.calls[0].headers["authorization"] == "Bearer token1"


def test_jwt_bearer(org: Org, keys: Keys) -> None:
    """The other sign-in sends a short-lived assertion, signed by the key file."""
    org.script = [(200, {"ok": 1})]
    login = JwtBearer("key", "bot@x.io", keys.key_file)
    client = Client(Connection(org.url, login, keys.cert_file), Still(datetime.now(UTC)))
    client.read("limits")
    form = parse_qs(org.sign_ins[0].body)
    claims = jwt.decode(
        form["assertion"][0], keys.public, ["RS256"], audience="https://login.salesforce.com"
    )
    assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
    assert (claims["iss"], claims["sub"]) == ("key", "bot@x.io")
    client.close()


def test_a_key_file_that_is_not_there(org: Org, keys: Keys, tmp_path: Path) -> None:
    """A missing key is told with its path."""
    login = JwtBearer("key", "bot@x.io", tmp_path / "none.pem")
    client = Client(Connection(org.url, login, keys.cert_file), Still())
    with pytest.raises(AuthError, match=r"none\.pem"):
        client.read("limits")
    client.close()


def test_every_request_forbids_assignment_rules(org: Org, client: Client) -> None:
    """Absent counts as TRUE, so the header is on reads, queries and sign-ins too."""
    org.script = [(200, {"ok": 1}), answered(page([])), answered([])]
    client.read("limits")
    client.query([Query("SELECT Id FROM Lead")])
    client.composite([], writes=True)
    assert {one.headers["sforce-auto-assign"] for one in org.seen} == {"FALSE"}


@pytest.mark.parametrize("expected", ["FALSE", "TRUE"])
def test_the_header_survives_a_lost_session(org: Org, client: Client, expected: str) -> None:
    """The replay after a 401 carries the same headers, body and a new token."""
    org.script = [EXPIRED, answered([])]
    client.composite([{"referenceId": "a"}], writes=True, auto_assign=expected == "TRUE")
    first, replayed = org.calls
    assert first.headers["sforce-auto-assign"] == expected
    assert replayed.headers["sforce-auto-assign"] == expected
    assert first.body == replayed.body
    assert replayed.headers["authorization"] == "Bearer token2"


def test_a_session_that_stays_lost_ends_soon(org: Org, client: Client) -> None:
    """A 401 that persists costs two calls and two sign-ins, then says what to check."""
    org.script = [EXPIRED]
    with pytest.raises(AuthError, match="profile's IP ranges") as raised:
        client.composite([], writes=True)
    assert raised.value.code == "INVALID_SESSION_ID"
    assert (len(org.calls), len(org.sign_ins)) == (2, 2)


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (400, {"error": "invalid_client", "error_description": "bad secret"}, AuthError),
        (404, b"<html>no such domain</html>", AuthError),
        (503, b"<html>maintenance</html>", UnavailableError),
        (200, b"<html>welcome</html>", UnavailableError),
    ],
)
def test_sign_in_refused(
    org: Org, client: Client, status: int, body: Json, expected: type[ToolError]
) -> None:
    """A refused sign-in needs a person; a server in trouble only needs time."""
    org.script = [("oauth", status, body)]
    with pytest.raises(expected):
        client.read("limits")
    assert org.calls == []


@pytest.mark.parametrize(
    ("status", "error", "read", "write"),
    [
        (403, ("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit"), QuotaError, QuotaError),
        (
            403,
            ("REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit"),
            RateLimitError,
            RateLimitError,
        ),
        (403, ("API_DISABLED_FOR_ORG", "API is not enabled"), AuthError, AuthError),
        (400, ("UNABLE_TO_LOCK_ROW", "busy"), LockedError, LockedError),
        (400, ("MALFORMED_QUERY", "unexpected token"), RequestError, RequestError),
        (400, ("QUERY_TIMEOUT", "too long"), UnavailableError, UnknownOutcomeError),
        (500, ("UNKNOWN_EXCEPTION", "oops"), UnavailableError, UnknownOutcomeError),
        (503, ("SERVER_UNAVAILABLE", "later"), UnavailableError, UnknownOutcomeError),
        (429, ("TOO_MANY", "slow down"), RateLimitError, RateLimitError),
        (302, ("MOVED", "elsewhere"), RequestError, RequestError),
    ],
)
def test_what_errors_mean(
    client: Client,
    org: Org,
    status: int,
    error: tuple[str, str],
    read: type[ToolError],
    write: type[ToolError],
) -> None:
    """Each of Salesforce's errors becomes the one that says what to do; none is sent again."""
    code, words = error
    org.script = [(status, [{"errorCode": code, "message": words}])]
    with pytest.raises(read) as raised:
        client.read("limits")
    assert raised.value.code == code
    with pytest.raises(write):
        client.composite([], writes=True)
    assert len(org.calls) == 2


@pytest.mark.parametrize("line", [LOST, (200, b"<html>maintenance</html>"), (200, {"odd": 1})])
def test_an_answer_that_never_came(org: Org, client: Client, line: Json) -> None:
    """A read may be tried again later; a write may have happened."""
    org.script = [line]
    with pytest.raises(UnavailableError):
        client.query([Query("SELECT Id FROM Lead")])
    with pytest.raises(UnknownOutcomeError):
        client.composite([], writes=True)
    assert len(org.calls) == 2


def test_a_certificate_that_is_not_trusted(org: Org) -> None:
    """TLS is checked; an unknown certificate needs a person."""
    client = Client(Connection(org.url, ClientCredentials("key", "secret")), Still())
    with pytest.raises(AuthError, match="certificate"):
        client.read("limits")
    client.close()


def test_a_server_that_is_too_slow(keys: Keys) -> None:
    """There is always a timeout, though simple-salesforce sets none."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}"
        login, brief = ClientCredentials("key", "secret"), timedelta(seconds=0.05)
        client = Client(Connection(url, login, keys.cert_file, "66.0", brief, brief), Still())
        with pytest.raises(UnavailableError):
            client.read("limits")
        client.close()


def test_pages_are_followed(org: Org, client: Client) -> None:
    """A query with more rows than a page has is read to its end."""
    following = "/services/data/v66.0/query/01g-2000"
    org.script = [
        answered(page([{"Id": "1"}], following), page([{"Id": "9"}])),
        (200, page([{"Id": "2"}])),
    ]
    found = client.query([Query("SELECT Id FROM Lead"), Query("SELECT Id FROM Contact", True)])
    assert found == [[{"Id": "1"}, {"Id": "2"}], [{"Id": "9"}]]
    asked = [unquote(one["url"]) for one in org.calls[0].json()["compositeRequest"]]
    assert asked == [
        "/services/data/v66.0/query/?q=SELECT Id FROM Lead",
        "/services/data/v66.0/queryAll/?q=SELECT Id FROM Contact",
    ]
    assert urlsplit(org.calls[1].path).path == following


def test_five_queries_share_a_call(org: Org, client: Client) -> None:
    """Eleven queries are three calls, and their rows come back in order."""
    org.script = [
        answered(*(page([{"Id": number}]) for number in range(start, stop)))
        for start, stop in ((0, 5), (5, 10), (10, 11))
    ]
    found = client.query([Query("SELECT Id FROM Lead")] * 11)
    assert found == [[{"Id": number}] for number in range(11)]
    assert len(org.calls) == 3


def test_usage_is_remembered(org: Org, client: Client) -> None:
    """Every answer says how much of the org's daily calls is used."""
    org.script = [(200, {})]
    client.read("limits")
    assert client.usage == Usage(18, 5000)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (LOST, Unknown),
        ((503, [{"errorCode": "SERVER_UNAVAILABLE", "message": "later"}]), Unknown),
        (answered([{"errorCode": "UNKNOWN_EXCEPTION", "message": "oops"}], status=500), Unknown),
        (answered(), Unknown),
        (
            answered([{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "used up"}], status=403),
            Untried,
        ),
        (answered([{"errorCode": "JSON_PARSER_ERROR", "message": "?"}], status=400), Refused),
        (answered([DONE]), Applied),
    ],
)
def test_receipts_of_a_write(
    org: Org, gateway: Gateway, line: Json, expected: type[Receipt]
) -> None:
    """A write whose answer is lost is unknown, and is sent exactly once."""
    org.script = [line]
    receipts = gateway.set_owners(planned(1))
    assert {key: type(one) for key, one in receipts.items()} == {"e0": expected}
    assert len(org.calls) == 1


def test_a_refused_connection_leaves_writes_untried(keys: Keys) -> None:
    """Nothing was sent, so nothing is in doubt."""
    with socket.create_server(("127.0.0.1", 0)) as closing:
        port = closing.getsockname()[1]
    login = ClientCredentials("key", "secret")
    settings = Settings(Connection(f"https://127.0.0.1:{port}", login, keys.cert_file))
    gateway = Gateway(settings, Still())
    receipts = gateway.set_owners(planned(2))
    assert [type(one) for one in receipts.values()] == [Untried, Untried]
    gateway.close()


def test_after_a_lost_call_the_rest_is_left(org: Org, gateway: Gateway) -> None:
    """Of 1,500 writes the first 1,000 are unknown; the others are kept for later."""
    org.script = [LOST]
    receipts = list(gateway.set_owners(planned(1500)).values())
    assert [type(one) for one in receipts[:1000]] == [Unknown] * 1000
    assert [type(one) for one in receipts[1000:]] == [Untried] * 500
    assert len(org.calls) == 1


def test_a_spent_quota_stops_writes(org: Org, gateway: Gateway) -> None:
    """When nothing was written at all the error says until when to stop."""
    org.script = [(403, [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests"}])]
    with pytest.raises(QuotaError) as raised:
        gateway.set_owners(planned(1))
    assert raised.value.until == NOW + timedelta(hours=1)


def test_a_quota_spent_midway_keeps_the_receipts(org: Org, gateway: Gateway) -> None:
    """What was written before stays known; the rest carries the time to try again."""
    org.script = [
        answered(*[[DONE] * 200] * 5),
        (403, [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests"}]),
    ]
    receipts = list(gateway.set_owners(planned(1001)).values())
    assert [type(one) for one in receipts] == [Applied] * 1000 + [Untried]
    assert getattr(receipts[-1], "retry_at", None) == NOW + timedelta(hours=1)


def test_writes_travel_in_collections(org: Org, gateway: Gateway) -> None:
    """1,000 owners are one call of five collections, each with the header of its own."""
    org.script = [answered(*[[DONE] * 200] * 5)]
    receipts = gateway.set_owners(planned(1000))
    assert list(receipts.values()) == [Applied(detail="Ana Torres")] * 1000
    subrequests = org.calls[0].json()["compositeRequest"]
    assert [len(one["body"]["records"]) for one in subrequests] == [200] * 5
    assert {one["httpHeaders"]["Sforce-Auto-Assign"] for one in subrequests} == {"FALSE"}
    assert {one["body"]["allOrNone"] for one in subrequests} == {False}
    assert subrequests[0]["body"]["records"][0] == {
        "attributes": {"type": "Lead"},
        "id": "00Q000000000000EAA",
        "OwnerId": "005000000000002AAA",
        "Routing_Decision_Id__c": "d1",
        "Routing_Expected_Owner__c": "005000000000001AAA",
        "Routing_Reason__c": "because",
        "Routing_Rule__c": "territory",
        "Routing_Territory__c": "DACH",
        "Routing_Policy_Version__c": "abc",
        "Routing_Status__c": "assigned",
        "Routed_At__c": "2026-11-23T08:00:00.000+0000",
        "SLA_Due_At__c": None,
    }


def test_a_hidden_field_is_a_matter_of_set_up(org: Org, gateway: Gateway) -> None:
    """The receipt names the field and what to deploy, and the write is not given up."""
    words = "No such column 'Routing_Reason__c' on sobject of type Lead"
    error: Json = {"statusCode": "INVALID_FIELD", "message": words, "fields": []}
    org.script = [answered([{"success": False, "errors": [error]}])]
    [receipt] = gateway.set_owners(planned(1)).values()
    assert receipt == Untried(
        detail="Lead has no field Routing_Reason__c that the integration user can see; `routeready "
        "setup salesforce` adds what is missing and lets the integration user see it",
        retry_at=NOW + timedelta(hours=1),
    )


def test_two_writes_to_one_record_take_turns(org: Org, gateway: Gateway) -> None:
    """Salesforce refuses a collection that names a record twice."""
    org.script = [answered([DONE])]
    [one] = planned(1).values()
    receipts = gateway.set_owners({EffectKey("a"): one, EffectKey("b"): one})
    assert {key: type(receipt) for key, receipt in receipts.items()} == {"a": Applied, "b": Untried}


@pytest.mark.parametrize(
    ("owner", "expected"), [("00G000000000001AAA", Refusal.OWNER_UNFIT), (None, Refusal.OTHER)]
)
def test_contacts_have_neither_queues_nor_rules(
    org: Org, gateway: Gateway, owner: str | None, expected: Refusal
) -> None:
    """What Salesforce can't do for a contact is refused without a call."""
    [action] = planned(1, owner).values()
    subject = action.subject.model_copy(update={"kind": RecordKind.CONTACT})
    contact = action.model_copy(update={"subject": subject})
    [receipt] = gateway.set_owners({EffectKey("a"): contact}).values()
    assert isinstance(receipt, Refused)
    assert receipt.refusal is expected
    assert org.seen == []


def state_row(number: int, owner: str = "005000000000001AAA") -> Json:
    """A lead as the comparison before a write reads it."""
    return {
        "attributes": {"type": "Lead"},
        "Id": f"00Q{number:012d}EAA",
        "IsDeleted": False,
        "MasterRecordId": None,
        "IsConverted": False,
        "ConvertedContactId": None,
        "LastModifiedDate": "2026-11-23T07:59:58.000+0000",
        "LastModifiedBy": {"Name": "Ben Okafor"},
        "Routing_Decision_Id__c": None,
        "OwnerId": owner,
        "Owner": {"Name": "Somebody", "Email": None, "IsActive": True},
    }


def test_without_the_rule_rows_are_guarded_by_time(org: Org, connection: Connection) -> None:
    """25 rows share a call, each on condition that it wasn't changed since it was compared."""
    gateway = Gateway(Settings(connection, Guard.UNMODIFIED_SINCE), Still())
    states = [state_row(0, owner="005000000000009AAA"), *(state_row(one) for one in range(1, 30))]
    conflict = [{"errorCode": "PRECONDITION_FAILED", "message": "changed"}]
    rows = answered(*[None] * 25, status=204)
    rows[1]["compositeResponse"][0] |= {"httpStatusCode": 412, "body": conflict}
    org.script = [answered(page(states)), rows, answered(*[None] * 4, status=204)]
    receipts = gateway.set_owners(planned(30))
    refused = {key: one.refusal for key, one in receipts.items() if isinstance(one, Refused)}
    assert refused == {"e0": Refusal.OWNER_CHANGED, "e1": Refusal.LOCKED}
    assert sum(isinstance(one, Applied) for one in receipts.values()) == 28
    first = org.calls[1].json()["compositeRequest"][0]
    assert first["url"] == "/services/data/v66.0/sobjects/Lead/00Q000000000001EAA"
    assert first["httpHeaders"] == {
        "Sforce-Auto-Assign": "FALSE",
        "If-Unmodified-Since": "Mon, 23 Nov 2026 07:59:58 GMT",
    }
    gateway.close()


def test_record_pages(gateway: Gateway, org: Org) -> None:
    """A record's page is the org's address and its id."""
    assert gateway.url(RecordId("00Q1")) == f"{org.url}/00Q1"


MISSING = [{"errorCode": "INVALID_FIELD", "message": "No such column 'X' on entity 'User'"}]


def described(*names: str) -> Json:
    """The description of an object with these fields."""
    return (200, {"fields": [{"name": name, "updateable": True} for name in names]})


def test_an_optional_field_is_left_out(org: Org, gateway: Gateway) -> None:
    """An org without out-of-office messages is described once, and asked without them after."""
    user = {
        "Id": "005000000000001AAA",
        "Name": "Ana",
        "Email": "ana@x.io",
        "Username": "ana@x.io",
        "IsActive": True,
    }
    org.script = [
        answered(MISSING, status=400),
        described("Id", "DeveloperName"),
        described("Id", "Name", "Email", "Username", "IsActive"),
        answered(page([user]), page([]), page([])),
    ]
    assert gateway.roster(["ana@x.io"], ["Queue"], NOW).members["ana@x.io"].is_active
    paths = [urlsplit(one.path).path.rsplit("/v66.0/")[1] for one in org.calls]
    describing = ["sobjects/Group/describe", "sobjects/User/describe"]
    assert paths == ["composite", *describing, "composite"]
    gateway.roster(["ana@x.io"], ["Queue"], NOW)
    assert len(org.calls) == 5
    asked = unquote(org.calls[-1].json()["compositeRequest"][0]["url"])
    assert "OutOfOfficeMessage" not in asked


def test_a_needed_field_is_named(org: Org, gateway: Gateway) -> None:
    """Without routeready's fields nothing can be read; the error says what to deploy."""
    subject = next(iter(planned(1).values())).subject
    columns = ("Id", "IsDeleted", "MasterRecordId", "IsConverted", "ConvertedContactId", "OwnerId")
    org.script = [answered(MISSING, status=400), described(*columns, "LastModifiedDate")]
    with pytest.raises(
        AuthError, match=r"Lead has no field Routing_Decision_Id__c.*; `routeready setup"
    ):
        gateway.owner_states({LeadKey("1"): subject})


def test_a_query_that_stays_wrong_is_told(org: Org, gateway: Gateway) -> None:
    """When describing explains nothing the query's own error is raised."""
    columns = ("Id", "Name", "Email", "Username", "IsActive", "OutOfOfficeMessage", "DeveloperName")
    org.script = [
        answered(MISSING, status=400),
        described(*columns),
        described(*columns),
        answered(MISSING, status=400),
    ]
    with pytest.raises(RequestError, match="No such column"):
        gateway.roster(["ana@x.io"], ["Queue"], NOW)
    assert len(org.calls) == 4


def test_examining_what_can_not_be_reached(org: Org, gateway: Gateway) -> None:
    """A sign-in that fails is the one finding."""
    error = {"error": "invalid_client", "error_description": "invalid client credentials"}
    org.script = [("oauth", 400, error)]
    [finding] = gateway.examine()
    assert (finding.subject, finding.ok) == ("Salesforce sign-in", False)
    assert finding.fix is not None
    assert "invalid client credentials" in finding.sentence


def test_examining_without_permissions(org: Org, gateway: Gateway) -> None:
    """What can't be looked at is said; the other checks go on."""
    refused = [{"errorCode": "INSUFFICIENT_ACCESS", "message": "no"}]
    org.script = [(200, {}), (403, refused)]
    told = {one.subject: one for one in gateway.examine()}
    assert [subject for subject, one in told.items() if one.ok] == [
        "Salesforce sign-in",
        "Salesforce API calls",
    ]
    assert "Can't check for the validation rule" in told["Salesforce owner guard"].sentence
    assert "Could not be checked" in told["Salesforce fields"].sentence
