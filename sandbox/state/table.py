"""Tables of rows: looked into by a field's value, undone, brought back to a moment, packed.

A table is a dict. Since its rows are plain dicts, which anybody who holds one may change, a row is
kept as it was the first time that it is handed out after `mark`: a moment costs nothing to take,
and going back to it costs as much as was looked at since. Rows that nobody has asked for since
`pack` take a fifth of the memory.
"""

import pickle
from _collections_abc import dict_items, dict_values
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Self, TypeVar, cast, overload

from sandbox.http.message import Json

Row = dict[str, Json]
"""One record of one vendor, as JSON."""

_Default = TypeVar("_Default")
_ABSENT = b""
"""Kept for a key that the table didn't have."""


@dataclass(slots=True)
class Mark:
    """A moment of one table."""

    kept: dict[str, bytes] = field(default_factory=dict[str, bytes])
    """By key, what was there at that moment, of all that was handed out or changed since."""
    order: list[str] | None = None
    """The keys in order, from just before the first one was taken out."""
    is_whole: bool = False
    """Whether every row of that moment is kept."""


class Table(dict[str, Row]):
    """Rows by id, in order of creation."""

    def __init__(self, rows: Mapping[str, Row] | None = None) -> None:
        super().__init__(rows or {})
        self.log: Undo | None = None
        """What is done to the table is added here while somebody wants to be able to undo it."""
        self._mark: Mark | None = None
        self._shapes: dict[tuple[str, ...], int] = {}
        """The fields of rows that were packed, in the order of their numbers."""
        self._fields: list[tuple[str, ...]] = []
        self._is_packed = False
        """Whether there may be packed rows."""
        self._indexes: dict[str, dict[Json, dict[str, None]]] = {}

    def __reduce__(self) -> tuple[type[Self], tuple[dict[str, Row]]]:
        """Pickle the rows alone."""
        return type(self), (dict(self),)

    def mark(self) -> Mark:
        """Remember this moment; the one that was remembered before is no longer added to."""
        self._mark = Mark()
        return self._mark

    def go_back(self, mark: Mark) -> None:
        """Bring back the rows as they were at a moment: the last one that was remembered.

        To go further back, go back to each later one first. Nothing is remembered any more.
        """
        self._mark = None
        for key, kept in mark.kept.items():
            if kept == _ABSENT:
                self.pop(key, None)
            else:
                self[key] = self._unpacked(kept)
        if mark.order is not None:
            rows = dict(super().items())
            super().clear()
            super().update((key, rows[key]) for key in mark.order if key in rows)

    def pack(self) -> None:
        """Let rows take little memory until somebody asks for them again."""
        self._is_packed = True
        for key, row in super().items():
            if not isinstance(row, bytes):
                super().__setitem__(key, cast("Row", self._packed(row)))

    def holding(self, name: str, values: Iterable[Json]) -> list[Row]:
        """The rows whose field `name` holds one of these values, in order of their ids.

        Texts are looked for without regard to capitals: more rows may come than one wants. An
        index answers, which is made at the first such question. Ask only tables whose rows are
        replaced when they change: that a row is altered in place is not noticed.
        """
        index = self._indexes.get(name)
        if index is None:
            index = self._indexes[name] = {}
            for key, row in self.items():
                index.setdefault(_folded(row.get(name)), {})[key] = None
        found = {key for value in values for key in index.get(_folded(value), ())}
        return [self[key] for key in sorted(found)]

    def __getitem__(self, key: str) -> Row:
        """The row of a key. Raises KeyError."""
        if self._mark is not None:
            self._keep(self._mark, key)
        row = super().__getitem__(key)
        return self._opened(key, row) if isinstance(row, bytes) else row

    def __iter__(self) -> Iterator[str]:
        """The ids; that it is defined here lets a copy be made of rows that are not packed."""
        return super().__iter__()

    @overload
    def get(self, key: str, default: None = None, /) -> Row | None: ...
    @overload
    def get(self, key: str, default: Row, /) -> Row: ...
    @overload
    def get(self, key: str, default: _Default, /) -> Row | _Default: ...
    def get(self, key: str, default: Any = None, /) -> Any:
        """The row of a key, or the default."""
        if self._mark is not None:
            self._keep(self._mark, key)
        row = super().get(key, default)
        return self._opened(key, row) if isinstance(row, bytes) else row

    def values(self) -> "dict_values[str, Row]":
        """All rows."""
        self._open_all()
        return super().values()

    def items(self) -> "dict_items[str, Row]":
        """All rows with their keys."""
        self._open_all()
        return super().items()

    def setdefault(self, key: str, default: Row | None = None, /) -> Row:
        """The row of a key, which is put there when it is missing."""
        if key not in self:
            self[key] = {} if default is None else default
        return self[key]

    def __setitem__(self, key: str, row: Row) -> None:
        """Put a row in place, whether it is new or not."""
        self._note(key, row)
        super().__setitem__(key, row)

    def update(self, *rows: Json, **more: Row) -> None:
        """Put many rows in place."""
        for key, row in dict(*rows, **more).items():
            self[key] = row

    def __delitem__(self, key: str) -> None:
        """Take a row out. Raises KeyError."""
        if key in self:
            self._note(key, None)
        super().__delitem__(key)

    def pop(self, key: str, *default: Json) -> Json:
        """Take a row out and give it."""
        if key not in self:
            return super().pop(key, *default)
        self._note(key, None)
        row = super().pop(key)
        return self._unpacked(row) if isinstance(row, bytes) else row

    def popitem(self) -> tuple[str, Row]:
        """Take the newest row out."""
        if not self:
            raise KeyError("the table is empty")
        key = next(reversed(self))
        return key, self.pop(key)

    def copy(self) -> dict[str, Row]:
        """The same rows in a dict of their own."""
        return dict(self)

    def clear(self) -> None:
        """Take all rows out."""
        for key in list(self):
            del self[key]

    def _note(self, key: str, after: Row | None) -> None:
        """Keep, log and index what is about to be put under a key, or taken out."""
        mark = self._mark
        if mark is not None:
            if after is None and mark.order is None:
                mark.order = list(self)
            self._keep(mark, key)
        if self.log is None and not self._indexes:
            return
        before = self.get(key)
        if self.log is not None:
            self.log.append((self, key, before))
        for name, index in self._indexes.items():
            was = _ABSENT if before is None else _folded(before.get(name))
            now = _ABSENT if after is None else _folded(after.get(name))
            if was != now and before is not None:
                index.get(was, {}).pop(key, None)
            if was != now and after is not None:
                index.setdefault(now, {})[key] = None

    def _keep(self, mark: Mark, key: str) -> None:
        if key not in mark.kept:
            row = super().get(key)
            mark.kept[key] = _ABSENT if row is None else self._packed(row)

    def _open_all(self) -> None:
        mark = self._mark
        if mark is not None and not mark.is_whole:
            mark.is_whole = True
            for key in self:
                self._keep(mark, key)
        if self._is_packed:
            self._is_packed = False
            for key, row in super().items():
                if isinstance(row, bytes):
                    self._opened(key, row)

    def _opened(self, key: str, packed: bytes) -> Row:
        row = self._unpacked(packed)
        super().__setitem__(key, row)
        return row

    def _packed(self, row: Row | bytes) -> bytes:
        """A row as its values and the number of its fields' names, which many rows share."""
        if isinstance(row, bytes):
            return row
        names = tuple(row)
        shape = self._shapes.get(names)
        if shape is None:
            shape = self._shapes[names] = len(self._fields)
            self._fields.append(names)
        return pickle.dumps((shape, [*row.values()]), pickle.HIGHEST_PROTOCOL)

    def _unpacked(self, packed: bytes) -> Row:
        shape: int
        values: list[Json]
        shape, values = pickle.loads(packed)  # noqa: S301  (made by this table)
        return dict(zip(self._fields[shape], values, strict=True))


Undo = list[tuple[Table, str, Row | None]]
"""What was done: the table, the key, and the row before; None where there was none."""


def _folded(value: Json) -> Json:
    return value.lower() if isinstance(value, str) else value
