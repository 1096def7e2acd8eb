"""A comparison from beginning to end: two sets of prompts, one model, a verdict with grounds."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from domain.values import Value
from evals.cases.scenario import TASKS, Scenario, Split, fingerprint
from evals.comparison.baseline import held_against, known, summed
from evals.comparison.result import Comparison, FamilyChange, Flip, Side
from evals.harness.bench import open_bench
from evals.judge.rulings import Preferred
from evals.judge.wordings import pairs_of, preferred
from evals.run.canaries import Canary, compared, watch
from evals.run.inspect_log import Told, write_log
from evals.run.runner import Arm, Effort, run
from evals.run.trials import Trial, TrialFile, matrix
from evals.statistics.calibration import Design, calibrate
from evals.statistics.differences import case_interval, pass_curve, scored_in_both
from evals.statistics.verdict import Judgment
from prompts import Prompt, load
from prompts.history import at, difference, names
from tools.llm import LlmSettings

BASE, CANDIDATE = ARMS = "base", "candidate"
DEARER = 0.25
"""A candidate that takes so much more of tokens is not promoted without a person's word."""
SLOWER, SLOW = 0.5, 1.0
"""Nor one whose slowest cases take so much longer, and by more than so many seconds."""
LOGS = "inspect"
"""The folder of the logs that `inspect view --log-dir` opens."""


class Tried(Value):
    """One comparison on the gate's cases, in the ledger of tries."""

    at: datetime
    base: Mapping[str, str]
    candidate: Mapping[str, str]
    """Versions of the prompts by name."""
    cases: str
    model: str
    verdict: str


def current(prompt: Callable[[str], Prompt] = load) -> dict[str, Prompt]:
    """The prompts that the tasks need, as they are now."""
    return {name: prompt(name) for name in names() if name in TASKS}


def at_revision(revision: str) -> dict[str, Prompt]:
    """The prompts as they were at a commit, branch or tag; raises PromptError."""
    return {name: at(name, revision) for name in TASKS}


@dataclass(frozen=True)
class Setup:
    """What is compared, on what, and where it is kept."""

    base: Mapping[str, Prompt]
    candidate: Mapping[str, Prompt]
    scenarios: Sequence[Scenario]
    effort: Effort
    folder: Path
    """Trials and the ledger of tries are kept here, so that an interrupted run goes on."""
    model: LlmSettings | None = None
    """None is our own stand-in."""
    judge: LlmSettings | None = None
    """A model that says which arm words better; None asks nobody."""
    seed: int = 1


def run_one(setup: Setup, now: datetime) -> list[Trial]:
    """Only the candidate's prompts over the cases, with nothing to compare."""
    arm = Arm(CANDIDATE, setup.candidate)
    with (
        TemporaryDirectory() as database,
        open_bench(Path(database), setup.scenarios, model=setup.model) as bench,
    ):
        trials = run(bench, setup.scenarios, [arm], setup.effort)
        _log(setup, [arm], trials, bench.gateway.model, now)
    return trials


def _log(
    setup: Setup, arms: Sequence[Arm], trials: Sequence[Trial], model: str, now: datetime
) -> None:
    """Write each arm's run for `inspect view`."""
    address = None if setup.model is None else setup.model.base_url
    told = Told(model, address, setup.effort.trials, now)
    for arm in arms:
        write_log(setup.folder / LOGS, arm, setup.scenarios, trials, told)


def compare(setup: Setup, now: datetime) -> Comparison:
    """Run both arms and the canaries, and judge.

    Raises:
        RoutereadyError: the trials kept before can't be read.
        ValueError: too little has a score to compare anything.
    """
    arms = [Arm(BASE, setup.base), Arm(CANDIDATE, setup.candidate)]
    with (
        TemporaryDirectory() as database,
        open_bench(Path(database), setup.scenarios, model=setup.model) as bench,
    ):
        model = bench.gateway.model
        # The stand-in's chance depends on what it was asked before: its trials are not taken over.
        kept = TrialFile(setup.folder / "trials.jsonl") if setup.model else None
        trials = run(
            bench,
            setup.scenarios,
            arms,
            setup.effort,
            done=kept.read() if kept else None,
            keep=kept.add if kept else lambda _: None,
        )
    _log(setup, arms, trials, model, now)
    canaries = watch(setup.scenarios, setup.base)
    objections = [f"canary {one.name}: {one.sentence}" for one in canaries if not one.ok]
    objections += _dearer(trials)
    now_base = summed(setup.scenarios, trials, setup.base, BASE, setup.effort.trials)
    as_before, departs = held_against(now_base, known(model))
    objections += [departs] if departs else []
    wording = _preferred(setup, trials)
    if wording is not None and wording.is_worse:
        objections.append(f"{wording.judge} prefers the base's wording (p = {wording.p_worse:.2g})")
    judgment = compared(setup.scenarios, trials, trials, CANDIDATE, setup.effort.trials, objections)
    told = _told(setup, trials, judgment, canaries, model)
    comparison = replace(told, preferred=wording, as_before=as_before)
    _note(setup, comparison, now)
    return comparison


def _dearer(trials: Sequence[Trial]) -> list[str]:
    """What a candidate costs more than may be passed over, in tokens and in time."""
    sides = [[one for one in trials if one.arm == arm and one.passed is not None] for arm in ARMS]
    if not all(sides):
        return []
    base, candidate = (float(np.mean([one.tokens for one in side])) for side in sides)
    slow_base, slow = (float(np.percentile([one.seconds for one in side], 95)) for side in sides)
    found: list[str] = []
    if candidate > base * (1 + DEARER):
        found.append(f"it takes {candidate / base - 1:.0%} more tokens a case")
    if slow > slow_base * (1 + SLOWER) and slow > slow_base + SLOW:
        found.append(f"its slowest cases take {slow:.1f} s instead of {slow_base:.1f} s (p95)")
    return found


