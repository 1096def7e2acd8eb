"""When the next tick is due: by the time that passes, never by what a clock says.

A wall clock that is set back or forward moves no tick. That it was set is noticed by comparing the
two, because leases, business hours and due dates do go by the wall.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from math import floor

SLICE_SECONDS = 5.0
"""A wait is made of pieces no longer than this: in between it beats, and looks at the clock."""
JUMP_SECONDS = 10.0
"""What a clock that is kept right never does at once."""


@dataclass
class Loop:
    """Ticks at a steady pace until it is stopped; what falls due during a tick is one tick."""

    tick: Callable[[], None]
    interval: float
    """Seconds."""
    wall: Callable[[], datetime]
    beat: Callable[[], None] = lambda: None
    """Called between the pieces of a wait, and around every tick."""
    jumped: Callable[[float], None] = lambda _: None
    """Told by how many seconds the wall clock jumped; negative is back."""
    passed: Callable[[], float] = time.monotonic
    _stop: bool = False
    _hurried: bool = False
    _woken: threading.Condition = field(default_factory=threading.Condition)

    def run(self) -> None:
        """Tick at once, and from then on at every interval."""
        due = self.passed()
        seen, wall = due, self.wall()
        while not self._stop:
            self.beat()
            now = self.passed()
            if now >= due or self._hurried:
                due = now + self.interval if self._hurried else self._after(due, now)
                self._hurried = False
                self.tick()
                self.beat()
            else:
                self._wait(min(due - now, SLICE_SECONDS))
            seen, wall = self._compare(seen, wall)

    def hurry(self) -> None:
        """Ask for the next tick now; asked during a tick, it follows at once."""
        with self._woken:
            self._hurried = True
            self._woken.notify_all()

    def stop(self) -> None:
        """End after the tick under way."""
        with self._woken:
            self._stop = True
            self._woken.notify_all()

    def _after(self, due: float, now: float) -> float:
        """The next time in the same rhythm that is not over yet."""
        return due + self.interval * (floor((now - due) / self.interval) + 1)

    def _wait(self, seconds: float) -> None:
        with self._woken:
            if not (self._stop or self._hurried):
                self._woken.wait(seconds)

    def _compare(self, seen: float, wall: datetime) -> tuple[float, datetime]:
        now, told = self.passed(), self.wall()
        by = (told - wall).total_seconds() - (now - seen)
        if abs(by) >= JUMP_SECONDS:
            self.jumped(by)
        return now, told
