"""How many calls a vendor gets from us: per window, at once, and per day."""

import threading
from collections import deque
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from domain.errors import QuotaError
from domain.ports import Clock


@dataclass(frozen=True, slots=True)
class Limits:
    """What one vendor allows us; the defaults are Adobe's advice for one integration."""

    calls: int = 50
    """At most so many calls begin within any `window`."""
    window: timedelta = timedelta(seconds=20)
    concurrent: int = 5
    """At most so many calls at once."""
    per_day: int | None = None
    """At most so many calls a day by this process; None doesn't count."""
    day_zone: str = "America/Chicago"
    """The zone at whose midnight the day's count begins anew."""


def next_midnight(now: datetime, zone: str) -> datetime:
    """When the next day begins in a time zone, in the time zone of `now`."""
    local = now.astimezone(ZoneInfo(zone))
    midnight = datetime.combine(local.date() + timedelta(days=1), time(), ZoneInfo(zone))
    return midnight.astimezone(now.tzinfo)


class Budget:
    """Lets callers through no faster than the limits allow; safe to share between threads."""

    def __init__(self, vendor: str, clock: Clock, limits: Limits) -> None:
        self._vendor = vendor
        self._clock = clock
        self._limits = limits
        self._seats = threading.Semaphore(limits.concurrent)
        self._lock = threading.Lock()
        self._starts: deque[datetime] = deque(maxlen=limits.calls)
        self._today = 0
        self._day_ends: datetime | None = None

    @contextmanager
    def slot(self) -> Generator[None]:
        """Wait for a turn and hold a seat for one call.

        Raises:
            QuotaError: the day's calls are used up; nothing was waited for.
        """
        with self._seats:
            while (wait := self._claim()) > timedelta():
                self._clock.sleep(wait.total_seconds())
            yield

    def _claim(self) -> timedelta:
        """Take a turn now (zero), or say how long until one may be free."""
        with self._lock:
            now = self._clock.now()
            self._refuse_spent_day(now)
            wait = self._until_free(now)
            if wait <= timedelta():
                self._starts.append(now)
                self._today += 1
            return wait

    def _until_free(self, now: datetime) -> timedelta:
        """Time until the window has room; a clock that was set back costs one window at most."""
        if len(self._starts) < self._limits.calls:
            return timedelta()
        if self._starts[-1] > now:
            self._starts = deque((min(at, now) for at in self._starts), maxlen=self._limits.calls)
        return self._starts[0] + self._limits.window - now

    def _refuse_spent_day(self, now: datetime) -> None:
        if self._limits.per_day is None:
            return
        if self._day_ends is None or now >= self._day_ends:
            self._day_ends = next_midnight(now, self._limits.day_zone)
            self._today = 0
        if self._today >= self._limits.per_day:
            detail = f"our own limit of {self._limits.per_day} calls a day is used up"
            raise QuotaError(self._vendor, detail, until=self._day_ends)
