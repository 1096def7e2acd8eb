"""Being heard of: an address elsewhere is called after ticks, and misses the worker when it dies.

The calls are made beside the ticks, one at a time: whoever listens there can delay none of them.
"""

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager

from agent.logs import defect
from agent.worker.service import HEARTBEAT, Service
from domain.errors import ToolError
from domain.health import HeartbeatFailed

LOOK_SECONDS = 1.0
"""Between two looks whether a tick ended."""
LEAST_SECONDS = 30.0
"""Between two calls, however short the interval between ticks is."""


@contextmanager
def heard_of(service: Service) -> Generator[None]:
    """Call for as long as ticks end, as far as the settings say where."""
    beat = service.app.heartbeat
    if beat is None:
        yield
        return
    stop = threading.Event()
    arguments = (service, beat, stop)
    thread = threading.Thread(target=_beat, args=arguments, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()


def _beat(service: Service, beat: Callable[[], None], stop: threading.Event) -> None:
    """A tick that ended is told once; a tick that never ends is not told at all."""
    told = 0
    while not stop.wait(LOOK_SECONDS):
        ticks = service.health.ticks
        if ticks == told:
            continue
        if call(service, beat):
            told = ticks
        stop.wait(LEAST_SECONDS)


def call(service: Service, beat: Callable[[], None]) -> bool:
    """Call once; says whether it was heard, and health says so, too."""
    try:
        beat()
    except Exception as error:  # noqa: BLE001  (whoever listens there stops nothing here)
        said = error.detail if isinstance(error, ToolError) else defect(error)
        service.health.found(HEARTBEAT, [HeartbeatFailed(detail=said)])
        return False
    service.health.found(HEARTBEAT, [])
    return True
