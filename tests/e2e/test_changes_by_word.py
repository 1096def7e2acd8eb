"""Changes that people ask the worker for: shown whole, decided once, by who may, as shown."""

import threading
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from agent.app import open_app
from agent.conversation.desk import Desk
from agent.ledger.rows import table
from agent.ledger.stores.conversations import Heard
from agent.ledger.tables.effects import EffectRow
from domain.conversation.permissions import principal
from domain.decision.said import Directed
from domain.follow_through.reasons import ByRequest
from domain.gate.reasons import Held
from domain.gate.verdict import Judged
from domain.language import operations, salesforce_record
from domain.policy.model import Mode
from sandbox.state.world import Row
from tests.support.conversations import answer, command, desk, dm, replies, responses, word, write
from tests.support.follow_through import owner, said, slack_id
from tests.support.worlds import Town

QUINN = "quinn.walsh@meridian.example"
MARTA = "marta.silva@meridian.example"
HELEN = "helen.brooks@meridian.example"
MEI = "mei.tan@meridian.example"
URSULA = "ursula.grant@meridian.example"


@pytest.fixture
def dana(here: Town) -> int:
    """A hand-raiser, assigned to a rep of the pool us_west on Monday morning there."""
    person = here.arrive()
    here.pass_time(hours=4)
    here.tick()
    return person


def _asked(here: Town, text: str = "give Dana Fox to Ursula, Priya is out") -> Row:
    """A manager asks for a change; the message that shows it."""
    return write(here, MARTA, text)


def test_a_lead_is_given_to_somebody_else_by_a_yes(here: Town, dana: int) -> None:
    """What changes is shown first; after the manager's yes Salesforce has it, with the reason."""
    before = here.owner(dana)
    shown = _asked(here)
    assert f"Now: owner {before}" in said(shown)
    assert "After: reassigned to Ursula Grant" in said(shown)
    here.tick()
    assert before == here.owner(dana)
    assert 200 == word(here, MARTA, shown)
    here.tick()
    assert "Ursula Grant" == here.owner(dana)
    zone, cycle = ZoneInfo(here.app.policy.timezone), here.cycle(dana)
    reason = ByRequest(by="Marta Silva", owner="Ursula Grant", reason="Priya is out")
    assert reason == cycle.said
    assert salesforce_record.owner(reason, zone) == here.lead(dana)["Routing_Reason__c"]
    decisions = here.app.ledger.history.decisions(cycle.id)
    (directed,) = [one.said for one in decisions if isinstance(one.said, Directed)]
    assert ("Marta Silva", None) == (directed.by, directed.asked_by)
    assert "reassigned to Ursula Grant; the SLA clock restarts" in directed.what
    story = str(here.app.stories(str(dana))[0])
    assert operations.said(directed, zone) in story
    assert f"Status: assigned. {operations.said(reason, zone)}" in story
    assert "Approved by Marta Silva" in said(replies(here, MARTA)[-1])


def test_a_no_changes_nothing(here: Town, dana: int) -> None:
    """The buttons go, and the lead stays where it is."""
    before, shown = here.owner(dana), _asked(here)
    word(here, MARTA, shown, yes=False)
    here.tick()
    assert before == here.owner(dana)
    assert "Canceled by Marta Silva. Nothing was changed" in said(replies(here, MARTA)[-1])


def test_a_yes_counts_once(here: Town, dana: int) -> None:
    """Pressed twice, the owner is written once more than before."""
    writes, shown = sum(here.owner_writes().values()), _asked(here)
    before = dict(shown)
    for _ in range(2):
        word(here, MARTA, before)
    here.tick()
    here.tick()
    assert "Ursula Grant" == here.owner(dana)
    assert writes + 1 == sum(here.owner_writes().values())


def test_two_words_at_once_have_one_effect(here: Town, dana: int) -> None:
    """Of many threads that decide at the same moment, the database lets one through."""
    shown = _asked(here)
    proposal = shown["blocks"][-2]["elements"][0]["value"]
    context, marta = here.app.context(), principal(MARTA, here.app.policy)
    assert marta is not None
    told: list[str] = []

    def press() -> None:
        shown = Desk(context, here.app.memory).word(proposal, yes=True, who=marta)
        told.append(shown.answers[0].title)

    presses = [threading.Thread(target=press) for _ in range(8)]
    for one in presses:
        one.start()
    for one in presses:
        one.join()
    assert 8 == sum("Approved by Marta Silva" in one for one in told)
    directed = [
        one
        for one in here.app.ledger.history.decisions(here.cycle(dana).id)
        if one.kind == "directed"
    ]
    assert 1 == len(directed)
    writes = sum(here.owner_writes().values())
    here.tick()
    assert ("Ursula Grant", writes + 1) == (here.owner(dana), sum(here.owner_writes().values()))


