"""A worker process that ticks once against a running sandbox, for tests that kill it."""

import json
import sys
from datetime import datetime
from pathlib import Path

from agent.app import open_app
from agent.cli.demo import SandboxClock, sandbox_settings
from agent.worker.tick import Worker

if __name__ == "__main__":
    details = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    clock = SandboxClock(details["control"], datetime.fromisoformat(details["now"]))
    Worker.of(open_app(sandbox_settings(details, Path(sys.argv[2])), clock=clock)).tick()
