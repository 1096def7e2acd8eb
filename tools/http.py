"""One way out over HTTP for all REST clients: bounded, repeated only when harmless, discreet.

Everything that may be tried again is tried again here and nowhere else. A client gives a `Call`
and a function that understands the vendor's answer; that function raises the errors of
`domain.errors`, and their meaning alone decides what follows:

    RetryableError         nothing happened: try again within bounds, then raise it
    UnknownOutcomeError    a `repeatable` call is tried again and ends as UnavailableError;
                           any other is raised at once
    everything else        raised at once
"""

import random
import re
import ssl
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from typing import Any, TypeVar
from urllib.parse import quote

import requests
import requests.adapters
import urllib3.exceptions

from domain import border
from domain.errors import (
    AuthError,
    RateLimitError,
    RequestError,
    RetryableError,
    ToolError,
    UnavailableError,
    UnknownOutcomeError,
)
from domain.ports import Clock, Watch, unwatched
from tools.quota import Budget

Json = Any
"""A decoded JSON value, spoken only where the wire is."""

T = TypeVar("T")

_CHUNK = 65_536
_DEFAULT_PAUSE = timedelta(seconds=1)
_LONGEST_PAUSE = timedelta(days=7)
_MALFORMED = (
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
    requests.exceptions.InvalidJSONError,
)
"""What the library refuses to send."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long one attempt may take, in seconds of the wall clock; never for ever."""

    connect: float = 5
    read: float = 30
    """Longest silence of the vendor."""
    whole: float = 330
    """Longest time for the whole answer, however steadily it drips."""


