"""What holds for many leads at once: call budgets, bad records, crashes, a second instance."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.ledger.tables.states import CycleStatus
from sandbox.marketo.lead_database import people
from sandbox.salesforce.rules import validation
from sandbox.salesforce.store import records
from sandbox.state.world import World
from sandbox.worlds import scale
from tests.support.repository import ROOT
from tests.support.worlds import Town, town

SALESFORCE_AND_MARKETO = ("marketo", "salesforce")


@pytest.fixture
def crowd(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Town]:
    """As many route-ready leads as the test asks for, all synced, all due now."""
    world = World(seed=3)
    scale.build(world, leads=request.param)
    with town(tmp_path, world) as place:
        yield place


@pytest.mark.parametrize("crowd", [1000], indirect=True)
def test_a_thousand_leads_cost_at_most_forty_calls(crowd: Town) -> None:
    """By the sandbox's journal, sign-in, Slack and paid enrichment aside."""
    crowd.tick()
    calls = crowd.requests()
    assigned = Counter(cycle.status for cycle in crowd.app.ledger.history.cycles())
    assert {CycleStatus.ASSIGNED: 1000} == dict(assigned)
    assert 40 >= sum(calls[vendor] for vendor in SALESFORCE_AND_MARKETO)


@pytest.mark.parametrize("crowd", [300], indirect=True)
def test_bad_records_park_or_follow_and_the_others_are_routed(crowd: Town) -> None:
    """A validation rule, a deleted, a locked and a converted lead stop nobody else."""
    leads = [row for row in crowd.world.table("salesforce.Lead").values() if not row["IsDeleted"]]
    refused, deleted, locked, converted = (row["Id"] for row in leads[:4])
    words = "Sales asked that this lead stays as it is"
    validation.add_rule(crowd.world, "Lead", "Id", refused, words)
    ana = crowd.user("ana.torres@meridian.example")
    records.delete(crowd.world, "Lead", deleted, by=ana)
    until = "2099-01-01T00:00:00+00:00"
    crowd.world.table("sandbox.locked")[locked] = {"until": until}
    records.convert_lead(crowd.world, converted, by=ana)
    crowd.tick()
    writes = crowd.owner_writes()
    assert 296 == len(writes)  # the converted one already has its owner: the contact keeps it
    assert {1} == set(writes.values())
    by_lead = {row["sfdcLeadId"]: key for key, row in crowd.world.table(people.PERSON).items()}
    status = {
        name: crowd.cycle(int(by_lead[record])).status
        for name, record in (
            ("refused", refused),
            ("deleted", deleted),
            ("locked", locked),
            ("converted", converted),
        )
    }
    assert {
        "refused": CycleStatus.PARKED,
        "deleted": CycleStatus.WAITING,
        "locked": CycleStatus.ASSIGNING,
        "converted": CycleStatus.ASSIGNED,
    } == status


@pytest.mark.parametrize("crowd", [600], indirect=True)
@pytest.mark.parametrize("writes_before_the_kill", [1, 201, 599])
def test_a_kill_in_the_middle_of_a_batch_doubles_and_loses_nothing(
    crowd: Town, writes_before_the_kill: int, tmp_path: Path
) -> None:
    """SIGKILL while owners are being written, run again: exactly one owner write per lead."""
    ready = tmp_path / "ready.json"
    ready.write_text(json.dumps(crowd.running.details()))
    command = [sys.executable, "-m", "tests.support.tick_once", str(ready), str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=environment, cwd=ROOT) as process:  # noqa: S603  (ours)
        deadline = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < deadline:
            if crowd.owner_writes().total() >= writes_before_the_kill:
                break
            time.sleep(0.001)
        process.send_signal(signal.SIGKILL)
    crowd.pass_time(minutes=11)
    crowd.tick()
    crowd.pass_time(minutes=11)
    crowd.tick()
    writes = crowd.owner_writes()
    assert 600 == len(writes)
    assert {1} == set(writes.values())
    assert {CycleStatus.ASSIGNED} == {c.status for c in crowd.app.ledger.history.cycles()}


@pytest.mark.parametrize("crowd", [50], indirect=True)
def test_a_second_instance_waits_while_the_first_is_at_work(crowd: Town) -> None:
    """The lease keeps two instances from doing the same work."""
    now = crowd.world.now
    crowd.app.ledger.leases.acquire("tick", "somebody else", now, scale.SETTLING)
    assert crowd.tick().busy
    assert Counter() == crowd.owner_writes()
