"""Comparing groups: what the intervals promise they hold, and what may not be claimed is said."""

from datetime import timedelta

import numpy as np
import pytest

from domain.metrics.cohorts import (
    Cohorts,
    Unit,
    before_after,
    cautions,
    compare,
    compare_medians,
    compare_shares,
    in_both,
    overlap,
    treated_control,
)
from domain.metrics.confidence_intervals import newcombe, wilson
from domain.metrics.lifecycle import Ending
from domain.metrics.measures import Dimension, Share, Stay
from tests.support.journeys import MONDAY, assigned, minutes

ROUNDS = 600
"""The coverage that so many rounds show is off by less than 1 point, standard error."""


def through(lengths: list[float]) -> list[Stay]:
    """Stays that all came to their end."""
    return [Stay(minutes(one), is_through=True) for one in lengths]


def test_the_intervals_of_shares_are_the_published_ones() -> None:
    """Newcombe's own examples of method 10: 56/70 and 48/80, and the hard case 9/10 and 3/10."""
    found = newcombe(Share(48, 80), Share(56, 70))
    assert (0.2000, 0.0524, 0.3339) == pytest.approx(
        (found.estimate, found.low, found.high), abs=5e-5
    )
    found = newcombe(Share(3, 10), Share(9, 10))
    assert (0.6000, 0.1705, 0.8090) == pytest.approx(
        (found.estimate, found.low, found.high), abs=5e-5
    )


def test_wilsons_interval_never_leaves_zero_to_one() -> None:
    """Nobody of ten: the published 0 to 27.75%."""
    found = wilson(Share(0, 10))
    assert (0.0, 0.0, 0.2775) == pytest.approx((found.estimate, found.low, found.high), abs=5e-5)


def test_intervals_of_shares_hold_the_truth_as_often_as_they_say() -> None:
    """In 2,000 simulated comparisons of 60 and 80 leads: between 93 and 97 of 100."""
    chance = np.random.default_rng(11)
    truth, held = 0.15, 0
    for _ in range(2000):
        first = Share(int(chance.binomial(60, 0.6)), 60)
        second = Share(int(chance.binomial(80, 0.75)), 80)
        found = newcombe(first, second)
        held += found.low <= truth <= found.high
    assert 0.93 <= held / 2000 <= 0.97


def test_intervals_of_medians_hold_the_truth_as_often_as_they_say() -> None:
    """Skewed times of 80 and 100 leads, a fifth still under way: between 93 and 97 of 100."""
    chance = np.random.default_rng(12)
    truth, held = (60 - 90) * np.log(2), 0
    for _ in range(ROUNDS):
        groups: list[list[Stay]] = []
        for mean, size in ((90, 80), (60, 100)):
            lengths = chance.exponential(mean, size)
            watched = chance.exponential(4 * mean, size)
            groups.append(
                [
                    Stay(minutes(float(min(one, until))), is_through=bool(one <= until))
                    for one, until in zip(lengths, watched, strict=True)
                ]
            )
        found = compare_medians("time", groups[0], groups[1], chance, resamples=400).difference
        assert found is not None
        held += found.low <= truth <= found.high
    assert 0.93 <= held / ROUNDS <= 0.97


def test_a_difference_as_large_as_the_detectable_one_is_mostly_seen() -> None:
    """The stated smallest effect is found in about eight of ten simulated comparisons."""
    chance = np.random.default_rng(13)
    detectable = compare_shares("x", Share(60, 120), Share(60, 120)).detectable
    assert detectable is not None
    seen, shift = 0, detectable / 200
    for _ in range(2000):
        first = Share(int(chance.binomial(120, 0.5 - shift)), 120)
        second = Share(int(chance.binomial(120, 0.5 + shift)), 120)
        seen += newcombe(first, second).is_clear
    assert 0.75 <= seen / 2000 <= 0.85


def test_no_difference_is_claimed_where_there_is_none() -> None:
    """Equal groups: zero lies within, and the sentence says what would have gone unseen."""
    found = compare_shares("SLA attainment", Share(30, 60), Share(30, 60))
    assert (
        "SLA attainment: no significant difference (-17.3 to +17.3 percentage points). "
        "Groups of this size usually show differences of 25.6 points or more."
    ) == found.sentence


