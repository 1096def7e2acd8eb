"""Running without end: ticks at a steady pace, a graceful stop, and health that is never old."""

import signal
import threading
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from types import FrameType

from agent.app import App, open_app
from agent.logs import configure, log
from agent.settings import Settings, check_complete
from agent.slack import listener
from agent.slack.listener import Line
from agent.worker import telemetry
from agent.worker.heartbeat import heard_of
from agent.worker.loop import SLICE_SECONDS, Loop
from agent.worker.service import SLACK, Service
from agent.worker.tick import Worker


def run_forever(settings: Settings) -> None:
    """Tick until SIGTERM or SIGINT; the tick under way is finished first.

    Raises SettingsError naming all that is missing, PolicyError or LedgerError, before anything is
    begun. However it ends, the lease is given back.
    """
    configure(settings.routeready_log_format)
    check_complete(settings)
    app = open_app(settings)
    try:
        _run(app)
    finally:
        Worker.of(app).leave()
        app.close()
    log("run_stopped", "Worker stopped. Everything it had started is finished.")


def _run(app: App) -> None:
    service = Service(app)
    loop = Loop(
        service.tick,
        app.settings.routeready_tick_seconds,
        lambda: datetime.now(UTC),
        beat=service.pulse.beat,
        jumped=service.health.jumped,
    )

    def end(_number: int, _frame: FrameType | None) -> None:
        loop.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    app.hurry = loop.hurry
    with ExitStack() as stack:
        stack.enter_context(telemetry.watching(app, service))
        app.watch = service.pulse.around(app.watch)
        line = stack.enter_context(listener.listening(app))
        stack.enter_context(heard_of(service))
        stack.enter_context(_watched(service, line))
        log("run_started", "Worker started.", policy=app.policy.version)
        service.pulse.start()
        loop.run()


@contextmanager
def _watched(service: Service, line: Line) -> Generator[None]:
    """Health is looked at and written beside the ticks too: a tick that hangs can't say so."""
    stop = threading.Event()

    def watch() -> None:
        while not stop.wait(SLICE_SECONDS):
            service.health.found(SLACK, line.troubles())
            service.write()

    thread = threading.Thread(target=watch, name="health", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(SLICE_SECONDS)
