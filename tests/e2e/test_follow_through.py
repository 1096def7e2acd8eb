"""Assigned is not worked: what happens between the assignment and the first touch."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from agent.ledger.tables.states import CycleStatus
from agent.rollout.replay import replay
from domain.follow_through.escalation import End
from domain.follow_through.first_touch import Code
from domain.follow_through.handoff import Closing
from domain.follow_through.reasons import Escalated, NoTouch
from domain.language import manager, steps, touches
from domain.lead.crm_records import ActivityKind
from domain.policy.follow_through import Move
from sandbox.marketo.lead_database import people
from sandbox.salesforce.store import records
from tests.support.follow_through import call, live, messages, owner, said
from tests.support.worlds import Town

LATE = NoTouch(after=timedelta(minutes=30), sla=timedelta(minutes=30))


@pytest.fixture
def dana(here: Town) -> int:
    """A hand-raiser (first touch within 30 working minutes), assigned on Monday afternoon."""
    person = here.arrive()
    here.pass_time(hours=4)
    here.tick()
    return person


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
    assert "First touch after" in said(messages(here, rep)[0])


def test_an_untouched_lead_climbs_the_ladder(here: Town, dana: int) -> None:
    """A reminder at half time, a breach to owner and manager, then the next of the pool."""
    first = owner(here, dana)
    live(here, minutes=20)
    headings = [said(one).split(":")[0] for one in messages(here, first)]
    assert ["New lead", "SLA reminder"] == headings
    live(here, minutes=15)
    assert 3 == len(messages(here, first))
    (told,) = messages(here, "marta.silva@meridian.example")
    (row,) = here.app.ledger.handoffs.rows()
    breach = Escalated(cause=LATE, moves=(Move.NUDGE, Move.ESCALATE))
    assert breach == row.said
    assert manager.breach(breach, ZoneInfo(here.app.policy.timezone)) in said(told)
    live(here, minutes=20)
    second = owner(here, dana)
    assert first != second
    assert 1 == len(messages(here, second))
    assert {here.lead(dana)["Id"]: 2} == dict(here.owner_writes())


def test_a_conversion_ends_it(here: Town, dana: int) -> None:
    """Converting is work: nobody is nudged about a contact that is an opportunity already."""
    rep = owner(here, dana)
    call(here, dana, Subject="Call before the conversion")
    live(here, minutes=10)
    (handoff,) = here.app.ledger.handoffs.rows()
    assert ("touched", 1) == (handoff.state, len(messages(here, rep)))


def test_a_person_who_gives_it_away_is_respected(here: Town, dana: int) -> None:
    """Somebody takes the lead by hand: the clock starts for them, and nothing is undone."""
    live(here, minutes=5)
    here.take(dana, "kate.molloy@meridian.example")
    live(here, minutes=10)
    (handoff,) = here.app.ledger.handoffs.rows()
    assert ("kate.molloy@meridian.example", 1) == (handoff.owner, handoff.handoff["stage"])
    assert "Kate Molloy" == here.owner(dana)
    live(here, hours=30)
    assert {here.lead(dana)["Id"]: 1} == dict(here.owner_writes())


def test_a_queue_that_somebody_chose_has_a_person_who_answers(here: Town, dana: int) -> None:
    """Salesforce tells a queue's label; the policy knows it by its DeveloperName."""
    live(here, minutes=5)
    lead, kate = here.lead(dana), here.user("kate.molloy@meridian.example")
    given = {"OwnerId": here.queue("EMEA_Inbound")}
    records.update(here.world, "Lead", lead["Id"], given, by=kate, assign=False)
    live(here, minutes=10)
    (handoff,) = here.app.ledger.handoffs.rows()
    assert ("sven.olsen@meridian.example", 1) == (handoff.owner, handoff.handoff["stage"])


def test_a_disqualified_lead_is_closed_honestly(here: Town, dana: int) -> None:
    """A status alone is no touch, and the ledger says so."""
    lead = here.lead(dana)
    by = lead["OwnerId"]
    records.update(here.world, "Lead", lead["Id"], {"Status": "Disqualified"}, by=by, assign=False)
    live(here, minutes=10)
    (handoff,) = here.app.ledger.handoffs.rows()
    assert ("disqualified", None) == (handoff.state, handoff.touched_at)
    assert isinstance(handoff.said, End)
    ended = (handoff.said.how, handoff.said.status, handoff.said.touch)
    assert (Closing.DISQUALIFIED, "Disqualified", None) == ended


def test_the_whole_story_is_told_and_can_be_computed_again(here: Town, dana: int) -> None:
    """`why` goes on to the touch, and every step of the ladder replays byte by byte."""
    live(here, minutes=40)
    call(here, dana)
    live(here, minutes=10)
    (story,) = here.app.stories(str(dana))
    assert steps.cause(LATE) in str(story)
    decisions = here.app.ledger.history.decisions(here.cycle(dana).id)
    (touch,) = [one.said.touch for one in decisions if isinstance(one.said, End)]
    assert touch is not None
    assert (Code.COUNTS, ActivityKind.CALL) == (touch.code, touch.kind)
    assert touches.found(touch) in str(story)
    replayed = replay(here.app.ledger)
    assert (True, ()) == (replayed.decisions >= 4, replayed.differences)


def test_a_lead_that_comes_up_again_is_followed_once(here: Town, dana: int) -> None:
    """A second hand raise opens a new cycle; the older clock ends, so nobody hears twice."""
    rep = owner(here, dana)
    live(here, minutes=5)
    people.log_activity(here.world, dana, "Fill Out Form", primary="Contact Sales")
    live(here, minutes=10)
    states = [row.state for row in here.app.ledger.handoffs.rows()]
    assert ["open", "superseded"] == sorted(states)
    live(here, hours=1)
    reminders = [one for one in messages(here, rep) if "Reminder." in said(one)]
    assert len(reminders) <= 1


@pytest.mark.usefixtures("dana")
def test_managers_get_one_digest_a_day(here: Town) -> None:
    """On a working day at nine by their own clock, with what is late on top."""
    assert "open" == here.app.ledger.handoffs.rows()[0].state
    live(here, hours=1)
    here.pass_time(hours=19)
    live(here, hours=3)
    digests = [one for one in messages(here, "marta.silva@meridian.example") if "team" in said(one)]
    assert 1 == len(digests)
    assert "Dana Fox at Acme" in said(digests[-1])


@pytest.mark.usefixtures("dana")
def test_what_is_past_its_last_rung_is_listed_with_a_name(here: Town) -> None:
    """Nobody ever calls: it goes round the pool, then stays on the list with a name beside it."""
    for _ in range(6):
        live(here, hours=3)
    (row,) = here.app.ledger.handoffs.rows()
    assert "open" == row.state
    assert row.listed_at is not None
    assert row.owner in here.app.policy.users
