"""Runs as logs of Inspect AI: what its own reader finds in them."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from evals.cases.scenario import Split, load_scenarios
from evals.comparison.gate import LOGS, Setup, current, run_one
from evals.harness.handoffs import NOW
from evals.run.runner import Effort
from tools.llm import LlmSettings

CASES = [one for one in load_scenarios([Split.DEV]) if one.task == "investigate"][:2]
PROMPTS = current()
SETUP = Setup(PROMPTS, PROMPTS, CASES, Effort(2), Path())


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The log of a run of two cases, twice each."""
    folder = tmp_path_factory.mktemp("evals")
    run_one(replace(SETUP, folder=folder), NOW)
    (path,) = (folder / LOGS).glob("*.json")
    return path


def test_every_sample_names_what_it_rests_on(log: Path) -> None:
    """Case, prompt, model: the hashes that a trial is kept under; the cases' for the whole."""
    told: dict[str, Any] = json.loads(log.read_text(encoding="utf-8"))
    assert PROMPTS["investigate"].version == told["eval"]["task_args"]["investigate"]
    for sample in told["samples"]:
        assert PROMPTS["investigate"].version == sample["metadata"]["prompt"]
        assert PROMPTS["investigate"].system == sample["messages"][0]["content"]
        roles = [one["role"] for one in sample["messages"]]
        assert ["system", "user", "assistant", "tool"] == roles[:4]


def test_what_has_no_score_is_an_error_and_no_zero(tmp_path: Path) -> None:
    """A server that is away leaves no score in the log either."""
    away = LlmSettings(
        api_key=SecretStr("sk"), model="m", base_url="http://127.0.0.1:9/v1", attempts=1
    )
    run_one(replace(SETUP, folder=tmp_path, model=away, effort=Effort(1)), NOW)
    (path,) = (tmp_path / LOGS).glob("*.json")
    told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    assert [{}, {}] == [one["scores"] for one in told["samples"]]
    assert all(one["error"]["message"] for one in told["samples"])
    assert 2 == told["results"]["scores"][0]["unscored_samples"]


def test_inspect_reads_it(log: Path) -> None:
    """Inspect's own reader takes the file: figures, samples, scores and what was said."""
    reason = "inspect-ai isn't installed: pip install inspect-ai (230 MB) to run this"
    inspect: Any = pytest.importorskip("inspect_ai.log", reason=reason)
    (listed,) = inspect.list_eval_logs(str(log.parent))
    found = inspect.read_eval_log(listed)
    (scores,) = found.results.scores
    assert ("success", 4, 2) == (found.status, len(found.samples), found.eval.config.epochs)
    assert (4, 0, {"accuracy", "pass_2", "violations"}) == (
        scores.scored_samples,
        scores.unscored_samples,
        set(scores.metrics),
    )
    passed = sum(one.scores["outcome"].value == "C" for one in found.samples)
    assert scores.metrics["accuracy"].value == passed / 4
    assert {one.id for one in CASES} == {one.id for one in found.samples}
