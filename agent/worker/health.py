"""What is wrong with this worker, since when, in a file that readers judge by its age.

Whoever finds something says all that it finds, each time it looks; what it no longer says is over.
A trouble is told once in the log when it begins, and once when it ends.
"""

import json
import os
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from agent.logs import alert, log
from domain.health import ClockJumped, NoCheckEnded, State, Trouble, matter, state
from domain.language import health as words

MISSED = 3
"""Intervals without the end of a tick."""
REMEMBERED = timedelta(hours=1)
"""How long a jump of the clock stays in view."""
ENCODING = "utf-8"
_ROOM = 512
"""Blanks that a file ends with, so that a longer text still fits on a disk that is full."""


@dataclass(frozen=True)
class Standing:
    """A trouble that lasts."""

    trouble: Trouble
    since: datetime


@dataclass(frozen=True)
class Look:
    """How the worker is at one moment."""

    at: datetime
    state: State
    standing: tuple[Standing, ...]
    silence: float
    """Seconds without progress."""
    check_ended_at: datetime | None


class Health:
    """All that is wrong, by who found it; safe to use from every thread."""

    def __init__(
        self,
        now: Callable[[], datetime],
        passed: Callable[[], float],
        interval: float,
    ) -> None:
        self._now, self._passed, self._interval = now, passed, interval
        self._lock = threading.RLock()
        self._found: dict[str, tuple[Trouble, ...]] = {}
        self._since: dict[str, datetime] = {}
        self._jumps: list[tuple[datetime, ClockJumped]] = []
        self.ticks = 0
        """How many ticks ended."""
        self._ended = passed()
        self._ended_at: datetime | None = None

    def found(self, who: str, troubles: Sequence[Trouble]) -> None:
        """All that somebody finds wrong now; nothing ends what they found before."""
        with self._lock:
            before = self._troubles()
            self._found[who] = tuple(troubles)
            self._tell(before)

    def ended(self) -> None:
        """A tick ended, however it went."""
        with self._lock:
            self.ticks += 1
            self._ended, self._ended_at = self._passed(), self._now()

    def jumped(self, seconds: float) -> None:
        """The wall clock jumped; the time of what lasts is moved with it."""
        with self._lock:
            jump = ClockJumped(seconds=round(seconds))
            self._jumps.append((self._now(), jump))
        alert(jump.kind, f"{words.trouble(jump)}. {words.fix(jump)}")

    def look(self, silence: float = 0.0) -> Look:
        """All that is wrong now, the worst state of it, and how long nothing moved."""
        with self._lock:
            self._watch_ticks()
            now = self._now()
            self._jumps = [one for one in self._jumps if abs(now - one[0]) < REMEMBERED]
            lasting = [
                Standing(one, self._since[key]) for key, one in sorted(self._troubles().items())
            ]
            jumps = [Standing(jump, at) for at, jump in self._jumps[-1:]]
            standing = (*lasting, *jumps)
            worst = state(one.trouble for one in standing)
            return Look(now, worst, standing, silence, self._ended_at)

    def _watch_ticks(self) -> None:
        is_late = self._passed() - self._ended > MISSED * self._interval
        late = NoCheckEnded(interval_seconds=self._interval)
        if is_late == bool(self._found.get("pace")):
            return
        self.found("pace", [late] if is_late else [])
        if is_late:
            silent = timedelta(seconds=self._passed() - self._ended)
            self._since[matter(late)] = self._ended_at or self._now() - silent

    def _troubles(self) -> dict[str, Trouble]:
        return {matter(one): one for found in self._found.values() for one in found}

    def _tell(self, before: dict[str, Trouble]) -> None:
        after = self._troubles()
        for key, one in after.items():
            self._since.setdefault(key, self._now())
            if key not in before:
                alert(one.kind, f"{words.trouble(one)}. {words.fix(one)}")
        for key, one in before.items():
            if key not in after:
                since = self._since.pop(key)
                log(f"{one.kind}_over", f"No longer: {words.trouble(one)}", since=f"{since:%FT%TZ}")


def text(look: Look, interval: float, patience: float) -> str:
    """The health file's content."""
    told = [words.trouble(one.trouble) for one in look.standing]
    said: dict[str, Any] = {
        "state": look.state,
        "at": look.at.isoformat(),
        "error": "; ".join(told) or None,
        "pid": os.getpid(),
        "live_at": (look.at - timedelta(seconds=look.silence)).isoformat(),
        "live_seconds": patience,
        "check_ended_at": None if look.check_ended_at is None else look.check_ended_at.isoformat(),
        "interval_seconds": interval,
        "problems": [
            {
                "code": one.trouble.kind,
                "since": one.since.isoformat(),
                "problem": words.trouble(one.trouble),
                "fix": words.fix(one.trouble),
            }
            for one in look.standing
        ],
    }
    return json.dumps(said, ensure_ascii=False)


def write(path: Path, content: str) -> bool:
    """Replace the file in one move; where there is no room for a second one, write over it.

    Says whether it could be written at all. Readers judge by the time in it, so a file that can't
    be written goes bad by itself.
    """
    body = (content + " " * _ROOM).encode(ENCODING)
    draft = path.with_suffix(".tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(body)
        draft.replace(path)
    except OSError:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        return _write_over(path, body)
    return True


def _write_over(path: Path, body: bytes) -> bool:
    """Over the blocks that are the file's own already: they need no room on the disk."""
    try:
        with path.open("r+b") as file:
            file.write(body)
            file.truncate()
    except OSError:
        return False
    return True
