"""Boards kept at hand: made beside the requests, at most once a minute, and told with their age.

A page never waits for a hundred thousand journeys to be measured. It shows the board of a moment
ago, while a newer one is made by a process of its own.
"""

import gc
import multiprocessing
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from agent.console.boards import Board, Measurer, Scope
from agent.ledger import Ledger
from agent.ledger.engine import open_engine
from agent.logs import alert
from domain.policy import Policy

SECONDS_FRESH = 60.0
SHARE_OF_TIME = 5
"""Making boards takes at most a fifth of a processor."""
MOST = 64
"""Boards that are kept; the one that was not asked for longest goes."""
PATIENCE = 2.0
"""Seconds that the very first page waits for its board."""

Make = Callable[[Scope, Policy, datetime], "Future[Board]"]


@dataclass
class _Entry:
    """A board, and the newer one in the making."""

    board: Board | None = None
    version: str = ""
    """Of the policy that it was made under."""
    made_at: float = 0.0
    """By the monotonic clock: the ledger's may stand still."""
    took: float = 0.0
    making: "Future[Board] | None" = None
    begun_at: float = 0.0
    making_under: str = ""


class Figures:
    """Boards by scope."""

    def __init__(self, make: Make, patience: float = PATIENCE) -> None:
        self._make = make
        self._patience = patience
        self._entries: OrderedDict[Scope, _Entry] = OrderedDict()
        self._lock = threading.Lock()

    def board(self, scope: Scope, policy: Policy, now: datetime) -> Board | None:
        """The board at hand; None while the first one of its scope is being made, or can't be."""
        with self._lock:
            entry = self._entry(scope)
            self._take_in(entry)
            if entry.making is None and self._is_stale(entry, policy):
                entry.making = self._make(scope, policy, now)
                entry.begun_at, entry.making_under = time.monotonic(), policy.version
            making, board = entry.making, entry.board
        if board is not None or making is None:
            return board
        wait([making], timeout=self._patience)
        with self._lock:
            self._take_in(entry)
            return entry.board

    def _entry(self, scope: Scope) -> _Entry:
        entry = self._entries.setdefault(scope, _Entry())
        self._entries.move_to_end(scope)
        while len(self._entries) > MOST:
            self._entries.popitem(last=False)
        return entry

    def _take_in(self, entry: _Entry) -> None:
        if entry.making is None or not entry.making.done():
            return
        made, entry.making = entry.making, None
        entry.made_at, entry.version = time.monotonic(), entry.making_under
        entry.took = entry.made_at - entry.begun_at
        error = made.exception()
        if error is None:
            entry.board = made.result()
        else:
            alert("board_failed", f"The figures could not be worked out: {error!r}")

    def _is_stale(self, entry: _Entry, policy: Policy) -> bool:
        if entry.version != policy.version:
            return True
        age = time.monotonic() - entry.made_at
        return age >= max(SECONDS_FRESH, SHARE_OF_TIME * entry.took)


def beside(ledger: Ledger) -> tuple[Make, Callable[[], None]]:
    """Make boards on a thread of this process, which suits a small ledger; and its end."""
    executor = ThreadPoolExecutor(1, "boards")
    measurer = Measurer(ledger)

    def make(scope: Scope, policy: Policy, now: datetime) -> "Future[Board]":
        return executor.submit(measurer.board, scope, policy, now)

    return make, lambda: executor.shutdown(cancel_futures=True)


def apart(url: str) -> tuple[Make, Callable[[], None]]:
    """Make boards in a process of their own, so that pages stay quick meanwhile; and its end."""

    def start() -> ProcessPoolExecutor:
        return ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))

    running = [start()]

    def make(scope: Scope, policy: Policy, now: datetime) -> "Future[Board]":
        try:
            return running[0].submit(_made, url, scope, policy, now)
        except BrokenProcessPool:
            running[0] = start()
            return running[0].submit(_made, url, scope, policy, now)

    return make, lambda: running[0].shutdown(cancel_futures=True)


@cache
def _measurer(url: str) -> Measurer:
    gc.freeze()
    return Measurer(Ledger.on(open_engine(url)))


def _made(url: str, scope: Scope, policy: Policy, now: datetime) -> Board:
    return _measurer(url).board(scope, policy, now)
