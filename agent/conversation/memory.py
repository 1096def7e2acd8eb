"""What is remembered of conversations: one small state per thread, forgotten after a while.

The state lies in a database of its own beside a SQLite ledger, or in the ledger's PostgreSQL.
Only the newest state of a thread is kept: nothing here is history, that is the ledger's.
"""

import sqlite3
from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol, cast

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.sqlite import SqliteSaver
from sqlalchemy import Engine

SUFFIX = ".talks"
"""Added to the ledger's file name."""


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
    """Conversations in PostgreSQL."""

    def __init__(self, url: str) -> None:
        from langgraph.checkpoint.postgres import PostgresSaver  # noqa: PLC0415  (an extra)

        self._opened = cast(AbstractContextManager[Any], PostgresSaver.from_conn_string(url))
        self._saver = self._opened.__enter__()
        self._saver.setup()

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
        with self._saver.conn.cursor() as cursor:
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
        """Close the connection."""
        self._opened.__exit__(None, None, None)


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
