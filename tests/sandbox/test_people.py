"""Simulated people: what they do as time passes, by their habits and calendars, from the seed."""

import json
import os
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from sandbox import acts, people, slack
from sandbox.http.message import Json, Request
from sandbox.marketo.lead_database import people as persons
from sandbox.people import roster
from sandbox.people.calendars import is_at_work, user_of
from sandbox.people.habits import BY_NAME, HABITS
from sandbox.people.reps import TOUCH
from sandbox.salesforce.store import records
from sandbox.slack.events import envelopes
from sandbox.slack.web import app
from sandbox.state.world import Row, World
from sandbox.worlds import perpetual
from sandbox.worlds.companies import found_companies, open_accounts
from tests.support.repository import ROOT

MONDAY = datetime(2026, 11, 23, 6, tzinfo=UTC)
DAYS = 4
LEADS = 12
"""Each rep's."""


def address(name: str) -> str:
    """A colleague's address."""
    return f"{name}@{roster.DOMAIN}"


def whose(habit: str) -> str:
    """The address of a rep with a habit."""
    return next(address(name) for name, one in BY_NAME.items() if one == habit)


def route(world: World, owner: str, number: int, **values: Json) -> str:
    """Give a rep a lead, as the worker does."""
    user = acts.user_id(world, owner)
    row: Row = {"LastName": f"Lead {number}", "Company": "Alder", "OwnerId": user}
    row |= {"Routing_Decision_Id__c": f"d{number}", "Routing_Expected_Owner__c": user, **values}
    return records.insert(world, "Lead", row, by=user, assign=False)


@pytest.fixture(scope="module")
def lived() -> World:
    """Four days of reps who each got a dozen leads on Monday, every second one a director's."""
    world = World(seed=5, now=MONDAY)
    roster.settle(world)
    people.live(world, "reps")
    for name in BY_NAME:
        for number in range(LEADS):
            title = "Director of IT" if number % 2 else "Assistant"
            route(world, address(name), number, Title=title)
    world.advance(timedelta(days=DAYS))
    return world


def touches(world: World, habit: str) -> list[Row]:
    """The touches of a rep with a habit."""
    by = whose(habit)
    return [row for row in world.table(TOUCH).values() if row["by"] == by]


def test_the_fast_touch_everything_and_the_idle_nothing(lived: World) -> None:
    """How many of a dozen leads were touched depends on the habit."""
    counts = {habit: len(touches(lived, habit)) for habit in HABITS if habit != "steady"}
    assert 0 == counts["idle"] < counts["slow"] < counts["fast"]
    assert LEADS <= counts["fast"]


