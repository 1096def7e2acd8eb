"""What colleagues ask the worker in Slack, without any model: answered, sourced, and scoped."""

import pytest

from sandbox.slack.people import add_user
from tests.following import owner, said
from tests.talking import answer, command, mention, replies, write
from tests.worlds import Town

QUINN = "quinn.walsh@meridian.example"
MARTA = "marta.silva@meridian.example"
KATE = "kate.molloy@meridian.example"
VICTOR = "victor.chen@meridian.example"


@pytest.fixture
def dana(here: Town) -> int:
    """A hand-raiser, assigned to a rep of the pool us_west on Monday morning there."""
    person = here.arrive()
    here.pass_time(hours=4)
    here.tick()
    return person


def test_why_did_dana_go_to_her_owner(here: Town, dana: int) -> None:
    """The answer is the decision's own reason, with the decision's id."""
    told = answer(here, QUINN, f"why did Dana Fox go to {here.owner(dana)}?")
    (decision,) = [
        one for one in here.app.ledger.history.decisions(here.cycle(dana).id) if one.kind == "route"
    ]
    assert decision.sentence[:80] in told
    assert f"Decision {decision.id}" in told


def test_what_is_unworked(here: Town, dana: int) -> None:
    """A lead past its first-touch time is counted and named, with whose it is."""
    here.pass_time(hours=3)
    told = answer(here, QUINN, "what's unworked right now?")
    assert "1 lead late and untouched" in told
    assert f"With {here.owner(dana)}" in told


@pytest.mark.usefixtures("dana")
def test_a_place_narrows_the_question(here: Town) -> None:
    """A lead of California is not unworked in EMEA."""
    here.pass_time(hours=3)
    told = answer(here, QUINN, "what's unworked in EMEA right now?")
    assert "0 leads in EMEA late" in told


def test_who_is_overloaded(here: Town, dana: int) -> None:
    """Overloaded means late leads or a full cap; the definition is shown."""
    here.pass_time(hours=3)
    told = answer(here, QUINN, "who is overloaded this week?")
    assert f"Overloaded: {here.owner(dana)}" in told


@pytest.mark.usefixtures("dana")
def test_what_would_happen_if_a_territory_moved(here: Town) -> None:
    """The last month is decided again; nothing is written."""
    before = here.owner_writes()
    told = answer(here, QUINN, "what would happen if US West went to Mei Tan?")
    assert "1 of 1 leads would have gone elsewhere; Mei Tan would have had 1 more." in told
    assert before == here.owner_writes()


def test_a_rep_sees_nobody_elses_leads(here: Town, dana: int) -> None:
    """That somebody else's lead exists is not said."""
    stranger = next(
        one for one in (KATE, "victor.chen@meridian.example") if one != owner(here, dana)
    )
    assert "I know no lead" in answer(here, stranger, "why Dana Fox")
    assert "Acme" not in answer(here, stranger, "what's unworked?")


def test_a_slash_command_answers_its_writer_alone(here: Town, dana: int) -> None:
    """The same words after /leads, seen by nobody else."""
    assert "Dana Fox" in command(here, owner(here, dana), "why Dana Fox")
    assert "You can ask me" in command(here, QUINN, "help")


@pytest.mark.usefixtures("dana")
def test_in_a_channel_only_the_asker_sees_the_answer(here: Town) -> None:
    """A channel has readers who may not see the lead, so the answer is shown to one person."""
    (shown,) = mention(here, QUINN, "why Dana Fox")
    assert "Dana Fox" in said(shown)
    assert shown["to"] == here.slack_users[QUINN]


@pytest.mark.usefixtures("dana")
def test_eleven_deliveries_have_one_answer(here: Town) -> None:
    """Slack repeats what is not acknowledged; the worker answers once."""
    before = len(replies(here, QUINN))
    write(here, QUINN, "find Dana", times=11)
    assert before + 1 == len(replies(here, QUINN))


def test_a_stranger_is_told_so(here: Town) -> None:
    """Somebody whom the policy doesn't name learns nothing."""
    add_user(here.world, name="Eve", email="eve@other.example", timezone="UTC")
    assert "I don't know you" in answer(here, "eve@other.example", "what's unworked?")
