"""System time and human time: the cut is where a person first could know."""

from datetime import UTC, datetime, timedelta

from domain.metrics.time_breakdown import Delays, split

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def at(minutes: int) -> datetime:
    """So many minutes after noon."""
    return NOON + timedelta(minutes=minutes)


def minutes(count: int) -> timedelta:
    """A length of time."""
    return timedelta(minutes=count)


def test_the_way_is_cut_at_the_message() -> None:
    """Five minutes of sync, three to assign and tell, forty of the rep's."""
    told = split(at(0), at(5), at(6), at(8), at(48))
    assert Delays(sync_and_gate=minutes(5), assign_and_tell=minutes(3), human=minutes(40)) == told
    assert minutes(8) == told.system


def test_a_message_after_the_touch_told_nobody_anything() -> None:
    """The rep found the lead in Salesforce before Slack said so: the assignment counts."""
    told = split(at(0), at(5), at(6), at(60), at(30))
    assert (minutes(1), minutes(24)) == (told.assign_and_tell, told.human)


def test_without_a_touch_there_is_no_human_time_yet() -> None:
    """Nobody has acted."""
    assert None is split(at(0), at(5), at(6), None, None).human
