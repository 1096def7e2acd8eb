"""Leaving a provider alone that doesn't answer, asked us to wait, or has nothing left for us."""

import threading
from datetime import datetime, timedelta

from domain.errors import AuthError, QuotaError, RateLimitError, ToolError

FAILURES = 3
"""So many in a row open the circuit."""
OPEN_FOR = timedelta(seconds=60)
AUTH_PAUSE = timedelta(minutes=10)
"""How long a refused key is not tried again."""


class Breaker:
    """One provider's circuit. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failures = 0
        self._until: datetime | None = None
        self._why = ""

    def objection(self, now: datetime) -> str | None:
        """Why the provider isn't asked now; None when it may be."""
        with self._lock:
            if self._until is None or now >= self._until:
                return None
            return f"{self._why}; not asked until {self._until:%H:%M} UTC"

    def succeeded(self) -> None:
        """It answered, if only that it knows nothing."""
        with self._lock:
            self._failures = 0

    def failed(self, error: ToolError, now: datetime) -> None:
        """It did not answer. What it said of waiting counts at once, other failures in a row."""
        with self._lock:
            match error:
                case RateLimitError():
                    self._pause(now + error.retry_after, error.detail)
                case QuotaError():
                    self._pause(error.until, error.detail)
                case AuthError():
                    self._pause(now + AUTH_PAUSE, error.detail)
                case _:
                    self._failures += 1
                    if self._failures >= FAILURES:
                        self._pause(now + OPEN_FOR, f"{self._failures} failures in a row")

    def _pause(self, until: datetime, why: str) -> None:
        if self._until is None or until > self._until:
            self._until, self._why = until, why
