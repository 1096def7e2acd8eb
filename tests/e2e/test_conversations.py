"""What colleagues ask the worker in Slack, without any model: answered, sourced, and scoped."""

from collections.abc import Iterator

import pytest
import yaml

from domain.follow_through.first_touch import Untouched
from domain.language.facts import occurrence
from domain.language.touches import judgment
from sandbox.slack.people.users import add_user
from tests.support.builders import ASKED
from tests.support.conversations import answer, command, dm, event, home, mention, replies, write
from tests.support.follow_through import owner, said, slack_id
from tests.support.repository import ROOT
from tests.support.worlds import Town, town
from tools.slack.examination import SCOPES

QUINN = "quinn.walsh@meridian.example"
MARTA = "marta.silva@meridian.example"
KATE = "kate.molloy@meridian.example"


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A town in which a hand-raiser was assigned three hours ago and nobody has touched her."""
    with town(tmp_path_factory.mktemp("town")) as place:
        place.arrive()
        place.pass_time(hours=4)
        place.tick()
        place.pass_time(hours=3)
        yield place


@pytest.fixture
def dana(here: Town) -> int:
    """The hand-raiser."""
    return max(int(key) for key in here.world.table("marketo.person"))


def test_what_is_late_and_untouched(here: Town, dana: int) -> None:
    """A lead past its first-touch time is counted and named, with whose it is and since when."""
    told = answer(here, QUINN, "what's unworked right now?")
    assert "1 open lead has breached SLA." in told
    assert f"Owner: {here.owner(dana)}. SLA breach: first touch was due" in told
    assert "2 h" in told


def test_a_place_narrows_the_question(here: Town) -> None:
    """A lead of California is not unworked in EMEA."""
    assert "No open lead in EMEA has breached SLA." in answer(
        here, QUINN, "what's unworked in EMEA right now?"
    )


def test_who_is_overloaded(here: Town, dana: int) -> None:
    """Overloaded means late leads or a full cap; the definition is shown."""
    told = answer(here, QUINN, "who is overloaded this week?")
    assert f"Overloaded: {here.owner(dana)}" in told
    assert "Overloaded: at least" in told


def test_the_whole_story(here: Town, dana: int) -> None:
    """Everything that happened, oldest first, without each of the gate's checks."""
    told = answer(here, QUINN, "what happened with Dana Fox?")
    assert occurrence(ASKED) in told
    assert "Salesforce owner updated" in told
    assert "STALENESS" not in told
    assert str(dana) not in told


def test_marketo_is_read_now(here: Town, dana: int) -> None:
    """What Marketo holds at this moment, with whose word each field is; no address."""
    here.world.table("marketo.person")[str(dana)]["industry"] = "Software"
    told = answer(here, QUINN, "marketo Dana Fox")
    assert "industry: software" in told.lower()
    assert "@" not in told
    assert "From Marketo, as of" in told


def test_salesforce_is_read_now(here: Town, dana: int) -> None:
    """The owner and the activity on the record, as the first-touch judge sees them."""
    told = answer(here, QUINN, "salesforce Dana Fox")
    assert f"Record owner: {here.owner(dana)}" in told
    assert judgment(Untouched()) in told


def test_figures_have_their_period_and_their_segments(here: Town) -> None:
    """Measures of a period, in all and by segment; an unknown segment is no empty one."""
    told = answer(here, QUINN, "numbers 7 days")
    assert "1 new lead in the last 7 days, since Mon, Nov 16" in told
    assert "Hand-raisers: 1 lead, first touch 0% (0 of 1)" in told
    assert "0 new leads in segment Enterprise" in answer(here, QUINN, "numbers 7 days Enterprise")
    assert 'no segment "Wholesale"' in answer(here, QUINN, "numbers 7 days Wholesale")


def test_what_our_sla_is_for_a_form(here: Town) -> None:
    """A form leads to its segment; of what the policy doesn't name it says so."""
    told = answer(here, QUINN, "what is our SLA for demo requests?")
    assert "Hand-raisers: first touch within 30 min (business hours)" in told
    assert "At 50% of SLA: remind the owner" in told
    assert "I don't know" in answer(here, QUINN, "what is our SLA for frogs?")


