"""The gate's arithmetic, against libraries of statistics and against arms with a known truth."""

from typing import Any, cast

import numpy as np
import pytest
import statsmodels.api as sm
from statsmodels.stats.contingency_tables import mcnemar  # pyright: ignore[reportUnknownVariableType]

from evals.statistics.calibration import Design, calibrate, coverage, rejected
from evals.statistics.differences import Array, difference, estimate, holm, pass_curve, reliability
from evals.statistics.verdict import Verdict, judge

DESIGN = Design()
TASKS = [f"task {index // 5 % 3}" for index in range(DESIGN.cases)]


def arms(seed: int, base: float = 0.85, candidate: float = 0.85) -> tuple[Array, Array]:
    """Two arms of the usual size, each passing trials at its own rate."""
    chance = np.random.default_rng(seed)
    shape = (DESIGN.cases, DESIGN.trials)
    return (
        (chance.random(shape) < base).astype(np.float64),
        (chance.random(shape) < candidate).astype(np.float64),
    )


def judged(base: Array, candidate: Array, **more: Any) -> Any:  # noqa: ANN401  (judge's own)
    """The verdict's whole judgment at the usual size."""
    return judge(base, candidate, families=DESIGN.names, tasks=TASKS, **more)


@pytest.mark.parametrize("seed", range(5))
def test_the_interval_is_that_of_a_cluster_robust_regression(seed: int) -> None:
    """Mean, standard error, p and interval equal statsmodels' OLS with clustered errors."""
    base, candidate = arms(seed, candidate=0.8)
    ours = difference(base, candidate, DESIGN.names)
    paired = candidate.mean(axis=1) - base.mean(axis=1)
    groups = np.unique(DESIGN.names, return_inverse=True)[1]
    fitted: Any = sm.OLS(paired, np.ones(len(paired))).fit(
        cov_type="cluster", cov_kwds={"groups": groups, "use_correction": True}, use_t=True
    )
    (low, high) = fitted.conf_int()[0]
    expected = (fitted.params[0], fitted.bse[0], fitted.pvalues[0], low, high)
    assert expected == pytest.approx((ours.mean, ours.standard_error, ours.p, ours.low, ours.high))


@pytest.mark.parametrize("seed", range(5))
def test_the_test_of_reliability_is_mcnemars(seed: int) -> None:
    """Doubled when the candidate loses, our one-sided p is statsmodels' exact two-sided one."""
    base, candidate = arms(seed, candidate=0.75)
    ours = reliability(base, candidate)
    theirs: Any = mcnemar([[0, ours.lost], [ours.won, 0]], exact=True)
    assert float(theirs.pvalue) == pytest.approx(min(1.0, 2 * ours.p))


def test_holm_multiplies_the_smallest_by_the_number_of_tests() -> None:
    """The next by one less, and never less than the one before (Holm 1979)."""
    assert {"a": 0.03, "b": 0.06, "c": 0.06} == pytest.approx(
        holm({"a": 0.01, "b": 0.04, "c": 0.03})
    )


def test_pass_k_is_the_chance_that_k_drawn_trials_all_passed() -> None:
    """Three of four trials passed: 3/4 for one, 3/6 for two, 1/4 for three, 0 for four."""
    assert [0.75, 0.5, 0.25, 0.0] == pytest.approx(pass_curve(np.array([[1.0, 1.0, 0.0, 1.0]])))


def often(effect: float) -> float:
    """How often the gate rejects a true difference, in 40 rounds of 200 replays.

    One round of 200 would tell a rate of 80% only to within 6 points.
    """
    chance = np.random.default_rng(99)
    return float(np.mean([rejected(DESIGN, effect, 200, chance) for _ in range(40)]))


def test_five_points_less_are_noticed() -> None:
    """At 200 cases x 4 trials the gate rejects a true difference of -5 pp four times in five."""
    assert often(-0.05) >= 0.8


def test_equal_arms_raise_few_alarms() -> None:
    """Of A/A comparisons at most one in twenty is rejected."""
    assert often(0.0) <= 0.05


