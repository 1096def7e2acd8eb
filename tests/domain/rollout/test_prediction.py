"""What to expect of first touches from how people worked so far."""

from datetime import timedelta

import pytest

from domain.metrics.lifecycle import Journey
from domain.metrics.measures import Stay, through_by
from domain.policy.model import Policy
from domain.rollout.prediction import expected, habits
from domain.rollout.simulation import Expected, Place
from tests.support.builders import policy
from tests.support.journeys import MONDAY, assigned, minutes

QUICK, SLOW = "ana@meridian.example", "ben@meridian.example"
LATER = MONDAY + timedelta(days=1)
BASE = policy()
SEGMENT = BASE.segments[0]


def test_the_share_through_by_a_time_counts_who_still_waits() -> None:
    """Two of three are through after half an hour; one who waits since an hour is not."""
    stays = [
        Stay(minutes(10), is_through=True),
        Stay(minutes(20), is_through=True),
        Stay(minutes(60), is_through=False),
    ]
    shares = [through_by(stays, minutes(mark)) for mark in (5, 10, 30, 600)]
    assert pytest.approx([0, 1 / 3, 2 / 3, 2 / 3]) == shares
    assert through_by([], minutes(5)) is None


def worked() -> list[Journey]:
    """Six leads each: Ana touches after ten minutes, Ben never."""
    target = SEGMENT.sla.first_touch / timedelta(minutes=1)
    return [
        *[assigned(n, rep=QUICK, touched_after=6 + target / 2) for n in range(1, 7)],
        *[assigned(n, rep=SLOW) for n in range(11, 17)],
    ]


def test_leads_are_expected_to_be_touched_as_their_owner_did_so_far() -> None:
    """All in time with the quick one, none with the slow one, half when shared."""
    known = habits(worked(), BASE, LATER)
    places = [
        Place(segment=SEGMENT.name, owner=QUICK, before=4, after=2),
        Place(segment=SEGMENT.name, owner=SLOW, before=0, after=2),
    ]
    target = SEGMENT.sla.first_touch
    assert (
        Expected(
            segment=SEGMENT.name,
            target_before=target,
            target_after=target,
            leads_before=4,
            leads_after=4,
            in_time_before=1.0,
            in_time_after=0.5,
        ),
    ) == expected(places, BASE, BASE, known)


def test_a_shorter_target_is_kept_less_often() -> None:
    """The same people under a target that nobody was as quick as."""
    sla = SEGMENT.sla.model_copy(update={"first_touch": timedelta(minutes=1)})
    segments = [SEGMENT.model_copy(update={"sla": sla}), *BASE.segments[1:]]
    strict = Policy.model_validate({**BASE.model_dump(), "segments": segments})
    places = [Place(segment=SEGMENT.name, owner=QUICK, before=4, after=4)]
    (found,) = expected(places, BASE, strict, habits(worked(), BASE, LATER))
    assert (1.0, 0.0) == (found.in_time_before, found.in_time_after)


def test_nothing_is_predicted_from_next_to_nothing() -> None:
    """Four leads in all tell no habit."""
    places = [Place(segment=SEGMENT.name, owner=QUICK, before=4, after=4)]
    known = habits([assigned(n, rep=QUICK, touched_after=10) for n in range(4)], BASE, LATER)
    (found,) = expected(places, BASE, BASE, known)
    assert (None, None) == (found.in_time_before, found.in_time_after)