def test_cherries_are_picked_first(lived: World) -> None:
    """The first leads that are touched are those with high titles."""
    leads = lived.table("salesforce.Lead")
    owner = whose("cherry-picking")
    order = [key for key, row in lived.table(TOUCH).items() if row["by"] == owner]
    titles = [leads[key]["Title"] for key in order]
    assert {"Director of IT"} == set(titles[: LEADS // 3])


def test_touches_are_logged_late(lived: World) -> None:
    """Who logs late does so in the evening of the same day; the task says the day of the call."""
    late = [row for row in touches(lived, "late logging") if row["logged"] > row["at"]]
    assert late
    assert all(row["logged"][:10] == row["at"][:10] for row in late)


def test_calls_and_mails_are_tasks(lived: World) -> None:
    """Each touch that was logged is a completed Task; mails are among them."""
    kinds = Counter(row["TaskSubtype"] for row in lived.table("salesforce.Task").values())
    assert {"Call", "Email"} == set(kinds)
    assert len(lived.table(TOUCH)) == kinds.total()


def test_leads_are_given_away(lived: World) -> None:
    """The giving one's leads go to colleagues of the same region."""
    giver = acts.user_id(lived, whose("giving"))
    users = lived.table("salesforce.User")
    given = [
        entry.data["changes"]["OwnerId"]
        for entry in lived.journal.select(name="Lead.update")
        if entry.data["by"] == giver and "OwnerId" in entry.data["changes"]
    ]
    assert {giver} == {change["old"] for change in given}
    assert {users[giver]["Division"]} == {users[change["new"]]["Division"] for change in given}


def test_something_comes_of_leads(lived: World) -> None:
    """On later days some leads are converted, closed or recycled."""
    rows = lived.table("salesforce.Lead").values()
    outcomes = {row["Status"] for row in rows} - {"Open - Not Contacted", "Working"}
    assert {"Closed - Converted", "Closed - Not Converted", "Recycled"} == outcomes


def test_nobody_touches_anything_out_of_hours(lived: World) -> None:
    """Each touch lies in the rep's own working hours; nobody works on Thanksgiving in the US."""
    zones = {each.address: each for each in roster.COLLEAGUES}
    for row in lived.table(TOUCH).values():
        colleague = zones[row["by"]]
        probe = World(now=datetime.fromisoformat(row["at"]))
        roster.settle(probe)
        user = user_of(probe, colleague)
        assert user is not None
        assert is_at_work(probe, colleague, user)


@pytest.mark.parametrize(
    ("name", "at", "expected"),
    [
        ("dan.whitfield", "2026-11-25T15:00:00Z", True),
        ("dan.whitfield", "2026-11-26T15:00:00Z", False),
        ("dan.whitfield", "2026-11-28T15:00:00Z", False),
        ("dan.whitfield", "2026-11-25T13:59:00Z", False),
        ("kenji.sato", "2026-11-25T01:00:00Z", True),
        ("petra.lindholm", "2026-11-25T10:00:00Z", False),
        ("chloe.park", "2026-11-25T20:00:00Z", False),
        ("rob.diaz", "2026-11-25T15:00:00Z", False),
    ],
)
def test_calendars(name: str, at: str, expected: bool) -> None:  # noqa: FBT001  (a table's column)
    """Working hours by time zone, Thanksgiving, weekends, absences in Salesforce and in Slack."""
    world = World(now=datetime.fromisoformat(at))
    roster.settle(world)
    roster.part_ways(world)
    colleague = next(each for each in roster.COLLEAGUES if each.address == address(name))
    user = user_of(world, colleague)
    assert user is not None
    assert expected == is_at_work(world, colleague, user)


def test_who_is_away_comes_back() -> None:
    """After the days off the message in Salesforce is gone."""
    world = World(seed=1, now=MONDAY)
    roster.settle(world)
    people.live(world, "reps")
    world.advance(timedelta(days=roster.AWAY_DAYS, hours=6))
    petra = records.find(world, "User", Email=roster.AWAY_IN_SALESFORCE)[0]
    assert petra["OutOfOfficeMessage"] is None


def test_buttons_are_pressed_and_threads_answered() -> None:
    """While the app listens, reps press its buttons and answer in its threads, each once."""
    world = World(seed=2, now=datetime(2026, 11, 25, 4, 40, tzinfo=UTC))
    roster.settle(world)
    slack.add_token(world, "xoxb")
    told: list[Row] = []
    world.on(envelopes.EVENT, told.append)
    address_row: Row = {"url": "ws://127.0.0.1:1"}
    world.table(app.ADDRESS).update(address=address_row, open={"connections": 1})
    talker, clicker = (address(name) for name in ("ben.okafor", "priya.raman"))
    button = {"type": "button", "action_id": "on_it", "text": {"type": "plain_text", "text": "OK"}}
    for email in (talker, clicker):
        user = slack.user_by_email(world, email)
        assert user is not None
        for number in range(4):
            channel = slack.open_dm(world, user["id"])[0]["id"]
            said = {"channel": channel, "text": f"Lead {number}"}
            said["blocks"] = [{"type": "actions", "block_id": "b", "elements": [button]}]
            headers = {"authorization": "Bearer xoxb", "content-type": "application/json"}
            body = json.dumps(said).encode()
            answer = slack.face(world)(Request("POST", "/api/chat.postMessage", {}, headers, body))
            assert json.loads(answer.body)["ok"]
    people.live(world, "reps")
    world.advance(timedelta(days=1))
    presses = [row["payload"] for row in told if row["kind"] == "interactive"]
    assert {"on_it"} == {one["actions"][0]["action_id"] for one in presses}
    assert "priya.raman" in {one["user"]["name"] for one in presses}
    names = {row["id"]: row["name"] for row in world.table("slack.user").values()}
    said_by = [names[entry.data["by"]] for entry in world.journal.select(name="message.say")]
    assert {"ben.okafor"} <= set(said_by)
    messages = {(one["user"]["id"], one["container"]["message_ts"]) for one in presses}
    assert len(presses) == len(messages)


def test_prospects_come_back_bounce_and_unsubscribe() -> None:
    """Persons visit, fill in forms again, read mails; some are lost."""
    world = World(seed=3, now=MONDAY)
    for number in range(300):
        values = {"email": f"p{number}@x.example", "lastName": f"P{number}"}
        persons.create_person(world, values)
    people.live(world, "prospects")
    world.advance(timedelta(days=14))
    rows = world.table(persons.PERSON).values()
    assert any(row["unsubscribed"] for row in rows)
    assert any(row["emailInvalid"] for row in rows)
    assert any((row["leadScore"] or 0) > 0 for row in rows)
    assert [] == list(world.journal.select(name="act.impossible"))


def test_the_admin_edits_territories_queues_and_users() -> None:
    """Within months accounts move, queues change, and a few reps leave for good."""
    world = World(seed=4, now=MONDAY)
    roster.settle(world)
    open_accounts(world, found_companies(world, 30))
    people.live(world, "admin")
    world.advance(timedelta(days=120))
    edits = Counter(entry.name for entry in world.journal.select(vendor="salesforce"))
    changed = {
        name
        for entry in world.journal.select(name="Account.update")
        for name in entry.data["changes"]
    }
    assert {"Territory__c", "OwnerId", "Named_Account__c"} <= changed
    assert edits["GroupMember.insert"] + edits["GroupMember.delete"] > len(BY_NAME)
    gone = [row for row in world.table("salesforce.User").values() if not row["IsActive"]]
    assert 1 <= len(gone) <= people.admin.MOST_GONE
    left = [row["profile"]["email"] for row in world.table("slack.user").values() if row["deleted"]]
    assert {row["Email"] for row in gone} <= set(left)


def test_people_can_rest_and_live_again() -> None:
    """At rest nobody does anything; woken, each kind lives once, not twice."""
    world = World(seed=1, now=MONDAY)
    roster.settle(world)
    people.live(world, "reps")
    people.rest(world)
    route(world, whose("fast"), 1)
    world.advance(timedelta(days=1))
    assert {} == world.table(TOUCH)
    people.live(world)
    people.live(world)
    turns = Counter(event for _, _, event, _ in world.state.future if event.startswith("people."))
    assert {"people.reps": 1, "people.prospects": 1, "people.admin": 1} == turns
    assert {"reps": True, "prospects": True, "admin": True} == people.are_living(world)


@pytest.fixture(scope="module")
def living_world() -> World:
    """A small world that goes on, after a day."""
    world = World(seed=6)
    perpetual.build(world, leads=300)
    world.advance(timedelta(days=1))
    return world


def test_a_living_world_has_every_kind_of_dirt(living_world: World) -> None:
    """Leads that lie in queues or with who left, twins, converted ones, lost mailboxes."""
    world = living_world
    leads = [row for row in world.table("salesforce.Lead").values() if not row["IsDeleted"]]
    users = world.table("salesforce.User")
    mails = Counter(row["Email"] for row in leads)
    marketo = list(world.table(persons.PERSON).values())
    assert any(row["OwnerId"] not in users for row in leads)
    assert any(not users.get(row["OwnerId"], {"IsActive": True})["IsActive"] for row in leads)
    assert any(row["IsConverted"] for row in leads)
    assert max(mails.values()) > 1
    assert {row["email"] for row in marketo if not row["sfdcId"]} & mails.keys()
    assert any(str(row["email"]).startswith(("info@", "sales@", "office@")) for row in marketo)
    assert any(row["unsubscribed"] or row["emailInvalid"] for row in marketo)


def test_leads_keep_arriving(living_world: World) -> None:
    """Within a day two dozen leads of different kinds come up, and the sync brings them over."""
    truth = living_world.table("sandbox.truth")
    assert (24, True) == (len(truth), len({row["kind"] for row in truth.values()}) > 5)
    assert any(living_world.journal.select(name="sync.cycle"))


def hash_of_a_life(hash_seed: str) -> str:
    """The journal's hash after three days of a living world, in a process of its own."""
    script = (
        "from datetime import timedelta; from sandbox.state.world import World;"
        "from sandbox.worlds import perpetual;"
        "world = World(seed=7); perpetual.build(world, leads=150);"
        "world.advance(timedelta(days=3)); print(len(world.journal), world.journal.digest())"
    )
    done = subprocess.run(  # noqa: S603  (our own module)
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_the_same_seed_makes_the_same_life() -> None:
    """Two processes that hash differently come to the same journal."""
    assert hash_of_a_life("1") == hash_of_a_life("2")


def test_another_seed_makes_another_life() -> None:
    """The past alone differs already."""
    worlds = [World(seed=seed) for seed in (7, 8)]
    for world in worlds:
        perpetual.build(world, leads=10)
    assert worlds[0].journal.digest() != worlds[1].journal.digest()
