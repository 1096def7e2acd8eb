"""Writing rows: many at once, and harmless to repeat."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from sqlalchemy import JSON, ColumnElement, Connection, Engine, Table, type_coerce
from sqlalchemy import cast as cast_as
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel

Values = Mapping[str, Any]


def table(model: type[SQLModel]) -> Table:
    """The SQLAlchemy table of a model."""
    return cast(Table, getattr(model, "__table__"))  # noqa: B009  (SQLModel types it away)


def as_json(bind: Connection | Engine, column: ColumnElement[str]) -> ColumnElement[Any]:
    """A column of JSON texts as one whose parts can be selected: `["a", "b"].as_string()`."""
    return cast_as(column, JSON) if bind.dialect.name == "postgresql" else type_coerce(column, JSON)


def insert_new(connection: Connection, model: type[SQLModel], rows: Sequence[Values]) -> None:
    """Insert rows; those whose key exists already are left as they are."""
    if rows:
        connection.execute(_insert(connection, model).on_conflict_do_nothing(), rows)


def upsert(connection: Connection, model: type[SQLModel], key: str, rows: Sequence[Values]) -> None:
    """Insert rows, or replace what stands under the same key."""
    if not rows:
        return
    statement = _insert(connection, model)
    changed = {name: statement.excluded[name] for name in rows[0] if name != key}
    connection.execute(statement.on_conflict_do_update(index_elements=[key], set_=changed), rows)


def _insert(connection: Connection, model: type[SQLModel]) -> sqlite.Insert | postgresql.Insert:
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table(model))
    return postgresql.insert(table(model))
