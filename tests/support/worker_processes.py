"""Worker processes that a test may kill at any moment, each started in an instant.

Reads one JSON object a line: `details` of a running sandbox, the `folder` and `database` of the
worker. For each it forks a process that does what the worker does without end (routing,
follow-through, Slack over Socket Mode), and prints that process's id.
"""

import json
import os
import signal
import sys
import time
import traceback
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from agent.app import open_app
from agent.cli.demo import sandbox_settings
from agent.conversation.desk import Desk
from agent.slack import listener
from agent.worker.tick import Worker
from sandbox.control.client import Control

PAUSE = 0.05
"""Seconds between two ticks; without one the worker would be nothing but reading."""
DEFECT = "what no worker may do"
"""Stands in the log before whatever escaped from a worker."""


@dataclass(frozen=True)
class DistantClock:
    """The world's clock, read over HTTP; the world is moved by whoever runs it."""

    control: Control

    def now(self) -> datetime:
        """The world's present."""
        return self.control.now()

    def sleep(self, seconds: float) -> None:
        """Let the world's time pass."""
        self.control.advance(timedelta(seconds=seconds))


def work(asked: dict[str, Any]) -> None:
    """Work until killed."""
    settings = sandbox_settings(asked["details"], Path(asked["folder"]))
    settings = settings.model_copy(update={"routeready_database": asked["database"]})
    app = open_app(settings, clock=DistantClock(Control(asked["details"]["control"])))
    with listener.listening(app):
        while True:
            Worker.of(app).tick()
            Desk(app.context(), app.memory).tidy()
            time.sleep(PAUSE)


def main() -> None:
    """Start what is asked for until nothing more is."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        asked = json.loads(line)
        process = os.fork()
        if process:
            sys.stdout.write(f"{process}\n")
            sys.stdout.flush()
            continue
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        log = os.open(asked["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.dup2(log, 1)
        os.dup2(log, 2)
        try:
            work(asked)
        except BaseException:  # noqa: BLE001  (whatever it is, a worker ended by itself)
            os.write(log, f"{DEFECT} {traceback.format_exc()}".encode())
        os._exit(1)


if __name__ == "__main__":
    main()
