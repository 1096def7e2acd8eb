"""The world behind the vendors' faces: records, one clock, one future, one journal.

All state is plain JSON in tables, so that any page, test or control call can look at everything,
and the world can go back to any moment that was remembered. Nothing happens by itself: time moves
as `sandbox.state.clock` says, and what was scheduled then happens in order, each event at its own
instant.
"""

import heapq
import itertools
import pickle
import random
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.http.message import Json
from sandbox.state.clock import Clock
from sandbox.state.journal import Entry, Journal
from sandbox.state.table import Mark, Row, Table

__all__ = ["Entry", "Row", "World"]

EventHandler = Callable[[Json], None]
Event = tuple[datetime, int, str, Json]
"""When, its place among those of the same instant, what, and with what."""


@dataclass(slots=True)
class State:
    """Everything that a snapshot keeps."""

    now: datetime
    rng: random.Random
    serial: int = 0
    records: dict[str, Table] = field(default_factory=dict[str, Table])
    future: list[Event] = field(default_factory=list[Event])
    journal: Journal = field(default_factory=Journal)


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """A moment of a world."""

    now: datetime
    rng: tuple[Any, ...]
    serial: int
    future: list[Event]
    journal: int
    tables: dict[str, Mark]


class World:
    """One seeded world. Vendors' faces read and change it under `lock`, one request at a time."""

    def __init__(self, *, seed: int = 1, now: datetime | None = None) -> None:
        start = now or datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
        self.seed = seed
        self.state = State(now=start, rng=random.Random(seed))
        self.lock = threading.RLock()
        self.clock = Clock()
        """How time passes; no part of a snapshot."""
        self._handlers: dict[str, EventHandler] = {}
        self._snapshots: dict[int, _Snapshot] = {}
        self._taken = itertools.count(1)

    @property
    def now(self) -> datetime:
        """This world's present, aware UTC."""
        return self.state.now

    @property
    def rng(self) -> random.Random:
        """The world's only source of chance."""
        return self.state.rng

    @contextmanager
    def dice(self, whose: str) -> Generator[random.Random]:
        """Let chance be drawn from the seed, a name and the present, whatever was drawn before."""
        state = self.state.rng.getstate()
        self.state.rng.seed(f"{self.seed}/{whose}/{self.state.now.isoformat()}")
        try:
            yield self.state.rng
        finally:
            self.state.rng.setstate(state)

    @property
    def journal(self) -> Journal:
        """Everything that happened, oldest first; only ever appended to."""
        return self.state.journal

    def table(self, name: str) -> Table:
        """The rows of one table such as `salesforce.Lead`, by id, in order of creation."""
        table = self.state.records.get(name)
        if table is None:
            table = self.state.records[name] = Table()
        return table

    def next_serial(self) -> int:
        """A number never given before in this world; ids are made from it."""
        self.state.serial += 1
        return self.state.serial

    def record(self, kind: str, vendor: str, name: str, **data: Json) -> None:
        """Append one line to the journal, at this world's present."""
        self.state.journal.append(self.state.now, kind, vendor, name, data)

    def on(self, event: str, handler: EventHandler) -> None:
        """Say who carries out a kind of scheduled event."""
        self._handlers[event] = handler

    def schedule(self, at: datetime, event: str, payload: Json = None) -> None:
        """Let `event` happen at `at`; events of one instant keep their order."""
        heapq.heappush(self.state.future, (at, self.next_serial(), event, payload))

    def advance(self, by: timedelta) -> None:
        """Move time on; every event that falls due happens at its own instant."""
        self.advance_to(self.state.now + by)

    def advance_to(self, instant: datetime) -> None:
        """Move time on to `instant`; a no-op when that is not in the future."""
        with self.lock:
            future = self.state.future
            while future and future[0][0] <= instant:
                at, _, event, payload = heapq.heappop(future)
                self.state.now = max(self.state.now, at)
                self._handlers[event](self._own(payload))
            self.state.now = max(self.state.now, instant)

    def _own(self, payload: Json) -> Json:
        """A payload that its handler may alter, though a snapshot still holds it."""
        return pickle.loads(pickle.dumps(payload)) if self._snapshots else payload  # noqa: S301  (a copy)

    @contextmanager
    def present(self) -> Generator[None]:
        """Hold the world still for one request, brought up to its clock."""
        with self.lock:
            passed = self.clock.take()
            if passed:
                self.advance(passed)
            yield

    def snapshot(self) -> int:
        """Remember this moment; returns its number, with which `restore` brings it back.

        It takes as long as copying the list of what is scheduled. What is looked at afterwards
        is copied then, row by row, the first time.
        """
        with self.lock:
            number, state = next(self._taken), self.state
            tables = {name: table.mark() for name, table in state.records.items()}
            self._snapshots[number] = _Snapshot(
                state.now,
                state.rng.getstate(),
                state.serial,
                list(state.future),
                len(state.journal),
                tables,
            )
            return number

    def restore(self, number: int) -> None:
        """Go back to a remembered moment, journal included.

        It stays remembered; those after it are forgotten. Raises LookupError when there is none
        of this number.
        """
        with self.lock:
            if number not in self._snapshots:
                raise LookupError(f"there is no snapshot {number}")
            state, snapshot = self.state, self._snapshots[number]
            for later in sorted(self._snapshots, reverse=True):
                if later < number:
                    break
                for name, mark in self._snapshots[later].tables.items():
                    state.records[name].go_back(mark)
                if later > number:
                    del self._snapshots[later]
            for name in state.records.keys() - snapshot.tables.keys():
                del state.records[name]
            for name, table in state.records.items():
                snapshot.tables[name] = table.mark()
            state.now, state.serial = snapshot.now, snapshot.serial
            state.rng.setstate(snapshot.rng)
            state.future[:] = snapshot.future
            del state.journal[snapshot.journal :]

    def pack(self) -> None:
        """Let all rows take little memory until somebody asks for them; for who makes many."""
        for table in self.state.records.values():
            table.pack()

    def ids(self, prefix: str) -> Iterator[str]:
        """An endless supply of ids with a readable prefix."""
        return (f"{prefix}{self.next_serial()}" for _ in itertools.count())
