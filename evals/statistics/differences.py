"""What two arms differ by, with intervals: paired by case and clustered by family.

Cases of one family fail together, and treating them as independent makes intervals too narrow
(Miller, "Adding Error Bars to Evals", 2024, section 2.2).
A trial is 1 (passed), 0 (failed) or NaN (no score: the run broke, or nobody could judge it).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from statsmodels.stats.multitest import multipletests  # pyright: ignore[reportUnknownVariableType]

Array = NDArray[np.float64]
Families = Sequence[str]

ALPHA = 0.05
"""Of two-sided tests and intervals: 95%."""
PRIMARY, SECONDARY = 0.042, 0.005
"""What a rejection may err, one-sided, by the overall difference and by all other metrics together.
Their sum bounds the false alarms (Bonferroni); it is below ALPHA because a t with few families is
a little bold."""
POWER = 0.8
"""The smallest detectable difference is what this share of comparisons would find."""


@dataclass(frozen=True)
class Difference:
    """Candidate minus base in the share of trials passed, from -1 to 1."""

    mean: float
    low: float
    high: float
    """The 95% interval."""
    p: float
    """Two-sided."""
    standard_error: float
    cases: int
    families: int

    @property
    def detectable(self) -> float:
        """The smallest true difference that such a comparison finds four times in five."""
        freedom = self.families - 1
        reach = stats.t.ppf(1 - PRIMARY, freedom) + stats.t.ppf(POWER, freedom)
        return float(reach * self.standard_error)


@dataclass(frozen=True)
class Discordance:
    """Cases that one arm passed in every trial and the other did not (pass^k)."""

    lost: int
    """Passed by the base alone."""
    won: int
    """Passed by the candidate alone."""
    p: float
    """Of losing so many more than winning by chance: McNemar's exact test, one-sided."""


@dataclass(frozen=True)
class Estimate:
    """One or many replays of a comparison at once; every member has one value per replay."""

    mean: Array
    error: Array
    low: Array
    high: Array
    p: Array
    """Two-sided."""

    @property
    def p_worse(self) -> Array:
        """One-sided: of seeing this or worse when the candidate is as good as the base."""
        return np.where(self.mean < 0, self.p / 2, 1 - self.p / 2)


def estimate(differences: Array, families: Families) -> Estimate:
    """The mean difference over the last axis, with a cluster-robust interval.

    `differences` has one value per case on its last axis; axes before it are replays. The variance
    is the sandwich estimator with the correction G/(G-1), the reference a t with G-1 degrees of
    freedom, as in statsmodels' `OLS(d, 1).fit(cov_type="cluster", use_t=True)`.

    Raises:
        ValueError: there are fewer than two families, so that nothing tells how they vary.
    """
    names, index = np.unique(np.asarray(families), return_inverse=True)
    clusters, cases = len(names), differences.shape[-1]
    if clusters < 2:  # noqa: PLR2004  (a variance needs two)
        raise ValueError("a comparison needs cases of at least two families")
    mean = differences.mean(axis=-1)
    membership = np.eye(clusters)[index]
    sums = (differences - mean[..., None]) @ membership
    error = np.sqrt(clusters / (clusters - 1) * (sums**2).sum(axis=-1)) / cases
    with np.errstate(divide="ignore", invalid="ignore"):
        score = np.where(error > 0, np.abs(mean) / error, np.where(mean == 0, 0.0, np.inf))
    reach = stats.t.ppf(1 - ALPHA / 2, clusters - 1) * error
    reach = np.where((differences == 0).all(axis=-1), _unseen(cases), reach)
    p = 2 * stats.t.sf(score, clusters - 1)
    return Estimate(mean, error, mean - reach, mean + reach, np.asarray(p))


def _unseen(cases: int) -> float:
    """How often something may still happen that was not seen in so many cases.

    An interval of no width would claim certainty. The bound is the rate at which seeing nothing
    has a chance of 5 % (the "rule of three", Hanley and Lippman-Hand, JAMA 1983).
    """
    return float(1 - ALPHA ** (1 / cases))


def difference(base: Array, candidate: Array, families: Families) -> Difference:
    """Candidate minus base over cases x trials; cases without a score in either arm are left out.

    Raises:
        ValueError: what has a score belongs to fewer than two families.
    """
    scored = scored_in_both(base, candidate)
    kept = names_kept(families, scored)
    paired = np.nanmean(candidate[scored], axis=1) - np.nanmean(base[scored], axis=1)
    found = estimate(paired, kept)
    return Difference(
        mean=float(found.mean),
        low=max(-1.0, float(found.low)),
        high=min(1.0, float(found.high)),
        p=float(found.p),
        standard_error=float(found.error),
        cases=len(kept),
        families=len(set(kept)),
    )


