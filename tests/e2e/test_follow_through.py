"""Assigned is not worked: what happens between the assignment and the first touch."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest

from agent.ledger.tables import CycleStatus
from sandbox.salesforce import records
from tests.worlds import Town


def live(here: Town, **by: float) -> None:
    """Let time pass in steps of five minutes, the worker looking after each."""
    until = here.world.now + timedelta(**by)
    while here.world.now < until:
        here.pass_time(minutes=5)
        here.tick()


def call(here: Town, person: int, **values: Any) -> str:  # noqa: ANN401  (field values)
    """The owner of a person's Lead calls, and logs it."""
    lead = here.lead(person)
    done = {
        "WhoId": lead["Id"],
        "OwnerId": lead["OwnerId"],
        "Subject": "Call",
        "TaskSubtype": "Call",
        "CallType": "Outbound",
        "CallDurationInSeconds": 180,
        "Status": "Completed",
    }
    return records.insert(here.world, "Task", done | values, by=lead["OwnerId"], assign=False)


def messages(here: Town, email: str) -> list[dict[str, Any]]:
    """What somebody was written by the worker, oldest first."""
    users = here.world.table("slack.user").values()
    user = next(one["id"] for one in users if one["profile"]["email"] == email)
    channels = {
        row["id"] for row in here.world.table("slack.channel").values() if row.get("user") == user
    }
    return [row for row in here.world.table("slack.message").values() if row["channel"] in channels]


def said(message: dict[str, Any]) -> str:
    """The words of a message's blocks, in order."""
    return " ".join(re.findall(r'"text": "((?:[^"\\\\]|\\\\.)*)"', json.dumps(message["blocks"])))


@pytest.fixture
def dana(here: Town) -> int:
    """A hand-raiser (first touch within 30 working minutes), assigned on Monday afternoon."""
    person = here.arrive()
    here.pass_time(hours=4)
    here.tick()
    return person


def owner(here: Town, person: int) -> str:
    """E-mail of the user who owns a person's Lead."""
    users = here.world.table("salesforce.User")
    return str(users[here.lead(person)["OwnerId"]]["Email"])


def test_a_touched_lead_is_left_alone(here: Town, dana: int) -> None:
    """A call within the target ends it: in time, stamped on the record, and nobody is nudged."""
    rep = owner(here, dana)
    live(here, minutes=10)
    call(here, dana)
    live(here, hours=3)
    (handoff,) = here.app.ledger.handoffs.rows()
    assert ("touched", "call", True) == (handoff.state, handoff.touch, handoff.in_time)
    assert (CycleStatus.TOUCHED, "met") == (here.cycle(dana).status, here.lead(dana)["SLA_Met__c"])
    assert 1 == len(messages(here, rep))
    assert "Nothing here needs you any more" in said(messages(here, rep)[0])


def test_an_untouched_lead_climbs_the_ladder(here: Town, dana: int) -> None:
    """A reminder at half time, a breach to owner and manager, then the next of the pool."""
    first = owner(here, dana)
    live(here, minutes=20)
    headings = [said(one).partition(" Dana")[0] for one in messages(here, first)]
    assert ["1 new lead is yours", "A lead waits for you"] == headings
    live(here, minutes=15)
    assert 3 == len(messages(here, first))
    (breach,) = messages(here, "marta.silva@meridian.example")
    assert "the manager is told" in said(breach)
    live(here, minutes=20)
    second = owner(here, dana)
    assert first != second
    assert 1 == len(messages(here, second))
    assert {here.lead(dana)["Id"]: 2} == dict(here.owner_writes())
