"""Workers that are killed at any moment; `make kills` does it hundreds of times."""

import subprocess
from collections.abc import Generator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests import kills


@pytest.fixture(scope="module")
def starter() -> "Generator[subprocess.Popen[str]]":
    """A process that starts workers in an instant, each a process of its own."""
    with kills.starting() as process:
        yield process


def test_killed_workers_lose_double_and_forget_nothing(
    engine: Engine, tmp_path: Path, starter: "subprocess.Popen[str]"
) -> None:
    """After SIGKILLs at vendors' answers and at any time each lead, message and word came once."""
    database = engine.url.render_as_string(hide_password=False)
    found = kills.besiege(tmp_path, database, seed=7, kills=3, starter=starter)
    assert ({}, []) == (dict(found.wrong), found.examples)
    assert (3, True, True) == (found.kills, found.writes > 0, found.messages > 0)
