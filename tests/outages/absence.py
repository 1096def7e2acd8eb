"""What is away, and in which way: vendors through the sandbox's faults, the database for real."""

import random
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text

from sandbox import faults
from sandbox.faults import Error, Status
from sandbox.faults.model import Fault, Reset
from tests.support.worlds import Town

FACES = {
    "marketo": ("marketo",),
    "salesforce": ("salesforce",),
    "slack": ("slack",),
    "enrichment": ("pdl", "apollo", "hunter"),
    "model": ("openai",),
    "database": (),
}
"""What can be away, and which of the sandbox's faces that is."""
LIMITS = {
    "marketo": "606",
    "salesforce": "REQUEST_LIMIT_EXCEEDED",
    "slack": "ratelimited",
    "openai": "rate_limit_exceeded",
}
"""What each says when it is asked too often."""
WAYS = ("503", "reset", "lost answers", "gateway timeouts", "limit")
"""In the last but one and the one before, what is asked is done, and nobody hears of it."""
DATABASE_WAYS = ("unreachable", "locked", "read-only", "full")
PATIENCE = 0.05
"""Seconds that a test waits for a lock; in production it is ten."""


class Absence(Protocol):
    """Something that can go away and come back."""

    def begin(self) -> None:
        """From now on it is away."""
        ...

    def end(self) -> None:
        """It is back."""
        ...


def ways(what: str) -> Sequence[str]:
    """In which ways something can be away."""
    return DATABASE_WAYS if what == "database" else WAYS


def absence(here: Town, what: str, way: str) -> Absence:
    """One outage of a town, which nobody notices before it begins."""
    if what != "database":
        return VendorAway(here, FACES[what], way)
    engine = here.app.ledger.engine
    return SqliteAway(engine, way) if engine.name == "sqlite" else PostgresAway(engine, way)


@dataclass
class VendorAway:
    """A vendor of the sandbox."""

    here: Town
    faces: Sequence[str]
    way: str
    _standing: list[str] = field(default_factory=list[str])

    def begin(self) -> None:
        """It answers nothing that is of use."""
        self._standing = [faults.add(self.here.world, self._fault(face)) for face in self.faces]

    def end(self) -> None:
        """It answers as always."""
        for one in self._standing:
            faults.remove(self.here.world, one)

    def _fault(self, face: str) -> Fault:
        match self.way:
            case "503":
                return Status(vendor=face, status=503)
            case "reset":
                return Reset(vendor=face)
            case "lost answers":
                return Reset(vendor=face, after=True)
            case "gateway timeouts":
                return Status(vendor=face, status=504, after=True)
            case _ if face in LIMITS:
                return Error(vendor=face, code=LIMITS[face], retry_after="30")
            case _:
                return Status(vendor=face, status=429, headers={"retry-after": "30"})


@dataclass
class SqliteAway:
    """The ledger's file."""

    engine: Engine
    way: str
    _stack: ExitStack = field(default_factory=ExitStack)

    def begin(self) -> None:
        """Whoever wants to write, or to read at all, can't."""
        path = Path(str(self.engine.url.database))
        match self.way:
            case "unreachable":
                path.rename(path.with_suffix(".away"))
                self._stack.callback(path.with_suffix(".away").rename, path)
            case "locked":
                self._prepare(f"busy_timeout={int(PATIENCE * 1000)}")
                other = create_engine(f"sqlite:///{path}").connect()
                other.connection.driver_connection.isolation_level = None  # type: ignore[union-attr]
                other.exec_driver_sql("BEGIN IMMEDIATE")
                self._stack.callback(other.engine.dispose)
                self._stack.callback(other.close)
            case "read-only":
                self._prepare("query_only=ON")
            case _:
                self._prepare("max_page_count=1")

    def end(self) -> None:
        """It is as before."""
        self._stack.close()

    def _prepare(self, pragma: str) -> None:
        def prepare(connection: Any, _: object) -> None:  # noqa: ANN401  (DB-API)
            connection.execute(f"PRAGMA {pragma}")

        event.listen(self.engine, "connect", prepare)
        self.engine.dispose()
        self._stack.callback(self.engine.dispose)
        self._stack.callback(event.remove, self.engine, "connect", prepare)


@dataclass
class PostgresAway:
    """The ledger's database on a real server."""

    engine: Engine
    way: str
    _stack: ExitStack = field(default_factory=ExitStack)

    def begin(self) -> None:
        """The server says no, in its own words."""
        name = str(self.engine.url.database)
        match self.way:
            case "unreachable":
                self._alter(f"ALTER DATABASE {name} ALLOW_CONNECTIONS ")("false", "true")
            case "read-only":
                said = f"ALTER DATABASE {name} SET default_transaction_read_only = "
                self._alter(said)("on", "off")
            case "locked":
                said = f"ALTER DATABASE {name} SET lock_timeout = "
                self._alter(said)(f"{int(PATIENCE * 1000)}", "0")
                holder = self._server(name)
                self._stack.callback(holder.engine.dispose)
                self._stack.callback(holder.close)
                holder.execute(text("BEGIN"))
                holder.execute(text("LOCK TABLE lease, effect, cycle, handoff, run"))
            case _:
                self._fill(name)

    def end(self) -> None:
        """It is as before."""
        self._stack.close()

    def _server(self, database: str = "postgres") -> Connection:
        url = make_url(self.engine.url).set(database=database)
        return create_engine(url, isolation_level="AUTOCOMMIT").connect()

    def _alter(self, said: str) -> Callable[[str, str], None]:
        """Change a setting of the database, and let nobody keep what was before."""
        ask = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name")

        def change(now: str, after: str) -> None:
            name = str(self.engine.url.database)
            for value, later in ((now, False), (after, True)):

                def do(value: str = value) -> None:
                    with self._server() as connection:
                        connection.execute(text(said + value))
                        connection.execute(ask, {"name": name})
                    connection.engine.dispose()

                if later:
                    self._stack.callback(do)
                else:
                    do()

        return change

    def _fill(self, name: str) -> None:
        """No table takes another row: what a full disk's server answers."""
        tables = ("lease", "effect", "cycle", "handoff", "run", "activity")
        raising = (
            "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$"
        )
        with self._server(name) as connection:
            connection.execute(text(raising))
            for one in tables:
                said = f"CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON {one}"
                connection.execute(text(f"{said} FOR EACH ROW EXECUTE FUNCTION full_disk()"))
        connection.engine.dispose()

        def empty() -> None:
            with self._server(name) as connection:
                connection.execute(text("DROP FUNCTION full_disk CASCADE"))
            connection.engine.dispose()

        self._stack.callback(empty)


def a_way(what: str, dice: random.Random) -> str:
    """One of the ways in which something can be away."""
    return dice.choice(ways(what))
