"""What owners and managers press in Slack: through Bolt, signed, once, and only by who may."""

import pytest

from agent.metrics.disputes import cases
from sandbox.state.world import Row
from tests.support.follow_through import about, live, messages, owner, press, said, send, submit
from tests.support.worlds import Town
from tools.slack.messages import modals
from tools.slack.messages.blocks import GIVE_ON, KEEP, ON_IT, SNOOZE

MARTA = "marta.silva@meridian.example"


@pytest.fixture
def dana(here: Town) -> int:
    """A hand-raiser, assigned to a rep of the pool us_west on Monday morning there."""
    person = here.arrive()
    here.pass_time(hours=4)
    here.tick()
    return person


def test_on_it_is_noted_once_and_is_no_touch(here: Town, dana: int) -> None:
    """Pressed twice it is one decision; the breach still comes, for words are not work."""
    rep = owner(here, dana)
    (message,) = messages(here, rep)
    before = dict(message)
    assert [200, 200] == [press(here, rep, before, ON_IT) for _ in range(2)]
    decisions = here.app.ledger.history.decisions(here.cycle(dana).id)
    assert 1 == sum(one.kind == "said" for one in decisions)
    assert "You're on it" in said(messages(here, rep)[0])
    live(here, minutes=40)
    assert "SLA breach:" in said(messages(here, rep)[-1])


def test_a_colleague_cannot_press_for_the_owner(here: Town, dana: int) -> None:
    """Somebody else's press changes nothing."""
    (message,) = messages(here, owner(here, dana))
    assert 200 == press(here, "kate.molloy@meridian.example", message, ON_IT)
    (row,) = here.app.ledger.handoffs.rows()
    assert None is row.handoff["accepted_at"]


def test_an_unsigned_press_is_refused(here: Town) -> None:
    """Without Slack's signature nothing is read."""
    assert 401 == send(here, {"type": "block_actions"}, secret="somebody else's")


def test_a_snooze_stops_the_clock_and_has_a_limit(here: Town, dana: int) -> None:
    """An hour's snooze moves every rung by an hour; a third one is refused."""
    rep = owner(here, dana)
    (message,) = messages(here, rep)
    for _ in range(3):
        press(here, rep, message, SNOOZE)
        here.pass_time(seconds=1)
    (row,) = here.app.ledger.handoffs.rows()
    assert 2 == row.handoff["snoozes"]
    live(here, minutes=55)
    assert 1 == len(messages(here, rep))


def test_a_reported_call_is_logged_once_and_counts(here: Town, dana: int) -> None:
    """The form writes a completed Task of the owner's, and the next looks see the touch."""
    rep = owner(here, dana)
    (message,) = messages(here, rep)
    for _ in range(2):
        assert 200 == submit(here, rep, modals.CALL, about(message), outcome="Connected")
    live(here, minutes=10)
    (task,) = here.world.table("salesforce.Task").values()
    assert (here.lead(dana)["OwnerId"], "Completed") == (task["OwnerId"], task["Status"])
    (row,) = here.app.ledger.handoffs.rows()
    assert ("touched", "call") == (row.state, row.touch)


def test_a_press_outlives_the_process(here: Town, dana: int) -> None:
    """Kept, and then the power went: the next tick carries it out, once."""
    rep = owner(here, dana)
    clicks, cycle = here.app.ledger.clicks, here.cycle(dana).id
    body: Row = {"cycle": cycle, "stage": 0, "fields": {}}
    assert None is clicks.keep("p1", here.slack_users[rep], "on_it", body, here.world.now)
    live(here, minutes=5)
    (row,) = here.app.ledger.handoffs.rows()
    assert ([], True) == (clicks.unanswered(), row.handoff["accepted_at"] is not None)


def test_a_voicemail_is_no_touch(here: Town, dana: int) -> None:
    """By this policy an attempt is not enough."""
    rep = owner(here, dana)
    (message,) = messages(here, rep)
    submit(here, rep, modals.CALL, about(message), outcome="Left voicemail")
    live(here, minutes=10)
    (row,) = here.app.ledger.handoffs.rows()
    assert "open" == row.state


def test_not_mine_is_decided_by_the_manager(here: Town, dana: int) -> None:
    """The manager sees the reason with two buttons; accepted, the lead goes to the next."""
    rep = owner(here, dana)
    (message,) = messages(here, rep)
    submit(here, rep, modals.REFUSAL, about(message), reason="conflict", note="Ben knows them")
    live(here, minutes=5)
    (asked,) = messages(here, MARTA)
    assert "A colleague already works with them" in said(asked)
    press(here, rep, asked, GIVE_ON)
    assert "open" == here.app.ledger.handoffs.disputes()[0].state
    press(here, MARTA, asked, GIVE_ON)
    live(here, minutes=5)
    (dispute,) = here.app.ledger.handoffs.disputes()
    assert ("accepted", MARTA) == (dispute.state, dispute.ruled_by)
    assert rep != owner(here, dana)


def test_a_refused_dispute_leaves_the_lead(here: Town, dana: int) -> None:
    """The manager says no: it stays, and the ladder goes on for its owner."""
    rep = owner(here, dana)
    (message,) = messages(here, rep)
    submit(here, rep, modals.REFUSAL, about(message), reason="no_capacity")
    live(here, minutes=5)
    (asked,) = messages(here, MARTA)
    press(here, MARTA, asked, KEEP)
    (row,) = here.app.ledger.handoffs.rows()
    assert (rep, False) == (row.owner, row.handoff["disputed"])


def test_a_dispute_becomes_a_case(here: Town, dana: int) -> None:
    """Its reason, its rule and its ruling, and nobody's name."""
    rep = owner(here, dana)
    (message,) = messages(here, rep)
    submit(here, rep, modals.REFUSAL, about(message), reason="conflict", note="Ben knows Dana")
    (case,) = cases(here.app.ledger)
    assert ("conflict", "Territory", "open") == (case.reason, case.rule, case.state)
    told = case.model_dump_json()
    assert ("Dana" in told, "ana.torres" in told) == (False, False)
