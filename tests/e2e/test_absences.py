"""Owners who are away, who don't want to be disturbed, or who have left; and what is kept of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox.salesforce.org.setup import SYSTEM_USER
from sandbox.salesforce.store import records
from sandbox.server.instance import SLACK_TOKEN
from sandbox.slack import set_status
from sandbox.slack.people.users import set_quiet
from tests.support.follow_through import call, live, messages, owner, said
from tests.support.worlds import Town

MARTA = "marta.silva@meridian.example"
HELEN = "helen.brooks@meridian.example"


@pytest.fixture
def dana(here: Town) -> int:
    """A hand-raiser, assigned to a rep of the pool us_west on Monday at ten there."""
    person = here.arrive()
    here.pass_time(hours=4)
    here.tick()
    return person


def follow(here: Town, **changes: Any) -> None:  # noqa: ANN401  (fields of the policy)
    """Change the follow-through part of the policy."""
    policy = here.app.policy
    rules = policy.follow_through.model_copy(update=changes)
    here.app.policy = policy.model_copy(update={"follow_through": rules})


def test_the_cover_is_asked_while_the_owner_is_away(here: Town, dana: int) -> None:
    """The owner stays the owner; messages go to the manager until the owner is back."""
    rep = owner(here, dana)
    back = here.world.now + timedelta(minutes=20)
    set_status(here.world, here.slack_users[rep], text="Out sick", emoji=":palm_tree:", until=back)
    live(here, minutes=20)
    assert 1 == len(messages(here, rep))
    (asked,) = messages(here, MARTA)
    assert "(away):" in said(asked)
    live(here, minutes=20)
    assert (rep, 2) == (owner(here, dana), len(messages(here, rep)))


def test_nobody_is_disturbed_against_their_wish(here: Town, dana: int) -> None:
    """A snoozed Slack delays the reminder until the quiet is over."""
    rep = owner(here, dana)
    here.pass_time(minutes=5)
    set_quiet(here.world, here.slack_users[rep], here.world.now + timedelta(hours=2))
    live(here, hours=1)
    assert 1 == len(messages(here, rep))


def test_a_lead_of_somebody_who_left_goes_on_at_once(here: Town, dana: int) -> None:
    """The owner's user is deactivated: no rung is waited for."""
    rep, first = owner(here, dana), here.lead(dana)["OwnerId"]
    records.update(here.world, "User", first, {"IsActive": False}, by=SYSTEM_USER, assign=False)
    by = here.user(MARTA)
    lead = here.lead(dana)["Id"]
    records.update(here.world, "Lead", lead, {"Description": "?"}, by=by, assign=False)
    live(here, minutes=10)
    assert rep != owner(here, dana)


def test_a_task_keeps_the_first_touch_in_sight(here: Town) -> None:
    """Where the policy wants it: one open task on the record, completed by the touch."""
    follow(here, tasks=True)
    dana = here.arrive()
    here.pass_time(hours=4)
    here.tick()
    live(here, minutes=20)
    (task,) = here.world.table("salesforce.Task").values()
    assert ("Not Started", here.lead(dana)["OwnerId"]) == (task["Status"], task["OwnerId"])
    call(here, dana)
    live(here, minutes=10)
    assert "Completed" == here.world.table("salesforce.Task")[task["Id"]]["Status"]


def test_the_head_of_marketing_gets_the_leakage_list_on_monday(here: Town, dana: int) -> None:
    """What is past its last rung, by the name of the person who answers for it."""
    for _ in range(7):
        here.pass_time(hours=3)
        here.tick()
    assert None is not here.app.ledger.handoffs.rows()[0].listed_at
    here.pass_time(days=6)
    by = here.lead(dana)["OwnerId"]
    for _ in range(6):
        done = {"WhoId": here.lead(dana)["Id"], "OwnerId": by, "Subject": "To do"}
        records.insert(here.world, "Task", done | {"Status": "Completed"}, by=by, assign=False)
    live(here, hours=4)
    lists = [one for one in messages(here, HELEN) if "Unworked leads" in said(one)]
    (sent,) = lists
    assert "Dana Fox at Acme" in said(sent)
    assert "6 tasks completed within 1 min." in said(sent)
    assert "open" == here.app.ledger.handoffs.rows()[0].state


def test_what_slack_missed_is_not_made_up_for_at_night(here: Town) -> None:
    """Slack fails at the end of the day: the message comes in the morning, not that evening."""
    token = here.world.table("slack.token")[SLACK_TOKEN]
    here.world.advance_to(datetime(2026, 11, 24, 1, 15, tzinfo=UTC))
    token["revoked"] = True
    dana = here.arrive()
    live(here, minutes=10)
    token.pop("revoked")
    live(here, hours=4)
    rep = owner(here, dana)
    assert [] == messages(here, rep)
    here.world.advance_to(datetime(2026, 11, 24, 17, 0, tzinfo=UTC))
    live(here, minutes=30)
    assert 1 == len([one for one in messages(here, rep) if "Dana Fox" in said(one)][:1])