def test_what_would_happen_without_a_colleague(here: Town, dana: int) -> None:
    """The last month decided again with somebody in no pool."""
    name = here.owner(dana)
    told = answer(here, QUINN, f"what would happen if {name} left?")
    assert f"1 of 1 lead would have had another owner; {name} would have had 1 fewer." in told
    assert "shares no pool" in answer(here, QUINN, "what if Helen Brooks left?")


def test_a_rep_sees_nobody_elses_leads(here: Town, dana: int) -> None:
    """That somebody else's lead exists is not said."""
    assert owner(here, dana) != KATE
    assert "I can't find a lead" in answer(here, KATE, "why Dana Fox")
    assert "Acme" not in answer(here, KATE, "what's unworked?")


def test_a_slash_command_answers_its_writer_alone(here: Town, dana: int) -> None:
    """The same words after /leads, seen by nobody else."""
    assert "Dana Fox" in command(here, owner(here, dana), "why Dana Fox")
    assert "You can ask me" in command(here, QUINN, "help")


def test_in_a_channel_only_the_asker_sees_the_answer(here: Town) -> None:
    """A channel has readers who may not see the lead, so the answer is shown to one person."""
    shown = mention(here, QUINN, "why Dana Fox")[-1]
    assert "Dana Fox" in said(shown)
    assert shown["to"] == here.slack_users[QUINN]


def test_eleven_deliveries_have_one_answer(here: Town) -> None:
    """Slack repeats what is not acknowledged; the worker answers once."""
    before = len(replies(here, QUINN))
    write(here, QUINN, "find Dana", times=11)
    assert before + 1 == len(replies(here, QUINN))


def test_a_stranger_is_told_so(here: Town) -> None:
    """Somebody whom the policy doesn't name learns nothing."""
    add_user(here.world, name="Eve", email="eve@other.example", timezone="UTC")
    assert "isn't in the routing policy" in answer(here, "eve@other.example", "what's unworked?")


def test_the_home_tab_shows_ones_own_work(here: Town, dana: int) -> None:
    """My leads with what is due, and for managers what waits for a word and the team's load."""
    rep = owner(here, dana)
    mine = home(here, rep)
    assert "1 open lead of yours has breached SLA. " in mine
    assert "Dana Fox" in mine
    assert " ago" in mine
    assert "Overloaded" not in mine
    assert "Pending your approval: nothing" in home(here, MARTA)
    assert f"{here.owner(dana)}: 1 open lead, 1 SLA breach" in home(here, MARTA)


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


def test_a_thread_of_the_pane_shows_that_an_answer_is_made(here: Town) -> None:
    """While it is looked up the pane says so; the answer is one message of that thread."""
    channel, ts = dm(here, QUINN), f"{here.world.now.timestamp():.6f}"
    opening = replies(here, QUINN)[-1]["ts"]
    asked = {
        "type": "message",
        "channel": channel,
        "channel_type": "im",
        "user": slack_id(here, QUINN),
        "text": "find Dana",
        "ts": ts,
        "thread_ts": opening,
    }
    assert 200 == event(here, asked)
    statuses = [
        entry
        for entry in here.world.journal
        if entry.kind == "request" and "assistant.threads.setStatus" in entry.name
    ]
    assert 1 == len(statuses)
    answers = [one for one in replies(here, QUINN) if one.get("thread_ts") == opening]
    assert "Dana Fox" in said(answers[-1])


def test_the_manifest_asks_for_the_least() -> None:
    """The scopes that doctor checks, those of what people do in Slack, and no other."""
    manifest = ROOT / "docs/reference/slack-manifest.yaml"
    wanted = set(
        yaml.safe_load(manifest.read_text(encoding="utf-8"))["oauth_config"]["scopes"]["bot"]
    )
    assert wanted == set(SCOPES) | {
        "app_mentions:read",
        "assistant:write",
        "commands",
        "dnd:read",
        "files:write",
    }
