"""Models as they are: odd answers cost a wording and nothing else; what is billed counts."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.conversation.desk import BROKEN
from agent.conversation.graph import SILENT, USED_UP
from agent.worker.service import Service
from sandbox.openai.personalities import become
from tests.support.conversations import answer, give_model, write
from tests.support.fixed_models import BILLED, model_that_answers
from tests.support.follow_through import live, messages, said
from tests.support.worlds import Town, town

QUINN = "quinn.walsh@meridian.example"
QUESTION = "please tell me something about our leads"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A town in which a lead was just assigned."""
    with town(tmp_path_factory.mktemp("town")) as place:
        place.arrive()
        place.tick()
        yield place


def calling(**call: Any) -> dict[str, Any]:  # noqa: ANN401  (JSON)
    """A message that calls a tool."""
    function = {"name": "unworked", "arguments": "{}"}
    return {"content": None, "tool_calls": [{"id": "c", "function": function} | call]}


@pytest.mark.parametrize(
    ("message", "finish"),
    [
        ({"content": [{"type": "text", "text": "Please call."}]}, "stop"),
        ({"content": {"text": "Please call."}}, "stop"),
        ({"content": None}, "stop"),
        (calling(id=None, type="function"), "tool_calls"),
        (calling(type=None), "tool_calls"),
        (calling(function={"name": None, "arguments": "{}"}), "tool_calls"),
        (calling(function={"name": "find", "arguments": '{"words": "Da\\ud83d"}'}), "tool_calls"),
        (calling(function={"name": "find", "arguments": '{"words": 7}'}), "tool_calls"),
        (calling(), "length"),
        ({"content": "Half an emoji \ud83d"}, "stop"),
        ({"content": None, "function_call": {"name": "find", "arguments": "{}"}}, "stop"),
    ],
    ids=str,
)
def test_whatever_the_model_does_the_person_reads_something_true(
    shared: Town, message: dict[str, Any], finish: str
) -> None:
    """No answer is left at "one moment", none fails, and no validator speaks to a person."""
    with model_that_answers(shared, message, finish) as asked:
        told = said(write(shared, QUINN, QUESTION))
    assert asked
    for wrong in ("One moment", BROKEN, "Input should be", "arguments do not fit", "unnamed"):
        assert wrong not in told


@pytest.mark.parametrize(
    ("message", "finish"),
    [
        ({"content": ""}, "length"),
        ({"content": None, "refusal": "I will not."}, "stop"),
        ({"content": None}, "content_filter"),
        ({"content": ""}, "stop"),
        (calling(function={"name": "unworked", "arguments": '{"whe'}), "length"),
    ],
    ids=str,
)
def test_what_is_billed_counts_against_the_day(
    shared: Town, message: dict[str, Any], finish: str
) -> None:
    """Answers of no use are billed as well: the budget of the day ends them."""
    shared.pass_time(hours=26)
    policy = shared.app.policy
    rules = policy.conversation.model_copy(update={"tokens_per_day": 8000})
    shared.app.policy = policy.model_copy(update={"conversation": rules})
    with model_that_answers(shared, message, finish) as asked:
        told = [answer(shared, QUINN, f"{QUESTION} {place}") for place in range(5)]
    shared.app.policy = policy
    assert SILENT in told[0]
    assert USED_UP in told[-1]
    since = shared.world.now.replace(hour=0, minute=0)
    counted = shared.app.ledger.turns.tokens_since(since).total
    assert BILLED * len(asked) == counted
    assert 8000 <= counted <= 8000 + 2 * BILLED


def test_follow_through_goes_on_with_any_model(here: Town) -> None:
    """A wording that can't be read costs the wording: the owner is reminded all the same."""
    here.arrive()
    with model_that_answers(here, calling(function={"name": None, "arguments": "{}"})):
        live(here, hours=2)
    assert not here.app.ledger.workings.set_aside()
    assert any(messages(here, email) for email in here.app.policy.users)


def test_a_model_in_trouble_is_told_once(
    here: Town, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The log says it when it begins and when it ends, health while it lasts, doctor the fix."""
    give_model(here)
    become(here.world, "broke")
    files = {
        "routeready_health_file": tmp_path / "health.json",
        "routeready_stop_file": tmp_path / "stop",
    }
    here.app.settings = here.app.settings.model_copy(update=files)
    capsys.readouterr()
    for place in range(3):
        assert SILENT in answer(here, QUINN, f"{QUESTION} {place}")
    Service(here.app).tick()
    health = json.loads((tmp_path / "health.json").read_text())
    assert "degraded" == health["state"]
    assert "quota is used up" in health["error"]
    (finding,) = [one for one in here.app.examine() if one.subject == "model"]
    assert not finding.ok
    become(here.world, "lazy")
    answer(here, QUINN, QUESTION)
    caught = capsys.readouterr()
    told = caught.err + caught.out
    assert (1, 1) == (told.count("model_trouble"), told.count("model_recovered"))
    assert here.app.model_trouble.fault is None
