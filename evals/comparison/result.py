"""What a comparison came to: both sides, what changed, and the verdict."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evals.judge.rulings import Preferred
from evals.run.canaries import Canary
from evals.run.trials import Trial
from evals.statistics.calibration import Calibration
from evals.statistics.verdict import Judgment

ROTATE_AFTER = 10
"""Tries on the gate's cases after which a promotion may be luck, and cases should be renewed."""


@dataclass(frozen=True)
class Flip:
    """A case that went better or worse, with one trial of each arm to read."""

    scenario: str
    before: float
    after: float
    """Share of trials passed."""
    trial: Trial
    """The candidate's first trial that shows it."""
    base: Trial


@dataclass(frozen=True)
class FamilyChange:
    """Share of trials passed in one family, and the candidate's difference over its cases."""

    before: float
    after: float
    mean: float
    low: float
    high: float
    """The 95% interval over the family's own cases: for reading, no test rests on it."""


@dataclass(frozen=True)
class Side:
    """What one arm did and cost."""

    versions: Mapping[str, str]
    passed: float
    """Share of scored trials."""
    curve: Sequence[float]
    """pass^k."""
    unscored: int
    violations: int
    unsupported: int
    tokens: int
    p50: float
    p95: float
    """Seconds per case."""
    faults: Mapping[str, int]


@dataclass(frozen=True)
class Comparison:
    """All that a report tells."""

    judgment: Judgment
    base: Side
    candidate: Side
    families: Mapping[str, FamilyChange]
    flips: Sequence[Flip]
    canaries: Sequence[Canary]
    calibration: Calibration
    model: str
    cases: str
    """The cases' hash."""
    count: int
    trials: int
    tries: int
    """How often these cases decided before."""
    preferred: Preferred | None
    """Which arm words better, by a judge; None when none was asked."""
    as_before: str
    """How the base did against its baseline."""
    changes: Mapping[str, str]
    """What changed in each prompt that did, line by line."""
