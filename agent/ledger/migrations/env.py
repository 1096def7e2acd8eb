"""Alembic's entry: run the migrations on the engine that `agent.ledger.engine` hands over."""

from typing import Literal, cast

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Engine
from sqlmodel.sql.sqltypes import AutoString

from agent.ledger.tables.columns import UtcDateTime
from agent.ledger.tables.schema import METADATA


def render(kind: str, item: object, autogen: AutogenContext) -> str | Literal[False]:
    """Write our column types as a migration should name them."""
    if kind == "type" and isinstance(item, UtcDateTime):
        autogen.imports.add("from agent.ledger.tables.columns import UtcDateTime")
        return "UtcDateTime()"
    if kind == "type" and isinstance(item, AutoString):
        return "sa.String()"
    return False


engine = cast("Engine", context.config.attributes["engine"])

with engine.begin() as connection:
    context.configure(connection=connection, target_metadata=METADATA, render_item=render)
    with context.begin_transaction():
        context.run_migrations()
