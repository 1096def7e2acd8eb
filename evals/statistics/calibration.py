"""The gate's own error rates: how often it raises a false alarm, and how often it would notice.

Two arms whose true difference is known are played many times and judged by the very tests that
judge a change of a prompt. Seeded, so that the figures can be made again.
"""

from dataclasses import dataclass

import numpy as np

from evals.statistics.differences import Array, estimate, signals

FAMILY_SPREAD = 0.08
CASE_SPREAD = 0.04
EFFECT_SPREAD = 0.03
"""Half-widths of uniform distributions: how much families and cases differ in difficulty, and
families in what a change does to them. Small enough that no probability leaves 0 to 1, so that
the mean difference is exactly the one asked for."""
BASE = 0.85
"""The base's mean share of passes; with the spreads above, cases pass between 73 and 97%."""
TASKS = 3


@dataclass(frozen=True)
class Design:
    """The size of a comparison."""

    families: int = 40
    per_family: int = 5
    trials: int = 4

    @property
    def names(self) -> list[str]:
        """The family of each case."""
        return [f"family {index // self.per_family}" for index in range(self.cases)]

    @property
    def cases(self) -> int:
        """How many cases there are."""
        return self.families * self.per_family


@dataclass(frozen=True)
class Calibration:
    """What the gate does with arms whose true difference is known; shares of replays."""

    replays: int
    false_alarms: float
    """Verdicts REJECT when both arms are equal."""
    detected: float
    """Verdicts REJECT when the candidate is worse by `effect`."""
    effect: float
    coverage: float
    """Intervals that hold the true difference."""


def play(
    design: Design, effect: float, replays: int, chance: np.random.Generator
) -> tuple[Array, Array]:
    """Both arms' trials, replays x cases x trials, with `effect` as the true mean difference."""

    def spread(half: float, *shape: int) -> Array:
        return chance.uniform(-half, half, size=(replays, *shape))

    families = BASE + spread(FAMILY_SPREAD, design.families)
    effects = effect + spread(EFFECT_SPREAD, design.families) if effect else 0.0 * families
    rates = np.repeat(families, design.per_family, axis=1) + spread(CASE_SPREAD, design.cases)
    shape = (replays, design.cases, design.trials)
    shifted = rates + np.repeat(effects, design.per_family, axis=1)
    base = (chance.random(shape) < rates[..., None]).astype(np.float64)
    candidate = (chance.random(shape) < shifted[..., None]).astype(np.float64)
    return base, candidate


def rejected(design: Design, effect: float, replays: int, chance: np.random.Generator) -> float:
    """The share of replays in which the gate says REJECT."""
    bases, candidates = play(design, effect, replays, chance)
    tasks = [f"task {index // design.per_family % TASKS}" for index in range(design.cases)]
    found = signals(bases, candidates, families=design.names, tasks=tasks)
    return float(found.is_worse.mean())


def coverage(design: Design, effect: float, replays: int, chance: np.random.Generator) -> float:
    """The share of replays whose interval holds the true difference; should be 95%."""
    base, candidate = play(design, effect, replays, chance)
    found = estimate(candidate.mean(axis=-1) - base.mean(axis=-1), design.names)
    return float(((found.low <= effect) & (effect <= found.high)).mean())


def calibrate(
    design: Design, *, seed: int, effect: float = -0.05, replays: int = 200
) -> Calibration:
    """The gate's error rates at a size; a few seconds."""
    chance = np.random.default_rng(seed)
    return Calibration(
        replays=replays,
        false_alarms=rejected(design, 0.0, replays, chance),
        detected=rejected(design, effect, replays, chance),
        effect=effect,
        coverage=coverage(design, effect, replays * 10, chance),
    )
