"""Stories of single leads, from the form to the owner's Slack."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from agent.ledger.tables.states import CycleStatus
from agent.metrics import lead_history
from agent.rollout.replay import replay
from domain.gate.reasons import DoublePeople
from domain.gate.verdict import CheckCode, Judged
from domain.language import names, operations
from domain.routing.basis import RoutedBy
from domain.values import LeadKey
from sandbox.marketo.lead_database import people
from sandbox.salesforce.store import records
from tests.support.worlds import Town


def told(here: Town) -> list[str]:
    """The texts of all Slack messages."""
    return [str(row) for row in here.world.table("slack.message").values()]


def test_a_demo_request_finds_its_owner(here: Town) -> None:
    """A ready lead gets one owner by territory, with the reason on the record and in Marketo."""
    dana = here.arrive()
    here.pass_time(minutes=1)
    here.tick()
    lead, person = here.lead(dana), here.world.table(people.PERSON)[str(dana)]
    owner = here.owner(dana)
    assert owner in ("Ana Torres", "Ben Okafor")
    assert lead["Routing_Territory__c"] == "US West"
    assert owner == person["routedOwner"]
    assert lead["Routing_Reason__c"] == person["routeReadyReason"]
    assert lead["Routing_Decision_Id__c"] == person["routeDecisionId"]
    logged = [
        row
        for row in here.world.table(people.ACTIVITY).values()
        if row["leadId"] == dana and row["activityTypeId"] == 100001
    ]
    assert len(logged) == 1


def test_the_owner_is_told_once_in_slack(here: Town) -> None:
    """Two leads of one owner make one message, in working hours, and no second one later."""
    here.arrive()
    here.arrive(email="sam.hill@acme.example", lastName="Hill", state="Oregon")
    here.arrive(email="kim.lee@acme.example", lastName="Lee", state="Utah")
    here.pass_time(hours=5)
    here.tick()
    here.pass_time(minutes=10)
    here.tick()
    assert len(told(here)) == 2


def test_a_rerun_changes_nothing(here: Town) -> None:
    """A second tick over the same world writes nothing to any vendor."""
    here.arrive()
    here.pass_time(hours=5)
    here.tick()
    effects = [one for one in here.world.journal if one.kind == "effect"]
    here.tick()
    assert effects == [one for one in here.world.journal if one.kind == "effect"]


def test_a_lead_that_is_not_in_salesforce_waits_for_the_sync(here: Town) -> None:
    """Absence is a wait, not an error and not a create; after the sync the lead is routed."""
    dana = here.arrive(synced=False)
    here.pass_time(minutes=1)
    here.tick()
    assert (
        here.cycle(dana).status,
        here.cycle(dana).blocked_by,
    ) == (CycleStatus.WAITING, "CRM_PRESENT")
    here.pass_time(minutes=11)
    here.tick()
    assert here.cycle(dana).status == CycleStatus.ASSIGNED


def test_a_lead_without_a_country_is_parked_and_wakes_when_it_is_mended(here: Town) -> None:
    """A parked lead says who fixes what, in Marketo too; a change of the field wakes it."""
    dana = here.arrive(country=None, state=None)
    here.pass_time(minutes=1)
    here.tick()
    assert here.cycle(dana).blocked_by == "REQUIRED_FIELDS (country)"
    person = here.world.table(people.PERSON)[str(dana)]
    assert person["routeReadyStatus"] == "parked"
    fixed = {"country": "Germany"}
    people.change_person(here.world, dana, fixed, reason="ops", source="ops")
    here.pass_time(minutes=20)
    here.tick()
    assert here.owner(dana) in ("Lena Vogel", "Max Brandt")


def test_a_persons_own_change_wins_before_the_decision(here: Town) -> None:
    """A lead that a rep took by hand stays with the rep."""
    dana = here.arrive()
    jack = here.user("jack.byrne@meridian.example")
    record = here.lead(dana)["Id"]
    records.update(here.world, "Lead", record, {"OwnerId": jack}, by=jack, assign=False)
    here.pass_time(minutes=1)
    here.tick()
    assert (here.owner(dana), dict(here.owner_writes())) == ("Jack Byrne", {})
    assert here.cycle(dana).rule == "Stays with its owner"


def test_a_requalified_lead_opens_a_new_cycle_and_keeps_its_owner(here: Town) -> None:
    """Continuity: the second hand raise is a second cycle, for the same owner."""
    dana = here.arrive()
    here.pass_time(minutes=1)
    here.tick()
    owner = here.owner(dana)
    here.pass_time(days=2)
    people.log_activity(here.world, dana, "Fill Out Form", primary="Contact Sales")
    here.pass_time(minutes=1)
    here.tick()
    assert (2, owner) == (here.cycle(dana).number, here.owner(dana))


def test_a_converted_lead_is_followed_to_its_contact(here: Town) -> None:
    """Between the trigger and the write the lead was converted: the contact is what counts."""
    dana = here.arrive()
    ana = here.user("ana.torres@meridian.example")
    records.convert_lead(here.world, here.lead(dana)["Id"], by=ana)
    here.pass_time(minutes=1)
    here.tick()
    assert here.cycle(dana).record_kind == "Contact"


def test_of_one_address_twice_in_marketo_the_later_is_parked(here: Town) -> None:
    """Whatever comes in one tick: the first is routed, the second names who to merge it with."""
    first = here.arrive()
    second = here.arrive(synced=False)
    here.pass_time(minutes=1)
    here.tick()
    assert here.cycle(first).status == CycleStatus.ASSIGNED
    cycle, why = here.cycle(second), DoublePeople(people=(LeadKey(str(first)),))
    assert (cycle.blocked_by, cycle.said) == ("DEDUPED", Judged(verdict="PARK", why=(why,)))


def test_why_tells_the_whole_story(here: Town) -> None:
    """The story names the trigger, every check, the reason and every effect."""
    dana = here.arrive()
    here.pass_time(minutes=1)
    here.tick()
    story = str(lead_history.tell(here.app.ledger, LeadKey(str(dana)), "UTC"))
    reason = here.cycle(dana).said
    assert isinstance(reason, RoutedBy)
    parts = [
        "Dana Fox at Acme",
        "Demo Request",
        *map(names.check, CheckCode),
        operations.said(reason, ZoneInfo("UTC")),
        "owner updated",
    ]
    assert [part for part in parts if part not in story] == []


def test_every_decision_can_be_computed_again(here: Town) -> None:
    """Replay gives the same bytes for every stored decision."""
    here.arrive()
    here.arrive(email="x@mailinator.com", lastName="Thrown")
    here.arrive(email="eva@werk.example", lastName="Neu", country="Deutschland", synced=False)
    here.pass_time(minutes=1)
    here.tick()
    found = replay(here.app.ledger)
    assert (found.decisions, found.differences) == (3, ())


@pytest.mark.parametrize(
    ("values", "blocked_by"),
    [
        ({"email": "dana@mailinator.com"}, "IDENTITY"),
        ({"email": "info@acme.example"}, "IDENTITY"),
        ({"email": "quinn.walsh@meridian.example"}, "NOT_EXCLUDED"),
        ({"email": "dana@rivalworks.example"}, "NOT_EXCLUDED"),
        ({"title": "Student"}, "NOT_EXCLUDED"),
        ({"doNotCall": True, "numberOfEmployees": 30}, "CONSENT"),
        ({"email": "dana.fox@gmail.com", "company": "n/a"}, "IDENTITY (company)"),
    ],
    ids=["disposable", "role", "employee", "competitor", "student", "do not call", "free mail"],
)
def test_who_must_not_be_routed_is_not(here: Town, values: dict[str, Any], blocked_by: str) -> None:
    """No owner is ever written for a lead that fails the gate."""
    dana = here.arrive(**values)
    here.pass_time(minutes=1)
    here.tick()
    assert (blocked_by, {}) == (here.cycle(dana).blocked_by, dict(here.owner_writes()))