def test_the_wrong_person_cannot_say_yes(here: Town, dana: int) -> None:
    """Neither the rep nor a manager of another team nor a viewer can decide it."""
    before, shown = here.owner(dana), _asked(here)
    for email in (owner(here, dana), "aiko.mori@meridian.example", HELEN):
        word(here, email, shown)
    here.tick()
    assert before == here.owner(dana)


def test_two_people_where_the_policy_asks_for_it(here: Town, dana: int) -> None:
    """Who asked can't approve it; somebody else who may, can."""
    before, policy = here.owner(dana), here.app.policy
    rules = policy.conversation.model_copy(update={"two_person": ("give",)})
    here.app.policy = policy.model_copy(update={"conversation": rules})
    shown = _asked(here)
    assert "Somebody else must approve this" in said(shown)
    word(here, MARTA, shown)
    here.tick()
    assert before == here.owner(dana)
    word(here, QUINN, shown)
    here.tick()
    assert "Ursula Grant" == here.owner(dana)


def test_a_day_has_a_limit_of_gifts(here: Town, dana: int) -> None:
    """Past the policy's number no lead changes hands by conversation that day."""
    before, policy = here.owner(dana), here.app.policy
    rules = policy.conversation.model_copy(update={"reassignments_per_day": 0})
    here.app.policy = policy.model_copy(update={"conversation": rules})
    word(here, MARTA, _asked(here))
    here.tick()
    assert before == here.owner(dana)
    assert "Daily limit reached" in responses(here)[-1]["text"]


def test_a_write_that_was_given_up_is_tried_again(here: Town, dana: int) -> None:
    """A dead letter goes out by a word of operations, after a look whether it happened."""
    ledger = here.app.ledger
    effects = table(EffectRow)
    mirrors = effects.c.kind == "mirror_fields"
    with ledger.engine.begin() as connection:
        connection.execute(update(effects).where(mirrors).values(state="dead"))
    word(here, QUINN, write(here, QUINN, "retry Dana Fox"))
    here.tick()
    states = {
        one.state
        for one in ledger.history.effects(here.cycle(dana).id)
        if one.kind == "mirror_fields"
    }
    assert {"applied"} == states


def test_an_assignment_that_waits_is_approved_by_word(here: Town) -> None:
    """In a segment that asks for a word, a manager's yes lets the write happen."""
    policy = here.app.policy
    segments = tuple(
        one.model_copy(update={"mode": Mode.APPROVE}) if one.name == "Hand-raisers" else one
        for one in policy.segments
    )
    here.app.policy = policy.model_copy(update={"segments": segments})
    person = here.arrive()
    here.tick()
    assert "Pending your approval: 1 assignment" in answer(here, MARTA, "approvals")
    word(here, MARTA, write(here, MARTA, "approve Acme"))
    here.tick()
    assert "assigned" == here.cycle(person).status


def test_a_word_comes_too_late(here: Town, dana: int) -> None:
    """After ten minutes the proposal is over; the person is told to ask again."""
    before, shown = here.owner(dana), _asked(here)
    here.pass_time(minutes=11)
    word(here, MARTA, shown)
    here.tick()
    assert before == here.owner(dana)
    assert "expired" in said(replies(here, MARTA)[-1])


def test_a_lead_that_changed_meanwhile_is_left_alone(here: Town, dana: int) -> None:
    """What was shown is not how things are any more, so nothing is done."""
    shown = _asked(here)
    here.take(dana, "victor.chen@meridian.example")
    here.pass_time(minutes=5)
    here.tick()
    word(here, MARTA, shown)
    here.tick()
    assert "Victor Chen" == here.owner(dana)


def test_a_restart_in_the_middle_of_an_approval_loses_nothing(here: Town, dana: int) -> None:
    """The process ends after the question; the next one, with the same files, carries it out."""
    shown = _asked(here)
    here.app.close()
    here.app = open_app(here.app.settings, here.app.clock)
    word(here, MARTA, shown)
    here.pass_time(minutes=6)
    here.tick()
    assert "Ursula Grant" == here.owner(dana)


def test_a_new_question_meanwhile_does_no_harm(here: Town, dana: int) -> None:
    """The conversation goes on while a proposal waits, and its buttons still work."""
    shown = _asked(here)
    assert "Dana Fox" in answer(here, MARTA, "why Dana Fox")
    word(here, MARTA, shown)
    here.tick()
    assert "Ursula Grant" == here.owner(dana)


