"""Slack's Web API through slack_sdk: what each failure means, and nothing repeated unread.

The SDK's own retries are off: its default posts a message twice when the connection breaks after
Slack has taken it. Reads are repeated here; a write never is.
"""

import http.client
import logging
import re
import socket
import ssl
import urllib.error
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, cast
from urllib.parse import urlsplit

from pydantic import SecretStr
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

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
from tools import addresses

VENDOR = "slack"

Row = dict[str, Any]
"""A JSON object of Slack's."""

POST = "chat.postMessage"
"""The method that is limited by channel: about a message a second, after a short burst."""
PAGE = 200
"""Records per page; Slack advises at most 200 (Slack: Pagination)."""

LONGEST_CURSOR = 2_000
_ATTEMPTS = 3
_FIRST_WAIT = timedelta(seconds=1)
_LONGEST_WAIT = timedelta(seconds=30)
_UNTOLD_PAUSE = timedelta(seconds=30)
_LONGEST_PAUSE = timedelta(hours=1)

_BUSY = frozenset({"ratelimited", "rate_limited"})
_UNSURE = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout"})
"""Slack may have carried out the call nevertheless."""
_NO_ENTRY = frozenset(
    {
        "access_denied",
        "account_inactive",
        "ekm_access_denied",
        "enterprise_is_restricted",
        "invalid_auth",
        "missing_scope",
        "no_permission",
        "not_allowed_token_type",
        "not_authed",
        "org_login_required",
        "team_access_not_granted",
        "token_expired",
        "token_revoked",
        "two_factor_setup_required",
    }
)
_BROKEN = (
    SlackClientError,
    http.client.HTTPException,
    OSError,
    ValueError,
    AttributeError,  # the SDK trips over JSON that is no object
    TypeError,
    RecursionError,
)
_CODE = re.compile(r"[a-z0-9_]+")
_OK = 200
_SERVER_FAILED = 500
_TOO_MANY = 429


@dataclass(frozen=True, slots=True)
class SlackAccess:
    """Where Slack is, and who we are to it."""

    token: SecretStr
    """The bot token, `xoxb-...`."""
    base_url: str = "https://slack.com/api/"
    timeout: int = 10
    """Seconds of silence after which a call counts as unanswered."""

    def base(self) -> str:
        """The address.

        Raises:
            AuthError: the token would travel unencrypted to another machine.
        """
        parts = urlsplit(self.base_url)
        is_here = parts.hostname in ("127.0.0.1", "localhost", "::1")
        if parts.scheme != "https" and not is_here:
            raise AuthError(VENDOR, "the address must begin with https://")
        return self.base_url


class SlackClient:
    """One workspace. Safe to share between threads."""

    def __init__(self, access: SlackAccess, clock: Clock, watch: Watch = unwatched) -> None:
        self._clock = clock
        self._watch = watch
        self._web = WebClient(
            token=access.token.get_secret_value(),
            base_url=access.base(),
            timeout=access.timeout,
            retry_handlers=[],
            logger=logging.Logger(VENDOR, logging.CRITICAL),  # noqa: LOG001  (keeps the SDK silent)
        )
        self.is_here = urlsplit(access.base_url).hostname in addresses.HERE
        """Whether Slack is played by this machine, so that what it names may be here, too."""
        self._closed_until: dict[str, datetime] = {}
        self.scopes: frozenset[str] | None = None
        """What the token may do, as Slack's last answer told; None when it didn't."""

    def read(self, method: str, **arguments: str | int | bool) -> Row:
        """Call a method that changes nothing or that is harmless to repeat.

        Raises:
            RetryableError: Slack did not answer, repeatedly.
            AuthError: the token is not accepted or lacks a scope.
            RequestError: Slack refused; `code` is its error name.
        """
        attempt = 1
        while True:
            try:
                return self._call(method, params=arguments)
            except (RetryableError, UnknownOutcomeError) as error:
                final = _read_failed(error)
            wait = final.retry_after if isinstance(final, RateLimitError) else _FIRST_WAIT * attempt
            if attempt == _ATTEMPTS or wait > _LONGEST_WAIT:
                raise final
            self._clock.sleep(wait.total_seconds())
            attempt += 1

    def pages(
        self, method: str, key: str, *, limit: int = PAGE, **arguments: str | int | bool
    ) -> Iterator[Row]:
        """Every record of a paged read; raises as `read` does."""
        cursor: dict[str, str] = {}
        while True:
            answer = self.read(method, limit=limit, **arguments, **cursor)
            listed = answer.get(key)
            if listed is not None and not isinstance(listed, list):
                raise UnavailableError(VENDOR, f"{method} answered without a list")
            yield from filter(None, map(border.record, cast("list[Any]", listed or [])))
            following = within(answer, "response_metadata").get("next_cursor")
            if not following:
                return
            if not isinstance(following, str) or len(following) > LONGEST_CURSOR:
                raise UnavailableError(VENDOR, f"{method} answered with no cursor that can be used")
            if cursor == {"cursor": following}:
                raise UnavailableError(VENDOR, f"the pages of {method} do not advance")
            cursor = {"cursor": following}

    def write(self, method: str, body: Mapping[str, Any]) -> Row:
        """Call a method that must not be repeated unread; made once.

        Slack limits posts per channel: one that must wait leaves the others open. When a second
        one must wait at the same time, it is the whole method.

        Raises:
            UnknownOutcomeError: it may have happened.
            RetryableError: it did not happen.
            AuthError: it did not happen: the token is not accepted or lacks a scope.
            RequestError: it did not happen: `code` is Slack's error name.
        """
        return self._call(method, json=dict(body))

    def _call(self, method: str, **arguments: Any) -> Row:  # noqa: ANN401  (the wire)
        with self._watch(VENDOR, method):
            return self._sent(method, **arguments)

    def _sent(self, method: str, **arguments: Any) -> Row:  # noqa: ANN401  (the wire)
        now, lane = self._clock.now(), _lane(method, arguments.get("json") or {})
        opens = max(self._closed_until.get(one, now) for one in (method, lane))
        if opens > now:
            raise RateLimitError(VENDOR, f"{method}: Slack asked to wait", retry_after=opens - now)
        try:
            response = self._web.api_call(method, **arguments)
        except SlackApiError as error:
            raise self._refusal(method, lane, error) from None
        except _BROKEN as error:
            raise _network_error(method, error) from None
        headers = _lower(response.headers)
        if "x-oauth-scopes" in headers:
            self.scopes = frozenset(re.split(r"\s*,\s*", headers["x-oauth-scopes"].strip()))
        if not isinstance(response.data, dict):
            raise _unreadable(method, _OK)
        try:
            return cast("Row", border.safe(response.data))
        except ValueError:
            raise _unreadable(method, _OK) from None

    def _refusal(self, method: str, lane: str, error: SlackApiError) -> ToolError:
        response: Any = error.response
        status = int(response.status_code)
        body = within({"body": response.data}, "body")
        code = str(body.get("error") or "")
        if status == _TOO_MANY or code in _BUSY:
            return self._too_fast(method, lane, _lower(response.headers))
        if status >= _SERVER_FAILED or code in _UNSURE:
            said = code if _CODE.fullmatch(code) else str(status)
            return UnknownOutcomeError(VENDOR, f"{method}: Slack failed", code=said)
        if not _CODE.fullmatch(code):
            return _unreadable(method, status)
        detail = f"{method}: {code}{_needed(body)}"
        kind = AuthError if code in _NO_ENTRY else RequestError
        return kind(VENDOR, detail, code=code, quotes=bool(_complaints(body)))

    def _too_fast(self, method: str, lane: str, headers: Mapping[str, str]) -> RateLimitError:
        now = self._clock.now()
        pause = _pause(headers.get("retry-after", ""), now)
        closed = {one: at for one, at in self._closed_until.items() if at > now}
        if any(one != lane and one.startswith(f"{method} ") for one in closed):
            closed[method] = now + pause
        self._closed_until = {**closed, lane: now + pause}
        return RateLimitError(VENDOR, f"{method}: too many calls", retry_after=pause, code="429")


