"""What a person can ask and have changed, over Slack's two real ways, with a model and without.

One town per way and model; its questions follow each other as they would in a thread.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import pytest

from domain.language import operations
from sandbox.openai.personalities import become
from sandbox.openai.script import add_rule
from sandbox.state.world import Row
from tests.support.conversations import give_model, replies
from tests.support.follow_through import payload, said
from tests.support.slack_lines import LINES, Line, ask, awaited
from tests.support.worlds import Town, town
from tools.slack.messages.replies import NO, YES

MARTA = "marta.silva@meridian.example"
URSULA = "Ursula Grant"


@dataclass
class Story:
    """A town with Dana assigned in it, a line to its worker, and whether a model speaks."""

    here: Town
    line: Line
    with_model: bool
    dana: int

    def asked(self, text: str, tool: str, words: str = "", **arguments: str) -> Row:
        """A manager asks; with a model it calls this tool and then says these words."""
        if self.with_model:
            self.here.world.table("openai.script").clear()
            become(self.here.world, "lazy")
            call = {"name": tool, "arguments": arguments}
            add_rule(self.here.world, {"role": "user"}, {"tool_calls": [call]})
            add_rule(self.here.world, {"role": "tool"}, {"text": words})
        return ask(self.here, self.line, MARTA, text)

    def press(self, message: Row, *, yes: bool) -> str:
        """The manager presses a proposal's button; what the message then says."""
        wanted = YES if yes else NO
        value = next(
            element["value"]
            for block in message["blocks"]
            if block["type"] == "actions"
            for element in block["elements"]
            if element["action_id"] == wanted
        )
        before = said(message)
        pressed = {"action_id": wanted, "type": "button", "value": value, "action_ts": "1.1"}
        body = payload(self.here, MARTA, "block_actions", message=dict(message), actions=[pressed])
        body |= {"channel": {"id": message["channel"]}, "container": {"type": "message"}}
        self.line.interaction(body)

        def changed() -> str | None:
            now = said(self.here.world.table("slack.message")[_key(self.here, message)])
            return None if now == before else now

        return awaited(changed)


def _key(here: Town, message: Row) -> str:
    table = here.world.table("slack.message")
    return next(
        key
        for key, row in table.items()
        if (row["channel"], row["ts"]) == (message["channel"], message["ts"])
    )


@pytest.fixture(
    scope="module",
    params=list(itertools.product(LINES, (True, False))),
    ids=lambda one: f"{one[0]}-{'model' if one[1] else 'plain'}",
)
def story(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Story]:
    """Each way with a model and without one."""
    line, with_model = request.param
    with town(tmp_path_factory.mktemp("town")) as here:
        if with_model:
            give_model(here)
        dana = here.arrive()
        here.pass_time(hours=4)
        here.tick()
        with LINES[line](here) as open_line:
            yield Story(here, open_line, with_model, dana)


def test_why_did_dana_go_to_her_owner(story: Story) -> None:
    """The decision's own reason, its id, the lead, the reader's clock, and how fresh it is."""
    owner = story.here.owner(story.dana)
    words = f"Dana Fox is with {owner}."
    told = said(story.asked(f"why did Dana Fox go to {owner}?", "why", words, lead="Dana Fox"))
    (decision,) = [
        one
        for one in story.here.app.ledger.history.decisions(story.here.cycle(story.dana).id)
        if one.kind == "route"
    ]
    assert operations.said(decision.said, ZoneInfo(story.here.app.policy.timezone)) in told
    assert f"Decision {decision.id}" in told
    assert "EST; last sync just now" in told
    assert story.with_model == told.startswith(words)


def test_what_is_unworked_right_now(story: Story) -> None:
    """How many are late, at risk and in time in a region, and which."""
    shown = story.asked("what's unworked in AMER right now?", "unworked", where="AMER")
    told = said(shown)
    assert "No open lead in AMER has breached SLA." in told
    assert "due within 1 h: 1" in told
    assert "Dana Fox at Acme" in told
    buttons = [
        one for block in shown["blocks"] if block["type"] == "actions" for one in block["elements"]
    ]
    assert ["Why?", "Snooze 1 h", "Hold 1 d"] == [one["text"]["text"] for one in buttons]


def test_who_is_overloaded_this_week(story: Story) -> None:
    """Load and availability of each, and what overloaded means."""
    told = said(story.asked("who is overloaded this week?", "workload"))
    owner = story.here.owner(story.dana)
    assert f"{owner}: 1 open lead, 0 SLA breaches, 1 new this week" in told
    assert "Chloe Park" in told
    assert "Overloaded: at least" in told


def test_hold_acme_until_thursday(story: Story) -> None:
    """Shown with its end on the reader's clock; a no leaves everything as it was."""
    shown = story.asked("hold Acme until Thursday", "hold", lead="Acme", until="Thursday")
    assert "on hold until Thu, Nov 26, 9:00 AM EST" in said(shown)
    assert "Nothing was changed" in story.press(shown, yes=False)


def test_what_changed_since_monday(story: Story) -> None:
    """What people and the worker changed, with the policy in force."""
    told = said(story.asked("what changed since Monday?", "changes", since="Monday"))
    assert "0 changes since Mon, Nov 23, 12:00 AM EST" in told
    assert f"Policy {story.here.app.policy.version} active since" in told


def test_what_would_happen_if_a_territory_moved(story: Story) -> None:
    """The last month decided again; nothing is written."""
    writes = story.here.owner_writes()
    question = "what would happen if US West went to Mei Tan?"
    told = said(story.asked(question, "what_if", territory="US West", to="Mei Tan"))
    assert "1 of 1 lead would have had another owner; Mei Tan would have had 1 more." in told
    assert writes == story.here.owner_writes()


def test_give_this_to_somebody_else(story: Story) -> None:
    """What "this" is was asked before; after the yes Salesforce has the new owner."""
    story.asked("why Dana Fox", "why", lead="Dana Fox")
    text = "give this to Ursula, Priya is out"
    shown = story.asked(text, "give", lead="", to="Ursula", reason="Priya is out")
    assert f"Now: owner {story.here.owner(story.dana)} After: reassigned to {URSULA}" in said(shown)
    assert "Approved by Marta Silva" in story.press(shown, yes=True)
    story.here.tick()
    assert URSULA == story.here.owner(story.dana)


def test_each_question_had_one_answer_and_is_on_record(story: Story) -> None:
    """One message per question, and one turn with what was used, read and answered."""
    turns = story.here.app.ledger.turns.since(story.here.world.now.replace(hour=0))
    answers = [
        one
        for one in replies(story.here, MARTA)
        if one.get("user") != story.here.slack_users[MARTA]
    ]
    assert len(turns) == len(answers)
    used = [one["tool"] for turn in turns for one in turn.used]
    expected = ["why", "unworked", "workload", "hold", "changes", "what_if", "why", "give"]
    assert expected == used
    calls = [call for turn in turns for call in story.here.app.ledger.turns.calls(turn.id)]
    assert story.with_model == bool(calls)
    prompt = story.here.app.context().prompt("converse").version
    assert {prompt} >= {call.prompt for call in calls}
    assert all(call.tokens > 0 and call.model for call in calls)
