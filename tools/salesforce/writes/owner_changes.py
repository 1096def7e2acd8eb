"""Writing owners and stamps, each only if the expected owner still owns the record."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.utils import format_datetime
from enum import StrEnum
from typing import cast

from domain.effects import Applied, Receipt, Refusal, Refused, SetOwner, Unknown, Untried
from domain.errors import QuotaError, ToolError, UnavailableError, UnknownOutcomeError
from domain.lead.crm_records import OwnerState, RecordKind
from domain.ports import Clock
from domain.values import EffectKey, LeadKey, RecordId
from tools.salesforce.connection.answers import Json, Part, Row
from tools.salesforce.connection.client import AUTO_ASSIGN, Client
from tools.salesforce.records import wire
from tools.salesforce.records.owners import owner_states
from tools.salesforce.records.reader import Reader
from tools.salesforce.soql.query import packs
from tools.salesforce.writes.receipts import of_failed_part, of_result, of_row

RECORDS = 200
"""Records within one collection. Salesforce: "Update Multiple Records"."""
COLLECTIONS = 5
"""Collections within one composite request."""
ROWS = 25
"""Single records within one composite request."""

Planned = tuple[EffectKey, SetOwner]


class Guard(StrEnum):
    """What makes Salesforce refuse the write when someone else changed the owner meanwhile."""

    VALIDATION_RULE = "validation_rule"
    """The rule of routeready's package, checked within the write itself."""
    UNMODIFIED_SINCE = "unmodified_since"
    """The header If-Unmodified-Since: one row per subrequest, and blind within the same second."""


@dataclass(frozen=True, slots=True)
class _Batch:
    """One composite call: its subrequests, and the planned writes that each of them carries."""

    subrequests: Sequence[Row]
    carried: Sequence[Sequence[Planned]]
    auto_assign: bool

    def planned(self) -> Iterator[Planned]:
        """All the writes in it."""
        return (one for several in self.carried for one in several)


class OwnerWriter:
    """Sets owners in as few calls as possible. Nothing is ever sent twice."""

    def __init__(self, client: Client, reader: Reader, guard: Guard, clock: Clock) -> None:
        self._client = client
        self._reader = reader
        self._guard = guard
        self._clock = clock

    def write(self, planned: Mapping[EffectKey, SetOwner]) -> dict[EffectKey, Receipt]:
        """Give records their owner and stamp; what became of each is in its receipt.

        Raises:
            ToolError: nothing was written at all.
        """
        receipts, allowed = _sorted_out(planned)
        by_rules = [one for one in allowed if one[1].owner is None]
        by_us = [one for one in allowed if one[1].owner is not None]
        if self._guard is Guard.UNMODIFIED_SINCE:
            batches, compared = self._rows(by_us, by_rules)
            receipts |= compared
        else:
            batches = [*self._collections(by_us), *self._collections(by_rules)]
        receipts |= self._send(batches)
        self._name_chosen(dict(by_rules), receipts)
        return receipts

    def _collections(self, planned: Sequence[Planned]) -> Iterator[_Batch]:
        ordered = sorted(planned, key=lambda one: one[1].subject.kind)
        auto_assign = bool(planned) and planned[0][1].owner is None
        for call in packs(ordered, RECORDS * COLLECTIONS):
            carried = list(packs(call, RECORDS))
            subrequests = [
                {
                    "method": "PATCH",
                    "url": f"{self._client.root}/composite/sobjects",
                    "referenceId": f"collection{number}",
                    "httpHeaders": _headers(auto_assign=auto_assign),
                    "body": {
                        "allOrNone": False,
                        "records": [_record(action) for _, action in several],
                    },
                }
                for number, several in enumerate(carried)
            ]
            yield _Batch(subrequests, carried, auto_assign)

    def _rows(
        self, by_us: Sequence[Planned], by_rules: Sequence[Planned]
    ) -> tuple[list[_Batch], dict[EffectKey, Receipt]]:
        """Single rows, each on condition that it is as it was when its owner was compared."""
        subjects = {action.lead: action.subject for _, action in [*by_us, *by_rules]}
        states = owner_states(subjects, self._reader)
        compared: dict[EffectKey, Receipt] = {}
        batches: list[_Batch] = []
        for planned in (by_us, by_rules):
            same: list[Planned] = []
            for key, action in planned:
                refused = _compare(action, states.get(action.lead))
                if refused is None:
                    same.append((key, action))
                else:
                    compared[key] = refused
            batches += [self._row_batch(call, states) for call in packs(same, ROWS)]
        return batches, compared

    def _row_batch(
        self, planned: Sequence[Planned], states: Mapping[LeadKey, OwnerState]
    ) -> _Batch:
        auto_assign = planned[0][1].owner is None
        subrequests: list[Row] = []
        for number, (_, action) in enumerate(planned):
            body = _record(action)
            sobject, record_id = body.pop("attributes")["type"], body.pop("id")
            since = format_datetime(states[action.lead].modified_at, usegmt=True)
            subrequests.append(
                {
                    "method": "PATCH",
                    "url": f"{self._client.root}/sobjects/{sobject}/{record_id}",
                    "referenceId": f"row{number}",
                    "httpHeaders": {
                        **_headers(auto_assign=auto_assign),
                        "If-Unmodified-Since": since,
                    },
                    "body": body,
                }
            )
        return _Batch(subrequests, [[one] for one in planned], auto_assign)

    def _send(self, batches: Sequence[_Batch]) -> dict[EffectKey, Receipt]:
        """Send call after call; after one that failed as a whole the rest is left untried."""
        receipts: dict[EffectKey, Receipt] = {}
        failed: ToolError | None = None
        for batch in batches:
            if failed is not None:
                receipts |= _each(batch, _untried(failed))
                continue
            try:
                parts = self._client.composite(
                    batch.subrequests, writes=True, auto_assign=batch.auto_assign
                )
            except UnknownOutcomeError as error:
                failed = error
                receipts |= _each(batch, Unknown(detail=str(error)))
            except ToolError as error:
                if not receipts and not isinstance(error, UnavailableError):
                    raise
                failed = error
                receipts |= _each(batch, _untried(error))
            else:
                receipts |= self._read_parts(batch, parts)
        return receipts

    def _read_parts(self, batch: _Batch, parts: Sequence[Part]) -> dict[EffectKey, Receipt]:
        now = self._clock.now()
        receipts = _each(batch, Unknown(detail="Salesforce's answer did not mention it"))
        if len(parts) != len(batch.carried):
            return receipts
        for several, part in zip(batch.carried, parts, strict=True):
            if self._guard is Guard.UNMODIFIED_SINCE:
                receipts |= {key: of_row(action, part, now) for key, action in several}
            elif part.is_success and isinstance(part.body, list):
                results = cast("list[Json]", part.body)
                if len(results) != len(several):
                    continue  # whose result is whose can't be known
                for (key, action), result in zip(several, results, strict=True):
                    receipts[key] = of_result(action, result, now)
            else:
                receipts |= {key: of_failed_part(action, part, now) for key, action in several}
        return receipts

    def _name_chosen(
        self, by_rules: Mapping[EffectKey, SetOwner], receipts: dict[EffectKey, Receipt]
    ) -> None:
        """Say whom Salesforce's own rule chose. What can't be read now is left unsaid."""
        applied = {
            key: action
            for key, action in by_rules.items()
            if isinstance(receipts.get(key), Applied)
        }
        if not applied:
            return
        try:
            states = owner_states({one.lead: one.subject for one in applied.values()}, self._reader)
        except ToolError:
            states = {}
        for key, action in applied.items():
            state = states.get(action.lead)
            receipts[key] = Applied(detail="" if state is None else state.owner.name)


