"""The world behind the vendors' faces: records, one clock, one future, one journal.

All state is plain JSON in `World.records`, so a snapshot is a pickle of one value and any
page, test or control call can look at everything. Nothing happens by itself: time moves only
when somebody moves it (or in step with the wall clock, when asked), and what was scheduled
then happens in order, each event at its own instant.
"""

import heapq
import itertools
import pickle
import random
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sandbox.wire import Json

Row = dict[str, Json]
"""One record of one vendor, as JSON."""

EventHandler = Callable[[Json], None]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the journal: a request, an effect on a record, or a delivery."""

    seq: int
    at: str
    kind: str
    """`request`, `effect`, `delivery`, or `fault` for one that struck."""
    vendor: str
    name: str
    """The method and path, or the effect's own word such as `Lead.OwnerId`."""
    data: Row


@dataclass(slots=True)
class State:
    """Everything that a snapshot keeps."""

    now: datetime
    rng: random.Random
    serial: int = 0
    records: dict[str, dict[str, Row]] = field(default_factory=dict[str, dict[str, Row]])
    future: list[tuple[datetime, int, str, Json]] = field(
        default_factory=list[tuple[datetime, int, str, Json]]
    )
    journal: list[Entry] = field(default_factory=list[Entry])


class World:
    """One seeded world. Vendors' faces read and change it under `lock`, one request at a time."""

    def __init__(self, *, seed: int = 1, now: datetime | None = None) -> None:
        start = now or datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
        self.state = State(now=start, rng=random.Random(seed))
        self.lock = threading.RLock()
        self._handlers: dict[str, EventHandler] = {}
        self._follow_from: float | None = None

    @property
    def now(self) -> datetime:
        """This world's present, aware UTC."""
        return self.state.now

    @property
    def rng(self) -> random.Random:
        """The world's only source of chance."""
        return self.state.rng

    @property
    def journal(self) -> list[Entry]:
        """Everything that happened, oldest first; only ever appended to."""
        return self.state.journal

    def table(self, name: str) -> dict[str, Row]:
        """The rows of one table such as `salesforce.Lead`, by id, in order of creation."""
        return self.state.records.setdefault(name, {})

    def next_serial(self) -> int:
        """A number never given before in this world; ids are made from it."""
        self.state.serial += 1
        return self.state.serial

    def record(self, kind: str, vendor: str, name: str, **data: Json) -> None:
        """Append one line to the journal, at this world's present."""
        at = self.state.now.isoformat()
        self.journal.append(Entry(len(self.journal), at, kind, vendor, name, data))

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
                self._handlers[event](payload)
            self.state.now = max(self.state.now, instant)

    def follow_wall_clock(self) -> None:
        """From here on, let this world's time pass as the wall clock does."""
        self._follow_from = time.monotonic()

    @contextmanager
    def present(self) -> Generator[None]:
        """Hold the world still for one request, brought up to the wall clock when followed."""
        with self.lock:
            if self._follow_from is not None:
                passed = time.monotonic() - self._follow_from
                self._follow_from += passed
                self.advance(timedelta(seconds=passed))
            yield

    def snapshot(self) -> bytes:
        """This moment, whole; `restore` brings it back."""
        with self.lock:
            return pickle.dumps(self.state, protocol=pickle.HIGHEST_PROTOCOL)

    def restore(self, snapshot: bytes) -> None:
        """Go back to the moment of `snapshot`, journal included."""
        with self.lock:
            self.state = pickle.loads(snapshot)  # noqa: S301  (made by this process)

    def ids(self, prefix: str) -> Iterator[str]:
        """An endless supply of ids with a readable prefix."""
        return (f"{prefix}{self.next_serial()}" for _ in itertools.count())
