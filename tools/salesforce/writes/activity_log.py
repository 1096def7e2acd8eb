"""Writing what follow-through found: first touches on records, tasks, and reported calls.

All of it is harmless to repeat: a touch is a value, and a task is found again by its key. So an
answer that was lost just means that it is written once more.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from domain import border
from domain.effects import (
    Applied,
    LogCall,
    Receipt,
    Refused,
    SetTask,
    StampTouch,
    Untried,
)
from domain.errors import QuotaError, ToolError
from domain.ports import Clock
from domain.values import EffectKey
from tools.salesforce.connection.answers import Json, Part, Row
from tools.salesforce.connection.client import AUTO_ASSIGN, Client
from tools.salesforce.connection.errors import ASK_AGAIN
from tools.salesforce.records import fields, wire
from tools.salesforce.records.fields import SObject
from tools.salesforce.records.reader import Reader
from tools.salesforce.soql.query import packs
from tools.salesforce.writes.receipts import unsent, why_failed
from tools.salesforce.writes.refusals import refusal

RECORDS = 200
"""Records within one collection. Salesforce: "Update Multiple Records"."""
TEXT_LENGTH = 255
NOTE_LENGTH = 2_000
_NOTHING = 502
"""As if a gateway had answered, when Salesforce's answer holds nothing."""


@dataclass(frozen=True, slots=True)
class _Written:
    """One record to be written, and for which effect."""

    key: EffectKey
    record: Row


class ActivityWriter:
    """Writes in collections; what the org has no field for is left out, and that is no error."""

    def __init__(self, client: Client, reader: Reader, clock: Clock) -> None:
        self._client = client
        self._reader = reader
        self._clock = clock

    def stamp_touches(self, planned: Mapping[EffectKey, StampTouch]) -> dict[EffectKey, Receipt]:
        """Write first touches and results on their records."""
        by_kind: dict[SObject, list[_Written]] = defaultdict(list)
        for key, one in planned.items():
            by_kind[SObject(one.record_kind.value)].append(_Written(key, _touch_record(one)))
        receipts: dict[EffectKey, Receipt] = {}
        for sobject, written in by_kind.items():
            known = self._reader.known(sobject)
            for one in written:
                for name in [name for name in one.record if name.endswith("__c")]:
                    if name not in known:
                        del one.record[name]
            receipts |= self._send("composite/sobjects", written)
        return receipts

    def set_tasks(self, planned: Mapping[EffectKey, SetTask]) -> dict[EffectKey, Receipt]:
        """Keep one task per key."""
        return self._upsert([_Written(key, _task_record(one)) for key, one in planned.items()])

    def log_calls(self, planned: Mapping[EffectKey, LogCall]) -> dict[EffectKey, Receipt]:
        """Log reported calls as completed tasks of their owners."""
        return self._upsert([_Written(key, _call_record(one)) for key, one in planned.items()])

    def _upsert(self, written: Sequence[_Written]) -> dict[EffectKey, Receipt]:
        return self._send(f"composite/sobjects/{SObject.TASK}/{fields.TASK_KEY}", written)

    def _send(self, resource: str, written: Sequence[_Written]) -> dict[EffectKey, Receipt]:
        receipts: dict[EffectKey, Receipt] = {}
        for pack in packs(_one_per_record(written, receipts), RECORDS):
            subrequest = {
                "method": "PATCH",
                "url": f"{self._client.root}/{resource}",
                "referenceId": "noted",
                "httpHeaders": {AUTO_ASSIGN: "FALSE"},
                "body": {"allOrNone": False, "records": [one.record for one in pack]},
            }
            try:
                parts = self._client.composite([subrequest], writes=True)
            except ToolError as error:
                again = error.until if isinstance(error, QuotaError) else None
                lost = Untried(detail=str(error), retry_at=again)
                receipts |= {one.key: lost for one in pack}
            else:
                part = parts[0] if parts else Part(_NOTHING, None)
                receipts |= _read(pack, part, self._clock.now())
        return receipts


def _one_per_record(
    written: Sequence[_Written], receipts: dict[EffectKey, Receipt]
) -> list[_Written]:
    """A collection may name a record once; what comes second waits for the next call."""
    seen: set[str] = set()
    allowed: list[_Written] = []
    for one in written:
        name = str(one.record.get("id") or one.record.get(fields.TASK_KEY))
        if name in seen:
            receipts[one.key] = Untried(detail="another write to the same record goes first")
        else:
            seen.add(name)
            allowed.append(one)
    return allowed


def _read(pack: Sequence[_Written], part: Part, now: datetime) -> dict[EffectKey, Receipt]:
    if not part.is_success:
        words = str(part.body)[:TEXT_LENGTH]
        untried = Untried(detail=f"HTTP {part.status}: {words}", retry_at=now + ASK_AGAIN)
        return {one.key: untried for one in pack}
    results = cast("list[Json]", part.body) if isinstance(part.body, list) else []
    if len(results) != len(pack):
        results = [None] * len(pack)  # whose result is whose can't be known
    return {one.key: _receipt(told, now) for one, told in zip(pack, results, strict=True)}


def _receipt(result: Json, now: datetime) -> Receipt:
    told = border.record(result)
    if told.get("success") is True:
        return Applied(detail=str(told.get("id") or ""))
    if told.get("success") is not False:
        # Harmless to repeat, as all of these writes are.
        return Untried(detail="Salesforce's answer says neither success nor failure")
    code, words, named = why_failed(told) or ("UNKNOWN", "no reason was given", [])
    return unsent(code, words, now) or Refused(
        refusal=refusal(code, words, named), code=code, words=words
    )


def _touch_record(one: StampTouch) -> Row:
    met = {True: "met", False: "missed", None: "not touched"}[one.in_time]
    return {
        "attributes": {"type": one.record_kind.value},
        "id": wire.record_id(one.record_id),
        fields.STATUS: one.status,
        fields.FIRST_TOUCH_AT: one.touched_at and wire.timestamp(one.touched_at),
        fields.FIRST_TOUCH_TYPE: one.touch,
        fields.SLA_MET: met,
    }


def _task_record(one: SetTask) -> Row:
    return {
        "attributes": {"type": SObject.TASK.value},
        fields.TASK_KEY: f"first touch {one.cycle}",
        "WhoId": wire.record_id(one.record_id),
        "OwnerId": wire.record_id(one.owner),
        "Subject": one.subject[:TEXT_LENGTH],
        "ActivityDate": one.due.date().isoformat(),
        "Status": "Completed" if one.is_done else "Not Started",
    }


def _call_record(one: LogCall) -> Row:
    return {
        "attributes": {"type": SObject.TASK.value},
        fields.TASK_KEY: one.key,
        "WhoId": wire.record_id(one.record_id),
        "OwnerId": wire.record_id(one.owner),
        "Subject": "Call",
        "TaskSubtype": "Call",
        "CallType": "Outbound",
        "CallDisposition": one.outcome[:TEXT_LENGTH],
        "Description": one.note[:NOTE_LENGTH],
        "ActivityDate": one.at.date().isoformat(),
        "Status": "Completed",
    }
