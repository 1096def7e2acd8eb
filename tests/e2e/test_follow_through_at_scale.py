"""Follow-through costs what is due, not what is open."""

import os
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from agent.ledger.rows import table
from agent.ledger.tables.handoffs import HandoffRow
from agent.worker.tick import Worker
from sandbox.state.world import World
from sandbox.worlds import scale
from tests.support.worlds import Town, town

OPEN, DUE = int(os.environ.get("FOLLOW_OPEN", "2000")), 200
"""The calls don't depend on how many are open: FOLLOW_OPEN=10000 asks the same of ten thousand."""
BUDGET = 12


@pytest.fixture
def crowd(tmp_path: Path) -> Iterator[Town]:
    """Many open leads, all assigned, of which two hundred are due."""
    world = World(seed=3)
    scale.build(world, leads=OPEN)
    with town(tmp_path, world) as place:
        while place.app.ledger.handoffs.open_count() < OPEN:
            Worker.of(place.app).route()
        later = place.world.now + timedelta(days=3)
        place.pass_time(days=1)
        rows = place.app.ledger.handoffs.rows()
        handoff = table(HandoffRow)
        with place.app.ledger.engine.begin() as connection:
            quiet = [row.cycle_id for row in rows[DUE:]]
            for start in range(0, len(quiet), 500):
                some = handoff.c.cycle_id.in_(quiet[start : start + 500])
                connection.execute(update(handoff).where(some).values(due_at=later))
            connection.execute(
                update(handoff)
                .where(handoff.c.cycle_id.in_([row.cycle_id for row in rows[:DUE]]))
                .values(due_at=place.world.now)
            )
        yield place


@pytest.mark.slow
def test_a_tick_costs_what_is_due(crowd: Town) -> None:
    """Two hundred due of many open: a dozen Salesforce calls, by the journal."""
    before = crowd.requests()
    report = Worker.of(crowd.app).follow()
    calls = Counter(crowd.requests()) - Counter(before)
    assert DUE == report.steps.total()
    assert calls["salesforce"] <= BUDGET
