"""Running two arms over the same cases: interleaved, in parallel, within a budget, resumable."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from domain.values import canonical_json, content_hash
from evals.cases.scenario import Scenario
from evals.harness.bench import Bench, Exchange, Outcome
from evals.run.trials import LONGEST_TEXT, Heard, Trial, Turn
from evals.score.faults import Fault
from evals.score.outcomes import score
from prompts import Prompt
from tools.llm import Message


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
