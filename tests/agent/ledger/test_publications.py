"""Publications and gauges on a real SQLite file and a real PostgreSQL."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from agent.ledger import Ledger
from agent.ledger.records import Step
from domain.rollout.canary import Publication, Scope, State
from tests.support.builders import policy

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
POLICY = policy()


@pytest.fixture
def ledger(engine: Engine) -> Ledger:
    """An empty ledger."""
    return Ledger.on(engine)


def proposed(number: int = 1) -> Publication:
    """A policy that waits for a second word."""
    return Publication(
        id=f"p{number}",
        version=POLICY.version,
        base="base",
        scope=Scope(segment="Mid-market", share=10),
        by="quinn@meridian.example",
        because="a try",
        state=State.PROPOSED,
        asked_at=NOW + timedelta(minutes=number),
    )


def test_one_publication_is_open_and_all_stay_on_record(ledger: Ledger) -> None:
    """The database refuses a second; once the first ended there is room, and both are told."""
    publications = ledger.publications
    assert publications.open(proposed(), POLICY)
    assert (False, proposed()) == (publications.open(proposed(2), POLICY), publications.current())
    assert publications.begin("p1", "nia@meridian.example", NOW)
    assert not publications.begin("p1", "nia@meridian.example", NOW)
    assert publications.end("p1", State.ROLLED_BACK, "worker", "a spike", Step(at=NOW))
    assert not publications.end("p1", State.ROLLED_BACK, "worker", "a spike", Step(at=NOW))
    assert publications.open(proposed(2), POLICY)
    newest, oldest = publications.all()
    assert ("p2", "p1", "worker", "a spike", "nia@meridian.example") == (
        newest.id,
        oldest.id,
        oldest.ended_by,
        oldest.ended_because,
        oldest.agreed_by,
    )
    assert POLICY == publications.policy(POLICY.version)


def test_a_trial_is_judged_once_in_a_while(ledger: Ledger) -> None:
    """Of two workers that look at the same time one judges; later one does again."""
    ledger.publications.open(proposed(), POLICY)
    wait = timedelta(minutes=5)
    watched = [ledger.publications.watch("p1", NOW, NOW - wait) for _ in range(2)]
    later = NOW + wait
    assert ([True, False], True) == (watched, ledger.publications.watch("p1", later, later - wait))


def test_gauges_count_runs_by_what_came_of_them(ledger: Ledger) -> None:
    """Two that ended well, one that failed, one under way."""
    for number, (error, ends) in enumerate(
        [(None, True), (None, True), ("no", True), (None, False)]
    ):
        at = NOW + timedelta(minutes=number)
        ledger.leases.begin_run(f"r{number}", "routing", at)
        if ends:
            ledger.leases.end_run(f"r{number}", at, {}, error)
    found = ledger.watching.gauges(NOW)
    expected = {("routing", "ok"): 2, ("routing", "failed"): 1, ("routing", "unfinished"): 1}
    assert (expected, {"routing": NOW + timedelta(minutes=2)}) == (found.runs, found.last_run_at)
    assert ({}, None, None) == (found.leads, found.overdue_since, found.oldest_unworked_at)
