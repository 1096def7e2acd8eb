"""One sandbox with 2,600 leads, and a way to run other people's clients against it."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from sandbox.http.message import Json
from sandbox.server.instance import Running, start
from sandbox.slack.conversations import channels
from sandbox.slack.interactivity import user_actions
from sandbox.state.world import Row, World
from sandbox.worlds import scale

LEADS = 2_600
"""More than a page of any vendor: Marketo gives 300, Salesforce 2,000 at a time."""
NODE_FOLDER = Path(__file__).parent / "node"
NODE_SECONDS = 120
ANSWER_SECONDS = 10
BETWEEN = timedelta(seconds=2)
"""Of the world's time, so that nobody writes faster than Slack lets them."""


@pytest.fixture(scope="module")
def world() -> World:
    """A world whose leads are in Marketo and in Salesforce."""
    world = World(seed=5)
    scale.build(world, leads=LEADS)
    return world


@pytest.fixture(scope="module")
def running(world: World) -> Iterator[Running]:
    """That world behind its ports."""
    started = start(world)
    yield started
    started.stop()


@pytest.fixture(scope="module")
def details(running: Running) -> Json:
    """Every address and credential."""
    return running.details()


@pytest.fixture(scope="module")
def start_node(running: Running) -> Callable[..., subprocess.Popen[str]]:
    """Start a script of `node/` that knows where the sandbox is."""
    if shutil.which("node") is None or not (NODE_FOLDER / "node_modules").is_dir():
        pytest.skip("Node's clients are not installed: `make clients` does it, with npm")
    details = running.details()

    def begin(script: str, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(  # noqa: S603  (our own scripts)
            ["node", "--no-deprecation", script, *arguments],  # noqa: S607  (whichever is there)
            cwd=NODE_FOLDER,
            env={
                "PATH": os.environ["PATH"],
                "SANDBOX": json.dumps(details),
                "NODE_EXTRA_CA_CERTS": details["salesforce"]["ca_file"],
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return begin


@pytest.fixture(scope="module")
def node(start_node: Callable[..., subprocess.Popen[str]]) -> Callable[..., Json]:
    """Run a script to its end; what it prints as JSON is what it saw."""

    def run(script: str, *arguments: str) -> Json:
        process = start_node(script, *arguments)
        told, complaint = process.communicate(timeout=NODE_SECONDS)
        assert process.returncode == 0, f"{script} ended with {process.returncode}:\n{complaint}"
        return json.loads(told)

    return run


@pytest.fixture
def node_app(
    start_node: Callable[..., subprocess.Popen[str]],
) -> Callable[..., AbstractContextManager[str]]:
    """Let a script run while something is done; it gives the first line that it prints."""

    @contextmanager
    def run(script: str, *arguments: str) -> Generator[str]:
        process = start_node(script, *arguments)
        try:
            yield str(process.stdout and process.stdout.readline()).strip()
        finally:
            process.communicate(timeout=NODE_SECONDS)

    return run


class Conversation:
    """A person in their direct message with the app."""

    def __init__(self, running: Running, user: str) -> None:
        self._running = running
        self._user = user
        with running.world.lock:
            self._channel = str(channels.open_dm(running.world, user)[0]["id"])

    def after(self, act: Callable[[], object]) -> str:
        """What the app writes once this is done."""
        before = len(self._from_app())
        with self._running.world.lock:
            self._running.world.advance(BETWEEN)
            act()
        until = time.monotonic() + ANSWER_SECONDS
        while len(self._from_app()) == before and time.monotonic() < until:
            time.sleep(0.02)
        return str(self._from_app()[-1]["text"])

    def say(self, text: str) -> None:
        """Write to the app."""
        user_actions.say(self._running.world, self._user, self._channel, text)

    def press(self, action: str) -> None:
        """Press a button of the app's newest message."""
        ts = str(self._from_app()[-1]["ts"])
        user_actions.press(self._running.world, self._user, self._channel, ts, action)

    def command(self, line: str) -> None:
        """Type a slash command."""
        user_actions.command(self._running.world, self._user, self._channel, line)

    def _from_app(self) -> list[Row]:
        with self._running.world.lock:
            rows = list(self._running.world.table("slack.message").values())
        return [row for row in rows if row["channel"] == self._channel and "bot_id" in row]
