"""The definitions of the measures, each by an example that can be worked out by hand."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.metrics.lifecycle import Ending, Journey
from domain.metrics.measures import (
    PERCENTILES,
    Dimension,
    Pace,
    Share,
    Stay,
    Stretch,
    coverage,
    groups,
    measure,
    nudge_effect,
    pace,
    quality,
    spread,
    timings,
)
from domain.policy.model import OutcomeRules
from tests.support.builders import policy
from tests.support.journeys import MONDAY, REP, assigned, journey, minutes


def paced(one: Journey, stretch: Stretch) -> Pace:
    """The time that one journey took for a stretch."""
    return pace([one], stretch, timings([one], policy(), MONDAY))


def test_without_leads_nothing_is_told_and_each_measure_says_why() -> None:
    """An undefined measure is None with a reason, never zero."""
    found = measure([], {}, MONDAY, OutcomeRules())
    assert (None, "no leads yet") == (
        found.coverage.ready.value,
        found.coverage.ready.reason,
    )
    assert {((None,) * 3, "no leads yet")} == {
        (one.wall.within, one.wall.reason) for one in found.speed
    }


def test_percentiles_of_a_group_that_is_all_through_are_nearest_ranks() -> None:
    """Of the times 1 to 10 minutes, half are through within 5, nine in ten within 9."""
    found = spread([Stay(minutes(count), is_through=True) for count in range(1, 11)])
    assert (minutes(5), minutes(9), minutes(10)) == found.within


def test_leads_that_nobody_touches_make_nobody_look_fast() -> None:
    """Two of ten were touched at once and eight still wait: the median is not known."""
    through = [Stay(minutes(1), is_through=True)] * 2
    waiting = [Stay(minutes(600), is_through=False)] * 8
    found = spread([*through, *waiting])
    assert (2, 10, (None, None, None)) == (found.through, found.entered, found.within)
    assert "too few leads completed for p50, p90, p95" == found.reason


def test_who_left_early_counts_only_while_watched() -> None:
    """Worked by hand: 1 through of 4, one leaves, then 1 of 2: 3/4 * 1/2 = 3/8 wait on."""
    stays = [
        Stay(minutes(10), is_through=True),
        Stay(minutes(20), is_through=False),
        Stay(minutes(30), is_through=True),
        Stay(minutes(40), is_through=False),
    ]
    assert (minutes(30), None, None) == spread(stays).within


@given(st.lists(st.integers(0, 500), min_size=1, max_size=60))
def test_percentiles_cover_their_share(lengths: list[int]) -> None:
    """At least so many per cent take no longer, and fewer than that take less."""
    found = spread([Stay(minutes(one), is_through=True) for one in lengths])
    for percent, within in zip(PERCENTILES, found.within, strict=True):
        assert within is not None
        no_longer = sum(minutes(one) <= within for one in lengths)
        less = sum(minutes(one) < within for one in lengths)
        assert (True, True) == (
            100 * no_longer >= percent * len(lengths),
            100 * less < percent * len(lengths),
        )


def test_the_systems_time_ends_when_a_person_could_know() -> None:
    """Told after 8 minutes and touched after 48: eight are the systems', forty the person's."""
    one = assigned(touched_after=48)
    system = paced(one, Stretch.SYSTEM).wall.within[0]
    human = paced(one, Stretch.HUMAN).wall.within[0]
    assert (minutes(8), minutes(40)) == (system, human)


def test_business_time_is_the_owners() -> None:
    """A night in Berlin is no working time: from four o'clock to nine is an hour of work."""
    one = assigned(assigned_at=MONDAY, touched_at=MONDAY + timedelta(hours=17))
    found = paced(one, Stretch.TO_TOUCH)
    assert (timedelta(hours=17), timedelta(hours=1)) == (
        found.wall.within[0],
        found.business.within[0],
    )


def test_a_stranger_has_no_working_hours() -> None:
    """An owner whom the policy doesn't know counts in wall time only."""
    found = paced(assigned(touched_after=9, rep="x@x.example"), Stretch.HUMAN)
    assert (1, 0) == (found.wall.entered, found.business.entered)


