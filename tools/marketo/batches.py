"""Sending many records in few calls, with one receipt for each of them whatever happens."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from json import dumps
from typing import NamedTuple

from domain.effects import Receipt, Unknown, Untried
from domain.errors import QuotaError, RateLimitError, RequestError, ToolError, UnknownOutcomeError
from domain.values import EffectKey
from tools.marketo.envelope import Row

_MOST_BYTES = 900_000
"""Marketo takes bodies of 1 MB (Adobe: Error Codes, 413)."""

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

    All records are formed before the first is sent. A batch that Marketo does not understand
    leaves the others their chance; any other failure leaves the rest untried.

    Raises:
        ToolError: certainly nothing was written.
    """
    receipts: dict[EffectKey, Receipt] = {}
    error: ToolError | None = None
    was_written = False
    for batch in list(waiting):
        if error is not None and not isinstance(error, RequestError):
            receipts |= _untried(batch, error, now)
            continue
        try:
            receipts |= _sent(batch)
            was_written = True
        except ToolError as failed:
            error = failed
            receipts |= _untried(batch, error, now)
    if error is not None and not was_written:
        raise error
    return receipts


def _sent(batch: Batch) -> dict[EffectKey, Receipt]:
    try:
        receipts = batch.send([parcel.row for parcel in batch.parcels])
    except UnknownOutcomeError as error:
        return _all(batch, Unknown(detail=str(error)))
    return {parcel.key: receipt for parcel, receipt in zip(batch.parcels, receipts, strict=True)}


def _untried(batch: Batch, error: ToolError, now: datetime) -> dict[EffectKey, Receipt]:
    retry_at = None
    if isinstance(error, QuotaError):
        retry_at = error.until
    elif isinstance(error, RateLimitError):
        retry_at = now + error.retry_after
    return _all(batch, Untried(detail=str(error), retry_at=retry_at))


def _all(batch: Batch, receipt: Receipt) -> dict[EffectKey, Receipt]:
    return {parcel.key: receipt for parcel in batch.parcels}
