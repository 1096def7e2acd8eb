"""A short run of `python -m tests.hostile`: each lead with a corruption of its own, on the wire."""

import random
from pathlib import Path

from tests.hostile.rounds import by_rows, in_peace

LEADS = 25


def test_a_corrupted_record_concerns_its_own_lead_alone(tmp_path: Path) -> None:
    """No tick dies, the others get what they get without it, and nothing is done twice."""
    peace, quiet = in_peace(tmp_path / "peace", LEADS)
    found = by_rows(tmp_path / "round", LEADS, random.Random(3), peace)
    assert ([], []) == (quiet.examples, found.examples)
    assert found.cases > LEADS // 3
