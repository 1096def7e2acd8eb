"""What Salesforce's answer to a write means for each record in it."""

from collections.abc import Mapping
from datetime import datetime
from typing import cast

from domain import border
from domain.effects import Applied, Receipt, Refusal, Refused, SetOwner, Unknown, Untried
from tools.salesforce.connection.answers import Json, Part
from tools.salesforce.connection.errors import ASK_AGAIN, PAUSE
from tools.salesforce.records.fields import STAMP, SObject
from tools.salesforce.records.reader import missing_sentence
from tools.salesforce.writes.refusals import refusal

_FIELD_HIDDEN = frozenset({"INVALID_FIELD", "INVALID_FIELD_FOR_INSERT_UPDATE"})
_PRECONDITION_FAILED = 412
_SERVER_ERROR = 500
LONGEST_CODE, LONGEST_WORDS = 100, 1_000


def of_row(action: SetOwner, part: Part, now: datetime) -> Receipt:
    """The receipt of a record that was written by a subrequest of its own."""
    if part.is_success:
        return Applied(detail=action.owner_name)
    if part.status == _PRECONDITION_FAILED:
        words = "the record was changed while its owner was being set"
        return Refused(refusal=Refusal.LOCKED, code="PRECONDITION_FAILED", words=words)
    return of_failed_part(action, part, now)


def of_failed_part(action: SetOwner, part: Part, now: datetime) -> Receipt:
    """The receipt of a record whose whole subrequest failed: one error holds for all in it."""
    if part.status >= _SERVER_ERROR or not part.body or not isinstance(part.body, list):
        return Unknown(detail=f"HTTP {part.status} for a part of the call")
    return of_result(action, {"success": False, "errors": part.body}, now)


def why_failed(result: Mapping[str, Json]) -> tuple[str, str, list[str]] | None:
    """Code, words and blamed fields of a record's first error; None when there is none."""
    listed: Json = result.get("errors")
    errors = cast("list[Json]", listed) if isinstance(listed, list) else [listed]
    error = border.record(errors[0]) if errors else {}
    if not error:
        return None
    code = error.get("statusCode") or error.get("errorCode") or "UNKNOWN"
    fields: Json = error.get("fields")
    named = cast("list[Json]", fields) if isinstance(fields, list) else []
    words = str(error.get("message") or "no reason was given")
    return str(code)[:LONGEST_CODE], words[:LONGEST_WORDS], [str(one) for one in named]


def of_result(action: SetOwner, result: Json, now: datetime) -> Receipt:
    """The receipt of one record of a collection."""
    told = border.record(result)
    if told.get("success") is True:
        return Applied(detail=action.owner_name)
    if told.get("success") is not False:
        return Unknown(detail="Salesforce's answer says neither success nor failure")
    error = why_failed(told)
    if error is None:
        return Refused(refusal=Refusal.OTHER, code="UNKNOWN", words="no reason was given")
    code, words, named = error
    if code in _FIELD_HIDDEN:
        missing = named or [name for name in STAMP if name in words] or [f"as in: {words}"]
        sentence = missing_sentence(SObject(action.subject.kind.value), missing)
        return Untried(detail=sentence, retry_at=now + ASK_AGAIN)
    return unsent(code, words, now) or Refused(
        refusal=refusal(code, words, named), code=code, words=words
    )


def unsent(code: str, words: str, now: datetime) -> Untried | None:
    """The receipt of an error that blames neither record nor org: it is sent again as it is."""
    match code:
        case "REQUEST_LIMIT_EXCEEDED" if "concurrent" not in words.lower():
            return Untried(detail=words, retry_at=now + ASK_AGAIN)
        case "REQUEST_LIMIT_EXCEEDED" | "INVALID_SESSION_ID":
            return Untried(detail=words, retry_at=now + PAUSE)
        case _:
            return None