def _sorted_out(
    planned: Mapping[EffectKey, SetOwner],
) -> tuple[dict[EffectKey, Receipt], list[Planned]]:
    """Set aside what Salesforce would refuse for the whole collection, or can't do at all."""
    receipts: dict[EffectKey, Receipt] = {}
    allowed: list[Planned] = []
    seen: set[RecordId] = set()
    for key, action in planned.items():
        subject, owner = action.subject, action.owner
        if wire.record_id(subject.record_id) in seen:
            receipts[key] = Untried(detail="another write to the same record goes first")
        elif subject.kind is RecordKind.CONTACT and owner is None:
            words = "Salesforce has assignment rules for leads only, and this is a contact"
            receipts[key] = Refused(refusal=Refusal.OTHER, code="NOT_SENT", words=words)
        elif subject.kind is RecordKind.CONTACT and (owner or "").startswith(wire.QUEUE_PREFIX):
            words = "a contact can't be owned by a queue"
            receipts[key] = Refused(refusal=Refusal.OWNER_UNFIT, code="NOT_SENT", words=words)
        else:
            seen.add(wire.record_id(subject.record_id))
            allowed.append((key, action))
    return receipts, allowed


def _compare(action: SetOwner, state: OwnerState | None) -> Refused | None:
    if state is None or state.is_deleted:
        words = "the record is no longer in Salesforce"
        return Refused(refusal=Refusal.GONE, code="COMPARED", words=words)
    if state.owner.id != wire.record_id(action.subject.expected_owner):
        words = f"{state.modified_by} changed the owner to {state.owner.name}"
        return Refused(refusal=Refusal.OWNER_CHANGED, code="COMPARED", words=words)
    return None


def _headers(*, auto_assign: bool) -> dict[str, str]:
    return {AUTO_ASSIGN: "TRUE" if auto_assign else "FALSE"}


def _record(action: SetOwner) -> Row:
    subject = action.subject
    owner = {} if action.owner is None else {"OwnerId": action.owner}
    stamp = wire.stamp_fields(action.stamp, wire.record_id(subject.expected_owner))
    return {
        "attributes": {"type": subject.kind.value},
        "id": wire.record_id(subject.record_id),
        **owner,
        **stamp,
    }


def _each(batch: _Batch, receipt: Receipt) -> dict[EffectKey, Receipt]:
    return {key: receipt for key, _ in batch.planned()}


def _untried(error: ToolError) -> Untried:
    until = error.until if isinstance(error, QuotaError) else None
    return Untried(detail=f"not sent: {error}", retry_at=until)
