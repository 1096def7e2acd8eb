"""The tables of records: looked into by a field's value without a scan, and undone."""

from collections.abc import Iterable, Mapping
from typing import Self

from sandbox.wire import Json
from sandbox.world import Row, World

Undo = list[tuple["Table", str, Row | None]]
"""What a transaction did: table, id, and the row before; None where there was none."""


class Table(dict[str, Row]):
    """Rows by id, with an index of each field that was once looked for.

    A row is replaced when it changes, never altered; each replacement passes here, whoever makes
    it. Indexes are made when they are first needed and are no part of a snapshot.
    """

    def __init__(self, rows: Mapping[str, Row] | None = None) -> None:
        super().__init__(rows or {})
        self._indexes: dict[str, dict[Json, dict[str, None]]] = {}
        self.log: Undo | None = None

    def __reduce__(self) -> tuple[type[Self], tuple[dict[str, Row]]]:
        """Pickle the rows alone."""
        return type(self), (dict(self),)

    def holding(self, field: str, values: Iterable[Json]) -> list[Row]:
        """The rows that hold one of these values, in order of their ids.

        Texts are looked for without regard to capitals: more rows may come than one wants.
        """
        index = self._indexes.get(field)
        if index is None:
            index = self._indexes[field] = {}
            for key, row in self.items():
                index.setdefault(_folded(row.get(field)), {})[key] = None
        found = {key for value in values for key in index.get(_folded(value), ())}
        return [self[key] for key in sorted(found)]

    def __setitem__(self, key: str, row: Row) -> None:
        """Put a row in place, whether it is new or not."""
        self._note(key, row)
        super().__setitem__(key, row)

    def __delitem__(self, key: str) -> None:
        """Take a row out. Raises KeyError."""
        self._note(key, None)
        super().__delitem__(key)

    def update(self, rows: Mapping[str, Row] | Iterable[tuple[str, Row]]) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Put several rows in place."""
        for key, row in dict(rows).items():
            self[key] = row

    def setdefault(self, key: str, default: Row | None = None) -> Row:  # pyright: ignore[reportIncompatibleMethodOverride]
        """The row of a key, put there if need be."""
        if key not in self:
            self[key] = default or {}
        return self[key]

    def pop(self, key: str, *default: Row | None) -> Row | None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Take a row out and give it."""
        if key in self:
            self._note(key, None)
        return super().pop(key, *default)

    def clear(self) -> None:
        """Take every row out."""
        for key in list(self):
            del self[key]

    def _note(self, key: str, after: Row | None) -> None:
        before = self.get(key)
        if self.log is not None:
            self.log.append((self, key, before))
        for field, index in self._indexes.items():
            was = None if before is None else _folded(before.get(field))
            now = None if after is None else _folded(after.get(field))
            if before is not None and (after is None or was != now):
                index.get(was, {}).pop(key, None)
            if after is not None:
                index.setdefault(now, {})[key] = None


def table_of(world: World, name: str) -> Table:
    """A table of records; one that others began becomes one of ours."""
    rows = world.table(name)
    if isinstance(rows, Table):
        return rows
    made = world.state.records[name] = Table(rows)
    return made


def _folded(value: Json) -> Json:
    return value.lower() if isinstance(value, str) else value
