"""The worker in a world that goes on by itself."""

from datetime import timedelta
from pathlib import Path

from sandbox.people.reps import TOUCH
from sandbox.state.world import World
from sandbox.worlds import perpetual
from tests.support.worlds import town


def test_what_arrives_is_routed_and_reps_work_on_it(tmp_path: Path) -> None:
    """Leads have come for a day, the worker routes them, and reps touch some until evening."""
    world = World(seed=11)
    perpetual.build(world, leads=60)
    world.advance(timedelta(days=1, hours=2))
    with town(tmp_path, world) as here:
        here.tick()
        here.pass_time(hours=9)
        touched = world.table(TOUCH)
        leads = world.table("salesforce.Lead")
        routed = {key for key, row in leads.items() if row["Routing_Decision_Id__c"]}
        assert routed
        assert set(touched)
        assert set(touched) <= routed
