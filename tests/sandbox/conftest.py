"""A running sandbox that the tests of one file share; each test finds it as it was at first."""

from collections.abc import Iterator

import pytest

from sandbox import acts
from sandbox.control.client import Control
from sandbox.marketo.lead_database import people
from sandbox.people import roster
from sandbox.server.instance import Running, start
from sandbox.state.world import World
from tests.support.sandbox_vendors import Vendors


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    """The demo company behind its ports, with two persons in Marketo."""
    world = World(seed=1)
    acts.live(world)
    roster.settle(world)
    for name in ("ada", "bob"):
        people.create_person(world, {"email": f"{name}@x.example", "lastName": name})
    running = start(world)
    yield running
    running.stop()


@pytest.fixture
def world(running: Running) -> Iterator[World]:
    """The running world, brought back afterwards to what it was before the test."""
    taken = running.world.snapshot()
    yield running.world
    running.world.restore(taken)


@pytest.fixture
def control(running: Running, world: World) -> Iterator[Control]:
    """The control client."""
    assert world is running.world
    client = Control(f"{running.url}/_control")
    yield client
    client.close()


@pytest.fixture
def vendors(running: Running, world: World) -> Vendors:
    """Calls with credentials that hold."""
    assert world is running.world
    return Vendors(running)
