"""What the committed prompts came to on a model, kept beside them: later runs are held against it.

A base that does other than its baseline says that the model behind the name, the product around
the prompts or the harness has changed, and then a comparison's figures say nothing about prompts.
"""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import ValidationError

from domain.errors import RoutereadyError
from domain.values import Value
from evals.cases.scenario import Scenario, fingerprint
from evals.run.trials import Trial, matrix
from evals.statistics.differences import pass_curve
from prompts import Prompt

FOLDER = Path(__file__).parent / "baselines"
DRIFT = 0.05
"""A base whose share of passes departs by more is not the one that the baseline knew."""


class Figures(Value):
    """What one task came to."""

    cases: int
    passed: float
    """Share of the trials that have a score."""
    steady: float
    """Share of the cases passed in every trial."""
    violations: int


class Baseline(Value):
    """One run of the committed prompts, with the hashes of all that it rests on."""

    model: str
    trials: int
    cases: str
    """The cases' hash."""
    prompts: Mapping[str, str]
    """Versions by name."""
    tasks: Mapping[str, Figures]

    @property
    def passed(self) -> float:
        """Share of passes over all cases."""
        total = sum(one.cases for one in self.tasks.values())
        return sum(one.passed * one.cases for one in self.tasks.values()) / total


def summed(
    scenarios: Sequence[Scenario],
    trials: Sequence[Trial],
    prompts: Mapping[str, Prompt],
    arm: str,
    count: int,
) -> Baseline:
    """A run of one arm, in figures; trials of other arms are left aside."""
    mine = [one for one in trials if one.arm == arm]
    return Baseline(
        model=mine[0].model,
        trials=count,
        cases=fingerprint(scenarios),
        prompts={name: one.version for name, one in sorted(prompts.items())},
        tasks={
            task: _figures([one for one in scenarios if one.task == task], mine, arm, count)
            for task in sorted({one.task for one in scenarios})
        },
    )


def _figures(
    scenarios: Sequence[Scenario], trials: Sequence[Trial], arm: str, count: int
) -> Figures:
    ids = {one.id for one in scenarios}
    mine = [one for one in trials if one.scenario in ids]
    scored = [one for one in mine if one.passed is not None]
    return Figures(
        cases=len(scenarios),
        passed=round(sum(one.passed is True for one in scored) / max(1, len(scored)), 4),
        steady=round(pass_curve(matrix(mine, scenarios, arm, count))[-1], 4),
        violations=sum(one.violations for one in mine),
    )


def path_of(model: str, folder: Path = FOLDER) -> Path:
    """Where a model's baseline is kept."""
    return folder / f"{re.sub(r'[^a-z0-9.]+', '-', model.casefold())}.json"


def keep(baseline: Baseline, folder: Path = FOLDER) -> Path:
    """Write a baseline, to be committed with the prompts."""
    path = path_of(baseline.model, folder)
    text = json.dumps(baseline.model_dump(mode="json"), indent=2, sort_keys=True)
    path.write_text(f"{text}\n", encoding="utf-8")
    return path


def known(model: str, folder: Path = FOLDER) -> Baseline | None:
    """A model's baseline; None when there is none.

    Raises:
        RoutereadyError: the file can't be read as one.
    """
    path = path_of(model, folder)
    if not path.exists():
        return None
    try:
        return Baseline.model_validate_json(path.read_text(encoding="utf-8"))
    except ValidationError:
        said = f"{path} is not a baseline. Write it again: routeready eval baseline"
        raise RoutereadyError(said) from None


def held_against(now: Baseline, before: Baseline | None) -> tuple[str, str | None]:
    """How a base does against its baseline: a sentence, and an objection if it departs."""
    if before is None:
        return f"There is no baseline for {now.model}.", None
    if (before.cases, before.prompts) != (now.cases, now.prompts):
        return "The baseline is of other prompts or cases than the base.", None
    told = f"the base passes {now.passed:.1%}, its baseline says {before.passed:.1%}"
    if abs(now.passed - before.passed) <= DRIFT:
        return f"As before: {told}.", None
    said = f"{told}: the model or the harness has changed"
    return f"Not as before: {said}.", said