def _preferred(setup: Setup, trials: Sequence[Trial]) -> Preferred | None:
    if setup.judge is None:
        return None
    pairs = pairs_of(setup.scenarios, trials, BASE, CANDIDATE)
    return preferred(pairs, setup.judge, setup.folder, workers=setup.effort.workers)


def _told(
    setup: Setup,
    trials: Sequence[Trial],
    judgment: Judgment,
    canaries: Sequence[Canary],
    model: str,
) -> Comparison:
    families = Counter(f"{one.task}/{one.family}" for one in setup.scenarios)
    count = len(families)
    size = Design(count, max(1, len(setup.scenarios) // count), setup.effort.trials)
    return Comparison(
        judgment=judgment,
        base=_side(setup, trials, BASE, setup.base),
        candidate=_side(setup, trials, CANDIDATE, setup.candidate),
        families=_by_family(setup, trials),
        flips=_flips(setup.scenarios, trials),
        canaries=canaries,
        calibration=calibrate(size, seed=setup.seed),
        model=model,
        cases=fingerprint(setup.scenarios),
        count=len(setup.scenarios),
        trials=setup.effort.trials,
        tries=len(_tries(setup)),
        preferred=None,
        as_before="",
        changes=_changes(setup),
    )


def _changes(setup: Setup) -> dict[str, str]:
    told = {
        name: difference(setup.base[name], prompt, BASE) for name, prompt in setup.candidate.items()
    }
    return {name: one for name, one in told.items() if one}


def _side(setup: Setup, trials: Sequence[Trial], arm: str, prompts: Mapping[str, Prompt]) -> Side:
    mine = [one for one in trials if one.arm == arm]
    scored = [one for one in mine if one.passed is not None]
    seconds = [one.seconds for one in scored] or [0.0]
    return Side(
        versions={name: one.version for name, one in prompts.items()},
        passed=sum(one.passed is True for one in scored) / max(1, len(scored)),
        curve=pass_curve(matrix(mine, setup.scenarios, arm, setup.effort.trials)),
        unscored=len(mine) - len(scored),
        violations=sum(one.violations for one in mine),
        unsupported=sum(one.unsupported for one in mine),
        tokens=sum(one.tokens for one in mine),
        p50=float(np.percentile(seconds, 50)),
        p95=float(np.percentile(seconds, 95)),
        faults=dict(Counter(str(one.fault) for one in mine if one.fault is not None)),
    )


def _share(trials: Sequence[Trial]) -> float:
    scored = [one for one in trials if one.passed is not None]
    return sum(one.passed is True for one in scored) / max(1, len(scored))


def _by_family(setup: Setup, trials: Sequence[Trial]) -> dict[str, FamilyChange]:
    found: dict[str, FamilyChange] = {}
    for family in sorted({f"{one.task}/{one.family}" for one in setup.scenarios}):
        cases = [one for one in setup.scenarios if f"{one.task}/{one.family}" == family]
        base = matrix(trials, cases, BASE, setup.effort.trials)
        candidate = matrix(trials, cases, CANDIDATE, setup.effort.trials)
        kept = scored_in_both(base, candidate)
        if kept.sum() > 1:
            ours, theirs = (np.nanmean(one[kept], axis=1) for one in (base, candidate))
            mean, reach = float((theirs - ours).mean()), case_interval(theirs - ours)
            before, after = float(ours.mean()), float(theirs.mean())
            found[family] = FamilyChange(before, after, mean, mean - reach, mean + reach)
    return found


def _flips(scenarios: Sequence[Scenario], trials: Sequence[Trial]) -> list[Flip]:
    """Cases whose share of passes changed, those that lost most first."""
    flips: list[Flip] = []
    by_arm: dict[tuple[str, str], list[Trial]] = {}
    for one in trials:
        by_arm.setdefault((one.scenario, one.arm), []).append(one)
    for scenario in scenarios:
        base, candidate = by_arm[scenario.id, BASE], by_arm[scenario.id, CANDIDATE]
        before, after = _share(base), _share(candidate)
        if before != after:
            lost = after < before
            shows = next((one for one in candidate if one.passed is not lost), candidate[0])
            was = next((one for one in base if one.passed is lost), base[0])
            flips.append(Flip(scenario.id, before, after, shows, was))
    return sorted(flips, key=lambda one: (one.after - one.before, one.scenario))


def _ledger(setup: Setup) -> Path:
    return setup.folder / "tries.jsonl"


def _tries(setup: Setup) -> list[Tried]:
    """Comparisons that these very cases decided before, with a real model or without."""
    path = _ledger(setup)
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").splitlines()
    found = [Tried.model_validate_json(line) for line in lines]
    cases = fingerprint(setup.scenarios)
    return [one for one in found if one.cases == cases]


def _note(setup: Setup, comparison: Comparison, now: datetime) -> None:
    """Whoever tries often enough gets lucky once: every try on the gate's cases is counted."""
    if all(one.split is not Split.GATE for one in setup.scenarios):
        return
    tried = Tried(
        at=now,
        base=comparison.base.versions,
        candidate=comparison.candidate.versions,
        cases=comparison.cases,
        model=comparison.model,
        verdict=comparison.judgment.verdict,
    )
    setup.folder.mkdir(parents=True, exist_ok=True)
    with _ledger(setup).open("a", encoding="utf-8") as file:
        file.write(tried.model_dump_json() + "\n")
