"""A server of chat completions that others wrote: fakellm, on its own port, by its own rules."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from pydantic import SecretStr

from evals.cases.scenario import load_scenarios
from evals.cases.tasks import NudgeCase
from evals.comparison.gate import current
from evals.harness.bench import open_bench
from evals.run.canaries import wording
from evals.run.runner import Arm, Effort, run
from evals.score.faults import Fault
from tools.llm import LlmSettings

pytest.importorskip("fakellm", reason="fakellm isn't installed: pip install fakellm to run this")

NUDGES = [one for one in load_scenarios() if one.task == "nudge"][:6]
SERVE = "from fakellm.cli import main; main()"


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """The server, told to answer the first five cases as expected and to fail at the sixth."""
    rules: list[dict[str, Any]] = [
        {
            "name": one.case.id,
            "when": {"messages_contain": one.case.lead},
            "respond": {"content": wording(one.case)},
        }
        for one in NUDGES[:5]
        if isinstance(one.case, NudgeCase)
    ]
    rules.append({"name": "else", "respond": {"status": 401, "error": "no such key"}})
    config = tmp_path / "fakellm.yaml"
    config.write_text(json.dumps({"version": 1, "rules": rules}), encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-c", SERVE, "serve", "--port", str(port), "--config", str(config)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:  # noqa: S603
        try:
            _await(port)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            server.terminate()


def _await(port: int) -> None:
    for _ in range(200):
        try:
            requests.get(f"http://127.0.0.1:{port}/", timeout=1)
        except requests.ConnectionError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("the server did not start")


def test_a_server_of_others_can_be_asked(address: str, tmp_path: Path) -> None:
    """What it answers is scored, and what it refuses has no score."""
    model = LlmSettings(api_key=SecretStr("sk"), model="any", base_url=address, attempts=1)
    arm = Arm("base", current())
    with open_bench(tmp_path, NUDGES, model=model) as bench:
        *told, refused = run(bench, NUDGES, [arm], Effort(1))
    assert [(True, "any")] * 5 == [(one.passed, one.model) for one in told]
    assert (None, Fault.BROKE) == (refused.passed, refused.fault)
