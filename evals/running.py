"""Running two arms over the same cases: interleaved, in parallel, within a budget, resumable."""

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from domain.errors import RoutereadyError
from domain.values import Value, canonical_json, content_hash
from evals.cases import Scenario
from evals.faults import Fault
from evals.scoring import score
from evals.statistics import Array
from evals.tasks import Bench, Exchange, Outcome
from prompts import Prompt
from tools.llm import Message

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


@dataclass(frozen=True)
class Arm:
    """One side of a comparison: a name, and the prompts it runs with."""

    name: str
    prompts: Mapping[str, Prompt]

    def prompt(self, name: str) -> Prompt:
        """A prompt by its name, as the product asks for it."""
        return self.prompts[name]


@dataclass
class Budget:
    """How many tokens may be spent in all; None is without end."""

    tokens: int | None = None
    spent: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def is_used_up(self) -> bool:
        """Whether nothing more may be asked."""
        return self.tokens is not None and self.spent >= self.tokens

    def spend(self, tokens: int) -> None:
        """Note what was spent."""
        with self._lock:
            self.spent += tokens


@dataclass(frozen=True)
class _Job:
    scenario: Scenario
    arm: Arm
    trial: int
    model: str

    @property
    def case(self) -> str:
        return content_hash(canonical_json(self.scenario))

    @property
    def key(self) -> str:
        version = self.arm.prompt(self.scenario.task).version
        parts = (
            self.scenario.id,
            self.case,
            self.arm.name,
            str(self.trial),
            version,
            self.model,
        )
        return "|".join(parts)


def interleaved(
    scenarios: Sequence[Scenario], arms: Sequence[Arm], trials: int
) -> Iterator[tuple[Scenario, Arm, int]]:
    """Every trial, arms taking turns at going first, so that a server's bad minute hits both."""
    for trial in range(trials):
        order = arms if trial % 2 == 0 else list(reversed(arms))
        for scenario in scenarios:
            for arm in order:
                yield scenario, arm, trial


@dataclass(frozen=True)
class Effort:
    """How much is tried, how fast, and at what cost."""

    trials: int
    """Tries per case and arm."""
    workers: int = 1
    """Cases at a time."""
    tokens: int | None = None
    """At most so many in all; None is without end."""


def run(
    bench: Bench,
    scenarios: Sequence[Scenario],
    arms: Sequence[Arm],
    effort: Effort,
    *,
    done: Mapping[str, Trial] | None = None,
    keep: Callable[[Trial], None] = lambda _: None,
) -> list[Trial]:
    """Every trial of every arm; those `done` before are taken over, and cost nothing.

    `keep` is called with each new trial that really took place, from one thread at a time. Those
    that the budget left out have no score and are not kept, so that a later run makes up for them.
    """
    purse, before, lock = Budget(effort.tokens), done or {}, threading.Lock()
    model = bench.gateway.model

    def work(job: _Job) -> Trial:
        if (known := before.get(job.key)) is not None:
            return known
        if purse.is_used_up:
            return _left_out(job)
        outcome = bench.run(job.scenario, job.arm.prompt)
        trial = _judged(job, outcome)
        purse.spend(trial.tokens)
        with lock:
            keep(trial)
        return trial

    jobs = [_Job(*one, model) for one in interleaved(scenarios, arms, effort.trials)]
    with ThreadPoolExecutor(max_workers=effort.workers) as pool:
        return list(pool.map(work, jobs))


def _judged(job: _Job, outcome: Outcome) -> Trial:
    found = score(job.scenario, outcome)
    return Trial(
        scenario=job.scenario.id,
        case=job.case,
        task=job.scenario.task,
        family=job.scenario.family,
        arm=job.arm.name,
        trial=job.trial,
        prompt=job.arm.prompt(job.scenario.task).version,
        model=job.model,
        passed=found.passed,
        fault=found.fault,
        sentence=found.sentence,
        violations=found.violations,
        unsupported=found.unsupported,
        spare_calls=found.spare_calls,
        tokens=sum(one.tokens for one in outcome.exchanges),
        seconds=sum(one.seconds for one in outcome.exchanges),
        turns=_turns(outcome.exchanges),
    )


def _turns(exchanges: Sequence[Exchange]) -> tuple[Turn, ...]:
    """A conversation without its repetitions: each request holds all that was said before."""
    turns: list[Turn] = []
    before: Sequence[Message] = ()
    for one in exchanges:
        known = _shared(before, one.messages)
        heard = [
            Heard(role=str(each["role"]), text=str(each.get("content") or "")[:LONGEST_TEXT])
            for each in one.messages[known:]
            if each["role"] not in {"system", "assistant"}
        ]
        said = one.answer or str(one.error or "")
        turns.append(Turn(heard=tuple(heard), said=said[:LONGEST_TEXT]))
        before = one.messages
    return tuple(turns)


def _shared(before: Sequence[Message], now: Sequence[Message]) -> int:
    """How many messages both begin with."""
    count = 0
    for was, one in zip(before, now, strict=False):
        if was != one:
            break
        count += 1
    return count


def _left_out(job: _Job) -> Trial:
    nothing = Outcome(None, ())
    return _judged(job, nothing).model_copy(
        update={"passed": None, "fault": Fault.BROKE, "sentence": "the budget was used up"}
    )


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
                said = f"{self._path}:{number} is not a trial; delete the file to begin anew"
                raise RoutereadyError(said) from None
            found[trial.key] = trial
        return found

    def add(self, trial: Trial) -> None:
        """Keep one more."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(trial.model_dump(mode="json"), ensure_ascii=False) + "\n")
