"""Marketo's envelope: success or failure of a whole request, and of each record in it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, cast

from domain import border
from domain.errors import (
    AuthError,
    LockedError,
    QuotaError,
    RateLimitError,
    RequestError,
    UnavailableError,
    UnknownOutcomeError,
)
from tools.http import Answer, expect_success
from tools.marketo.error_codes import Class, code_of
from tools.quota import next_midnight

VENDOR = "marketo"
QUOTA_ZONE = "America/Chicago"
"""Marketo's day begins at midnight US Central time (Adobe: REST API, limits)."""

Json = Any
"""A decoded JSON value."""

Row = Mapping[str, Json]
"""One record as Marketo sends it."""


_TOKEN = re.compile(r"[\x21-\x7e]{1,4096}")
"""What a header can carry."""
_LONGEST_LIFE = 86_400
"""Seconds that a token is used at most; Marketo's last an hour."""
_LONGEST_WORDS = 500
_LONGEST_TOKEN = 2_000


class StaleTokenError(Exception):
    """Marketo no longer takes the access token; nothing was executed."""

    def __init__(self, code: str, words: str) -> None:
        self.code = code
        self.words = words
        super().__init__(f"[{code}] {words}")


class Token(NamedTuple):
    """An access token and for how many seconds it lasts."""

    text: str
    seconds: int


@dataclass(frozen=True, slots=True)
class Envelope:
    """The answer to a request that succeeded as a whole."""

    rows: tuple[Row, ...] = ()
    token: str | None = None
    """Where the next page begins."""
    more: bool = False
    answered_at: datetime | None = None
    """Marketo's own clock."""


class Reason(NamedTuple):
    """Why Marketo would not do something."""

    code: str
    words: str


class Outcome(NamedTuple):
    """What became of one record of a write."""

    status: str
    """`created`, `updated`, `added`, `skipped`, ...; empty when Marketo names none."""
    reasons: tuple[Reason, ...]


def read_token(answer: Answer, now: datetime) -> Token:
    """Read the identity service's answer (Adobe: Authentication).

    Raises:
        AuthError: the client id or secret is refused; this is where Marketo uses HTTP 401.
    """
    if answer.status in (400, 401):
        raise AuthError(
            VENDOR, "the client id and secret are not accepted", code=str(answer.status)
        )
    value = _object(expect_success(VENDOR, answer, now))
    text, seconds = value.get("access_token"), value.get("expires_in")
    if not isinstance(text, str) or _TOKEN.fullmatch(text) is None:
        raise UnknownOutcomeError(VENDOR, "the identity service answered without a token")
    if isinstance(seconds, bool) or not isinstance(seconds, int):
        raise UnknownOutcomeError(VENDOR, "the identity service answered without a token")
    return Token(text, min(max(seconds, 0), _LONGEST_LIFE))


def read_envelope(answer: Answer, now: datetime) -> Envelope:
    """Read a REST answer: failure comes with HTTP 200, and codes are texts (Adobe: Error Codes).

    Raises:
        StaleTokenError: codes 600, 601 and 602.
        ToolError: any other failure of the whole request.
    """
    value = _object(expect_success(VENDOR, answer, now))
    if value.get("success") is True:
        return Envelope(
            rows=_rows(value.get("result")),
            token=_token(value.get("nextPageToken")),
            more=value.get("moreResult") is True,
            answered_at=answer.date(),
        )
    errors = _reasons(value)
    if not errors:
        raise UnknownOutcomeError(VENDOR, "the answer says neither success nor failure")
    if code_of(errors[0].code).kind is Class.EMPTY:
        return Envelope(answered_at=answer.date())
    raise error_of(errors[0], now)


def read_outcomes(envelope: Envelope) -> tuple[Outcome, ...]:
    """What became of each record, in the order in which they were sent.

    Custom activities name their reasons `errors`, everything else `reasons` (Adobe: Error Codes).
    """
    return tuple(Outcome(str(row.get("status") or ""), _reasons(row)) for row in envelope.rows)


def error_of(reason: Reason, now: datetime) -> Exception:
    """What a code means when the whole request is answered with it."""
    code, known = reason.code, code_of(reason.code)
    words, quotes = reason.words or known.words, bool(reason.words)
    match known.kind:
        case Class.TOKEN:
            return StaleTokenError(code, words)
        case Class.BUSY if known.pause is not None:
            return RateLimitError(VENDOR, words, retry_after=known.pause, code=code, quotes=quotes)
        case Class.BUSY:
            return UnavailableError(VENDOR, words, code=code, quotes=quotes)
        case Class.RECORD_BUSY:
            return LockedError(VENDOR, words, code=code, quotes=quotes)
        case Class.DOUBT:
            return UnknownOutcomeError(VENDOR, words, code=code, quotes=quotes)
        case Class.QUOTA:
            return QuotaError(
                VENDOR, words, until=next_midnight(now, QUOTA_ZONE), code=code, quotes=quotes
            )
        case Class.DENIED:
            return AuthError(VENDOR, words, code=code, quotes=quotes)
        case Class.FATAL | Class.EMPTY | Class.RECORD:
            return RequestError(VENDOR, words, code=code, quotes=quotes)


def _object(answer: Answer) -> Row:
    try:
        value = answer.json()
    except ValueError:
        raise UnknownOutcomeError(VENDOR, "the answer is not JSON") from None
    if not isinstance(value, dict):
        raise UnknownOutcomeError(VENDOR, "the answer is not a JSON object")
    return value  # pyright: ignore[reportUnknownVariableType]  (the wire)


def _reasons(row: Row) -> tuple[Reason, ...]:
    given: list[Json] = []
    for name in ("reasons", "errors"):
        told = row.get(name)
        given += cast("list[Json]", told) if isinstance(told, list) else [told] if told else []
    return tuple(_reason(one) for one in given)


def _reason(told: Json) -> Reason:
    row = border.record(told)
    if not row:
        return Reason("", str(told)[:_LONGEST_WORDS])
    return Reason(str(row.get("code")), str(row.get("message") or "")[:_LONGEST_WORDS])


def _rows(told: Json) -> tuple[Row, ...]:
    """The records of an answer. One that is no object stays as an empty one: places count.

    Raises:
        UnknownOutcomeError: there is something else where records should be.
    """
    if told is None:
        return ()
    if not isinstance(told, list):
        raise UnknownOutcomeError(VENDOR, "the answer has no list of records")
    return tuple(map(border.record, cast("list[Json]", told)))


def _token(told: Json) -> str | None:
    """Where to read on.

    Raises:
        UnknownOutcomeError: it is nothing that could be sent back.
    """
    if told is None or told == "":
        return None
    if not isinstance(told, str) or not told.isascii() or len(told) > _LONGEST_TOKEN:
        raise UnknownOutcomeError(VENDOR, "the answer has no paging token that could be used")
    return told
