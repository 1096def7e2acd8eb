"""Marketo calling out: one request after the other, on a thread, so that a slow one delays others.

The world goes on meanwhile: whoever is called may call back before it answers.
"""

import queue
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import requests

from sandbox.marketo.access import limits
from sandbox.state.world import World

TIMEOUT_SECONDS = 30
"""Of the wall clock (Adobe: Webhooks); a setting `marketo` may say `timeout_seconds` instead."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request to somebody outside."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came back: status 0 and an empty body when nothing did."""

    status: int
    reason: str
    body: str

    @property
    def is_success(self) -> bool:
        """Whether the status is 2xx."""
        return self.status // 100 == 2  # noqa: PLR2004  (as everybody writes it)


class Outbound:
    """The one line that leads out of a world's Marketo."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._waiting: queue.SimpleQueue[tuple[str, Outgoing, Callable[[Outcome], None]]] = (
            queue.SimpleQueue()
        )
        self._thread: threading.Thread | None = None

    def send(self, name: str, request: Outgoing, then: Callable[[Outcome], None]) -> None:
        """Let a request be made; `then` is called with its outcome, the world held still.

        Call it while the world is held still too.
        """
        self._waiting.put((name, request, then))
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, daemon=True)
            self._thread.start()

    def _run(self) -> None:
        """Make what waits, one after the other, until nothing does."""
        while True:
            with self._world.lock:
                if self._waiting.empty():
                    self._thread = None
                    return
            name, request, then = self._waiting.get()
            outcome = _perform(request, self._timeout())
            with self._world.present():
                self._world.record(
                    "delivery",
                    "marketo",
                    name,
                    url=request.url,
                    status=outcome.status,
                    reason=outcome.reason,
                )
                self._conclude(name, outcome, then)

    def _conclude(self, name: str, outcome: Outcome, then: Callable[[Outcome], None]) -> None:
        """Hand an outcome over. One that nobody can use is journaled: others wait behind it."""
        try:
            then(outcome)
        except Exception as error:  # noqa: BLE001  (the thread serves everybody's calls)
            self._world.record("effect", "marketo", f"{name}.unusable", why=repr(error))

    def _timeout(self) -> float:
        with self._world.lock:
            return float(limits.setting(self._world).get("timeout_seconds", TIMEOUT_SECONDS))


def _perform(request: Outgoing, timeout: float) -> Outcome:
    try:
        with requests.Session() as session:
            session.trust_env = False
            answer = session.request(
                request.method,
                request.url,
                data=request.body,
                headers=dict(request.headers),
                timeout=timeout,
                allow_redirects=False,
            )
    except requests.Timeout:
        return Outcome(0, "Read timed out", "")
    except requests.RequestException as error:
        return Outcome(0, type(error).__name__, "")
    return Outcome(answer.status_code, answer.reason, answer.text)
