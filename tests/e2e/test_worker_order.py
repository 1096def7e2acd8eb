"""The parts of a tick in their order: what a vendor's failure stops, and what it doesn't."""

import pytest

from agent.worker.tick import Worker
from sandbox import faults
from sandbox.faults import Status
from tests.support.follow_through import live, messages, said
from tests.support.worlds import Town

MARTA = "marta.silva@meridian.example"


@pytest.fixture
def digest_hour(here: Town) -> Town:
    """A manager's digest is due: a lead of the team has been open since yesterday."""
    here.arrive()
    here.pass_time(hours=4)
    here.tick()
    live(here, hours=1)
    here.pass_time(hours=19)
    return here


def digests(here: Town) -> int:
    """How many digests the manager has."""
    return sum("team" in said(one) for one in messages(here, MARTA))


def test_a_vendor_that_fails_in_the_graph_keeps_the_jobs_after_it_back(digest_hour: Town) -> None:
    """Salesforce is away while leads are looked at: no digest is made of what wasn't seen."""
    away = faults.add(digest_hour.world, Status(vendor="salesforce", status=503, times=50))
    report = Worker.of(digest_hour.app).follow()
    assert ("salesforce" in (report.error or "").lower(), 0) == (True, digests(digest_hour))
    faults.remove(digest_hour.world, away)
    live(digest_hour, minutes=30)
    assert 1 == digests(digest_hour)


def test_routing_that_fails_leaves_follow_through_its_turn(digest_hour: Town) -> None:
    """Marketo is away: nothing is routed, and the manager's digest comes all the same."""
    away = faults.add(digest_hour.world, Status(vendor="marketo", status=503, times=500))
    digest_hour.pass_time(minutes=5)
    report = digest_hour.tick()
    faults.remove(digest_hour.world, away)
    assert ("marketo" in (report.error or "").lower(), 1) == (True, digests(digest_hour))
