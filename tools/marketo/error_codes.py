"""Marketo's error codes as data: what each means for the next step (Adobe: Error Codes)."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import NamedTuple

from domain.effects import Refusal


class Class(StrEnum):
    """What a code says about trying again."""

    BUSY = "R"
    """Nothing was executed; try again soon."""
    DOUBT = "R?"
    """Try a read again; a write may have been applied."""
    TOKEN = "A"  # noqa: S105  (not a password)
    """Sign in again; nothing was executed."""
    QUOTA = "W"
    """Wait for the daily reset."""
    DENIED = "D"
    """A role's permission or the IP allowlist stands against it; a person must act."""
    FATAL = "F"
    """The request will never work."""
    EMPTY = "E"
    """There is nothing to find."""
    RECORD = "P"
    """This record will not work until somebody fixes it."""
    RECORD_BUSY = "r"
    """This record may work later."""


class Code(NamedTuple):
    """One row of the table."""

    kind: Class
    words: str
    refusal: Refusal = Refusal.OTHER
    """What it means when one record of many is answered with it."""
    pause: timedelta | None = None
    """For `BUSY`: Marketo's limits are over this long."""


_DATA = Refusal.DATA
_LOCKED = Refusal.LOCKED

CODES: Mapping[str, Code] = {
    "413": Code(Class.FATAL, "request entity too large"),
    "414": Code(Class.FATAL, "request URI too long"),
    "500": Code(Class.DOUBT, "internal error"),
    "502": Code(Class.DOUBT, "bad gateway"),
    "600": Code(Class.TOKEN, "access token missing"),
    "601": Code(Class.TOKEN, "access token invalid"),
    "602": Code(Class.TOKEN, "access token expired"),
    "603": Code(Class.DENIED, "access denied"),
    "604": Code(Class.DOUBT, "request timed out"),
    "605": Code(Class.FATAL, "HTTP method not supported"),
    "606": Code(Class.BUSY, "rate limit exceeded", pause=timedelta(seconds=20)),
    "607": Code(Class.QUOTA, "daily quota reached"),
    "608": Code(Class.BUSY, "API temporarily unavailable"),
    "609": Code(Class.FATAL, "invalid JSON"),
    "610": Code(Class.FATAL, "requested resource not found"),
    "611": Code(Class.DOUBT, "system error"),
    "612": Code(Class.FATAL, "invalid content type"),
    "613": Code(Class.FATAL, "invalid multipart"),
    "614": Code(Class.BUSY, "invalid subscription"),
    "615": Code(Class.BUSY, "concurrent access limit reached", pause=timedelta(seconds=1)),
    "616": Code(Class.FATAL, "invalid subscription type"),
    "701": Code(Class.FATAL, "a parameter is blank", _DATA),
    "702": Code(Class.EMPTY, "no data found"),
    "703": Code(Class.FATAL, "feature not enabled"),
    "704": Code(Class.FATAL, "invalid date format", _DATA),
    "709": Code(Class.FATAL, "asset rule violated"),
    "710": Code(Class.FATAL, "parent folder not found"),
    "711": Code(Class.FATAL, "incompatible folder type"),
    "712": Code(Class.FATAL, "merge of person accounts not allowed"),
    "713": Code(Class.BUSY, "transient error", _LOCKED),
    "714": Code(Class.FATAL, "default record type not found"),
    "718": Code(Class.FATAL, "external sales person not found"),
    "719": Code(Class.BUSY, "lock wait timeout", _LOCKED),
    "1001": Code(Class.RECORD, "invalid value", _DATA),
    "1002": Code(Class.RECORD, "missing required parameter", _DATA),
    "1003": Code(Class.RECORD, "invalid data", _DATA),
    "1004": Code(Class.RECORD, "person not found", Refusal.GONE),
    "1005": Code(Class.RECORD, "person already exists", _DATA),
    "1006": Code(Class.RECORD, "field not found", _DATA),
    "1007": Code(Class.RECORD, "several persons match", _DATA),
    "1008": Code(Class.RECORD, "partition access denied", _DATA),
    "1009": Code(Class.RECORD, "partition must be specified", _DATA),
    "1010": Code(Class.RECORD, "partition update not allowed", _DATA),
    "1011": Code(Class.FATAL, "field can't be searched"),
    "1012": Code(Class.RECORD, "invalid cookie", _DATA),
    "1013": Code(Class.FATAL, "list or campaign not found"),
    "1014": Code(Class.RECORD_BUSY, "object could not be created", _LOCKED),
    "1015": Code(Class.RECORD, "person not in list"),
    "1016": Code(Class.RECORD_BUSY, "too many imports", _LOCKED),
    "1017": Code(Class.RECORD, "object already exists", _DATA),
    "1018": Code(Class.FATAL, "not possible while the CRM sync is on"),
    "1019": Code(Class.RECORD_BUSY, "import in progress", _LOCKED),
    "1021": Code(Class.RECORD, "company update not allowed", _DATA),
    "1022": Code(Class.RECORD_BUSY, "object in use", _LOCKED),
    "1025": Code(Class.RECORD, "program status not found", _DATA),
    "1029": Code(Class.RECORD_BUSY, "export queue or quota full", _LOCKED),
    "1036": Code(Class.RECORD, "duplicate object in input"),
    "1037": Code(Class.RECORD, "already in or past that status"),
    "1042": Code(Class.FATAL, "run date too far ahead"),
    "1049": Code(Class.RECORD, "activity attributes too long", _DATA),
    "1076": Code(Class.RECORD, "merge refused by the CRM", _DATA),
    "1077": Code(Class.RECORD, "merge refused by the CRM", _DATA),
    "1078": Code(Class.RECORD, "merge refused by the CRM", _DATA),
    "1079": Code(Class.RECORD, "merge conflict of personal URLs", _DATA),
    "1080": Code(Class.FATAL, "too many persons to merge"),
}

UNLISTED = Code(Class.FATAL, "a code that Adobe does not list")
"""A code we have never heard of is not tried again."""


def code_of(code: str) -> Code:
    """The table's row for a code."""
    return CODES.get(code, UNLISTED)
