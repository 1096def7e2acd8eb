"""Salesforce's record ids in one form.

Salesforce ("What is the difference between 15 and 18 character record ids"): the short form tells
capitals apart; the long form adds three characters that check them, and reads the same in any case.
"""

from domain.values import RecordId

QUEUE_PREFIX = "00G"
SHORT, LONG, CHUNK = 15, 18, 5
_CHECKSUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def canonical(text: str) -> RecordId:
    """An id with 18 characters in its own capitals; what is no id stays as it is."""
    bare = text.strip()
    if len(bare) == SHORT and bare.isalnum() and bare.isascii():
        return RecordId(bare + _checksum(bare))
    if len(bare) == LONG and bare.isalnum() and bare.isascii() and bare == bare.lower():
        # Somebody's tool lost the capitals. Others are left alone: a wrong id is not repaired.
        return RecordId(_with_capitals(bare[:SHORT], bare[SHORT:].upper()) or bare)
    return RecordId(bare)


def is_queue(record_id: str) -> bool:
    """Whether an id is a queue's."""
    return record_id.startswith(QUEUE_PREFIX)


def _checksum(short: str) -> str:
    chunks = (short[start : start + CHUNK] for start in range(0, SHORT, CHUNK))
    sums = (sum(char.isupper() << place for place, char in enumerate(chunk)) for chunk in chunks)
    return "".join(_CHECKSUM[number] for number in sums)


def _with_capitals(short: str, checksum: str) -> str | None:
    """The id whose capitals are those that its checksum tells; None when there is none such."""
    if any(char not in _CHECKSUM for char in checksum):
        return None
    sums = [_CHECKSUM.index(char) for char in checksum]
    right = "".join(
        char.upper() if sums[place // CHUNK] >> place % CHUNK & 1 else char.lower()
        for place, char in enumerate(short)
    )
    return right + checksum if _checksum(right) == checksum else None