def test_hold_and_release(here: Town, dana: int) -> None:
    """A company's leads are left alone until Thursday: no reminder, until somebody releases."""
    shown = write(here, MARTA, "hold Acme until Thursday, they are at a fair")
    word(here, MARTA, shown)
    rep = owner(here, dana)
    count = len(replies(here, rep))
    for _ in range(6):
        here.pass_time(minutes=30)
        here.tick()
    assert count == len(replies(here, rep))
    word(here, MARTA, write(here, MARTA, "release Acme"))
    for _ in range(3):
        here.pass_time(minutes=30)
        here.tick()
    assert count < len(replies(here, rep))


def test_a_held_lead_is_not_routed_until_then(here: Town) -> None:
    """A lead that waits for its sync is held; it is routed when the hold ends by itself."""
    person = here.arrive(synced=False)
    here.tick()
    word(here, QUINN, write(here, QUINN, "hold Acme for 1d, legal asks first"))
    here.sync(person)
    here.pass_time(minutes=6)
    here.tick()
    why = Held(by="Quinn Walsh", reason="legal asks first")
    assert Judged(verdict="PARK", why=(why,)) == here.cycle(person).said
    here.pass_time(days=1)
    here.tick()
    assert "assigned" == here.cycle(person).status


def test_a_pause_stops_every_write_until_somebody_resumes(here: Town) -> None:
    """The kill switch from Slack: within one tick nothing is written any more."""
    person = here.arrive()
    word(here, QUINN, write(here, QUINN, "pause, wrong territories"))
    here.pass_time(hours=1)
    assert "paused by quinn.walsh@meridian.example: wrong territories" == here.tick().paused
    assert {} == dict(here.owner_writes())
    word(here, QUINN, write(here, QUINN, "resume"))
    here.tick()
    assert "assigned" == here.cycle(person).status


def test_a_paused_segment_waits_and_the_others_do_not(here: Town) -> None:
    """Leads of the segment are decided but not written; others are."""
    paused, other = (
        here.arrive(),
        here.arrive(email="li@bigco.example", company="Big Co", numberOfEmployees=5000),
    )
    word(here, QUINN, write(here, QUINN, "pause Hand-raisers, forms are broken"))
    here.tick()
    assert ["assigning", "assigned"] == [here.cycle(one).status for one in (paused, other)]
    word(here, QUINN, write(here, QUINN, "resume Hand-raisers"))
    here.pass_time(minutes=1)
    here.tick()
    assert "assigned" == here.cycle(paused).status


def test_a_viewer_can_ask_but_not_change(here: Town, dana: int) -> None:
    """The head of marketing sees every lead and changes none."""
    assert "Dana Fox" in answer(here, HELEN, "why Dana Fox")
    assert "can do this" in answer(here, HELEN, "give Dana Fox to Mei Tan")
    assert HELEN != owner(here, dana)


def test_a_manager_gives_within_the_team_only(here: Town, dana: int) -> None:
    """Another team's rep gets no lead by this manager's word."""
    assert "Mei Tan is not on your team" in answer(here, MARTA, "give Dana Fox to Mei Tan")
    assert MEI != owner(here, dana)


def test_a_snooze_keeps_the_policys_limits(here: Town, dana: int) -> None:
    """By word as by button: at most so often and so long."""
    rep = owner(here, dana)
    word(here, rep, write(here, rep, "snooze Dana Fox for 1h"))
    (row,) = here.app.ledger.handoffs.rows()
    assert 1 == row.handoff["snoozes"]
    word(here, rep, write(here, rep, "snooze Dana Fox for 9d"))
    assert "can be snoozed for at most" in said(replies(here, rep)[-1])


@pytest.mark.usefixtures("dana")
def test_what_a_process_left_unanswered_is_answered_by_the_next(here: Town) -> None:
    """A question in the inbox of a process that ended gets its one answer."""
    heard = Heard("h1", "direct", slack_id(here, QUINN), dm(here, QUINN), "", "find Dana")
    assert here.app.ledger.conversations.hear(heard, here.world.now)
    here.pass_time(minutes=5)
    desk(here).tidy()
    desk(here).tidy()
    assert 1 == len(replies(here, QUINN))
    assert "Dana Fox" in said(replies(here, QUINN)[0])


@pytest.mark.usefixtures("dana")
def test_proposals_and_conversations_end(here: Town) -> None:
    """A proposal nobody answers ends; a conversation is forgotten after its time."""
    command(here, MARTA, "help")
    shown = _asked(here)
    proposal = shown["blocks"][-2]["elements"][0]["value"]
    here.world.advance(timedelta(minutes=11))
    desk(here).tidy()
    asked = here.app.ledger.conversations.proposal(proposal)
    assert asked is not None
    assert "expired" == asked.state
    here.world.advance(timedelta(days=31))
    desk(here).tidy()
    assert [] == list(here.app.memory.saver.list(None))
