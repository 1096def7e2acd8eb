"""Boards kept at hand: made beside the requests, at most once a minute, and told with their age.

A page never waits for a hundred thousand journeys to be measured. It shows the board of a moment
ago, while a newer one is made in a process of its own.
"""

import gc
import multiprocessing
import os
import signal
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Generator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from typing import Any, Generic, TypeVar

from agent.console.boards.content import Board, Measurer, Scope
from agent.console.boards.contrast import Contrast, Contrasted, contrasted
from agent.ledger import Ledger
from agent.ledger.engine import open_engine
from agent.logs import alert, in_our_words
from agent.rollout.simulation import Trying, what_if
from domain.policy.model import Policy
from domain.rollout.simulation import Simulation

SECONDS_FRESH = 60.0
SHARE_OF_TIME = 5
"""Making boards takes at most a fifth of a processor."""
MOST = 64
"""Boards, and comparisons, that are kept; the one that was not asked for longest goes."""
BEHIND = 10
"""How far the workshop stands behind the pages in the line for the processor (nice)."""
PATIENCE = 2.0
"""Seconds that the very first page waits for its board."""
_Asked = TypeVar("_Asked")
_Made = TypeVar("_Made")


class Workshop:
    """Where what takes long is worked out: one thing at a time, beside the requests."""

    def __init__(
        self,
        start: Callable[[], Executor],
        board: Callable[[Scope, Policy, datetime], Board],
        contrasted: Callable[[Contrast, Policy, datetime], Contrasted],
        tried: Callable[[Trying], Simulation],
    ) -> None:
        self._start = start
        self._executor = start()
        self._board = board
        self._contrasted = contrasted
        self._tried = tried

    def board(self, scope: Scope, policy: Policy, now: datetime) -> "Future[Board]":
        """A board in the making."""
        return self._submit(self._board, scope, policy, now)

    def contrasted(self, contrast: Contrast, policy: Policy, now: datetime) -> "Future[Contrasted]":
        """A comparison in the making."""
        return self._submit(self._contrasted, contrast, policy, now)

    def tried(self, trying: Trying) -> "Future[Simulation]":
        """A what-if in the making."""
        return self._submit(self._tried, trying)

    def close(self) -> None:
        """Finish what is under way and drop the rest."""
        self._executor.shutdown(cancel_futures=True)

    def _submit(self, work: Callable[..., Any], *given: object) -> "Future[Any]":
        try:
            return self._executor.submit(work, *given)
        except BrokenProcessPool:  # it was killed; the next one begins anew
            self._executor = self._start()
            return self._executor.submit(work, *given)


def beside(ledger: Ledger) -> Workshop:
    """On a thread of this process, which suits a small ledger."""
    measurer = Measurer(ledger)
    return Workshop(
        lambda: ThreadPoolExecutor(1, "workshop"),
        measurer.board,
        partial(contrasted, measurer),
        partial(what_if, ledger),
    )


def apart(url: str) -> Workshop:
    """In a process of its own, so that pages stay quick meanwhile."""
    spawn = multiprocessing.get_context("spawn")
    return Workshop(
        lambda: ProcessPoolExecutor(1, mp_context=spawn, initializer=_begin),
        partial(_made, url),
        partial(_contrasted, url),
        partial(_tried, url),
    )


def _begin() -> None:
    """Stand behind the pages; Ctrl-C is for the process that serves, which ends this one."""
    os.nice(BEHIND)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@cache
def _ledger(url: str) -> Ledger:
    return Ledger.on(open_engine(url))


@cache
def _measurer(url: str) -> Measurer:
    return Measurer(_ledger(url))


def _made(url: str, scope: Scope, policy: Policy, now: datetime) -> Board:
    with _no_collecting():
        return _measurer(url).board(scope, policy, now)


def _contrasted(url: str, contrast: Contrast, policy: Policy, now: datetime) -> Contrasted:
    with _no_collecting():
        return contrasted(_measurer(url), contrast, policy, now)


@contextmanager
def _no_collecting() -> Generator[None]:
    """The collector would look through all journeys again and again, and they hold no cycles."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _tried(url: str, trying: Trying) -> Simulation:
    return what_if(_ledger(url), trying)


@dataclass
class _Entry(Generic[_Made]):
    """What was made, and the newer one in the making."""

    made: _Made | None = None
    version: str = ""
    """Of the policy that it was made under."""
    made_at: float = 0.0
    """By the monotonic clock: the ledger's may stand still."""
    took: float = 0.0
    making: "Future[_Made] | None" = None
    begun_at: float = 0.0
    making_under: str = ""


class _AtHand(Generic[_Asked, _Made]):
    """What was last made for each thing that is asked for."""

    def __init__(
        self, make: "Callable[[_Asked, Policy, datetime], Future[_Made]]", patience: float
    ) -> None:
        self._make = make
        self._patience = patience
        self._entries: OrderedDict[_Asked, _Entry[_Made]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, asked: _Asked, policy: Policy, now: datetime) -> _Made | None:
        with self._lock:
            entry = self._entry(asked)
            self._take_in(entry)
            if entry.making is None and self._is_stale(entry, policy):
                entry.making = self._make(asked, policy, now)
                entry.begun_at, entry.making_under = time.monotonic(), policy.version
            making, made = entry.making, entry.made
        if made is not None or making is None:
            return made
        wait([making], timeout=self._patience)
        with self._lock:
            self._take_in(entry)
            return entry.made

    def _entry(self, asked: _Asked) -> _Entry[_Made]:
        entry = self._entries.setdefault(asked, _Entry())
        self._entries.move_to_end(asked)
        while len(self._entries) > MOST:
            self._entries.popitem(last=False)
        return entry

    def _take_in(self, entry: _Entry[_Made]) -> None:
        if entry.making is None or not entry.making.done():
            return
        making, entry.making = entry.making, None
        entry.made_at, entry.version = time.monotonic(), entry.making_under
        entry.took = entry.made_at - entry.begun_at
        error = making.exception()
        if error is None:
            entry.made = making.result()
        else:
            said = "The console's figures could not be computed"
            alert("board_failed", f"{said}: {in_our_words(error)}")

    def _is_stale(self, entry: _Entry[_Made], policy: Policy) -> bool:
        if entry.version != policy.version:
            return True
        age = time.monotonic() - entry.made_at
        return age >= max(SECONDS_FRESH, SHARE_OF_TIME * entry.took)


class Figures:
    """Boards by scope, and comparisons by what is compared."""

    def __init__(self, workshop: Workshop, patience: float = PATIENCE) -> None:
        self._boards = _AtHand(workshop.board, patience)
        self._contrasts = _AtHand(workshop.contrasted, patience)

    def board(self, scope: Scope, policy: Policy, now: datetime) -> Board | None:
        """The board at hand; None while the first one of its scope is being made, or can't be."""
        return self._boards.get(scope, policy, now)

    def contrasted(self, contrast: Contrast, policy: Policy, now: datetime) -> Contrasted | None:
        """The comparison at hand; None while the first one is being made, or can't be."""
        return self._contrasts.get(contrast, policy, now)
