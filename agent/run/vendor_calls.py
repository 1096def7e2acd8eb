"""Which vendors don't answer: by the last call of each kind, whatever came of what made it.

Most outages end no run: what couldn't be sent waits, and is tried again when it is due. Between two
tries nothing would be known of the outage, so that it would seem to begin again with each of them.
"""

import threading
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain.errors import (
    LockedError,
    QuotaError,
    RateLimitError,
    RetryableError,
    ToolError,
    UnknownOutcomeError,
)
from domain.health import ProviderOut, Trouble, VendorOut
from domain.ports import Watch

BUSINESS = frozenset({"marketo", "salesforce", "slack"})
"""Nothing goes on without these."""
PROVIDERS = frozenset({"pdl", "apollo", "hunter"})
"""Leads are routed without what these know."""
BUSY = timedelta(minutes=5)
"""A vendor that only asks us to wait is out when nothing else comes of it for so long."""
FORGOTTEN = timedelta(minutes=15)
"""A vendor that wasn't called for so long may be back: what waits for it is tried more often."""


@dataclass(frozen=True)
class _Silence:
    """A kind of call that hasn't been answered since a first one failed."""

    since: datetime
    last: datetime
    error: ToolError
    is_busy: bool
    """Nothing but rate limits came of it."""


class VendorCalls:
    """Watches the calls to all vendors. Safe to share between threads."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._silent: dict[tuple[str, str], _Silence] = {}
        """By vendor and kind of call: Slack may take no posts and still list its users."""

    def troubles(self) -> tuple[Trouble, ...]:
        """The vendors that don't answer, for health."""
        now = self._now()
        with self._lock:
            silent = sorted(self._silent.items())
        found = {
            vendor: _trouble(vendor, one.error)
            for (vendor, _), one in silent
            if now - one.last < FORGOTTEN and not (one.is_busy and now - one.since < BUSY)
        }
        return tuple(found.values())

    def around(self, watch: Watch) -> Watch:
        """A watch that also notes what came of each call that it is put around."""

        @contextmanager
        def watched(kind: str, name: str) -> Generator[None]:
            try:
                with watch(kind, name):
                    yield
            except ToolError as error:
                self._failed((kind, name), error)
                raise
            else:
                self._answered((kind, name))

        def around(kind: str, name: str) -> AbstractContextManager[object]:
            return watched(kind, name) if kind in BUSINESS | PROVIDERS else watch(kind, name)

        return around

    def _failed(self, call: tuple[str, str], error: ToolError) -> None:
        if not _is_outage(error):
            self._answered(call)
            return
        now, is_busy = self._now(), isinstance(error, RateLimitError)
        with self._lock:
            before = self._silent.get(call)
            if before is None or now - before.last >= FORGOTTEN:
                self._silent[call] = _Silence(now, now, error, is_busy)
            else:
                busy = before.is_busy and is_busy
                self._silent[call] = replace(before, last=now, error=error, is_busy=busy)

    def _answered(self, call: tuple[str, str]) -> None:
        with self._lock:
            self._silent.pop(call, None)


def _is_outage(error: ToolError) -> bool:
    """Whether the vendor didn't answer; a refusal is an answer, and so is a locked record."""
    is_silent = isinstance(error, RetryableError | UnknownOutcomeError | QuotaError)
    return is_silent and not isinstance(error, LockedError)


def _trouble(vendor: str, error: ToolError) -> Trouble:
    if vendor in PROVIDERS:
        return ProviderOut(vendor=vendor, detail=str(error))
    return VendorOut(vendor=vendor, detail=str(error))
