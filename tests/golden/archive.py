"""A ledger as lines of JSON: every row of every table, as the database itself describes them.

Nothing here knows today's models, so that a file of an older revision can be loaded into tables
of that revision and then be migrated. The first line says what the file is of; then each table
begins with its columns, and each row is a list in their order. What a JSON column holds keeps
the order of its keys.
"""

import json
import lzma
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, Connection, DateTime, Engine, MetaData, Table

FORMAT = "routeready ledger, 1"
NOT_OURS = "alembic_version"

Row = Mapping[str, Any]
"""One row as JSON has it: instants are text in UTC."""


@dataclass(frozen=True)
class Archive:
    """A whole ledger, and what it is of."""

    revision: str
    """Alembic's revision of the tables."""
    version: str
    """Version of the code that made it."""
    made: str
    """What was lived through."""
    tables: Mapping[str, Sequence[Row]]


def take(engine: Engine, revision: str, version: str, made: str) -> Archive:
    """Every row of a database, each table's in the order of its key."""
    with engine.connect().execution_options(reads=True) as connection:
        tables = {
            one.name: [
                {name: _plain(value) for name, value in row.items()}
                for row in connection.execute(one.select().order_by(*one.primary_key)).mappings()
            ]
            for one in _tables(connection)
        }
    return Archive(revision, version, made, tables)


def put(connection: Connection, archive: Archive) -> None:
    """Insert every row into empty tables of the archive's revision."""
    known = {one.name: one for one in _tables(connection)}
    for name, rows in archive.tables.items():
        if rows:
            table = known[name]
            connection.execute(table.insert(), [_bound(row, table) for row in rows])


def write(archive: Archive, path: Path) -> None:
    """Write a file; the same ledger gives the same bytes."""
    text = "".join(f"{line}\n" for line in _lines(archive))
    path.write_bytes(lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME))


def read(path: Path) -> Archive:
    """Read a file that `write` made."""
    lines = lzma.decompress(path.read_bytes()).decode().splitlines()
    head = json.loads(lines[0])
    assert FORMAT == head["format"]
    tables: dict[str, list[Row]] = {}
    columns: list[str] = []
    rows: list[Row] = []
    for line in lines[1:]:
        if line.startswith("{"):
            table = json.loads(line)
            columns = table["columns"]
            rows = tables[table["table"]] = []
        else:
            rows.append(dict(zip(columns, json.loads(line), strict=True)))
    return Archive(head["revision"], head["version"], head["made"], tables)


def _lines(archive: Archive) -> Iterator[str]:
    head = {"format": FORMAT, "revision": archive.revision, "version": archive.version}
    yield _json({**head, "made": archive.made})
    for name, rows in archive.tables.items():
        columns = list(rows[0]) if rows else []
        yield _json({"table": name, "rows": len(rows), "columns": columns})
        yield from (_json(list(row.values())) for row in rows)


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _tables(connection: Connection) -> Iterable[Table]:
    """The tables that are there, by name."""
    found = MetaData()
    found.reflect(connection)
    for table in found.tables.values():
        for column in table.columns:
            if isinstance(column.type, JSON):
                column.type.none_as_null = True  # nothing yet is no value, not a value "null"
    return [found.tables[name] for name in sorted(found.tables) if name != NOT_OURS]


def _plain(value: object) -> object:
    """A value of a column as JSON has it; SQLite's instants are in UTC and don't say so."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=value.tzinfo or UTC).astimezone(UTC).isoformat()
    return value


def _bound(row: Row, table: Table) -> dict[str, Any]:
    instants = {one.name for one in table.columns if isinstance(one.type, DateTime)}
    return {
        name: datetime.fromisoformat(value) if name in instants and value is not None else value
        for name, value in row.items()
    }