def test_a_clear_difference_is_told_with_its_bounds() -> None:
    """Half an hour became a quarter."""
    chance = np.random.default_rng(1)
    found = compare_medians(
        "time",
        through([30 + 0.1 * one for one in range(50)]),
        through([15 + 0.1 * one for one in range(50)]),
        chance,
    )
    assert found.difference is not None
    assert (Unit.MINUTES, -15.0, True) == (
        found.unit,
        pytest.approx(found.difference.estimate),
        found.difference.is_clear,
    )
    assert found.sentence.startswith("time: changed by -15.0 min (")


def test_small_groups_tell_nothing() -> None:
    """Three of three beside none of five is no proof, and is not called one."""
    found = compare_shares("SLA attainment", Share(0, 5), Share(3, 3))
    assert (None, "each group needs 20 leads, these have 5 and 3") == (
        found.difference,
        found.reason,
    )


def test_a_median_that_was_not_reached_is_not_compared() -> None:
    """When most of a group still waits there is nothing to set beside the other's median."""
    waiting = [Stay(minutes(500), is_through=False)] * 30
    found = compare_medians("time", through([5.0] * 30), waiting, np.random.default_rng(1))
    assert (None, "less than half of a group completed this stage") == (found.second, found.reason)


def test_the_same_seed_gives_the_same_bounds() -> None:
    """A report that is made twice says the same."""
    group = [assigned(one, touched_after=10 + one % 7 * one) for one in range(50)]
    later = [
        assigned(one, touched_after=10 + one % 3 * one, triggered_at=MONDAY + minutes(1))
        for one in range(50, 100)
    ]
    cohorts = before_after([*group, *later], MONDAY + minutes(1))
    now = MONDAY + timedelta(days=2)
    assert compare(cohorts, now, seed=1) == compare(cohorts, now, seed=1)


def test_groups_are_cut_at_a_moment_or_by_a_value() -> None:
    """Superseded journeys are in neither group; what is not treated is the control."""
    one = assigned(1, territory="US West")
    two = assigned(2, territory="US East", triggered_at=MONDAY + minutes(5))
    old = assigned(3, ending=Ending.SUPERSEDED, ended_at=MONDAY)
    assert Cohorts((one,), (two,)) == before_after([one, two, old], MONDAY + minutes(1))
    treated = treated_control([one, two, old], Dimension.TERRITORY, "US West")
    assert Cohorts((two,), (one,)) == treated


def test_leads_in_both_groups_are_named() -> None:
    """A lead that came up before and after is warned of."""
    cohorts = Cohorts((assigned(1), assigned(2)), (assigned(2), assigned(3)))
    assert ("2",) == in_both(cohorts)
    (caution,) = cautions(cohorts, [Dimension.SEGMENT])
    assert "The groups overlap (leads in both: 1), so they are not independent." == caution


def test_groups_that_differ_in_kind_are_said_to() -> None:
    """Tier A in half of one and in all of the other: half of the mix is common."""
    first = tuple(assigned(one, tier="AB"[one % 2]) for one in range(10))
    second = tuple(assigned(one, tier="A") for one in range(10, 20))
    cohorts = Cohorts(first, second)
    assert 0.5 == overlap(cohorts, [Dimension.TIER])
    (caution,) = cautions(cohorts, [Dimension.TIER])
    assert "The groups differ by tier (only 50% of the mix is the same)" in caution


def test_an_empty_group_has_no_mix() -> None:
    """Nothing is said of nobody."""
    assert (None, ()) == (
        overlap(Cohorts((), (assigned(),)), [Dimension.TIER]),
        cautions(Cohorts((), (assigned(),)), [Dimension.TIER]),
    )


def test_nothing_seen_in_either_group_hides_small_differences() -> None:
    """None of 200 beside none of 200: a difference of half a point would go unseen, not of zero."""
    found = compare_shares("misrouted", Share(0, 200), Share(0, 200))
    assert found.detectable is not None
    assert 0.5 < found.detectable < 2
    assert "no significant difference" in found.sentence
