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
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from domain.errors import LedgerError, LedgerGoneError
from domain.health import Fault

BUSY_SECONDS = 10
MIGRATIONS = Path(__file__).parent / "migrations"
_FAULTS = (
    ("SQLITE_FULL", Fault.FULL),
    ("SQLITE_IOERR_SHMSIZE", Fault.FULL),
    ("SQLITE_IOERR_WRITE", Fault.FULL),
    ("SQLITE_READONLY_DBMOVED", Fault.GONE),
    ("SQLITE_READONLY", Fault.READ_ONLY),
    ("SQLITE_CANTOPEN", Fault.UNREACHABLE),
    ("SQLITE_IOERR", Fault.UNREACHABLE),
    ("SQLITE_BUSY", Fault.BUSY),
    ("SQLITE_LOCKED", Fault.BUSY),
    ("53100", Fault.FULL),
    ("25006", Fault.READ_ONLY),
    ("55P03", Fault.BUSY),
    ("57P", Fault.UNREACHABLE),
    ("08", Fault.UNREACHABLE),
)
"""Codes of SQLite and of PostgreSQL (https://www.postgresql.org/docs/current/errcodes-appendix.html)."""
_MIGRATING = Lock()
"""Alembic keeps the migration that runs in globals of its module: one at a time in a process."""


def open_engine(url: str) -> Engine:
    """An engine for a database URL such as `sqlite:///var/routeready.sqlite3`."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(parsed, pool_pre_ping=True, hide_parameters=True)
    if parsed.database and parsed.database != ":memory:":
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(parsed, connect_args={"timeout": BUSY_SECONDS}, hide_parameters=True)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    if parsed.database and parsed.database != ":memory:":
        _watch_file(engine, Path(parsed.database))
    return engine


def _watch_file(engine: Engine, path: Path) -> None:
    """Notice that the file is gone or another one: SQLite would go on in what nobody can open.

    Raises LedgerGoneError at the next transaction, and until the process is started again.
    """
    known: list[tuple[int, int] | None] = []

    def same(_: Connection) -> None:
        try:
            stat = path.stat()
            found = stat.st_dev, stat.st_ino
        except OSError:
            found = None
        known[:] = known or [found]
        if known != [found]:
            raise LedgerGoneError(
                f"The ledger's file {path} was deleted or replaced while the worker was running. "
                "Stop the worker, put the file back, and start it again."
            )

    event.listen(engine, "begin", same, insert=True)


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


def fault_of(error: BaseException) -> Fault | None:
    """What an error says is wrong with the database; None when it is not the database's fault."""
    if isinstance(error, LedgerGoneError):
        return Fault.GONE
    if not isinstance(error, DBAPIError):
        return None
    original: Any = error.orig
    code = str(getattr(original, "sqlite_errorname", None) or getattr(original, "sqlstate", None))
    for start, fault in _FAULTS:
        if code.startswith(start):
            return fault
    return Fault.UNREACHABLE if error.connection_invalidated or _is_lost(error, code) else None


def _is_lost(error: DBAPIError, code: str) -> bool:
    """Whether the server could not be reached, in which case it gives no code."""
    return isinstance(error, OperationalError | InterfaceError) and code == "None"


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


def check_is_there(url: str) -> None:
    """Raise LedgerError for a SQLite file that isn't there: to connect would create it."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or parsed.database in (None, "", ":memory:"):
        return
    if not Path(parsed.database or "").is_file():
        raise LedgerError(
            f"There is no database at {parsed.database}. Check ROUTEREADY_DATABASE, or run: "
            "routeready migrate"
        )
