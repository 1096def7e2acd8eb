"""What is remembered of conversations: one small state per thread, forgotten after a while.

The state lies in a database of its own beside a SQLite ledger, or in the ledger's PostgreSQL.
Only the newest state of a thread is kept: nothing here is history, that is the ledger's.
"""

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol, cast

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.sqlite import SqliteSaver
from sqlalchemy import Engine

SUFFIX = ".talks"
"""Added to the ledger's file name."""
CONNECTIONS = 4
"""To the server at once; a conversation needs one."""
PATIENCE_SECONDS = 10.0
"""How long a server that is away is waited for."""


class Memory(Protocol):
    """A store of conversations."""

    @property
    def saver(self) -> "BaseCheckpointSaver[str]":
        """What the graph writes to."""
        ...

    def trim(self, thread: str) -> None:
        """Forget all but the newest state of a thread."""
        ...

    def forget(self, threads: Iterable[str]) -> None:
        """Forget threads whole."""
        ...

    def close(self) -> None:
        """Close what is kept open."""
        ...


def open_memory(engine: Engine) -> Memory:
    """The memory that belongs to a ledger's database."""
    if engine.dialect.name == "sqlite":
        name = engine.url.database
        if name is None or name == ":memory:":
            return FileMemory(":memory:")
        return FileMemory(str(Path(name).with_name(Path(name).name + SUFFIX)))
    return ServerMemory(engine.url.set(drivername="postgresql").render_as_string(False))


class FileMemory:
    """Conversations in a SQLite file."""

    def __init__(self, path: str) -> None:
        # LangGraph's saver holds a lock of its own around the one connection.
        self._connection = sqlite3.connect(path, check_same_thread=False)
        self._saver = SqliteSaver(self._connection)
        self._saver.setup()

    @property
    def saver(self) -> "BaseCheckpointSaver[str]":
        """What the graph writes to."""
        return self._saver

    def trim(self, thread: str) -> None:
        """Forget all but the newest state of a thread."""
        newest = "(SELECT max(checkpoint_id) FROM checkpoints WHERE thread_id = ?)"
        with self._saver.cursor() as cursor:
            for table in ("writes", "checkpoints"):
                cursor.execute(
                    f"DELETE FROM {table} WHERE thread_id = ? AND checkpoint_id < {newest}",  # noqa: S608  (names of our own)
                    (thread, thread),
                )

    def forget(self, threads: Iterable[str]) -> None:
        """Forget threads whole."""
        for thread in threads:
            self._saver.delete_thread(thread)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


class ServerMemory:
    """Conversations in PostgreSQL: a connection that the server ended is replaced before use."""

    def __init__(self, url: str) -> None:
        from langgraph.checkpoint.postgres import PostgresSaver  # noqa: PLC0415  (an extra)
        from psycopg.rows import dict_row  # noqa: PLC0415  (an extra)
        from psycopg_pool import ConnectionPool  # noqa: PLC0415  (an extra)

        # As the saver's own way to connect has it.
        options: dict[str, Any] = {
            "autocommit": True,
            "prepare_threshold": 0,
            "row_factory": dict_row,
        }
        self._pool = ConnectionPool[Any](
            url,
            kwargs=options,
            min_size=1,
            max_size=CONNECTIONS,
            check=ConnectionPool.check_connection,
            timeout=PATIENCE_SECONDS,
            open=True,
        )
        self._saver = PostgresSaver(self._pool)
        try:
            self._saver.setup()
        except BaseException:
            self._pool.close()  # its threads would go on trying
            raise

    @property
    def saver(self) -> "BaseCheckpointSaver[str]":
        """What the graph writes to."""
        return cast("BaseCheckpointSaver[str]", self._saver)

    def trim(self, thread: str) -> None:
        """Forget all but the newest state of a thread."""
        newest = "(SELECT max(checkpoint_id) FROM checkpoints WHERE thread_id = %s)"
        unused = (
            "DELETE FROM checkpoint_blobs b WHERE thread_id = %s AND NOT EXISTS (SELECT 1 FROM "
            "checkpoints c WHERE c.thread_id = b.thread_id AND "
            "c.checkpoint -> 'channel_versions' ->> b.channel = b.version)"
        )
        with self._pool.connection() as connection, connection.cursor() as cursor:
            for table in ("checkpoint_writes", "checkpoints"):
                cursor.execute(
                    f"DELETE FROM {table} WHERE thread_id = %s AND checkpoint_id < {newest}",  # noqa: S608  (names of our own)
                    (thread, thread),
                )
            cursor.execute(unused, (thread,))

    def forget(self, threads: Iterable[str]) -> None:
        """Forget threads whole."""
        for thread in threads:
            self._saver.delete_thread(thread)

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()


class NoMemory:
    """Conversations in this process only: for one question, and for tests."""

    def __init__(self) -> None:
        self._saver = InMemorySaver()

    @property
    def saver(self) -> "BaseCheckpointSaver[str]":
        """What the graph writes to."""
        return self._saver

    def trim(self, thread: str) -> None:
        """Nothing is kept for long."""

    def forget(self, threads: Iterable[str]) -> None:
        """Forget threads whole."""
        for thread in threads:
            self._saver.delete_thread(thread)

    def close(self) -> None:
        """Nothing is open."""
