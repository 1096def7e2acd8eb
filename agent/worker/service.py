"""What a worker that runs for months does at each tick: everything due, and the truth about it."""

import time
from collections.abc import Callable
from datetime import timedelta

from agent.app import App
from agent.conversation.desk import Desk
from agent.logs import alert, defect, log
from agent.worker import health, operations
from agent.worker.health import Health, Look
from agent.worker.isolation import retry_after_upgrade
from agent.worker.pulse import Pulse
from agent.worker.tick import Report, Worker, trouble_of
from domain.errors import PolicyError
from domain.health import (
    LeadsSetAside,
    LedgerOut,
    ModelOut,
    PolicyRefused,
    RecordsUnread,
    StopFile,
    Trouble,
)

CHECK, POLICY, SLACK, HEARTBEAT = "check", "policy", "slack", "heartbeat"
"""Who finds troubles."""
UNREAD_FOR = timedelta(days=1)
"""So long health speaks of a record that can't be read."""


class Service:
    """One worker, its pulse and its health. Whatever a tick meets, the next one comes."""

    def __init__(self, app: App, passed: Callable[[], float] = time.monotonic) -> None:
        settings = app.settings
        self.app = app
        self.pulse = Pulse(passed)
        self.health = Health(app.clock.now, passed, settings.routeready_tick_seconds)
        self._is_retried = False
        self._is_written = True

    def tick(self) -> None:
        """Do what is due; any error is told, and the next tick tries again."""
        found: list[Trouble] = []
        try:
            self._tick(found)
        except Exception as error:  # noqa: BLE001  (the worker must outlive any one tick)
            found.append(trouble_of(error))
            if not isinstance(found[-1], LedgerOut):
                alert("tick_failed", f"Run failed; the next one tries again: {defect(error)}")
        self.health.ended()
        self.health.found(CHECK, found)
        self.write()

    def look(self) -> Look:
        """How the worker is now."""
        return self.health.look(self.pulse.silence)

    @property
    def is_live(self) -> bool:
        """Whether the process makes progress: the one question whose no may restart it."""
        return self.pulse.silence <= self.app.settings.routeready_live_seconds

    def text(self, look: Look) -> str:
        """How the worker is, for a probe."""
        settings = self.app.settings
        return health.text(look, settings.routeready_tick_seconds, settings.routeready_live_seconds)

    def write(self) -> None:
        """Bring the health file up to date."""
        settings = self.app.settings
        is_written = health.write(settings.routeready_health_file, self.text(self.look()))
        if self._is_written and not is_written:
            said = f"The health file {settings.routeready_health_file} can't be written"
            alert("health_unwritten", f"{said}. Probes will take this worker for dead.")
        self._is_written = is_written

    def _tick(self, found: list[Trouble]) -> None:
        app = self.app
        file = app.settings.routeready_stop_file
        if file.exists():
            found.append(StopFile(path=str(file)))
            log("tick_stopped", f"Stopped by the file {file}. Delete it to continue.")
            return
        if not self._is_retried:
            retry_after_upgrade(app.context())
            self._is_retried = True
        self._take_up_policy()
        operations.tell(app.context(), self.look().standing)
        report = Worker.of(app).tick()
        found += report.troubles
        Desk(app.context(), app.memory).tidy()
        _say(report)
        aside = len(app.ledger.workings.set_aside())
        if aside:
            found.append(LeadsSetAside(count=aside))
        app.ledger.intake.forget_unread(app.clock.now())
        unread = len(app.ledger.workings.unread(app.clock.now() - UNREAD_FOR))
        if unread:
            found.append(RecordsUnread(count=unread))
        if not (report.paused or report.busy):
            found += app.vendor_calls.troubles()
        if app.model_trouble.fault is not None:
            found.append(ModelOut(fault=app.model_trouble.fault))

    def _take_up_policy(self) -> None:
        """Take up a changed policy; whatever is wrong with it, the one in force stays."""
        refused: list[Trouble] = []
        try:
            if self.app.reload_policy():
                log("policy_changed", "New policy in force.", policy=self.app.policy.version)
        except PolicyError as error:
            refused.append(PolicyRefused(detail=str(error)))
        except Exception as error:  # noqa: BLE001  (no file whatever stops routing)
            refused.append(PolicyRefused(detail=f"it can't be read: {defect(error)}"))
        self.health.found(POLICY, refused)


def _say(report: Report) -> None:
    if report.paused:
        log("tick_paused", f"Nothing was done: {report.paused}")
    elif report.busy:
        log("tick_busy", f"Another instance is running; this one waits. {report.busy}")
    elif report.error:
        alert("tick_ended_early", report.error, run=report.run)
    else:
        said = "Run complete: everything due was checked."
        log("tick_done", said, run=report.run, **report.verdicts)