def _lane(method: str, body: Mapping[str, Any]) -> str:
    """What Slack limits: a method, and posts by their channel (Slack: "Rate limits")."""
    return f"{method} {body.get('channel')}" if method == POST else method


def _read_failed(error: ToolError) -> ToolError:
    """An unanswered read left nothing behind."""
    if isinstance(error, UnknownOutcomeError):
        return UnavailableError(VENDOR, error.detail, code=error.code, quotes=error.quotes)
    return error


def _unreadable(method: str, status: int) -> ToolError:
    """A body that isn't Slack's: with a success status the call may have been carried out."""
    detail = f"{method}: the answer is not Slack's (HTTP {status})"
    kind = RequestError if status in range(400, _SERVER_FAILED) else UnknownOutcomeError
    return kind(VENDOR, detail, code=str(status))


def _network_error(method: str, error: Exception) -> ToolError:
    reason = error.reason if isinstance(error, urllib.error.URLError) else None
    detail = f"{method}: {type(reason or error).__name__}"
    never_left = (ConnectionRefusedError, socket.gaierror, ssl.SSLCertVerificationError)
    if isinstance(reason, never_left):
        return UnavailableError(VENDOR, f"{detail}: no connection")
    return UnknownOutcomeError(VENDOR, f"{detail}: no whole answer")


def within(row: Row, name: str) -> Row:
    """An object inside a JSON object; empty when there is none."""
    value = row.get(name)
    return cast("Row", value) if isinstance(value, dict) else {}


def _needed(body: Row) -> str:
    needed = body.get("needed")
    said = [f"needs the scope {needed}"] if needed else []
    said += _complaints(body)
    return f" ({'; '.join(said)[:300]})" if said else ""


def _complaints(body: Row) -> list[str]:
    """What Slack finds wrong with a request, which it may quote."""
    messages: Any = within(body, "response_metadata").get("messages")
    return [*map(str, cast("list[Any]", messages))] if isinstance(messages, list) else []


def _lower(headers: Any) -> dict[str, str]:  # noqa: ANN401  (the SDK does not say)
    return {str(name).lower(): str(value) for name, value in dict(headers).items()}


def _pause(text: str, now: datetime) -> timedelta:
    """Retry-After in seconds or as a date (RFC 9110); a usual pause when it is neither."""
    if re.fullmatch(r"[0-9]{1,6}", text.strip()):
        return min(max(timedelta(seconds=int(text)), timedelta(seconds=1)), _LONGEST_PAUSE)
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return _UNTOLD_PAUSE
    if date.tzinfo is None:
        return _UNTOLD_PAUSE
    return min(max(date - now, timedelta(seconds=1)), _LONGEST_PAUSE)
