"""Running without end: a tick on a schedule, a graceful stop, and a health file."""

import json
import os
import signal
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from apscheduler.schedulers.background import BackgroundScheduler

from agent.app import App, open_app
from agent.conversation.desk import Desk
from agent.logs import alert, configure, defect, log
from agent.settings import Settings
from agent.slack import listener
from agent.worker import telemetry
from agent.worker.tick import Worker
from domain.errors import PolicyError
from domain.grammar import counted

TICK = "tick"


def run_forever(settings: Settings) -> None:
    """Tick until SIGTERM or SIGINT; the tick under way is finished first."""
    configure(settings.routeready_log_format)
    app = open_app(settings)
    with telemetry.watching(app):
        _run(app)
    app.close()
    log("run_stopped", "Worker stopped. Everything it had started is finished.")


def _run(app: App) -> None:
    settings = app.settings
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    scheduler = BackgroundScheduler(timezone=UTC)
    scheduler.add_job(
        _tick_safely,
        "interval",
        seconds=settings.routeready_tick_seconds,
        args=[app],
        next_run_time=datetime.now(UTC),
        coalesce=True,
        max_instances=1,
        id=TICK,
    )

    def hurry() -> None:
        scheduler.modify_job(TICK, next_run_time=datetime.now(UTC))

    app.hurry = hurry
    scheduler.start()
    log("run_started", "Worker started.", policy=app.policy.version)
    with listener.listening(app):
        stop.wait()
    scheduler.shutdown(wait=True)
    Worker.of(app).leave()


def _tick_safely(app: App) -> None:
    """The one place where any error is caught: it is told, and the next tick tries again."""
    try:
        state, problems = _ticked(app)
    except Exception as error:  # noqa: BLE001  (the worker must outlive any one tick)
        told = defect(error)
        alert("tick_failed", f"Run failed; the next one tries again: {told}")
        state, problems = "failed", [told]
    try:
        write_health(app.settings.routeready_health_file, state, problems)
    except OSError as error:
        alert("health_unwritten", f"The health file can't be written: {error.strerror}")


def _ticked(app: App) -> tuple[str, list[str]]:
    """Do what is due; how that went, and everything that is wrong."""
    settings = app.settings
    if settings.routeready_stop_file.exists():
        said = f"Stopped by the file {settings.routeready_stop_file}. Delete it to continue."
        log("tick_stopped", said)
        return "stopped", [said]
    problems = _take_up_policy(app)
    report = Worker.of(app).tick()
    Desk(app.context(), app.memory).tidy()
    if report.paused:
        log("tick_paused", f"Nothing was done: {report.paused}")
    elif report.busy:
        log("tick_busy", "Another instance is running; this one waits.")
    elif report.error:
        alert("tick_ended_early", report.error, run=report.run)
    else:
        said = "Run complete: everything due was checked."
        log("tick_done", said, run=report.run, **report.verdicts)
    aside = len(app.ledger.workings.set_aside())
    if aside:
        problems.append(f"{counted(aside, 'lead')} set aside after internal errors")
    if report.error:
        return "failed", [*problems, report.error]
    return ("degraded" if problems else "ok"), problems


def _take_up_policy(app: App) -> list[str]:
    """Take up a changed policy; whatever is wrong with it, the one in force stays."""
    try:
        if app.reload_policy():
            log("policy_changed", "New policy in force.", policy=app.policy.version)
    except PolicyError as error:
        said = f"The policy file has errors, so the previous policy stays in force: {error}"
    except Exception as error:  # noqa: BLE001  (no file whatever stops routing)
        told = defect(error)
        said = f"The policy file can't be read, so the previous policy stays in force: {told}"
    else:
        return []
    alert("policy_refused", said)
    return [said]


def write_health(path: Path, state: str, problems: Sequence[str]) -> None:
    """Say how the last tick went, in one small file that a probe can read; replaced in one move.

    `state` is `ok` only when nothing is wrong; `degraded` when work goes on although something is.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    told = "; ".join(problems) or None
    said = {"state": state, "at": datetime.now(UTC).isoformat(), "error": told, "pid": os.getpid()}
    draft = path.with_suffix(".tmp")
    draft.write_text(json.dumps(said), encoding="utf-8")
    draft.replace(path)
