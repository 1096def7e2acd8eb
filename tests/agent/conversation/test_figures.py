"""What was changed in a period, counted."""

import pytest

from agent.conversation.lookups.figures import counted_as
from domain.follow_through.reasons import Quoted, Rotated


@pytest.mark.parametrize(("to", "counts"), [("Mei Tan", "reassign"), (None, "not_reassigned")])
def test_a_reassignment_counts_as_one_only_if_it_found_somebody(
    to: str | None, counts: str
) -> None:
    """An attempt for which nobody was available is counted for itself."""
    rotated = Rotated(because=Quoted(text="SLA breach"), pool="us_west", to=to)
    assert counts == counted_as("reassign", rotated)
