"""The ready-made worlds, as data and as a running process."""

import json
import subprocess
import sys
from collections import Counter
from datetime import datetime, timedelta

import openai
import pytest
import requests
from slack_sdk import WebClient

from sandbox import acts
from sandbox.http.message import Json
from sandbox.people import roster
from sandbox.salesforce.store import records
from sandbox.state.world import World
from sandbox.worlds import demo, scale
from sandbox.worlds.lead_kinds import KINDS
from tests.support.repository import ROOT


@pytest.fixture(scope="module")
def over() -> World:
    """The demo world after its three days, with nobody routing."""
    world = World(seed=1)
    demo.build(world)
    world.advance(timedelta(days=demo.DAYS))
    return world


def named(world: World, kind: str) -> list[str]:
    """The addresses of a kind of leads."""
    truth = world.table("sandbox.truth")
    return [email for email, row in truth.items() if row["kind"] == kind]


def leads_of(world: World, email: str) -> list[Json]:
    """The Salesforce leads with an address."""
    return list(records.find(world, "Lead", Email=email))


def test_some_420_leads_arrive(over: World) -> None:
    """As many of each kind as the kinds say, 420 in all."""
    kinds = Counter(row["kind"] for row in over.table("sandbox.truth").values())
    assert kinds == {name: kind.count for name, kind in KINDS.items()}
    assert kinds.total() == 420


def test_the_same_seed_makes_the_same_world() -> None:
    """Two worlds of one seed are equal row by row; another seed makes another."""
    first, second, other = World(seed=7), World(seed=7), World(seed=8)
    for world in (first, second, other):
        demo.build(world)
    assert first.state.records == second.state.records
    assert first.state.future == second.state.future
    assert first.state.records != other.state.records


def test_leads_come_in_every_regions_business_hours(over: World) -> None:
    """There are leads of each region on each day."""
    rows = over.table("sandbox.truth").values()
    seen = {(row["region"], datetime.fromisoformat(row["at"]).day) for row in rows}
    assert {region for region, _ in seen} == {"AMER", "EMEA", "APAC"}
    assert {day for _, day in seen} >= {23, 24, 25}


def test_nearly_all_planned_acts_are_possible(over: World) -> None:
    """What people were to do could be done."""
    assert [entry.data for entry in over.journal if entry.name == "act.impossible"] == []


def test_hand_raises_reach_the_holding_queue(over: World) -> None:
    """A clean hand-raise lies in Marketo_Holding as one lead, unless a colleague took it."""
    queue = records.find(over, "Group", DeveloperName=roster.HOLDING)[0]["Id"]
    owners = Counter(
        lead["OwnerId"] == queue for email in named(over, "clean") for lead in leads_of(over, email)
    )
    assert owners == {True: 70 - 2 * demo.TAKES, False: 2 * demo.TAKES}


def test_without_company_nobody_reaches_salesforce(over: World) -> None:
    """Marketo's sync rejects a person without a company."""
    assert [leads_of(over, email) for email in named(over, "no_company")] == [[]] * 5


def test_twins_and_converted_leads(over: World) -> None:
    """Twins are there twice before they arrive; converted leads stay converted."""
    assert all(len(leads_of(over, email)) >= 2 for email in named(over, "twin_leads"))
    assert all(leads_of(over, email)[0]["IsConverted"] for email in named(over, "converted"))


def test_the_roster(over: World) -> None:
    """Rob Diaz is inactive yet owns accounts; one rep is away here, another there."""
    rob = records.find(over, "User", Email=f"rob.diaz@{roster.DOMAIN}")[0]
    assert not rob["IsActive"]
    assert records.find(over, "Account", OwnerId=rob["Id"])
    petra = records.find(over, "User", Email=roster.AWAY_IN_SALESFORCE)[0]
    assert "out of the office" in petra["OutOfOfficeMessage"]


def test_the_heap_for_measuring_is_as_large_as_asked_for() -> None:
    """As many Leads in Salesforce, and no other."""
    world = World()
    scale.build(world, leads=100)
    assert len(world.table("salesforce.Lead")) == 100


def test_the_process_says_one_line_and_ends_with_its_parent() -> None:
    """`python -m sandbox` prints its addresses and credentials, serves, and ends with stdin."""
    command = [sys.executable, "-m", "sandbox", "--until-stdin-closes"]
    process = subprocess.Popen(  # noqa: S603  (our own module)
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        said: Json = json.loads(process.stdout.readline())
        state = requests.get(f"{said['control']}/state", timeout=5).json()
        assert state["now"] == said["now"] == "2026-11-23T06:00:00+00:00"
        slack: Json = WebClient(token=said["slack"]["bot_token"], base_url=said["slack"]["api_url"])
        assert slack.auth_test()["ok"]
        where = {"base_url": said["openai"]["base_url"], "api_key": said["openai"]["api_key"]}
        with openai.OpenAI(**where) as model:
            assert [each.id for each in model.models.list()] == [said["openai"]["model"]]
        process.stdin.close()
        assert process.wait(timeout=10) == 0


def test_reps_call_what_was_routed_to_them() -> None:
    """A diligent rep calls a routed lead in working hours; an unrouted one is left alone."""
    world = World(seed=1)
    demo.build(world)
    dan = acts.user_id(world, f"dan.whitfield@{roster.DOMAIN}")
    lead = {"LastName": "Keld", "Company": "Alder Foods Ltd", "OwnerId": dan}
    routed = lead | {"Routing_Decision_Id__c": "d1", "Routing_Expected_Owner__c": dan}
    ids = [records.insert(world, "Lead", row, by=dan, assign=False) for row in (lead, routed)]
    world.advance_to(demo.START + timedelta(hours=7, minutes=59))
    assert records.find(world, "Task", OwnerId=dan) == []
    world.advance(timedelta(hours=9))
    assert [task["WhoId"] for task in records.find(world, "Task", OwnerId=dan)] == [ids[1]]
    assert records.find(world, "Lead", Id=ids[1])[0]["Status"] == "Working"
