"""One trial of one case, as it is kept and read again."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from domain.errors import RoutereadyError
from domain.values import Value
from evals.cases.scenario import Scenario
from evals.score.faults import Fault
from evals.statistics.differences import Array

LONGEST_TEXT = 2_000
"""Characters of a message that a trial's record keeps."""


class Heard(Value):
    """One message to the model."""

    role: str
    text: str


class Turn(Value):
    """One exchange with the model, as a trial's record keeps it."""

    heard: tuple[Heard, ...]
    """What was new to the model; the system part is the prompt's, and known by its version."""
    said: str


class Trial(Value):
    """One case, one arm, one try: what is kept, and what a report is made of."""

    scenario: str
    case: str
    """A hash of the case's content."""
    task: str
    family: str
    arm: str
    trial: int
    prompt: str
    """The version of the prompt."""
    model: str
    passed: bool | None
    fault: Fault | None
    sentence: str
    violations: int
    unsupported: int
    spare_calls: int = 0
    tokens: int
    seconds: float
    turns: tuple[Turn, ...]

    @property
    def key(self) -> str:
        """What makes a trial the same one: run again only if any of it changed."""
        parts = (self.scenario, self.case, self.arm, str(self.trial), self.prompt, self.model)
        return "|".join(parts)


def matrix(trials: Iterable[Trial], scenarios: Sequence[Scenario], arm: str, count: int) -> Array:
    """One arm's scores, cases x trials: 1, 0, or NaN where there is none."""
    rows = {one.id: index for index, one in enumerate(scenarios)}
    scores = np.full((len(scenarios), count), np.nan)
    for one in trials:
        if one.arm == arm and one.passed is not None and one.scenario in rows:
            scores[rows[one.scenario], one.trial] = float(one.passed)
    return scores


class TrialFile:
    """Trials on disk, one JSON object a line; what an interrupted run left is taken up again."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> dict[str, Trial]:
        """Trials by key; a last line that was cut off is dropped.

        Raises:
            RoutereadyError: a line before the last is not a trial.
        """
        if not self._path.exists():
            return {}
        lines = self._path.read_text(encoding="utf-8").splitlines()
        found: dict[str, Trial] = {}
        for number, line in enumerate(lines, 1):
            try:
                trial = Trial.model_validate_json(line)
            except ValidationError:
                if number == len(lines):
                    break
                said = f"{self._path}:{number} is not a trial. Delete the file to start over."
                raise RoutereadyError(said) from None
            found[trial.key] = trial
        return found

    def add(self, trial: Trial) -> None:
        """Keep one more."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(trial.model_dump(mode="json"), ensure_ascii=False) + "\n")