def test_coverage_counts_each_step_of_those_who_took_the_one_before() -> None:
    """Of five, four ready, three assigned; of those one in time, one late, one not due yet."""
    group = [
        journey(1),
        assigned(2, assigned_at=None, promised_at=None),
        assigned(3, touched_after=30),
        assigned(4, touched_after=90),
        assigned(5, promised_at=MONDAY + timedelta(days=1)),
    ]
    found = coverage(group, MONDAY + timedelta(hours=2))
    assert (Share(4, 5), Share(3, 4)) == (found.ready, found.assigned)
    assert (Share(2, 3), Share(1, 2)) == (found.touched, found.in_time)


def test_what_was_closed_before_its_promise_neither_kept_nor_broke_it() -> None:
    """Disqualified in time is not late; disqualified after the promise is."""
    early = assigned(1, ending=Ending.DISQUALIFIED, ended_at=MONDAY + minutes(60))
    late = assigned(2, ending=Ending.DISQUALIFIED, ended_at=MONDAY + minutes(70))
    found = coverage([early, late], MONDAY + timedelta(days=1)).in_time
    assert Share(0, 1) == found


def test_superseded_journeys_are_counted_in_the_newer_cycle_only() -> None:
    """A lead that came up again is one journey, not two."""
    group = [assigned(1, ending=Ending.SUPERSEDED, ended_at=MONDAY), assigned(1)]
    assert 1 == measure(group, timings(group, policy(), MONDAY), MONDAY, OutcomeRules()).journeys


def test_quality_tells_apart_who_was_asked_and_who_was_right() -> None:
    """Two disputes of three leads, one upheld; a touch says yes as well as the button does."""
    group = [
        assigned(1, disputes=("accepted",), reassigned=1),
        assigned(2, disputes=("refused",), accepted_at=MONDAY + minutes(9)),
        assigned(3, touched_after=20, moved_by_hand=1),
    ]
    found = quality(group)
    assert (Share(2, 3), Share(1, 3)) == (found.disputed, found.misrouted)
    assert (Share(2, 3), Share(1, 3), Share(1, 3)) == (
        found.accepted,
        found.reassigned,
        found.moved_by_hand,
    )


def test_conversions_are_unknown_until_salesforce_was_asked() -> None:
    """Nobody asked is not the same as nobody converted."""
    unasked = quality([assigned(1, touched_after=20)]).converted
    asked = quality([assigned(1, touched_after=20, is_converted=False)]).converted
    assert (None, "outcomes not loaded yet") == (unasked.value, unasked.reason)
    assert (0.0, None) == (asked.value, asked.reason)


@pytest.mark.parametrize(("after", "followed"), [(19, 0), (20, 1), (50, 1), (51, 0)])
def test_a_nudge_works_for_thirty_minutes(after: float, followed: int) -> None:
    """A touch from the reminder on until thirty minutes later is its effect."""
    one = assigned(touched_after=after, reminded_at=(MONDAY + minutes(20),))
    assert Share(followed, 1) == nudge_effect([one])


def test_groups_are_told_apart_and_weeks_begin_on_monday() -> None:
    """A Sunday belongs to the week before; what is nothing yet is in a group of its own."""
    sunday = journey(2, triggered_at=MONDAY - timedelta(days=1), segment=None)
    weeks = groups([assigned(1), sunday], Dimension.WEEK)
    assert ["2026-11-16", "2026-11-23"] == list(weeks)
    assert ["(none)", "Hand-raisers"] == list(groups([assigned(1), sunday], Dimension.SEGMENT))
    assert [REP] == list(groups([assigned(1)], Dimension.REP))


def test_groups_add_up_to_the_whole() -> None:
    """However it is cut, each lead is in exactly one group."""
    group = [assigned(number, touched_after=number, tier="AB"[number % 2]) for number in range(9)]
    times = timings(group, policy(), MONDAY)
    parts = groups(group, Dimension.TIER).values()
    counts = [measure(part, times, MONDAY, OutcomeRules()).journeys for part in parts]
    assert measure(group, times, MONDAY, OutcomeRules()).journeys == sum(counts)
