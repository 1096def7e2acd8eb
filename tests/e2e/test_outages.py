"""Vendors that are away for hours: nothing is lost, and nobody is charged for it."""

from datetime import timedelta
from typing import Any

from sqlalchemy import text

from agent.ledger.tables.states import UNSETTLED, CycleStatus, EffectState
from sandbox import faults
from sandbox.faults import Status
from tests.support.follow_through import live, messages, said
from tests.support.worlds import Town

MARTA = "marta.silva@meridian.example"


def away(here: Town, vendor: str) -> str:
    """A vendor answers nothing but 503."""
    return faults.add(here.world, Status(vendor=vendor, status=503))


def states(here: Town, kind: str) -> list[str]:
    """Where the effects of a kind stand."""
    now = here.world.now + timedelta(days=400)
    waiting = here.app.ledger.effects.outstanding(kind, UNSETTLED, now, 1000)
    dead = [one for one in here.app.ledger.workings.dead_letters(100) if one.kind == kind]
    return sorted([*(one.state for one in waiting), *(one.state for one in dead)])


def test_an_owner_that_could_not_be_written_for_hours_is_written_at_last(here: Town) -> None:
    """Salesforce goes away between the decision and the write: no attempt, no dead letter."""
    here.pass_time(hours=1)
    here.tick()
    person = here.arrive(state="New York")
    real, struck = here.app.crm.owner_states, list[str]()

    def owner_states(subjects: Any) -> Any:  # noqa: ANN401  (as the original)
        if not struck:
            struck.append(away(here, "salesforce"))
        return real(subjects)

    here.app.crm.owner_states = owner_states  # type: ignore[method-assign]
    live(here, hours=2.5)
    assert ([EffectState.PLANNED], CycleStatus.ASSIGNING) == (
        states(here, "set_owner"),
        here.cycle(person).status,
    )
    faults.remove(here.world, struck[0])
    live(here, minutes=25)
    assert CycleStatus.ASSIGNED == here.cycle(person).status
    assert {here.lead(person)["Id"]: 1} == dict(here.owner_writes())


def test_a_handoff_that_cannot_be_read_stops_no_other(here: Town) -> None:
    """One broken row: the other lead climbs its ladder, and the manager's digest comes."""
    here.pass_time(hours=4)
    broken, other = here.arrive(), here.arrive(email="b@bolt.example", lastName="Bolt", company="B")
    here.tick()
    cycle = here.cycle(broken).id
    spoilt = "UPDATE handoff SET handoff = '{}' WHERE cycle_id = :one"
    with here.app.ledger.engine.begin() as connection:
        connection.execute(text(spoilt), {"one": cycle})
    live(here, minutes=40)
    told = [said(one) for one in messages(here, MARTA)]
    assert ([], True) == (
        [one for one in told if "Dana Fox" in one],
        any("Bolt" in one for one in told),
    )
    (aside,) = here.app.ledger.workings.set_aside()
    assert (str(broken), "follow-through") == (aside.lead, aside.where)
    assert "open" == here.app.ledger.handoffs.row(here.cycle(other).id).state  # type: ignore[union-attr]