@pytest.mark.parametrize("effect", [0.0, -0.05, -0.1])
def test_intervals_hold_the_truth(effect: float) -> None:
    """95% intervals hold the true difference in 93 to 97% of 2,000 replays."""
    assert 0.93 <= coverage(DESIGN, effect, 2_000, np.random.default_rng(11)) <= 0.97


def test_a_calibration_can_be_made_again() -> None:
    """The same seed gives the same figures."""
    assert calibrate(DESIGN, seed=3, replays=50) == calibrate(DESIGN, seed=3, replays=50)


def test_the_same_answers_are_promoted() -> None:
    """Nothing differs anywhere: not inferior."""
    base, _ = arms(1)
    assert Verdict.PROMOTE == judged(base, base).verdict


def test_nothing_seen_is_not_certainty() -> None:
    """Without any difference the interval is the rule of three's, not empty."""
    base, _ = arms(1)
    assert 1 - 0.05 ** (1 / 200) == pytest.approx(difference(base, base, DESIGN.names).high)


def test_too_few_cases_are_held() -> None:
    """Equal but small: what wasn't seen in 20 cases may still be worse than the margin."""
    same = np.ones((20, 4))
    names = [f"family {index % 4}" for index in range(20)]
    assert Verdict.HOLD == judge(same, same, families=names, tasks=["one"] * 20).verdict


def test_much_worse_is_rejected_with_its_size() -> None:
    """The reason tells how many trials fewer pass."""
    found = judged(*arms(2, candidate=0.6))
    assert (Verdict.REJECT, "it passes") == (found.verdict, found.reasons[0][:9])


def test_one_task_that_breaks_is_named() -> None:
    """A loss that others hide is found by the task's own test."""
    base, candidate = arms(4, base=0.9, candidate=0.92)
    rows = [index for index, task in enumerate(TASKS) if task == "task 1"]
    candidate[rows, :2] = 0.0
    assert any("task 1" in reason for reason in judged(base, candidate).reasons)


def test_a_breach_of_policy_rejects_whatever_the_score() -> None:
    """None is allowed."""
    worse, better = arms(5, base=0.5, candidate=0.99)
    assert Verdict.REJECT == judged(worse, better, violations=1).verdict


def test_an_objection_holds() -> None:
    """A canary that failed blocks, and doesn't reject."""
    base, _ = arms(1)
    found = judged(base, base, objections=["a canary failed"])
    assert (Verdict.HOLD, ("a canary failed",)) == (found.verdict, found.reasons)


@pytest.mark.parametrize("arm", [0, 1], ids=["base", "candidate"])
@pytest.mark.parametrize("seed", range(6))
def test_runs_that_broke_never_make_a_promotion(arm: int, seed: int) -> None:
    """Whichever arm loses whichever scores, what would not be promoted still is not."""
    pair = arms(seed, base=0.97, candidate=0.96)
    before = judged(*pair)
    chance = np.random.default_rng(seed)
    pair[arm][chance.random(pair[arm].shape) < 0.1] = np.nan
    after = judged(*pair)
    promoted = [one.verdict is Verdict.PROMOTE for one in (before, after)]
    assert after.worst.low <= before.worst.low
    assert promoted in ([True, True], [True, False], [False, False])


def test_nothing_scored_is_no_comparison() -> None:
    """A run in which everything broke says so instead of giving a number."""
    broken = np.full((4, 2), np.nan)
    with pytest.raises(ValueError, match="two families"):
        judge(broken, broken, families=["a", "a", "b", "b"], tasks=["t"] * 4)


def test_replays_are_judged_as_one_comparison_is() -> None:
    """Many replays at once give the numbers that each gives alone."""
    pairs = [arms(seed, candidate=0.8) for seed in range(3)]
    paired = np.stack([one.mean(axis=1) - other.mean(axis=1) for other, one in pairs])
    together = estimate(paired, DESIGN.names)
    alone = [difference(*pair, DESIGN.names).p for pair in pairs]
    assert alone == pytest.approx(cast("list[float]", together.p.tolist()))
