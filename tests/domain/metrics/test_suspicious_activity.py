"""Patterns are reported with counts and evidence; a day's ordinary work is none."""

from datetime import UTC, datetime, timedelta

from domain.metrics.suspicious_activity import Deed, Sign, patterns

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def deeds(sign: Sign, seconds: list[int], share: float | None = None) -> list[Deed]:
    """What Ana did, so many seconds after noon."""
    return [
        Deed(
            who="Ana",
            sign=sign,
            at=NOON + timedelta(seconds=each),
            evidence=f"e{each}",
            share=share,
        )
        for each in seconds
    ]


def test_tasks_ticked_off_in_one_go_are_told() -> None:
    """Five within a minute, with the ids of all five; the sixth an hour later is not of them."""
    (found,) = patterns(deeds(Sign.BULK_CLOSED, [0, 10, 20, 30, 40, 3600]))
    assert ("Ana: 5 tasks completed within 1 min.", 5) == (found.sentence, len(found.evidence))


def test_ordinary_work_is_no_pattern() -> None:
    """A task every few minutes, and two refusals in a day."""
    steady = deeds(Sign.BULK_CLOSED, list(range(0, 3600, 300)))
    assert () == patterns([*steady, *deeds(Sign.REFUSALS, [0, 600])])


def test_a_spike_of_refusals_is_told() -> None:
    """Three in a day."""
    (found,) = patterns(deeds(Sign.REFUSALS, [0, 3600, 7200]))
    assert "Ana: 3 leads disputed within 1 day." == found.sentence


def test_a_status_at_the_last_minute_is_told() -> None:
    """Near the end of the target and without a touch; an early one is nobody's business."""
    assert () == patterns(deeds(Sign.STATUS_ONLY, [0], share=0.2))
    (found,) = patterns(deeds(Sign.STATUS_ONLY, [0], share=0.95))
    assert (Sign.STATUS_ONLY, 1) == (found.sign, found.count)
