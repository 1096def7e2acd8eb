"""Runs as log files of Inspect AI, so that `inspect view` opens them; Inspect itself isn't needed.

Written from version 2 of its JSON format (`inspect_ai.log.EvalLog`, inspect-ai 0.3.285), one file
per arm: a sample for every case and trial, with what was said, its score, and in its metadata the
versions of all that it rests on.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from domain.values import content_hash
from evals.cases.scenario import Scenario, fingerprint
from evals.run.runner import Arm
from evals.run.trials import Trial, matrix
from evals.statistics.differences import pass_curve
from prompts import Prompt

FORMAT = 2
"""The version of the log format."""
SCORE = "outcome"
_ANSWERS = ("expect", "solution", "ends", "must", "must_not", "shows")
"""The fields of a case that say what is right."""


@dataclass(frozen=True)
class Told:
    """What a log file says of the run as a whole."""

    model: str
    address: str | None
    """Where the model was asked; None for our own stand-in."""
    trials: int
    at: datetime


def write_log(
    folder: Path, arm: Arm, scenarios: Sequence[Scenario], trials: Sequence[Trial], told: Told
) -> Path:
    """Write one arm's trials; the file's name is as Inspect names its own."""
    mine = [one for one in trials if one.arm == arm.name]
    run = content_hash(f"{told.at.isoformat()} {fingerprint(scenarios)}")
    task = f"routeready-{arm.name}"
    stamp = f"{told.at:%Y-%m-%dT%H-%M-%S}-00-00"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{stamp}_{task}_{content_hash(run + arm.name)}.json"
    by_id = {one.id: one for one in scenarios}
    log = {
        "version": FORMAT,
        "status": "success",
        "eval": _spec(arm, scenarios, told, run),
        "plan": {"name": "routeready", "steps": [{"solver": "routeready"}]},
        "results": _results(scenarios, mine, arm.name, told.trials),
        "stats": {
            "started_at": told.at.isoformat(),
            "completed_at": told.at.isoformat(),
            "model_usage": {told.model: _usage(sum(one.tokens for one in mine))},
        },
        "samples": [_sample(one, by_id[one.scenario], arm.prompts[one.task]) for one in mine],
    }
    path.write_text(json.dumps(log, ensure_ascii=False), encoding="utf-8")
    return path


def _spec(arm: Arm, scenarios: Sequence[Scenario], told: Told, run: str) -> dict[str, Any]:
    versions = {name: one.version for name, one in arm.prompts.items()}
    return {
        "eval_id": content_hash(f"{run} {arm.name} eval"),
        "run_id": run,
        "created": told.at.isoformat(),
        "task": f"routeready-{arm.name}",
        "task_id": content_hash(f"{run} {arm.name} task"),
        "task_args": versions,
        "dataset": {
            "name": "routeready",
            "samples": len(scenarios),
            "sample_ids": [one.id for one in scenarios],
            "shuffled": False,
        },
        "model": told.model,
        "model_base_url": told.address,
        "config": {"epochs": told.trials},
        "metadata": {"arm": arm.name, "cases": fingerprint(scenarios), "prompts": versions},
        "scorers": [{"name": SCORE}],
    }


def _results(
    scenarios: Sequence[Scenario], trials: Sequence[Trial], arm: str, count: int
) -> dict[str, Any]:
    scored = [one.passed for one in trials if one.passed is not None]
    figures = {
        "accuracy": sum(scored) / max(1, len(scored)),
        f"pass_{count}": pass_curve(matrix(trials, scenarios, arm, count))[-1],
        "violations": sum(one.violations for one in trials),
    }
    return {
        "total_samples": len(trials),
        "completed_samples": len(scored),
        "scores": [
            {
                "name": SCORE,
                "scorer": SCORE,
                "scored_samples": len(scored),
                "unscored_samples": len(trials) - len(scored),
                "metrics": {name: {"name": name, "value": one} for name, one in figures.items()},
            }
        ],
    }


def _sample(trial: Trial, scenario: Scenario, prompt: Prompt) -> dict[str, Any]:
    messages = _messages(trial, prompt)
    case = scenario.case.model_dump(mode="json", exclude_defaults=True)
    right = {name: case[name] for name in _ANSWERS if name in case}
    first = next((one["content"] for one in messages if one["role"] == "user"), scenario.id)
    sample = {
        "id": trial.scenario,
        "epoch": trial.trial + 1,
        "input": first,
        "target": json.dumps(right, ensure_ascii=False),
        "messages": messages,
        "output": {
            "model": trial.model,
            "choices": [{"message": messages[-1], "stop_reason": "stop"}] if trial.turns else [],
        },
        "metadata": _grounds(trial, scenario),
        "model_usage": {trial.model: _usage(trial.tokens)},
        "total_time": round(trial.seconds, 3),
        "uuid": content_hash(trial.key),
    }
    return sample | _judged(trial)


def _judged(trial: Trial) -> dict[str, Any]:
    """A score; or, for what has none, the reason as the sample's error."""
    if trial.passed is None:
        said = {"message": trial.sentence, "traceback": "", "traceback_ansi": ""}
        return {"error": said, "scores": {}}
    score = {
        "value": "C" if trial.passed else "I",
        "answer": trial.turns[-1].said if trial.turns else "",
        "explanation": trial.sentence or "passed",
        "metadata": {
            "fault": trial.fault,
            "violations": trial.violations,
            "unsupported": trial.unsupported,
            "spare_calls": trial.spare_calls,
        },
    }
    return {"scores": {SCORE: score}}


def _grounds(trial: Trial, scenario: Scenario) -> dict[str, Any]:
    return {
        "task": trial.task,
        "family": trial.family,
        "split": scenario.split,
        "hostile": scenario.hostile,
        "case": trial.case,
        "prompt": trial.prompt,
    }


def _messages(trial: Trial, prompt: Prompt) -> list[dict[str, Any]]:
    told: list[tuple[str, str]] = [("system", prompt.system)]
    for turn in trial.turns:
        told += [(one.role, one.text) for one in turn.heard]
        told.append(("assistant", turn.said))
    return [
        {"id": content_hash(f"{trial.key} {index}"), "role": role, "content": text}
        for index, (role, text) in enumerate(told)
    ]


def _usage(tokens: int) -> Mapping[str, int]:
    return {"input_tokens": 0, "output_tokens": 0, "total_tokens": tokens}
