"""Salesforce over HTTP: signing in, headers, one replay after a lost session, what errors mean.

simple-salesforce is given a session id instead of credentials, so that it never signs in and
never replays by itself. Two of its faults are kept out by that: after a 401 it replays without
the caller's extra headers (an owner update would then run the org's assignment rules, because
`Sforce-Auto-Assign` counts as TRUE when absent), and a 401 that persists makes it call itself
without end. Signing in again, once, happens here.
"""

import re
import ssl
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote, urlsplit

import jwt
import requests
from requests.adapters import HTTPAdapter
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceError, SalesforceExpiredSession
from urllib3.exceptions import MaxRetryError, NewConnectionError
from urllib3.exceptions import SSLError as TlsError

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
from domain.ports import Clock, Watch, unwatched
from tools.salesforce.soql import Query, packs

Json = Any
Row = dict[str, Json]

VENDOR = "salesforce"
AUTO_ASSIGN = "Sforce-Auto-Assign"
QUERIES_PER_CALL = 5
"""Queries or collections within one composite request. Salesforce: Composite Resources."""
ASK_AGAIN = timedelta(hours=1)
"""When to look whether the rolling 24 hours of API calls have made room."""
PAUSE = timedelta(seconds=10)
ASSERTION_LIFE = timedelta(minutes=3)

_SUCCESS = range(200, 300)
_NO_PERMISSION = frozenset(
    {
        "API_CURRENTLY_DISABLED",
        "API_DISABLED_FOR_ORG",
        "FUNCTIONALITY_NOT_ENABLED",
        "INSUFFICIENT_ACCESS",
        "INVALID_SESSION_ID",
    }
)
_BUSY = frozenset({"QUERY_TIMEOUT", "SERVER_UNAVAILABLE", "UNKNOWN_EXCEPTION"})
_USAGE = re.compile(r"api-usage=(\d+)/(\d+)")


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """Sign-in as an external client app's own user."""

    key: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class JwtBearer:
    """Sign-in with a private key whose certificate the external client app holds."""

    key: str
    username: str
    key_file: Path
    audience: str = "https://login.salesforce.com"
    """`https://test.salesforce.com` for a Salesforce sandbox."""


@dataclass(frozen=True, slots=True)
class Connection:
    """Where the org is and how to get in."""

    url: str
    """The org's My Domain, such as `https://acme.my.salesforce.com`."""
    credentials: ClientCredentials | JwtBearer
    ca_file: Path | None = None
    """Certificates to trust instead of the usual ones, such as a company proxy's."""
    version: str = "66.0"
    connect_timeout: timedelta = timedelta(seconds=5)
    read_timeout: timedelta = timedelta(seconds=120)
    """A write of 1,000 records runs the org's own automation 1,000 times before it answers."""


@dataclass(frozen=True, slots=True)
class Usage:
    """API calls of the org within the last 24 hours."""

    used: int
    limit: int


@dataclass(frozen=True, slots=True)
class Part:
    """The answer to one subrequest of a composite request."""

    status: int
    body: Json

    @property
    def is_success(self) -> bool:
        """Whether the subrequest did what it was asked."""
        return self.status in _SUCCESS


class _TimedAdapter(HTTPAdapter):
    """An adapter that never waits for ever; simple-salesforce sets no timeout of its own."""

    def __init__(self, timeout: tuple[float, float]) -> None:
        super().__init__(max_retries=0)
        self._timeout = timeout

    def send(self, request: requests.PreparedRequest, **options: Json) -> requests.Response:  # type: ignore[override]
        """Send with the default timeout unless the caller gave one."""
        options["timeout"] = options.get("timeout") or self._timeout
        return super().send(request, **options)


