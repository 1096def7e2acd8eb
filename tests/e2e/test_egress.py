"""No byte leaves for anybody but those whom a setting names, whatever the environment says."""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from sandbox.people import roster
from sandbox.slack.transport.socket_mode import ADDRESS
from sandbox.state.world import World
from tests.support.environments import environment
from tests.support.repository import ROOT
from tests.support.worlds import town

WITNESS = """
import sys


def witness(event, arguments):
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        told = arguments[1]
    elif event == "socket.getaddrinfo":
        told = arguments[:2]
    else:
        return
    with open({file!r}, "a", encoding="utf-8") as kept:
        kept.write(f"{{told[0]}} {{told[1]}}\\n")


sys.addaudithook(witness)
"""
"""Runs first in every process of Python, and sees each connection and look-up of a name."""
NOSY = {
    "LANGCHAIN_TRACING_V2": "true",
    "LANGCHAIN_API_KEY": "key",
    "LANGSMITH_TRACING": "true",
    "LANGSMITH_API_KEY": "key",
    "LANGSMITH_ENDPOINT": "http://langsmith.invalid",
    "LANGSMITH_OTEL_ENABLED": "true",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector.invalid",
    "OTEL_TRACES_EXPORTER": "otlp",
    "OPENAI_ORG_ID": "other",
}
"""What another program of the machine may have set for itself."""


def test_a_worker_speaks_with_nobody_but_those_it_was_told(tmp_path: Path) -> None:
    """A whole process routes a lead; every connection it opened is to a port that a setting has."""
    seen = tmp_path / "connections.txt"
    place = tmp_path / "witness"
    place.mkdir()
    (place / "sitecustomize.py").write_text(WITNESS.format(file=str(seen)), "utf-8")
    world = World(seed=1, now=datetime.now(UTC))
    roster.settle(world)
    with town(tmp_path, world) as here:
        dana = here.arrive()
        env = {**environment(here, tmp_path), **NOSY}
        env["PYTHONPATH"] = os.pathsep.join([str(place), str(ROOT)])
        command = [sys.executable, "-m", "agent.cli", "run"]
        with subprocess.Popen(command, env=env, cwd=ROOT) as run:  # noqa: S603  (our own module)
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline and not here.owner_writes():
                time.sleep(0.1)
            time.sleep(0.5)
            run.send_signal(signal.SIGTERM)
            assert 0 == run.wait(30)
        assert here.owner_writes()[here.lead(dana)["Id"]]
        link = str(here.world.table(ADDRESS)["address"]["url"])
        named = {here.running.plain.port, here.running.secure.port, urlsplit(link).port}
    spoken = {tuple(line.rsplit(" ", 1)) for line in seen.read_text("utf-8").splitlines()}
    strangers = {
        (host, port)
        for host, port in spoken
        if host not in ("127.0.0.1", "localhost", "::1") or int(port) not in named
    }
    assert ([], True) == (sorted(strangers), len(spoken) > 1), json.dumps(sorted(spoken))
