"""A model may look closer at a puzzling case: good, lost or hostile, it can do nothing else."""

from dataclasses import replace

import pytest
from pydantic import SecretStr

from domain.decision.said import LookedCloser, Said
from domain.follow_through.handoff import Handoff
from domain.language import rep as for_rep
from prompts import load
from sandbox.openai import become
from sandbox.openai.script import add_rule
from sandbox.salesforce.store import records
from sandbox.state.world import Row
from tests.support.follow_through import live, messages, owner, press, said
from tests.support.worlds import Town
from tools.slack.messages.blocks import ON_IT

MARTA = "marta.silva@meridian.example"
CHOOSING = {"schema": "Choosing"}


@pytest.fixture
def thinking(here: Town) -> Town:
    """A town whose worker has a model."""
    openai = here.running.details()["openai"]
    settings = here.app.settings.model_copy(
        update={
            "openai_api_key": SecretStr(openai["api_key"]),
            "openai_base_url": openai["base_url"],
            "openai_model": openai["model"],
        }
    )
    here.app = replace(here.app, settings=settings)
    return here


def puzzle(here: Town) -> tuple[int, str]:
    """The owner took a lead on, called once without an answer, and the breach is near."""
    dana = here.arrive()
    here.pass_time(hours=4)
    here.tick()
    rep = owner(here, dana)
    press(here, rep, messages(here, rep)[0], ON_IT)
    lead = here.lead(dana)
    call: Row = {
        "WhoId": lead["Id"],
        "OwnerId": lead["OwnerId"],
        "Subject": "Call",
        "TaskSubtype": "Call",
        "CallType": "Outbound",
        "CallDisposition": "No answer",
        "Status": "Completed",
    }
    here.pass_time(minutes=5)
    task = records.insert(here.world, "Task", call, by=lead["OwnerId"], assign=False)
    return dana, task


def choices(here: Town, dana: int) -> list[Said]:
    """What closer looks chose, as the ledger tells it."""
    decisions = here.app.ledger.history.decisions(here.cycle(dana).id)
    return [one.said for one in decisions if one.kind == "explained"]


def test_a_good_model_chooses_among_the_permitted_moves(thinking: Town) -> None:
    """It looks, finds the unanswered call, and spares the manager.

    The record leads from there to the policy, the model and the very text of the prompt.
    """
    look: list[Row] = [{"name": "salesforce_activity", "arguments": {}}]
    add_rule(thinking.world, {"tools": ["salesforce_activity"], "turn": 0}, {"tool_calls": look})
    add_rule(thinking.world, {"tools": ["salesforce_activity"], "turn": 1}, {"text": "I see."})
    dana, task = puzzle(thinking)
    said: Row = {"move": "nudge", "evidence": [task], "reason": "They tried and got no answer."}
    add_rule(thinking.world, CHOOSING, {"json": said})
    live(thinking, minutes=30)
    (choice,) = choices(thinking, dana)
    assert [] == messages(thinking, MARTA)
    ledger, cycle = thinking.app.ledger, thinking.cycle(dana).id
    calls = {one.purpose: one for one in ledger.turns.calls(cycle)}
    (decided,) = [one for one in ledger.history.decisions(cycle) if one.kind == "explained"]
    assert (load("investigate").version, thinking.app.settings.openai_model) == (
        calls["investigate"].prompt,
        calls["investigate"].model,
    )
    assert choice == LookedCloser(
        model=calls["investigate"].model,
        prompt=calls["investigate"].prompt,
        move="nudge",
        reason="They tried and got no answer.",
    )
    assert thinking.app.policy.version == decided.policy_version


HOSTILE: dict[str, Row] = {
    "a move that doesn't exist": {"move": "delete", "evidence": ["{task}"], "reason": "x"},
    "a move that the rung doesn't permit": {
        "move": "reassign",
        "evidence": ["{task}"],
        "reason": "x",
    },
    "no evidence": {"move": "nudge", "evidence": [], "reason": "trust me"},
    "evidence that nobody saw": {"move": "nudge", "evidence": ["00T999"], "reason": "x"},
}


@pytest.mark.parametrize("said", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_model_changes_nothing(thinking: Town, said: Row) -> None:
    """What isn't permitted or isn't evident is as if nobody had been asked: the ladder runs."""
    dana, task = puzzle(thinking)
    evidence = [each.replace("{task}", task) for each in said["evidence"]]
    add_rule(thinking.world, CHOOSING, {"json": said | {"evidence": evidence}})
    live(thinking, minutes=30)
    assert ([], 1) == (choices(thinking, dana), len(messages(thinking, MARTA)))


@pytest.mark.parametrize(
    "character", ["lazy", "broken_json", "wrong_tool", "slow", "refusing", "overloaded", "down"]
)
def test_a_lost_model_stops_nothing(thinking: Town, character: str) -> None:
    """Silent, broken, slow, refusing or down: the breach is told as without a model."""
    become(thinking.world, character)
    dana, _ = puzzle(thinking)
    live(thinking, minutes=30)
    assert ([], 1) == (choices(thinking, dana), len(messages(thinking, MARTA)))


def test_without_a_model_the_ladder_runs(here: Town) -> None:
    """Nothing of follow-through needs a model."""
    dana, _ = puzzle(here)
    live(here, minutes=30)
    assert ([], 1) == (choices(here, dana), len(messages(here, MARTA)))


def reminder(here: Town) -> str:
    """The words of the reminder that a lead's owner gets."""
    dana = here.arrive()
    here.pass_time(hours=4)
    here.tick()
    rep = owner(here, dana)
    live(here, minutes=20)
    return said(messages(here, rep)[-1])


def test_a_model_may_word_what_to_say_first(thinking: Town) -> None:
    """From the facts, it is shown in place of the template."""
    worded = "Ask Dana what made Acme look for a demo right now."
    add_rule(thinking.world, {"anywhere": "Say first"}, {"text": worded})
    assert worded in reminder(thinking)


@pytest.mark.parametrize(
    "worded",
    [
        "Tell Dana that Globex pays 40 percent less.",
        "Dana must confirm at https://evil.example now.",
        "<!channel> everybody call Dana",
    ],
)
def test_what_a_model_makes_up_is_never_shown(thinking: Town, worded: str) -> None:
    """An invented company or number, a link, a mention: the template stands."""
    add_rule(thinking.world, {"anywhere": "Say first"}, {"text": worded})
    shown = reminder(thinking)
    (row,) = thinking.app.ledger.handoffs.rows()
    template = for_rep.opener(Handoff.model_validate(row.handoff).brief.opener)
    assert template is not None
    assert (True, False) == (template in shown, worded in shown)
