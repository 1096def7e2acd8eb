"""What colleagues ask the worker in Slack, without any model: answered, sourced, and scoped."""

import time

import pytest
from pydantic import SecretStr

from agent import slack_app
from sandbox.slack.people import add_user
from tests.following import owner, said, slack_id
from tests.talking import answer, command, dm, event, home, mention, replies, write
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
    assert "1 of 1 lead would have gone elsewhere; Mei Tan would have had 1 more." in told
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


def test_the_home_tab_shows_ones_own_work(here: Town, dana: int) -> None:
    """My leads with what is due, and for managers what waits for a word and the team's load."""
    rep = owner(here, dana)
    assert "Dana Fox" in home(here, rep)
    assert "Overloaded" not in home(here, rep)
    assert "waiting for a word" in home(here, MARTA)
    assert f"{here.owner(dana)}: 1 open" in home(here, MARTA)


def test_the_assistant_pane_offers_questions(here: Town) -> None:
    """Whoever opens the pane sees four questions to begin with."""
    channel = dm(here, QUINN)
    opened = {
        "type": "assistant_thread_started",
        "assistant_thread": {
            "user_id": slack_id(here, QUINN),
            "channel_id": channel,
            "thread_ts": "1.2",
        },
        "ts": "1.2",
    }
    assert 200 == event(here, opened)
    assert 4 == len(here.world.table("slack.pane")[f"{channel}/1.2"]["prompts"])


def test_the_same_over_socket_mode(here: Town, dana: int) -> None:
    """The default way: Slack delivers over a WebSocket, and the answer is posted."""
    details = here.running.details()["slack"]
    here.app.settings = here.app.settings.model_copy(
        update={"slack_app_token": SecretStr(details["app_token"])}
    )
    message = {
        "type": "message",
        "channel": dm(here, QUINN),
        "channel_type": "im",
        "user": slack_id(here, QUINN),
        "text": "find Dana",
        "ts": f"{here.world.now.timestamp():.6f}",
    }
    with slack_app.listening(here.app):
        assert here.running.socket.wait_for_connection()
        told = {"type": "event_callback", "team_id": "T1", "event": message}
        assert here.running.socket.deliver("events_api", told) is not None
        deadline = time.monotonic() + 10
        while not replies(here, QUINN) or "Dana Fox" not in said(replies(here, QUINN)[-1]):
            assert time.monotonic() < deadline
            time.sleep(0.05)
    assert here.owner(dana) in said(replies(here, QUINN)[-1])
