"""Publications and gauges on a real SQLite file and a real PostgreSQL."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from agent.ledger import Ledger
from agent.ledger.records import Step
from agent.ledger.rows import insert_new
from agent.ledger.tables.policies import PolicyRow
from domain.rollout.canary import Publication, Scope, State
from domain.values import canonical_json, content_hash
from tests.support.builders import policy
from tests.support.old_policies import as_stored_before, version_before

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


def kept(engine: Engine, version: str, body: str, days_ago: int = 1) -> None:
    """A policy as some release kept it."""
    row = {"version": version, "body": body, "first_used_at": NOW - timedelta(days=days_ago)}
    with engine.begin() as connection:
        insert_new(connection, PolicyRow, [row])


def test_a_version_once_given_stays_the_policys_name(ledger: Ledger, engine: Engine) -> None:
    """A policy of an earlier release, with old keys, is known again, read back, and kept once."""
    old = version_before(POLICY)
    kept(engine, old, as_stored_before(POLICY))
    assert old != POLICY.version
    known = ledger.publications.named(POLICY)
    assert (old, POLICY) == (known.version, known)
    ledger.cycles.keep_policy(known, NOW)
    assert {old: POLICY} == ledger.history.policies()
    read = ledger.publications.policy(old)
    assert (old, POLICY) == (getattr(read, "version", None), read)
    other = policy(name="Other")
    assert other.version == ledger.publications.named(other).version


def test_of_several_versions_of_one_policy_that_of_the_open_publication_counts(
    ledger: Ledger, engine: Engine
) -> None:
    """Two releases gave it two; without a publication the newest one is it."""
    for days_ago, version in ((3, "first"), (2, "second"), (4, POLICY.version)):
        kept(engine, version, as_stored_before(POLICY), days_ago)
    changed = policy(name="Changed")
    assert POLICY.version == ledger.publications.named(POLICY).version
    trial = proposed().model_copy(update={"base": "first", "version": changed.version})
    ledger.publications.open(trial, changed)
    assert "first" == ledger.publications.named(POLICY).version


def test_a_default_that_a_release_changed_makes_another_policy_of_the_same_file(
    ledger: Ledger, engine: Engine
) -> None:
    """What was decided under the version stays true; the new one is known again, too."""
    before = policy(limits={"messages_per_day": 5})
    kept(engine, POLICY.version, canonical_json(before))
    now = ledger.publications.named(POLICY)
    assert content_hash(canonical_json(POLICY)) == now.version != POLICY.version
    ledger.cycles.keep_policy(now, NOW)
    assert {POLICY.version: before, now.version: POLICY} == ledger.history.policies()
    assert now.version == ledger.publications.named(POLICY).version


def test_a_stored_policy_that_is_none_any_more_keeps_nobody_from_starting(
    ledger: Ledger, engine: Engine
) -> None:
    """It is not the one at hand, that is all."""
    kept(engine, "odd", '{"policy":1}')
    assert POLICY.version == ledger.publications.named(POLICY).version
