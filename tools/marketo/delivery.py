"""Sending many records in few calls, with one receipt for each of them whatever happens."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from json import dumps
from typing import NamedTuple

from domain.effects import Receipt, Refused, Unknown, Untried
from domain.errors import QuotaError, RateLimitError, RequestError, ToolError, UnknownOutcomeError
from domain.values import EffectKey
from tools.marketo.codes import code_of
from tools.marketo.envelope import Row

_MOST_BYTES = 900_000
"""Marketo takes bodies of 1 MB (Adobe: Error Codes, 413)."""
_DIVISIBLE = frozenset({"413", "1004"})
"""Whole-request refusals that one of its records may have caused."""

Send = Callable[[Sequence[Row]], Sequence[Receipt]]


class Parcel(NamedTuple):
    """One record to be written, and the effect that it is."""

    key: EffectKey
    person: int
    row: Row


class Batch(NamedTuple):
    """The records of one call."""

    parcels: Sequence[Parcel]
    send: Send


def batches(parcels: Iterable[Parcel], size: int, send: Send) -> Iterator[Batch]:
    """Pack records in order: at most `size` and 900 kB a call, no person twice in one.

    Marketo does not say which of two changes to one person in one call would win.
    """
    packed: list[Parcel] = []
    persons: set[int] = set()
    weight = 0
    for parcel in parcels:
        weighs = len(dumps(parcel.row)) + 1
        full = len(packed) == size or weight + weighs > _MOST_BYTES
        if packed and (full or parcel.person in persons):
            yield Batch(packed, send)
            packed, persons, weight = [], set[int](), 0
        packed.append(parcel)
        persons.add(parcel.person)
        weight += weighs
    if packed:
        yield Batch(packed, send)


def deliver(waiting: Iterable[Batch], now: datetime) -> dict[EffectKey, Receipt]:
    """Send every batch; what went wrong with one says nothing about those before it.

    Raises:
        ToolError: the very first call was refused, so that certainly nothing was written.
    """
    receipts: dict[EffectKey, Receipt] = {}
    pending = list(waiting)[::-1]
    while pending:
        batch = pending.pop()
        try:
            receipts |= _sent(batch)
        except RequestError as error:
            if error.code in _DIVISIBLE:
                pending += _halves(batch)
                receipts |= _refused(batch, error)
            elif not receipts:
                raise
            else:
                receipts |= _untried(batch, error, now)
        except ToolError as error:
            if not receipts:
                raise
            for rest in (batch, *pending):
                receipts |= _untried(rest, error, now)
            return receipts
    return receipts


def _sent(batch: Batch) -> dict[EffectKey, Receipt]:
    try:
        receipts = batch.send([parcel.row for parcel in batch.parcels])
    except UnknownOutcomeError as error:
        return _all(batch, Unknown(detail=str(error)))
    return {parcel.key: receipt for parcel, receipt in zip(batch.parcels, receipts, strict=True)}


def _halves(batch: Batch) -> list[Batch]:
    """The later half first, as a stack wants it; a batch of one has no halves."""
    half = len(batch.parcels) // 2
    parts = (batch.parcels[half:], batch.parcels[:half])
    return [Batch(part, batch.send) for part in parts] if half else []


def _refused(batch: Batch, error: RequestError) -> dict[EffectKey, Receipt]:
    if len(batch.parcels) > 1:
        return {}
    code = str(error.code)
    return _all(batch, Refused(refusal=code_of(code).refusal, code=code, words=error.detail))


def _untried(batch: Batch, error: ToolError, now: datetime) -> dict[EffectKey, Receipt]:
    retry_at = None
    if isinstance(error, QuotaError):
        retry_at = error.until
    elif isinstance(error, RateLimitError):
        retry_at = now + error.retry_after
    return _all(batch, Untried(detail=str(error), retry_at=retry_at))


def _all(batch: Batch, receipt: Receipt) -> dict[EffectKey, Receipt]:
    return {parcel.key: receipt for parcel in batch.parcels}