def scored_in_both(base: Array, candidate: Array) -> NDArray[np.bool_]:
    """Per case, whether both arms have a score in at least one trial."""
    unscored = np.isnan(base).all(axis=1) | np.isnan(candidate).all(axis=1)
    return np.asarray(~unscored, dtype=np.bool_)


def at_worst(base: Array, candidate: Array) -> tuple[Array, Array]:
    """The arms with every missing score counted against the candidate."""
    return np.nan_to_num(base, nan=1.0), np.nan_to_num(candidate, nan=0.0)


def case_interval(paired: Array) -> float:
    """Half the width of the 95% interval of a mean over independent cases (Student's t)."""
    freedom = len(paired) - 1
    return float(stats.t.ppf(1 - ALPHA / 2, freedom) * paired.std(ddof=1) / np.sqrt(len(paired)))


def reliability(base: Array, candidate: Array) -> Discordance:
    """McNemar's exact test on pass^k; a trial without a score is not a pass of either arm."""
    lost, won = _discordant(base, candidate)
    return Discordance(int(lost), int(won), float(_sign_test(lost, won)))


def _discordant(base: Array, candidate: Array) -> tuple[Array, Array]:
    steady_base, steady_candidate = (base == 1).all(axis=-1), (candidate == 1).all(axis=-1)
    lost = (steady_base & ~steady_candidate).sum(axis=-1)
    won = (~steady_base & steady_candidate).sum(axis=-1)
    return np.asarray(lost, dtype=np.float64), np.asarray(won, dtype=np.float64)


def _sign_test(lost: Array, won: Array) -> Array:
    return np.asarray(stats.binom.sf(lost - 1, lost + won, 0.5))


@dataclass(frozen=True)
class Signals:
    """One-sided p values that a candidate is worse; one value per replay."""

    overall: Array
    others: Mapping[str, Array]
    """Each task's, and `pass^k`."""

    @property
    def is_worse(self) -> NDArray[np.bool_]:
        """Whether the gate rejects. Holm's method rejects something when its first step does."""
        least = np.minimum.reduce(list(self.others.values()))
        return (self.overall < PRIMARY) | (least * len(self.others) < SECONDARY)


def signals(base: Array, candidate: Array, *, families: Families, tasks: Sequence[str]) -> Signals:
    """What speaks against a candidate; arms are (replays x) cases x trials.

    Each case must have a score in both arms. A task of fewer than two families tells nothing alone.
    """
    paired = np.nanmean(candidate, axis=-1) - np.nanmean(base, axis=-1)
    others = {"pass^k": _sign_test(*_discordant(base, candidate))}
    for task in sorted(set(tasks)):
        rows = [index for index, one in enumerate(tasks) if one == task]
        kept = [families[index] for index in rows]
        if len(set(kept)) > 1:
            others[task] = estimate(paired[..., rows], kept).p_worse
    return Signals(estimate(paired, families).p_worse, others)


def holm(values: Mapping[str, float]) -> dict[str, float]:
    """P values corrected for being several, by Holm's step-down method."""
    if not values:
        return {}
    corrected = cast("Any", multipletests(list(values.values()), method="holm"))[1]
    return dict(zip(values, map(float, corrected), strict=True))


def pass_curve(trials: Array) -> list[float]:
    """The share of cases passed k times out of k, for k from 1 to the number of trials.

    The unbiased estimator over all choices of k trials (tau-bench, Yao et al. 2024, section 3):
    C(c, k) / C(n, k) for c passes in n trials. A trial without a score is no pass.
    """
    passes, n = (trials == 1).sum(axis=1), trials.shape[1]
    curve: list[float] = []
    for k in range(1, n + 1):
        drawn = np.arange(k)
        chance = np.prod(np.clip(passes[:, None] - drawn, 0, None) / (n - drawn), axis=1)
        curve.append(float(chance.mean()))
    return curve


def names_kept(names: Sequence[str], kept: NDArray[np.bool_]) -> list[str]:
    """The names of the cases that are kept."""
    return [name for name, is_kept in zip(names, kept, strict=True) if is_kept]
