"""Salesforce over HTTP: sign-in, headers, and one replay after a lost session.

simple-salesforce is given a session id instead of credentials, so that it never signs in and
never replays by itself. Two of its faults are kept out by that: after a 401 it replays without
the caller's extra headers (an owner update would then run the org's assignment rules, because
`Sforce-Auto-Assign` counts as TRUE when absent), and a 401 that persists makes it call itself
without end. Signing in again, once, happens here.
"""

import re
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from http.cookiejar import DefaultCookiePolicy
from typing import cast
from urllib.parse import quote, urlsplit

import jwt
import requests
from requests.adapters import HTTPAdapter
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceError, SalesforceExpiredSession

from domain import border
from domain.errors import AuthError
from domain.ports import Clock, Watch, unwatched
from tools import addresses
from tools.salesforce.connection.answers import SUCCESS, Json, Part, Row, Usage
from tools.salesforce.connection.credentials import ClientCredentials, Connection
from tools.salesforce.connection.errors import (
    VENDOR,
    error_of,
    first_error,
    lost,
    sign_in_error,
    unreadable,
)
from tools.salesforce.soql.query import Query, packs

AUTO_ASSIGN = "Sforce-Auto-Assign"
QUERIES_PER_CALL = 5
"""Queries or collections within one composite request. Salesforce: Composite Resources."""
ASSERTION_LIFE = timedelta(minutes=3)

MOST_BYTES = 64 * 1024 * 1024
"""Larger answers are refused, counted after decompression."""
_CHUNK = 65_536
_TOKEN = re.compile(r"[\x21-\x7e]{1,4096}")
"""What a header can carry."""
_USAGE = re.compile(r"api-usage=(\d+)/(\d+)")


class _TimedAdapter(HTTPAdapter):
    """An adapter that never waits for ever; simple-salesforce sets no timeout of its own."""

    def __init__(self, timeout: tuple[float, float]) -> None:
        super().__init__(max_retries=0)
        self._timeout = timeout

    def send(self, request: requests.PreparedRequest, **options: Json) -> requests.Response:  # type: ignore[override]
        """Send with the default timeout unless the caller gave one."""
        options["timeout"] = options.get("timeout") or self._timeout
        response = super().send(request, **options)
        body = bytearray()
        for chunk in response.iter_content(_CHUNK):
            body += chunk
            if len(body) > MOST_BYTES:
                response.close()
                raise requests.exceptions.ContentDecodingError("the answer is too large")
        response._content = bytes(body)  # noqa: SLF001  (the one way to give a body that was read)
        return response


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
        response.json = partial(_decoded, response)
        told = _USAGE.search(response.headers.get("Sforce-Limit-Info", ""))
        if told is not None:
            self.usage = Usage(int(told[1]), int(told[2]))
        try:
            self.server_time = parsedate_to_datetime(response.headers["Date"])
        except (KeyError, ValueError):
            return

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
            parts = self.composite(asked, writes=False)
            for part in parts:
                if not part.is_success:
                    raise error_of(part.status, part.body, writes=False, now=self._clock.now())
                found.append(self._all_pages(border.record(part.body)))
            if len(parts) != len(asked):
                raise unreadable(writes=False)
        return found

    def _asking(self, query: Query, number: int) -> Row:
        resource = "queryAll" if query.includes_deleted else "query"
        return {
            "method": "GET",
            "url": f"{self.root}/{resource}/?q={quote(query.text, safe='')}",
            "referenceId": f"query{number}",
        }

    def _all_pages(self, page: Json) -> list[Row]:
        rows: list[Row] = _records(page)
        seen: set[str] = set()
        while page.get("done") is not True:
            url = page.get("nextRecordsUrl")
            if not isinstance(url, str) or not url.startswith(f"{self.root}/") or url in seen:
                raise unreadable(writes=False)
            seen.add(url)
            page = border.record(self._call(lambda org, url=url: _page(org, url), writes=False))
            rows += _records(page)
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
            told = border.records(border.record(answer).get("compositeResponse"))
        except ValueError:
            raise unreadable(writes=writes) from None
        is_told = isinstance(answer, dict) and "compositeResponse" in answer
        if not is_told or not all(_is_part(one) for one in told):
            raise unreadable(writes=writes)
        return [Part(one["httpStatusCode"], one["body"]) for one in told]

    def create(self, path: str, body: Mapping[str, Json]) -> Json:
        """POST to a resource below `root`, once."""
        return self._call(
            lambda org: org.restful(path, method="POST", json=body, allow_redirects=False),
            writes=True,
        )

    def tooling_query(self, query: Query) -> list[Row]:
        """The rows of a query about the org's own set-up."""
        told = self.read(f"tooling/query/?q={quote(query.text, safe='')}")
        return self._all_pages(border.record(told))

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
                code=first_error(error.content)[0],
            ) from None
        except SalesforceError as error:
            raise error_of(
                error.status, error.content, writes=writes, now=self._clock.now()
            ) from None
        except requests.RequestException as error:
            raise lost(error, writes=writes) from error
        except (ValueError, TypeError):  # the SDK trips over JSON that is no object
            raise unreadable(writes=writes) from None

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
            raise lost(error, writes=False) from error
        told = _json(response)
        if response.status_code not in SUCCESS:
            raise sign_in_error(response.status_code, told)
        answer = border.record(told)
        token, host = answer.get("access_token"), self._instance(answer.get("instance_url"))
        if not isinstance(token, str) or _TOKEN.fullmatch(token) is None:
            raise unreadable(writes=False)
        org = Salesforce(
            session_id=token,
            instance=host,
            version=self.connection.version,
            session=self._session,
            object_pairs_hook=None,
        )
        del org.headers["X-PrettyPrint"]
        self._user_id = str(answer.get("id") or "").rpartition("/")[2] or None
        return org

    def _instance(self, told: Json) -> str:
        """Where the org is served from: the host that a setting names, or one of Salesforce's.

        The token goes there, and so does every lead.
        """
        url = told if isinstance(told, str) else ""
        ours, theirs = urlsplit(self.connection.url), urlsplit(url)
        is_theirs = (theirs.hostname or "").endswith(".salesforce.com")
        is_public = is_theirs and addresses.refusal(url, here=False) is None
        if theirs.scheme != "https" or not (theirs.netloc == ours.netloc or is_public):
            raise unreadable(writes=False)
        return theirs.netloc

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
    except ValueError:
        return None


def _decoded(response: requests.Response, **_options: Json) -> Json:
    """Every answer's JSON, as the library asks for it: made safe."""
    return border.decode(response.content)


def _records(page: Json) -> list[Row]:
    """The rows of a page; what is no object among them is for whoever knows the question."""
    listed: Json = border.record(page).get("records")
    if not isinstance(listed, list):
        raise unreadable(writes=False)
    return list(cast("list[Row]", listed))


def _is_part(told: Mapping[str, Json]) -> bool:
    status = told.get("httpStatusCode")
    return isinstance(status, int) and not isinstance(status, bool) and "body" in told
