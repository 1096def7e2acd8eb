"""The console over a hundred thousand leads: seconds from a request to the last byte."""

import json
import random
import re
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import requests

from agent.cli.demo import let_days_pass, playing
from agent.console.boards.content import in_group, key_of
from agent.console.boards.workshop import Figures, apart
from agent.ledger import Ledger
from agent.ledger.rows import table
from agent.ledger.tables.decisions import DecisionRow
from agent.ledger.tables.effects import EffectRow
from agent.ledger.tables.handoffs import HandoffRow
from agent.ledger.tables.leads import CycleRow, TriggerRow
from tests.support.consoles import Served, links, serving

LEADS = 100_000
ASKED = 40
"""Requests per page."""
SPREAD = 28
"""Days over which the copies lie."""
KEYS = frozenset({"id", "cycle_id", "lead", "key", "decision_id", "record_id", "activity_id"})
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT")
_WITH_BOARDS = (
    "/",
    "/funnel",
    "/cohorts",
    f"/cohorts?how=group&treated={key_of(in_group('segment', 'Enterprise'))}",
    "/people",
)
_USUAL = (
    *_WITH_BOARDS,
    "/waiting",
    "/policy",
    "/model",
    "/system",
    "/leads",
    "/leads?page=1500",
    "/leads?standing=late",
    "/leads?standing=touched&order=oldest&page=200",
    "/leads?segment=Enterprise",
)


def pages() -> Iterator[tuple[str, float]]:
    """What is measured, each with seconds."""
    with playing(seed=7) as (app, clock, _):
        let_days_pass(app, clock, 1, follows=True)
        begun = time.perf_counter()
        count = multiply(app.ledger, LEADS)
        yield f"make a ledger of {count} leads", time.perf_counter() - begun
        workshop = apart(app.settings.routeready_database)
        with serving(app) as served:
            served.office.figures = Figures(workshop)
            begun = time.perf_counter()
            _warm(served)
            yield "make its boards, beside the pages", time.perf_counter() - begun
            yield from _measured(served, _samples(app.ledger))
        workshop.close()


def _warm(served: Served) -> None:
    """Wait until the boards are there, as they are for everybody but the first visitor."""
    session = served.visitor()
    for path in _WITH_BOARDS:
        while "being worked out" in session.get(served.url + path, timeout=600).text:
            time.sleep(1)


def _samples(ledger: Ledger) -> list[str]:
    cycles = table(CycleRow)
    with ledger.engine.connect() as connection:
        leads = [row.lead for row in connection.execute(cycles.select().limit(ASKED * 50))]
    return [f"/leads/{lead}" for lead in random.Random(1).sample(leads, ASKED)]


def _measured(served: Served, stories: Sequence[str]) -> Iterator[tuple[str, float]]:
    session = served.visitor()
    funnel = session.get(f"{served.url}/funnel", timeout=60).text
    behind = [one for one in links(funnel) if one.startswith("/leads?behind=")]
    search = session.post(
        f"{served.url}/leads/search",
        data={"csrf": _secret(funnel), "words": "garrow"},
        timeout=60,
    ).url.removeprefix(served.url)
    asked: dict[str, Sequence[str]] = {path: [path] * ASKED for path in _USUAL}
    asked["a search"] = [search] * ASKED
    asked["the leads behind a number"] = [behind[n % len(behind)] for n in range(ASKED)]
    asked["a lead's story"] = stories
    everything: list[float] = []
    for name, paths in asked.items():
        taken = [_seconds(session, served.url + path) for path in paths]
        everything += taken
        yield f"{name}, p95 of {len(taken)}", _p95(taken)
    yield f"any page, p95 of {len(everything)}", _p95(everything)


def _secret(html: str) -> str:
    found = re.search(r'name="csrf" value="(\w+)"', html)
    if found is None:
        raise LookupError("the page has no form")
    return found[1]


def _seconds(session: requests.Session, url: str) -> float:
    begun = time.perf_counter()
    answer = session.get(url, timeout=60)
    answer.raise_for_status()
    return time.perf_counter() - begun


def _p95(seconds: Sequence[float]) -> float:
    return sorted(seconds)[round(0.95 * len(seconds)) - 1]


def multiply(ledger: Ledger, wanted: int) -> int:
    """Let a ledger hold what it holds so often that it has so many leads; how many it has then."""
    names = {
        table(row).name: [column.name for column in table(row).columns]
        for row in (TriggerRow, CycleRow, DecisionRow, HandoffRow, EffectRow)
    }
    connection = sqlite3.connect(str(ledger.engine.url.database), isolation_level=None)
    connection.execute("PRAGMA synchronous=OFF")
    connection.row_factory = sqlite3.Row
    kept = {name: _rows(connection, name) for name in names}
    times = -(-wanted // len(kept["cycle"]))
    for copy in range(1, times):
        connection.execute("BEGIN")
        for name, columns in names.items():
            slots, told = ", ".join("?" for _ in columns), ", ".join(columns)
            rows = [_copied(row, columns, f"{copy}x", copy % SPREAD) for row in kept[name]]
            connection.executemany(f"INSERT INTO {name} ({told}) VALUES ({slots})", rows)  # noqa: S608
        connection.execute("COMMIT")
    connection.execute("ANALYZE")
    (count,) = connection.execute("SELECT count(*) FROM cycle").fetchone()
    connection.close()
    return int(count)


def _rows(connection: sqlite3.Connection, name: str) -> list[Mapping[str, Any]]:
    """The rows worth copying: of decisions the verdicts and routes, of writes the owner's."""
    narrowed = {
        "decision": "WHERE kind IN ('gate', 'route')",
        "effect": "WHERE kind IN ('set_owner', 'tell_owner')",
    }
    found = connection.execute(f"SELECT * FROM {name} {narrowed.get(name, '')}")  # noqa: S608
    return [dict(row) for row in found]


def _copied(row: Mapping[str, Any], columns: Sequence[str], mark: str, days: int) -> list[Any]:
    """A row as another lead's, so many days before."""
    before = timedelta(days=days)
    return [
        f"{mark}{row[name]}" if name in KEYS and row[name] else _earlier(row[name], before, name)
        for name in columns
    ]


def _earlier(value: Any, before: timedelta, name: str) -> Any:  # noqa: ANN401  (a column)
    if not isinstance(value, str):
        return value
    if name in ("trigger", "handoff"):
        return json.dumps(_shifted(json.loads(value), before))
    if name.endswith(("_at", "_due")) or name in ("at", "deadline"):
        return (datetime.fromisoformat(value) - before).strftime("%Y-%m-%d %H:%M:%S.%f")
    return value


def _shifted(value: Any, before: timedelta) -> Any:  # noqa: ANN401  (JSON)
    if isinstance(value, dict):
        return {key: _shifted(one, before) for key, one in value.items()}  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, str) and _INSTANT.match(value):
        return (datetime.fromisoformat(value) - before).isoformat()
    return value
