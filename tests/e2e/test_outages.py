"""Vendors that are away for hours: nothing is lost, and nobody is charged for it."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text

from agent.ledger.tables.states import UNSETTLED, CycleStatus, EffectState
from agent.rollout.replay import replay
from agent.worker.service import Service
from sandbox import faults
from sandbox.faults import Status
from tests.support.follow_through import live, messages, owner, said
from tests.support.worlds import Town

OPS = "quinn.walsh@meridian.example"
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


def test_a_burst_of_breaches_reaches_the_manager_in_a_few_messages(here: Town) -> None:
    """Forty leads breach together: Slack's own limit kills none, and each is named once a step."""
    here.pass_time(hours=1)
    for number in range(40):
        here.arrive(
            email=f"p{number}@c{number}.example",
            company=f"Company {number}",
            lastName=f"L{number}",
            state="New York",
        )
    for _ in range(10):
        here.tick()
        here.pass_time(minutes=5)
    assert [] == [one for one in states(here, "tell_manager") if one != EffectState.APPLIED]
    told = [one for one in messages(here, MARTA) if "SLA" in said(one)]
    keys = {key for one in told for key in one["metadata"]["event_payload"]["keys"].split(",")}
    assert (True, True) == (len(keys) >= 40, len(told) <= 4)


def test_nobody_loses_a_lead_that_they_were_never_told_of(here: Town) -> None:
    """Slack away for five hours: the owner keeps it, the manager hears why, news comes first."""
    here.pass_time(hours=1)
    here.tick()
    person = here.arrive(state="New York")
    fault = away(here, "slack")
    for _ in range(15):
        here.tick()
        here.pass_time(minutes=20)
    first = owner(here, person)
    faults.remove(here.world, fault)
    live(here, minutes=10)
    assert (1, first) == (here.owner_writes().total(), owner(here, person))
    mine = [said(one) for one in messages(here, first)]
    assert ("New lead:", 1) == (mine[0][:9], len(mine))
    assert "First touch due" in mine[0]
    (told,) = [said(one) for one in messages(here, MARTA) if "Dana Fox" in said(one)]
    assert "could not be notified in Slack for" in told
    live(here, minutes=50)
    assert (3, 2) == (len(messages(here, first)), here.owner_writes().total())
    replayed = replay(here.app.ledger)
    assert () == replayed.differences


def test_after_a_day_without_ticks_people_are_told_and_the_lead_is_given_on(here: Town) -> None:
    """Of the steps that fell due the highest that tells and the one that reassigns are made up."""
    here.pass_time(hours=1)
    person = here.arrive(state="New York")
    here.tick()
    first = owner(here, person)
    here.pass_time(hours=24)
    here.tick()
    live(here, minutes=10)
    assert first != owner(here, person)
    assert 1 == len(messages(here, owner(here, person)))
    told = [one for one in messages(here, MARTA) if "SLA breach" in said(one)[:10]]
    assert 1 == len(told)
    assert 1 == len([one for one in messages(here, first) if "Dana" in said(one)])


def in_service(here: Town, folder: Path) -> Service:
    """The town's worker as it runs for months."""
    files = {"routeready_health_file": folder / "health", "routeready_stop_file": folder / "stop"}
    here.app.settings = here.app.settings.model_copy(update=files)
    here.app.reload_policy = lambda: False  # type: ignore[method-assign]
    return Service(here.app)


def problems(service: Service) -> list[tuple[str, str]]:
    """What health says is wrong, and since when."""
    return [(one.trouble.kind, f"{one.since:%H:%M}") for one in service.look().standing]


def test_an_outage_that_only_makes_messages_wait_is_one_outage_for_health(
    here: Town, tmp_path: Path
) -> None:
    """Slack takes no posts, and in some ticks none is due: health names it all the time."""
    here.pass_time(hours=1)
    service = in_service(here, tmp_path)
    here.arrive(state="New York")
    fault = faults.add(here.world, Status(vendor="slack", path="chat.post", status=503))
    seen: list[list[tuple[str, str]]] = []
    for _ in range(4):
        service.tick()
        seen.append(problems(service))
        here.pass_time(minutes=1)
    faults.remove(here.world, fault)
    here.pass_time(minutes=5)
    service.tick()
    assert [[("vendor_out", "15:00")]] * 4 + [[]] == [*seen, problems(service)]


def test_a_provider_that_does_not_answer_is_told_and_keeps_nobody_waiting(
    here: Town, tmp_path: Path
) -> None:
    """The lead is assigned without it; health says which provider is out, as no failure."""
    here.pass_time(hours=1)
    service = in_service(here, tmp_path)
    away(here, "pdl")
    person = here.arrive(state="New York", numberOfEmployees=None)
    service.tick()
    assert (CycleStatus.ASSIGNED, "degraded") == (here.cycle(person).status, service.look().state)
    assert [("provider_out", "15:00")] == problems(service)


def test_a_report_that_an_outage_held_back_comes_in_its_readers_hours(
    here: Town, tmp_path: Path
) -> None:
    """Slack away from morning until night: what was to be reported waits for the next morning."""
    here.pass_time(hours=2)
    service = in_service(here, tmp_path)
    fault = away(here, "slack")
    here.arrive(state="New York")
    for _ in range(5):
        service.tick()
        here.pass_time(hours=2.5)
    faults.remove(here.world, fault)
    service.tick()
    here.pass_time(minutes=10)
    service.tick()
    by_night = [said(one) for one in messages(here, OPS)]
    here.pass_time(hours=12)
    service.tick()
    by_day = [said(one).startswith("Slack can't be used") for one in messages(here, OPS)]
    assert ([], True) == (by_night, True in by_day)
