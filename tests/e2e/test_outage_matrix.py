"""A slice of the outages that `make outages` plays by the hundred."""

from datetime import timedelta
from pathlib import Path

from tests.outages.life import Cell
from tests.outages.play import play

MORNING = timedelta(hours=2)


def test_a_ledger_that_is_locked_after_an_owner_was_written_costs_nothing(tmp_path: Path) -> None:
    """The owner's write is looked up, not repeated; everybody is notified once, in time, by day."""
    cell = Cell("database", "5 min", "written", "locked", MORNING)
    assert [] == play(tmp_path, cell, "", {}).wrong


def test_a_slack_whose_answers_are_lost_gets_no_message_twice(tmp_path: Path) -> None:
    """What it was sent meanwhile is found there afterwards, and not sent again."""
    cell = Cell("slack", "70 min", "decided", "lost answers", MORNING)
    assert [] == play(tmp_path, cell, "", {}).wrong
