"""Opening the ledger's database: SQLite by default, PostgreSQL with the same code."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import OperationalError

from domain.errors import LedgerError

BUSY_SECONDS = 10
MIGRATIONS = Path(__file__).parent / "migrations"
_MIGRATING = Lock()
"""Alembic keeps the migration that runs in globals of its module: one at a time in a process."""


def open_engine(url: str) -> Engine:
    """An engine for a database URL such as `sqlite:///var/routeready.sqlite3`."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(parsed, pool_pre_ping=True)
    if parsed.database and parsed.database != ":memory:":
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(parsed, connect_args={"timeout": BUSY_SECONDS})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _: object) -> None:  # noqa: ANN401  (DB-API)
    # The driver's own transaction handling is off: it would begin too late for IMMEDIATE.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes its lock at once, so that two processes wait instead of failing midway.
    reads = connection.get_execution_options().get("reads", False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


@contextmanager
def reading(engine: Engine) -> Generator[Connection]:
    """A connection that only reads, and so never waits for a writer."""
    with engine.connect().execution_options(reads=True) as connection:
        yield connection


def alembic_config(engine: Engine) -> Config:
    """Alembic pointed at our migrations and this engine."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["engine"] = engine
    return config


def migrate(engine: Engine) -> None:
    """Bring the database to this version's tables; harmless to repeat."""
    with _MIGRATING:
        command.upgrade(alembic_config(engine), "head")


def check(engine: Engine) -> None:
    """Raise LedgerError unless the database has exactly this version's tables."""
    head = ScriptDirectory.from_config(alembic_config(engine)).get_current_head()
    try:
        with reading(engine) as connection:
            found = MigrationContext.configure(connection).get_current_revision()
    except OperationalError as error:
        raise LedgerError(
            f"Can't open the database: {error.orig}. Check ROUTEREADY_DATABASE."
        ) from error
    if found != head:
        raise LedgerError(
            f"The database is at revision {found or 'none'}, and this version of routeready needs "
            f"{head}. Run: routeready migrate"
        )
