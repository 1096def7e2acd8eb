"""The journal of a world: one line for everything that happened, chained by hashes.

A line is text from the moment it is written, so that nothing that happens later can change it,
and readers are given copies. The hash of a line covers the hash of the line before it: two
worlds with the same last hash have lived the same life.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import overload

from sandbox.http.message import Json

_HASH_BYTES = hashlib.sha256().digest_size
_START = bytes(_HASH_BYTES)
_write = json.JSONEncoder(separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the journal: a request, an effect on a record, or a delivery."""

    seq: int
    at: str
    kind: str
    """`request`, `effect`, `delivery`, or `fault` for one that struck."""
    vendor: str
    name: str
    """The method and path, or the effect's own word such as `Lead.OwnerId`."""
    data: dict[str, Json]


_COLUMNS = ("at", "kind", "vendor", "name", "data")
_DATA = len(_COLUMNS) - 1


class Journal(Sequence[Entry]):
    """Everything that happened, oldest first; only ever appended to, but for `del journal[n:]`.

    That takes back what a rolled-back transaction or a restored world never did.
    """

    def __init__(self) -> None:
        self._lines: list[bytes] = []
        """Each with its columns behind tabs; JSON writes a tab as \\t."""
        self._at: tuple[datetime | None, str] = (None, "")
        """The instant of the last line, which many lines share, and how it is written."""
        self._chain = bytearray()
        """The hash after each line, one behind the other."""

    def append(
        self, at: datetime, kind: str, vendor: str, name: str, data: Mapping[str, Json]
    ) -> None:
        """Write one line. Raises TypeError when `data` is not JSON."""
        if at is not self._at[0]:
            self._at = at, at.isoformat()
        name = name.replace("\t", "%09")
        line = f"{self._at[1]}\t{kind}\t{vendor}\t{name}\t{_write(data)}".encode()
        before = self._chain[-_HASH_BYTES:] or _START
        self._chain += hashlib.sha256(before + line).digest()
        self._lines.append(line)

    def digest(self, length: int | None = None) -> str:
        """The hash, in hex, of the first `length` lines; of all when it is not given."""
        end = _HASH_BYTES * (len(self) if length is None else length)
        return bytes(self._chain[max(0, end - _HASH_BYTES) : end] or _START).hex()

    def select(
        self, *, after: int = -1, since: str = "", until: str = "", text: str = "", **equals: str
    ) -> Iterator[Entry]:
        """The lines behind place `after` whose `kind`, `vendor` or `name` are as given.

        `since` and `until` are instants as `Entry.at` has them, the second one left out; `text`
        is what the line must contain.
        """
        wanted = [(_COLUMNS.index(name), value.encode()) for name, value in equals.items()]
        begins, ends, part = since.encode(), until.encode(), _write(text)[1:-1].encode()
        for seq in range(after + 1, len(self._lines)):
            line = self._lines[seq]
            columns = line.split(b"\t", _DATA)
            if columns[0] < begins or (ends and columns[0] >= ends) or part not in line:
                continue
            if all(columns[column] == value for column, value in wanted):
                yield _entry(seq, line)

    def __len__(self) -> int:
        return len(self._lines)

    def __iter__(self) -> Iterator[Entry]:
        return map(_entry, range(len(self._lines)), self._lines)

    @overload
    def __getitem__(self, place: int) -> Entry: ...
    @overload
    def __getitem__(self, place: slice) -> list[Entry]: ...
    def __getitem__(self, place: int | slice) -> Entry | list[Entry]:
        seqs = range(len(self._lines))[place]
        if isinstance(seqs, int):
            return _entry(seqs, self._lines[seqs])
        return [_entry(seq, self._lines[seq]) for seq in seqs]

    def __delitem__(self, tail: slice) -> None:
        start, stop, step = tail.indices(len(self._lines))
        if stop != len(self._lines) or step != 1:
            raise ValueError("only the end of a journal can be taken back")
        del self._lines[start:]
        del self._chain[start * _HASH_BYTES :]


def _entry(seq: int, line: bytes) -> Entry:
    at, kind, vendor, name, data = line.decode().split("\t", _DATA)
    return Entry(seq, at, kind, vendor, name, json.loads(data))
