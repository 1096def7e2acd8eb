"""What a failed call to Salesforce means for the next step."""

import ssl
from datetime import datetime, timedelta
from typing import cast

import requests
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
from tools.salesforce.connection.answers import Json, Row

VENDOR = "salesforce"
ASK_AGAIN = timedelta(hours=1)
"""When to look whether the rolling 24 hours of API calls have made room."""
PAUSE = timedelta(seconds=10)
LONGEST_WORDS = 1_000

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


def first_error(content: object) -> tuple[str | None, str]:
    """The first error's code and words, as Salesforce's list of errors gives them."""
    if isinstance(content, list) and content and isinstance(content[0], dict):
        error = cast("Row", content[0])
        code = error.get("errorCode") or error.get("statusCode")
        words = " ".join(str(error.get("message", ""))[:LONGEST_WORDS].split())
        return (code if isinstance(code, str) else None), words
    return None, "the answer holds no Salesforce error"


def error_of(status: int, content: object, *, writes: bool, now: datetime) -> ToolError:
    """What a failed answer means. Salesforce: "Status Codes and Error Responses"."""
    code, words = first_error(content)
    if code == "REQUEST_LIMIT_EXCEEDED":
        if "concurrent" in words.lower():
            return RateLimitError(VENDOR, words, retry_after=PAUSE, code=code, quotes=True)
        return QuotaError(VENDOR, words, until=now + ASK_AGAIN, code=code, quotes=True)
    if status == requests.codes.too_many_requests:
        return RateLimitError(VENDOR, words, retry_after=PAUSE, code=code, quotes=True)
    if status >= requests.codes.server_error or code in _BUSY:
        if writes:
            return UnknownOutcomeError(VENDOR, f"HTTP {status}: {words}", code=code, quotes=True)
        return UnavailableError(VENDOR, f"HTTP {status}: {words}", code=code, quotes=True)
    if code == "UNABLE_TO_LOCK_ROW":
        return LockedError(VENDOR, words, code=code, quotes=True)
    if code in _NO_PERMISSION or status in (401, 403):
        return AuthError(VENDOR, words, code=code, quotes=True)
    return RequestError(VENDOR, f"HTTP {status}: {words}", code=code, quotes=True)


def sign_in_error(status: int, told: Json) -> ToolError:
    """What a refused sign-in means."""
    if status >= requests.codes.server_error or status == requests.codes.too_many_requests:
        return UnavailableError(VENDOR, f"HTTP {status} while signing in")
    if not isinstance(told, dict) or "error" not in told:
        return AuthError(VENDOR, f"HTTP {status} while signing in; check the My Domain address")
    answer = cast("Row", told)
    words = answer.get("error_description") or answer["error"]
    return AuthError(VENDOR, f"sign-in refused: {words}", code=str(answer["error"]), quotes=True)


def unreadable(*, writes: bool) -> ToolError:
    """What an answer means that is not Salesforce's JSON."""
    detail = "the answer is not Salesforce's JSON"
    return UnknownOutcomeError(VENDOR, detail) if writes else UnavailableError(VENDOR, detail)


def lost(error: requests.RequestException, *, writes: bool) -> ToolError:
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
