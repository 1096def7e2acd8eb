"""Whether this process makes progress: a beat for every piece of work, and for every wait.

Each node of a graph and each call to a vendor is progress, whatever became of it. So an outage of
days and a backlog of hours are alive; a thread that hangs is not. Time is what passes, never what a
clock says: clocks are set.
"""

import threading
import time
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager

from domain.ports import Watch


class Pulse:
    """The time since the loop's last sign of life."""

    def __init__(self, passed: Callable[[], float] = time.monotonic) -> None:
        self._passed = passed
        self._owner: int | None = None
        self._at = passed()

    def start(self) -> None:
        """From now on only this thread's work counts: what Slack's threads do proves nothing."""
        self._owner = threading.get_ident()
        self.beat()

    def beat(self) -> None:
        """Something was done."""
        if self._owner in (None, threading.get_ident()):
            self._at = self._passed()

    @property
    def silence(self) -> float:
        """Seconds since the last beat."""
        return max(0.0, self._passed() - self._at)

    def around(self, watch: Watch) -> Watch:
        """A watch that also takes whatever it is put around as progress."""

        @contextmanager
        def watched(kind: str, name: str) -> Generator[None]:
            self.beat()
            try:
                with watch(kind, name):
                    yield
            finally:
                self.beat()

        def around(kind: str, name: str) -> AbstractContextManager[None]:
            return watched(kind, name)

        return around
