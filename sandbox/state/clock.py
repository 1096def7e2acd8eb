"""How a world's time passes.

    stepped   only when somebody moves it; so does every world begin
    real      as the wall clock does
    fast      so many times as fast as the wall clock
    paused    like stepped, until it is resumed in the mode that it had before

Somebody may move it in any mode.
"""

import time
from datetime import timedelta
from typing import Literal

Mode = Literal["stepped", "real", "fast", "paused"]

LONGEST_CATCH_UP = timedelta(hours=1)
"""Of the world's time that passes at once, so that nobody waits long for a fast world."""


class Clock:
    """The pace of one world's time; whoever holds the world's lock may use it."""

    def __init__(self) -> None:
        self._factor = 0.0
        """Seconds of the world in one of the wall clock; 0 while time stands."""
        self._resumed: float | None = None
        """The factor before the pause; None when there is no pause."""
        self._seen = time.monotonic()

    @property
    def mode(self) -> Mode:
        """How time passes now."""
        if self._resumed is not None:
            return "paused"
        if not self._factor:
            return "stepped"
        return "real" if self._factor == 1 else "fast"

    @property
    def factor(self) -> float:
        """How many times as fast as the wall clock time passes now; 0 while it stands."""
        return self._factor

    def run(self, factor: float = 1.0) -> None:
        """From here on, let time pass so many times as fast as the wall clock; 0 for stepped."""
        self._factor, self._resumed, self._seen = float(factor), None, time.monotonic()

    def pause(self) -> None:
        """Let time stand."""
        if self._resumed is None:
            self._factor, self._resumed = 0.0, self._factor

    def resume(self) -> None:
        """Let time pass as it did before the pause."""
        if self._resumed is not None:
            self.run(self._resumed)

    def take(self) -> timedelta:
        """How much time has passed since it was last asked."""
        if not self._factor:
            return timedelta()
        seen = time.monotonic()
        due = timedelta(seconds=(seen - self._seen) * self._factor)
        passed = min(due, LONGEST_CATCH_UP)
        self._seen = seen - (due - passed).total_seconds() / self._factor
        return passed