class Client:
    """A signed-in connection. Signs in at first use; may be shared by threads."""

    def __init__(self, connection: Connection, clock: Clock, watch: Watch = unwatched) -> None:
        self.connection = connection
        self.usage: Usage | None = None
        """As the last answer told it; None before the first."""
        self.server_time: datetime | None = None
        """The clock of Salesforce at its last answer."""
        self._clock = clock
        self._watch = watch
        self._lock = threading.Lock()
        self._signed_in: Salesforce | None = None
        self._user_id: str | None = None
        self._session = self._new_session()

    def _new_session(self) -> requests.Session:
        session = requests.Session()
        session.trust_env = False
        session.verify = str(self.connection.ca_file) if self.connection.ca_file else True
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        session.headers[AUTO_ASSIGN] = "FALSE"
        connect, read = self.connection.connect_timeout, self.connection.read_timeout
        session.mount("https://", _TimedAdapter((connect.total_seconds(), read.total_seconds())))
        session.hooks["response"].append(self._remember)
        return session

    def _remember(self, response: requests.Response, **_options: Json) -> None:
        told = _USAGE.search(response.headers.get("Sforce-Limit-Info", ""))
        if told is not None:
            self.usage = Usage(int(told[1]), int(told[2]))
        if "Date" in response.headers:
            self.server_time = parsedate_to_datetime(response.headers["Date"])

    @property
    def root(self) -> str:
        """The path under which this API version lives."""
        return f"/services/data/v{self.connection.version}"

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._session.close()

    def read(self, path: str) -> Json:
        """GET a resource below `root`; harmless to repeat."""
        return self._call(lambda org: org.restful(path, allow_redirects=False), writes=False)

    def query(self, queries: Sequence[Query]) -> list[list[Row]]:
        """The rows of each query, all pages of them, five queries per call.

        SOQL travels in the body of a composite request, since a URI may have only 16 kB.
        """
        found: list[list[Row]] = []
        for pack in packs(queries, QUERIES_PER_CALL):
            asked = [self._asking(query, number) for number, query in enumerate(pack)]
            for part in self.composite(asked, writes=False):
                if not part.is_success:
                    raise error_of(part.status, part.body, writes=False, now=self._clock.now())
                found.append(self._all_pages(part.body))
        return found

    def _asking(self, query: Query, number: int) -> Row:
        resource = "queryAll" if query.includes_deleted else "query"
        return {
            "method": "GET",
            "url": f"{self.root}/{resource}/?q={quote(query.text, safe='')}",
            "referenceId": f"query{number}",
        }

    def _all_pages(self, page: Json) -> list[Row]:
        rows: list[Row] = list(page["records"])
        while not page["done"]:
            url = page["nextRecordsUrl"]
            page = self._call(lambda org, url=url: _page(org, url), writes=False)
            rows += page["records"]
        return rows

    def composite(
        self, subrequests: Sequence[Row], *, writes: bool, auto_assign: bool = False
    ) -> list[Part]:
        """Send up to 25 subrequests as one call; each fails or succeeds by itself.

        `auto_assign` lets the org's active assignment rule choose owners, and nothing else does.
        """
        body = {"allOrNone": False, "compositeRequest": list(subrequests)}
        headers = {AUTO_ASSIGN: "TRUE" if auto_assign else "FALSE"}
        answer = self._call(
            lambda org: org.restful(
                "composite", method="POST", json=body, headers=headers, allow_redirects=False
            ),
            writes=writes,
        )
        try:
            return [Part(one["httpStatusCode"], one["body"]) for one in answer["compositeResponse"]]
        except (KeyError, TypeError):
            raise _unreadable(writes=writes) from None

    def create(self, path: str, body: Mapping[str, Json]) -> Json:
        """POST to a resource below `root`, once."""
        return self._call(
            lambda org: org.restful(path, method="POST", json=body, allow_redirects=False),
            writes=True,
        )

    def tooling_query(self, query: Query) -> list[Row]:
        """The rows of a query about the org's own set-up."""
        return self._all_pages(self.read(f"tooling/query/?q={quote(query.text, safe='')}"))

    def _call(self, send: Callable[[Salesforce], Json], *, writes: bool) -> Json:
        with self._watch(VENDOR, "write" if writes else "read"):
            return self._sent(send, writes=writes)

    def _sent(self, send: Callable[[Salesforce], Json], *, writes: bool) -> Json:
        """Send, and once more under a new session when Salesforce no longer knows the old one.

        A 401 means that nothing was done, so that replaying a write is safe then, and only then.
        """
        org = self._open(expired=None)
        try:
            try:
                return send(org)
            except SalesforceExpiredSession:
                return send(self._open(expired=org))
        except SalesforceExpiredSession as error:
            raise AuthError(
                VENDOR,
                "a new session was refused at once; check that the integration user may use the "
                "API and that its profile's IP ranges include this machine",
                code=_first(error.content)[0],
            ) from None
        except SalesforceError as error:
            raise error_of(
                error.status, error.content, writes=writes, now=self._clock.now()
            ) from None
        except requests.exceptions.JSONDecodeError:
            raise _unreadable(writes=writes) from None
        except requests.RequestException as error:
            raise _lost(error, writes=writes) from error

    def _open(self, *, expired: Salesforce | None) -> Salesforce:
        with self._lock:
            if self._signed_in is None or self._signed_in is expired:
                self._signed_in = self._sign_in()
            return self._signed_in

    def _sign_in(self) -> Salesforce:
        form, basic = self._grant()
        try:
            response = self._session.post(
                f"{self.connection.url.rstrip('/')}/services/oauth2/token",
                data=form,
                auth=basic,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise _lost(error, writes=False) from error
        told = _json(response)
        if response.status_code not in _SUCCESS:
            raise _sign_in_error(response.status_code, told)
        try:
            org = Salesforce(
                session_id=told["access_token"],
                instance=urlsplit(str(told["instance_url"])).netloc,
                version=self.connection.version,
                session=self._session,
                object_pairs_hook=None,
            )
        except (KeyError, TypeError):
            raise _unreadable(writes=False) from None
        del org.headers["X-PrettyPrint"]
        self._user_id = str(told.get("id") or "").rpartition("/")[2] or None
        return org

    @property
    def user_id(self) -> str | None:
        """Whose session it is; None where Salesforce didn't say (OAuth: the identity URL)."""
        self._open(expired=None)
        return self._user_id

    def _grant(self) -> tuple[dict[str, str], tuple[str, str] | None]:
        credentials = self.connection.credentials
        if isinstance(credentials, ClientCredentials):
            return {"grant_type": "client_credentials"}, (credentials.key, credentials.secret)
        claims = {
            "iss": credentials.key,
            "sub": credentials.username,
            "aud": credentials.audience,
            "exp": int((self._clock.now() + ASSERTION_LIFE).timestamp()),
        }
        try:
            assertion = jwt.encode(claims, credentials.key_file.read_bytes(), algorithm="RS256")
        except (OSError, ValueError, jwt.PyJWTError) as error:
            raise AuthError(
                VENDOR, f"the private key in {credentials.key_file} can't be used: {error}"
            ) from error
        grant = "urn:ietf:params:oauth:grant-type:jwt-bearer"
        return {"grant_type": grant, "assertion": assertion}, None


def _page(org: Salesforce, url: str) -> Json:
    return org.query_more(url, identifier_is_url=True, allow_redirects=False)


def _json(response: requests.Response) -> Json:
    try:
        return response.json()
    except requests.exceptions.JSONDecodeError:
        return None


def _first(content: object) -> tuple[str | None, str]:
    """The first error's code and words, as Salesforce's list of errors gives them."""
    if isinstance(content, list) and content and isinstance(content[0], dict):
        error = cast("Row", content[0])
        code = error.get("errorCode") or error.get("statusCode")
        return code, " ".join(str(error.get("message", "")).split())
    return None, "the answer holds no Salesforce error"


def error_of(status: int, content: object, *, writes: bool, now: datetime) -> ToolError:
    """What a failed answer means. Salesforce: "Status Codes and Error Responses"."""
    code, words = _first(content)
    if code == "REQUEST_LIMIT_EXCEEDED":
        if "concurrent" in words.lower():
            return RateLimitError(VENDOR, words, retry_after=PAUSE, code=code)
        return QuotaError(VENDOR, words, until=now + ASK_AGAIN, code=code)
    if status == requests.codes.too_many_requests:
        return RateLimitError(VENDOR, words, retry_after=PAUSE, code=code)
    if status >= requests.codes.server_error or code in _BUSY:
        if writes:
            return UnknownOutcomeError(VENDOR, f"HTTP {status}: {words}", code=code)
        return UnavailableError(VENDOR, f"HTTP {status}: {words}", code=code)
    if code == "UNABLE_TO_LOCK_ROW":
        return LockedError(VENDOR, words, code=code)
    if code in _NO_PERMISSION or status in (401, 403):
        return AuthError(VENDOR, words, code=code)
    return RequestError(VENDOR, f"HTTP {status}: {words}", code=code)


def _sign_in_error(status: int, told: Json) -> ToolError:
    if status >= requests.codes.server_error or status == requests.codes.too_many_requests:
        return UnavailableError(VENDOR, f"HTTP {status} while signing in")
    if not isinstance(told, dict) or "error" not in told:
        return AuthError(VENDOR, f"HTTP {status} while signing in; check the My Domain address")
    answer = cast("Row", told)
    words = answer.get("error_description") or answer["error"]
    return AuthError(VENDOR, f"sign-in refused: {words}", code=str(answer["error"]))


def _unreadable(*, writes: bool) -> ToolError:
    detail = "the answer is not Salesforce's JSON"
    return UnknownOutcomeError(VENDOR, detail) if writes else UnavailableError(VENDOR, detail)


def _lost(error: requests.RequestException, *, writes: bool) -> ToolError:
    """What a call that got no answer means: was it sent at all?"""
    kind, reason = type(error).__name__, _reason(error)
    if isinstance(reason, TlsError) and isinstance(reason.args[0], ssl.SSLCertVerificationError):
        return AuthError(VENDOR, f"the server's certificate is not trusted: {reason.args[0]}")
    if isinstance(error, ValueError):
        return RequestError(VENDOR, f"the address is not one ({kind})")
    is_sent = not isinstance(error, requests.ConnectTimeout) and not isinstance(
        reason, NewConnectionError
    )
    if writes and is_sent:
        return UnknownOutcomeError(VENDOR, f"no answer to a write ({kind})")
    return UnavailableError(VENDOR, f"no answer ({kind})")


def _reason(error: requests.RequestException) -> object:
    cause = error.args[0] if error.args else None
    return cause.reason if isinstance(cause, MaxRetryError) else cause
