"""Marketo's native sync with Salesforce: cycles, lag, backlog, and who wins a conflict."""

from datetime import UTC, datetime, timedelta

import pytest

from sandbox.http.message import Json
from sandbox.marketo.lead_database import people
from sandbox.marketo.sync import native_sync
from sandbox.people import roster
from sandbox.salesforce.store import records
from sandbox.state.world import Row, World

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
CYCLE = timedelta(minutes=6)
SVEN = f"sven.olsen@{roster.DOMAIN}"
FORM: Row = {
    "email": "keld@alder.example",
    "firstName": "Jo",
    "lastName": "Keld",
    "company": "Alder Ltd",
    "title": "CFO",
}


@pytest.fixture
def world() -> World:
    """The company with its sync, and nobody in Marketo."""
    world = World(now=NOON)
    roster.settle(world)
    native_sync.begin(world)
    return world


def user(world: World, email: str = SVEN) -> str:
    """A colleague's Salesforce id."""
    return str(records.find(world, "User", Email=email)[0]["Id"])


def synced(world: World, **values: Json) -> int:
    """Somebody whom both sides know."""
    person = people.create_person(world, FORM | values)
    world.advance(CYCLE)
    return person


def person_of(world: World, key: int) -> Row:
    """A person's row."""
    return world.table(people.PERSON)[str(key)]


def lead_of(world: World, key: int) -> Row:
    """The Lead of a person."""
    return world.table("salesforce.Lead")[person_of(world, key)["sfdcLeadId"]]


def change_here(world: World, key: int, **values: Json) -> None:
    """A marketer changes a person."""
    people.change_person(world, key, values, reason="by hand", source="Marketo user")


def change_there(world: World, sobject: str, record_id: str, **values: Json) -> None:
    """A rep changes a record."""
    records.update(world, sobject, record_id, values, by=user(world), assign=False)


def test_a_cycle_brings_a_person_over_once(world: World) -> None:
    """A new person becomes a Lead with its owner told to Marketo; nothing moves afterwards."""
    key = synced(world)
    lead = lead_of(world, key)
    assert ("Keld", "Alder Ltd") == (lead["LastName"], lead["Company"])
    world.advance(CYCLE)
    assert lead["OwnerId"] == person_of(world, key)["sfdcLeadOwnerId"]
    length = len(world.journal)
    world.advance(10 * CYCLE)
    assert {"sync.cycle"} == {entry.name for entry in world.journal[length:]}


def test_each_sides_changes_reach_the_other(world: World) -> None:
    """Different fields changed on both sides all arrive."""
    key = synced(world)
    change_here(world, key, title="CEO")
    change_there(world, "Lead", lead_of(world, key)["Id"], City="Hamburg", OwnerId=user(world))
    world.advance(CYCLE)
    person, lead = person_of(world, key), lead_of(world, key)
    assert ("CEO", "Hamburg") == (lead["Title"], person["city"])
    assert SVEN == person["leadOwnerEmailAddress"]


def test_marketo_wins_for_leads(world: World) -> None:
    """The same field changed on both sides of a lead is Marketo's."""
    key = synced(world)
    change_there(world, "Lead", lead_of(world, key)["Id"], Title="CTO")
    change_here(world, key, title="CEO")
    world.advance(CYCLE)
    assert ("CEO", "CEO") == (lead_of(world, key)["Title"], person_of(world, key)["title"])


def test_salesforce_wins_for_contacts(world: World) -> None:
    """The same field changed on both sides of a contact is Salesforce's; others move freely."""
    key = synced(world)
    contact = records.convert_lead(world, lead_of(world, key)["Id"], by=user(world)).contact_id
    world.advance(2 * CYCLE)
    assert ("Contact", contact) == (
        person_of(world, key)["sfdcType"],
        person_of(world, key)["sfdcId"],
    )
    change_here(world, key, title="CEO", phone="+44 1")
    change_there(world, "Contact", contact, Title="CTO")
    world.advance(CYCLE)
    row = world.table("salesforce.Contact")[contact]
    assert ("CTO", "CTO", "+44 1") == (row["Title"], person_of(world, key)["title"], row["Phone"])


def test_blanks_around_a_value_are_no_change(world: World) -> None:
    """Salesforce trims what Marketo keeps; they don't tell each other for ever."""
    synced(world, lastName="  Keld ", company="Alder  ")
    world.advance(CYCLE)
    length = len(world.journal)
    world.advance(3 * CYCLE)
    assert {"sync.cycle"} == {entry.name for entry in world.journal[length:]}


def test_a_lag_keeps_changes_waiting(world: World) -> None:
    """Two hours behind: a person arrives in the first cycle after that, not before."""
    world.table("sandbox.setting")["sync"] = {"lag_seconds": 7200}
    key = people.create_person(world, FORM)
    world.advance(timedelta(hours=2))
    assert None is person_of(world, key)["sfdcId"]
    world.advance(CYCLE)
    assert "Keld" == lead_of(world, key)["LastName"]


def test_a_backlog_is_worked_off_in_order(world: World) -> None:
    """When a cycle can't move everything, what changed first goes first."""
    world.table("sandbox.setting")["sync"] = {"per_cycle": 2}
    keys = [people.create_person(world, FORM | {"email": f"a{n}@x.example"}) for n in range(5)]
    arrived: list[int] = []
    for _ in range(8):
        world.advance(timedelta(minutes=5, seconds=1))
        arrived.append(sum(person_of(world, key)["sfdcId"] is not None for key in keys))
    assert [2, 4, 5] == sorted({count for count in arrived if count})
    first = next(entry for entry in world.journal if entry.name == "sync.cycle")
    assert {"moved": 2, "waiting": 3} == first.data


def test_what_salesforce_refuses_is_told_in_the_activity_log(world: World) -> None:
    """A value that doesn't fit leaves the lead as it is, and the person says why."""
    key = synced(world)
    change_here(world, key, title="x" * 200)
    world.advance(CYCLE)
    told = list(world.table(people.ACTIVITY).values())[-1]
    failed = {one["name"]: one["value"] for one in told["attributes"]}
    assert ("failed", True) == (failed["Result"], "too large" in failed["Reason"])
    assert "CFO" == lead_of(world, key)["Title"]


def test_a_deleted_lead_comes_back_only_when_the_person_changes(world: World) -> None:
    """Deletion in Salesforce is told to Marketo; the next change there makes a new Lead."""
    key = synced(world)
    first = lead_of(world, key)["Id"]
    records.delete(world, "Lead", first, by=user(world))
    world.advance(3 * CYCLE)
    assert (True, first) == (
        person_of(world, key)["sfdcIsDeleted"],
        person_of(world, key)["sfdcId"],
    )
    change_here(world, key, title="CEO")
    world.advance(CYCLE)
    assert (False, True) == (lead_of(world, key)["IsDeleted"], lead_of(world, key)["Id"] != first)


def test_who_lacks_a_company_stays_in_marketo(world: World) -> None:
    """Without a last name and a company nobody becomes a Lead."""
    key = synced(world, company="")
    assert None is person_of(world, key)["sfdcId"]
    change_here(world, key, company="Alder Ltd")
    world.advance(CYCLE)
    assert "Alder Ltd" == lead_of(world, key)["Company"]


def test_what_is_past_can_be_skipped(world: World) -> None:
    """Who makes a world with both sides in step can say so."""
    key = people.create_person(world, FORM)
    native_sync.skip_past(world)
    world.advance(3 * CYCLE)
    assert None is person_of(world, key)["sfdcId"]