@dataclass(frozen=True, slots=True)
class Retries:
    """How often and how long a call that may be repeated is repeated."""

    attempts: int = 4
    first_wait: float = 0.5
    """Seconds; the upper bound of the first wait. It doubles each time."""
    longest_wait: float = 20
    total: timedelta = timedelta(seconds=90)
    """No attempt begins later than this after the first one did."""


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """How one vendor is called."""

    timeouts: Timeouts = Timeouts()
    retries: Retries = Retries()
    user_agent: str = "routeready/0.1"
    trust_env: bool = False
    """Whether proxies, certificates and .netrc of the environment are used."""
    max_bytes: int = 32 * 1024 * 1024
    """Larger answers are refused, counted after decompression."""
    watch: Watch = unwatched
    """Put around every attempt."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call to a vendor. Its repr shows no values, so it may be logged."""

    method: str
    base: str
    """Scheme, host and prefix, without a slash at the end."""
    template: str
    """Path with its blanks in braces, such as `/rest/v1/lead/{id}.json`."""
    repeatable: bool
    """Whether doing it twice is the same as doing it once."""
    path: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    """What fills the blanks."""
    query: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    json: Json = field(default=None, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    read_timeout: float | None = None
    """Seconds; None takes the vendor's usual one."""
    counted: bool = True
    """Whether it takes from the vendor's budget of calls."""

    @property
    def url(self) -> str:
        """Where it goes, without the query."""
        filled = {name: quote(value, safe="") for name, value in self.path.items()}
        return self.base + self.template.format_map(filled)

    @property
    def title(self) -> str:
        """What it is called in messages."""
        return f"{self.method} {self.template}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the vendor answered, whole."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    """Names in lower case."""
    body: bytes = field(repr=False)

    def json(self) -> Json:
        """The body as JSON, made safe.

        Raises:
            ValueError: it is not JSON.
        """
        return border.decode(self.body)

    def date(self) -> datetime | None:
        """The vendor's clock when it answered; None when it doesn't tell."""
        return _http_date(self.headers.get("date", ""))

    def retry_after(self, now: datetime) -> timedelta | None:
        """How long the vendor asks us to wait (RFC 9110: seconds or a date); None if it doesn't."""
        text = self.headers.get("retry-after", "").strip()
        if re.fullmatch(r"[0-9]{1,9}", text):
            return min(timedelta(seconds=int(text)), _LONGEST_PAUSE)
        date = _http_date(text)
        return None if date is None else min(max(date - now, timedelta()), _LONGEST_PAUSE)


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One attempt, for logs and measures; nothing in it is personal or secret."""

    vendor: str
    method: str
    template: str
    status: int | None
    """None when no answer came."""
    seconds: float
    attempt: int


def expect_success(vendor: str, answer: Answer, now: datetime) -> Answer:
    """Give back an answer of class 2xx; raise what any other status means in plain HTTP."""
    status, code = answer.status, str(answer.status)
    if 200 <= status < 300:  # noqa: PLR2004  (the class of success)
        return answer
    if status == requests.codes.too_many_requests:
        pause = answer.retry_after(now) or _DEFAULT_PAUSE
        raise RateLimitError(vendor, "too many requests", retry_after=pause, code=code)
    if status in (requests.codes.unauthorized, requests.codes.forbidden):
        raise AuthError(vendor, "the credentials or permissions were refused", code=code)
    if status >= requests.codes.internal_server_error:
        raise UnknownOutcomeError(vendor, "the server failed", code=code)
    if 300 <= status < 400:  # noqa: PLR2004  (the class of redirects)
        raise RequestError(vendor, "the server answered with a redirect", code=code)
    raise RequestError(vendor, "the request was refused", code=code)


class Transport:
    """Carries the calls to one vendor. Safe to share between threads."""

    def __init__(
        self,
        vendor: str,
        clock: Clock,
        chance: random.Random,
        settings: HttpSettings = HttpSettings(),
        *,
        budget: Budget | None = None,
        on_call: Callable[[CallRecord], None] | None = None,
    ) -> None:
        self._vendor = vendor
        self._clock = clock
        self._chance = chance
        self._settings = settings
        self._budget = budget
        self._on_call = on_call
        self._session = _session(settings)

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._session.close()

    def call(self, call: Call, understand: Callable[[Answer], T]) -> T:
        """Make a call, again where that is harmless, and return what `understand` makes of it.

        Raises:
            ToolError: as the module's table says.
        """
        began = self._clock.now()
        attempt = 1
        while True:
            tried = _Try(call, attempt)
            try:
                with self._settings.watch(self._vendor, call.title):
                    return self._once(tried, understand)
            except ToolError as error:
                final = _final(error, call)
                if not isinstance(final, RetryableError):
                    raise
                wait = self._wait(final, tried)
                if self._exhausted(attempt, began, wait):
                    if final is error:
                        raise
                    raise final from error
            self._clock.sleep(wait.total_seconds())
            attempt += 1

    def _once(self, tried: "_Try", understand: Callable[[Answer], T]) -> T:
        with self._budget.slot() if self._budget and tried.call.counted else nullcontext():
            began = self._clock.now()
            try:
                tried.answer = self._exchange(tried.call)
            finally:
                self._tell(tried, self._clock.now() - began)
        return understand(tried.answer)

    def _exchange(self, call: Call) -> Answer:
        timeouts = self._settings.timeouts
        ends_at = time.monotonic() + timeouts.whole
        with (
            self._network_errors(call),
            self._session.request(
                call.method,
                call.url,
                params=call.query,
                headers=call.headers,
                json=call.json,
                data=call.form,
                timeout=(timeouts.connect, call.read_timeout or timeouts.read),
                allow_redirects=False,
                stream=True,
            ) as response,
        ):
            body = self._body(call, response, ends_at)
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status_code, headers, body)

    def _body(self, call: Call, response: requests.Response, ends_at: float) -> bytes:
        raw, body = response.raw, bytearray()
        while chunk := raw.read1(_CHUNK, decode_content=True):
            body += chunk
            if len(body) > self._settings.max_bytes:
                raise self._too_large(call)
            if time.monotonic() > ends_at:
                raise UnknownOutcomeError(self._vendor, f"{call.title}: the answer took too long")
        if raw.length_remaining:
            raise UnknownOutcomeError(self._vendor, f"{call.title}: the answer was cut off")
        return bytes(body)

    def _too_large(self, call: Call) -> ToolError:
        detail = f"{call.title}: the answer exceeds {self._settings.max_bytes} bytes"
        error = RequestError if call.repeatable else UnknownOutcomeError
        return error(self._vendor, detail)

    @contextmanager
    def _network_errors(self, call: Call) -> Generator[None]:
        """Say what a network error means: the chain is cut, since the library's texts show URLs."""
        try:
            yield
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            kind = type(error).__name__
            if isinstance(error, _MALFORMED):
                raise RequestError(self._vendor, f"{call.title}: {kind}") from None
            if _never_left(error):
                detail = f"{call.title}: no connection ({kind})"
                raise UnavailableError(self._vendor, detail) from None
            detail = f"{call.title}: no whole answer ({kind})"
            raise UnknownOutcomeError(self._vendor, detail) from None

    def _wait(self, error: RetryableError, tried: "_Try") -> timedelta:
        """Full jitter, on top of what the vendor asked for."""
        retries = self._settings.retries
        bound = min(retries.longest_wait, retries.first_wait * 2 ** (tried.attempt - 1))
        asked = error.retry_after if isinstance(error, RateLimitError) else timedelta()
        if tried.answer is not None:
            asked = max(asked, tried.answer.retry_after(self._clock.now()) or timedelta())
        return asked + timedelta(seconds=self._chance.uniform(0, bound))

    def _exhausted(self, attempt: int, began: datetime, wait: timedelta) -> bool:
        retries = self._settings.retries
        too_late = self._clock.now() + wait > began + retries.total
        return attempt >= retries.attempts or too_late

    def _tell(self, tried: "_Try", took: timedelta) -> None:
        if self._on_call is not None:
            call, status = tried.call, tried.answer.status if tried.answer else None
            seconds = took.total_seconds()
            self._on_call(
                CallRecord(self._vendor, call.method, call.template, status, seconds, tried.attempt)
            )


@dataclass(slots=True)
class _Try:
    """One attempt and, once it came, its answer."""

    call: Call
    attempt: int
    answer: Answer | None = None


def _session(settings: HttpSettings) -> requests.Session:
    session = requests.Session()
    session.trust_env = settings.trust_env
    session.headers["User-Agent"] = settings.user_agent
    session.headers["Accept"] = "application/json"
    session.headers["Accept-Encoding"] = "gzip"
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    for scheme in ("https://", "http://"):
        session.mount(scheme, requests.adapters.HTTPAdapter(pool_maxsize=10, max_retries=0))
    return session


def _final(error: ToolError, call: Call) -> ToolError:
    """What an error comes to when it was the last: an unanswered read left nothing behind."""
    if isinstance(error, UnknownOutcomeError) and call.repeatable:
        return UnavailableError(error.vendor, error.detail, code=error.code, quotes=error.quotes)
    return error


def _never_left(error: Exception) -> bool:
    """Whether the request certainly never reached the vendor."""
    if isinstance(error, requests.ConnectTimeout | requests.exceptions.ProxyError):
        return True
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    if isinstance(reason, urllib3.exceptions.NewConnectionError):
        return True
    return isinstance(reason, urllib3.exceptions.SSLError) and isinstance(
        reason.args[0], ssl.SSLCertVerificationError
    )


def _http_date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    return date if date.tzinfo else None
