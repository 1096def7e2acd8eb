"""A world of its own for each story."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.worlds import Town, town


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Town]:
    """A small world with the roster and a worker."""
    with town(tmp_path) as place:
        yield place
