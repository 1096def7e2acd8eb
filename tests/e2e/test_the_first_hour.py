"""The tutorial is carried out as it stands: its commands, its pages, its question, its change."""

import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from tests.support.repository import ROOT

PAGE = (ROOT / "docs/tutorial/first-hour.md").read_text(encoding="utf-8")
COMMANDS = [
    line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()
]
PLACES = re.findall(r"^\| `(/[a-z]+)` \|", PAGE, re.MULTILINE)
QUESTION = re.findall(r"^> (.+)$", PAGE, re.MULTILINE)[0]
BEFORE, AFTER = re.findall(r"^[-+](  .+)$", PAGE, re.MULTILINE)
PATIENCE = 500.0
"""Seconds that a simulated day may take on a busy machine."""
pytestmark = [pytest.mark.slow, pytest.mark.timeout(PATIENCE + 100)]


@dataclass
class Hour:
    """The demo company as the tutorial has left it running, and the folder of its reader."""

    folder: Path
    console: str
    control: str
    visit: requests.Session
    """The reader's browser, in which the console's link was opened."""

    def run(self, line: str) -> str:
        """Carry out a command as somebody would type it; it must succeed."""
        words = f"{sys.executable} -m agent.cli".join(line.split(".venv/bin/routeready"))
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(  # noqa: S602  (our own page)
            words, shell=True, cwd=self.folder, env=env, capture_output=True, text=True, check=False
        )
        assert 0 == done.returncode, f"{line}: {done.stdout}{done.stderr}"
        return done.stdout


@pytest.fixture(scope="module")
def hour(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hour]:
    """The long-running command of the tutorial, on one day instead of three."""
    folder = tmp_path_factory.mktemp("reader")
    for name in ("policy.yaml", "territories.csv"):
        shutil.copy(ROOT / name, folder)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    serve = next(line for line in COMMANDS if "--serve" in line).split()[1:]
    command = [sys.executable, "-m", "agent.cli", *serve, "--days", "1", "--port", str(port)]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(  # noqa: S603  (our own page)
        command, cwd=folder, env=env, stdout=subprocess.PIPE, text=True
    ) as process:
        killer = threading.Timer(PATIENCE, process.kill)
        killer.start()
        try:
            told = ""
            while f":{port}/start/" not in told:
                line = process.stdout.readline() if process.stdout else ""
                assert line, f"the demo ended early: {told}"
                told += line
            killer.cancel()
            look = re.search(r"(http://\S+)/look", told)
            assert look is not None
            link = re.search(rf"http://\S+:{port}/start/\S+", told)
            assert link is not None
            _wait_until_it_listens(port)
            with requests.Session() as visit:
                assert 200 == visit.get(link[0], timeout=60).status_code
                yield Hour(folder, f"http://127.0.0.1:{port}", f"{look[1]}/_control", visit)
        finally:
            killer.cancel()
            process.terminate()


def _wait_until_it_listens(port: int) -> None:
    """The address is printed a moment before it answers."""
    for _ in range(60):
        with socket.socket() as door:
            if door.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.5)


@pytest.mark.parametrize("place", PLACES)
def test_a_page_that_the_tutorial_opens_is_there(hour: Hour, place: str) -> None:
    """Each page of its table answers."""
    answer = hour.visit.get(hour.console + place, timeout=60)
    assert (200, place) == (answer.status_code, urlsplit(answer.url).path)


def test_the_question_is_answered(hour: Hour) -> None:
    """Sven asks in Slack what is unworked in EMEA, and routeready answers him."""
    said = {"do": "slack.say", "user": "sven.olsen@meridian.example", "text": QUESTION}
    asked = requests.post(f"{hour.control}/act", json=said, timeout=60).json()["result"]
    answers: list[str] = []
    for _ in range(60):
        rows = requests.get(f"{hour.control}/table/slack.message", timeout=60).json()["rows"]
        mine = next(row for row in rows.values() if row["ts"] == asked)
        channel = [row for row in rows.values() if row["channel"] == mine["channel"]]
        answers = [row["text"] for row in channel if row["ts"] > asked and "bot_id" in row]
        if answers:
            break
        time.sleep(1)
    assert "EMEA" in answers[0]


def test_the_change_is_made_checked_and_simulated(hour: Hour) -> None:
    """Max leaves the pool: the commands in their order, then the upload in the console."""
    change = hour.folder / "my-policy.yaml"
    told = ""
    for line in COMMANDS:
        if "--serve" in line:
            continue
        told = hour.run(line)
        if line.startswith("cp "):
            text = change.read_text(encoding="utf-8")
            assert 1 == text.count(BEFORE)
            change.write_text(text.replace(BEFORE, AFTER), encoding="utf-8")
    assert "dach" in told
    session = hour.visit
    page = session.get(f"{hour.console}/policy", timeout=60).text
    token = re.search(r'name="csrf" value="([^"]+)"', page)
    assert token is not None
    with change.open("rb") as file:
        tried = session.post(
            f"{hour.console}/policy/tries",
            data={"csrf": token[1], "days": "30"},
            files={"policy_file": file},
            timeout=60,
        )
    for _ in range(120):
        if "<h2>" in tried.text and 'hx-trigger="load' not in tried.text:
            break
        time.sleep(1)
        tried = session.get(tried.url, timeout=60)
    assert ("Max Brandt" in tried.text, "Lena Vogel" in tried.text) == (True, True)
