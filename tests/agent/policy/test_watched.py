"""A worker looks at its policy every minute, and reads it only when it changed."""

from pathlib import Path

import pytest

from agent.policy.watched import WatchedPolicy
from domain.errors import PolicyError
from tests.support.repository import ROOT


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The example policy with its territories."""
    for name in ("policy.yaml", "territories.csv"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    return tmp_path / "policy.yaml"


def change(file: Path, old: str, new: str) -> None:
    """Edit a file, as fast as an editor can: within the same tick of the file system's clock."""
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")


def test_a_file_that_did_not_change_is_not_read_again(file: Path) -> None:
    """The very same policy, also when the file was saved again as it was."""
    watched = WatchedPolicy(file)
    before = watched.load()
    file.write_bytes(file.read_bytes())
    assert before is watched.load()


def test_a_change_of_either_file_counts(file: Path) -> None:
    """Of a rule, and of one row of the territories alone."""
    watched = WatchedPolicy(file)
    before = watched.load()
    change(file, "cap_per_day: 14", "cap_per_day: 15")
    after = watched.load()
    table = file.with_name("territories.csv")
    change(table, table.read_text("utf-8").splitlines()[-1], "")
    assert 3 == len({before.fingerprint, after.fingerprint, watched.load().fingerprint})


def test_what_is_wrong_is_said_each_time_until_it_is_fixed(file: Path) -> None:
    """A broken file, a missing one, a folder in its place: then the right one again."""
    watched, text = WatchedPolicy(file), file.read_bytes()
    watched.load()
    change(file, "timezone:", "timezon:")
    for _ in range(2):
        with pytest.raises(PolicyError, match="timezon"):
            watched.load()
    file.unlink()
    with pytest.raises(PolicyError, match="Can't read this file"):
        watched.load()
    file.mkdir()
    with pytest.raises(PolicyError, match="Can't read this file"):
        watched.load()
    file.rmdir()
    file.write_bytes(text)
    assert WatchedPolicy(file).load() == watched.load()
