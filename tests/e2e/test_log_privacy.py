"""Nothing that a lead, a person or a vendor says leaves a worker by its logs, health or metrics."""

import signal
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import requests

from sandbox import faults
from sandbox.faults import Error, Status
from sandbox.marketo.lead_database import people
from sandbox.people import roster
from sandbox.state.world import World
from tests.e2e.test_telemetry import free_port
from tests.support.conversations import dm, slack_id
from tests.support.environments import environment
from tests.support.repository import ROOT
from tests.support.worlds import Town, town

MARK = "Xqzv"
"""No word of ours or of anybody's program."""
PLANTED = f"""
import logging
import threading
import warnings

from agent.cli.main import main
from agent.follow_through import graph
from agent.metrics import alerts

logging.basicConfig(level=logging.DEBUG)


def fail(*_: object, **__: object) -> None:
    raise ValueError("{MARK} in an exception")


def break_in() -> None:
    logging.getLogger("library").error("{MARK} in a library's log")
    warnings.warn("{MARK} in a warning")
    try:
        fail()
    except ValueError:
        logging.getLogger("library").exception("{MARK} in a traceback")
    threading.Thread(target=fail).start()


def current(*_: object) -> None:
    break_in()
    fail()


graph.next_step = fail
alerts.current = current
main()
"""
"""The worker, with code in it that fails on a lead's own words, and a machine that logs it all."""
SEEN = {
    "alerts_failed",
    "ladder_failed",
    "lead_set_aside",
    "library_warned",
    "model_trouble",
    "run_stopped",
    "thread_failed",
    "tick_ended_early",
    "vendor_out",
}
"""What is in the log when all of the paths were taken."""


def marked(here: Town, number: int) -> int:
    """A lead with the mark in each of its fields."""
    return here.arrive(
        firstName=f"{MARK}first{number}",
        lastName=f"{MARK}last{number}",
        email=f"{MARK}{number}@{MARK}{number}.example".lower(),
        company=f"{MARK} Company {number}",
        phone=f"+1 555 {MARK} {number}",
        title=f"{MARK} of Sales",
        comments=f"{MARK}: call me",
    )


def plant(here: Town, folder: Path) -> None:
    """Vendors that echo what they were sent, records that can't be read, and rows that break."""
    _, unwritten, odd, unread = (marked(here, number) for number in range(4))
    here.lead(odd)["CreatedDate"] = MARK
    here.world.table(people.PERSON)[str(unread)]["createdAt"] = MARK
    words = f"bad value for field: {MARK}@{MARK}.example"
    for fault in (
        Error(vendor="marketo", path="activities.json", code="1006", message=words, times=1),
        Error(
            vendor="salesforce",
            path="query|composite",
            code="MALFORMED_QUERY",
            message=words,
            status=400,
            times=1,
        ),
        Error(vendor="openai", code="invalid_value", message=words, status=400),
        Status(vendor="pdl", status=400, text=words),
    ):
        faults.add(here.world, fault)
    with closing(sqlite3.connect(folder / "demo.sqlite3")) as ledger, ledger:
        ledger.execute(
            f"CREATE TRIGGER odd BEFORE INSERT ON decision WHEN NEW.lead = '{unwritten}' "
            f"BEGIN SELECT RAISE(ABORT, '{MARK} in SQL'); END"
        )


def ask(here: Town) -> None:
    """Somebody asks the worker about a lead, in words that only a model understands."""
    email = "quinn.walsh@meridian.example"
    message = {
        "type": "message",
        "channel": dm(here, email),
        "channel_type": "im",
        "user": slack_id(here, email),
        "text": f"what would become of {MARK} if they had come on a Sunday?",
        "ts": f"{time.time():.6f}",
    }
    told = {"type": "event_callback", "team_id": "T1", "api_app_id": "A1", "event": message}
    here.running.socket.deliver("events_api", {**told, "event_id": "Ev1", "event_time": 1})


def look_again(folder: Path) -> None:
    """Every lead that was handed off is due again."""
    with closing(sqlite3.connect(folder / "demo.sqlite3", timeout=10)) as ledger, ledger:
        ledger.execute("UPDATE handoff SET due_at = '2026-01-01 00:00:00' WHERE state = 'open'")


def overheard(folder: Path, form: str) -> tuple[list[str], set[str]]:
    """What of others a whole worker let slip, and what it never came to."""
    folder /= form
    folder.mkdir()
    (folder / "worker.py").write_text(PLANTED, "utf-8")
    world = World(seed=1, now=datetime.now(UTC))
    roster.settle(world)
    port, told = free_port(), list[str]()
    with town(folder, world) as here, (folder / "log").open("w", encoding="utf-8") as log:
        plant(here, folder)
        details = here.running.details()["openai"]
        more = {
            "ROUTEREADY_LOG_FORMAT": form,
            "ROUTEREADY_METRICS_PORT": str(port),
            "OPENAI_API_KEY": str(details["api_key"]),
            "OPENAI_BASE_URL": str(details["base_url"]),
            "OPENAI_MODEL": str(details["model"]),
            "OPENAI_LOG": "debug",
            "PYTHONPATH": str(ROOT),
        }
        command = [sys.executable, str(folder / "worker.py"), "run"]
        env = {**environment(here, folder), **more}
        with subprocess.Popen(command, env=env, cwd=ROOT, stdout=log, stderr=log) as run:  # noqa: S603  (our own module)
            wanted, is_asked = SEEN - {"run_stopped"}, False
            deadline = time.monotonic() + 120
            while time.monotonic() < deadline and not _seen(folder, wanted):
                if not is_asked and _seen(folder, {"slack_connected"}):
                    is_asked = True
                    ask(here)
                look_again(folder)
                told += [_got(port, one) for one in ("health", "metrics", "live")]
                told.append(_read(folder / "health.json"))
                time.sleep(0.5)
            run.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                run.wait(120)
            run.kill()
    logged = _read(folder / "log")
    told += logged.splitlines()
    leaks = sorted({line[:400] for line in told if MARK.lower() in line.lower()})
    return leaks, {one for one in SEEN if one not in logged}


def test_nothing_that_others_say_is_in_what_a_worker_tells(tmp_path: Path) -> None:
    """Leads, questions, echoing vendors, broken rows: no mark in the log, in health, in metrics."""
    with ThreadPoolExecutor() as pool:
        found = list(pool.map(partial(overheard, tmp_path), ["json", "text"]))
    assert [([], set[str]())] * 2 == found


def _seen(folder: Path, wanted: set[str]) -> bool:
    logged = _read(folder / "log")
    return all(one in logged for one in wanted)


def _read(path: Path) -> str:
    return path.read_text("utf-8") if path.exists() else ""


def _got(port: int, page: str) -> str:
    try:
        return requests.get(f"http://127.0.0.1:{port}/{page}", timeout=5).text
    except requests.ConnectionError:
        return ""
