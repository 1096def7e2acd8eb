"""A policy file with old keys: what is said of it, and what `routeready policy upgrade` does."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from agent.cli.main import cli
from agent.policy.file import load_policy, read_policy
from agent.policy.upgrade import upgrade
from agent.policy.yaml_text import read_yaml
from domain.errors import PolicyError
from tests.support.old_policies import file_before
from tests.support.repository import ROOT

EXAMPLE = (ROOT / "policy.yaml").read_text(encoding="utf-8")
QUEUE = "queues:\n  a: {salesforce: A, answers: x}\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The example policy as it was written before the keys were renamed."""
    shutil.copy(ROOT / "territories.csv", tmp_path)
    path = tmp_path / "policy.yaml"
    path.write_text(file_before(EXAMPLE), encoding="utf-8")
    return path


def test_an_old_key_is_an_error_at_its_line_that_names_the_command(file: Path) -> None:
    """Each with its new name; and nothing else is wrong with the file."""
    lines = file.read_text().splitlines()
    told = read_policy(file).complaints
    (always,) = [one for one in told if one.path == "gate.always"]
    assert (
        "error",
        "policy.yaml",
        1 + lines.index("  always: [hand_raise, recycled]"),
        "'always' is an old key: it is called 'cool_down_exceptions' now",
        "Run: routeready policy upgrade policy.yaml",
    ) == (always.severity, always.file, always.line, always.sentence, always.suggestion)
    assert ["follow_through.ladder[2].may", "follow_through.ladder[3].may"] == [
        one.path for one in told if one.path.endswith(".may")
    ]
    assert (14, {"Run: routeready policy upgrade policy.yaml"}) == (
        len(told),
        {one.suggestion for one in told},
    )
    with pytest.raises(PolicyError, match=r"policy\.yaml:\d+: error \[queues\.holding\.answers\]"):
        load_policy(file)


def test_other_mistakes_are_told_at_their_lines_beside_the_old_keys(file: Path) -> None:
    """Somebody who upgrades learns all at once."""
    wrong = "amer: {salesforce: AMER_Inbound, answers: nobody@meridian.example}"
    right = "amer: {salesforce: AMER_Inbound, answers: marta.silva@meridian.example}"
    file.write_text(file.read_text().replace(right, wrong))
    line = next(n for n, one in enumerate(file.read_text().splitlines(), 1) if wrong in one)
    told = [(one.line, one.path) for one in read_policy(file).errors]
    assert {(line, "queues.amer.answers"), (line, "queues.amer.owner")} <= set(told)


def test_only_the_old_keys_of_the_example_change_and_no_version_does(file: Path) -> None:
    """Comments, order, quotes and blank lines stay: the result is the example as we ship it."""
    version = getattr(read_policy(file).policy, "version", None)
    done = CliRunner().invoke(cli, ["policy", "upgrade", str(file)])
    assert (0, EXAMPLE) == (done.exit_code, file.read_text(encoding="utf-8"))
    assert "-  always: [hand_raise, recycled]\n+  cool_down_exceptions: [hand" in done.stdout
    assert done.stdout.endswith("policy.yaml: 14 old keys renamed\n")
    assert ((), version) == (read_policy(file).complaints, load_policy(file).version)
    again = CliRunner().invoke(cli, ["policy", "upgrade", str(file)])
    assert f"{file}: up to date, no old keys\n" == again.stdout


def test_check_shows_the_same_and_writes_nothing(file: Path) -> None:
    """It fails while there is something to rename, so that a pipeline can ask."""
    before = file.read_bytes()
    done = CliRunner().invoke(cli, ["policy", "upgrade", str(file), "--check"])
    assert (1, before) == (done.exit_code, file.read_bytes())
    assert "+  cool_down_exceptions: [hand_raise, recycled]" in done.stdout
    assert f"{file}: 14 old keys. To rename: routeready policy upgrade {file}" in done.stdout


def test_the_file_keeps_its_mode_and_a_link_stays_a_link(file: Path, tmp_path: Path) -> None:
    """It is replaced in one move, and nothing is left beside it."""
    file.chmod(0o640)
    link = tmp_path / "link.yaml"
    link.symlink_to(file)
    upgrade(link).write()
    assert (True, 0o640) == (link.is_symlink(), file.stat().st_mode & 0o777)
    assert EXAMPLE == file.read_text(encoding="utf-8")
    assert ["link.yaml", "policy.yaml", "territories.csv"] == sorted(
        one.name for one in tmp_path.iterdir()
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            "gate:\n  # see 'always: x'\n  'always':   [hand_raise]  # always: kept\n",
            "gate:\n  # see 'always: x'\n"
            "  'cool_down_exceptions':   [hand_raise]  # always: kept\n",
            id="quotes, and comments that name the key",
        ),
        pytest.param(
            'alerts: {"missed": 3}\r\nsync:\r\n  holding: [A]\r\n',
            'alerts: {"missed_leads": 3}\r\nsync:\r\n  unassigned_owners: [A]\r\n',
            id="line ends of Windows",
        ),
        pytest.param(
            "\ufeffalerts: {missed: 3}\n",
            "\ufeffalerts: {missed_leads: 3}\n",
            id="a byte order mark",
        ),
        pytest.param(
            "queues:\n  a: &a {salesforce: A, answers: x}\n  b: {<<: *a, salesforce: B}\n  c: *a\n",
            "queues:\n  a: &a {salesforce: A, owner: x}\n  b: {<<: *a, salesforce: B}\n  c: *a\n",
            id="an anchor, its alias and a merge",
        ),
        pytest.param(
            "queues:\n  answers: {salesforce: answers, answers: answers}\n",
            "queues:\n  answers: {salesforce: answers, owner: answers}\n",
            id="a name and a value that read like the key",
        ),
        pytest.param(
            "segments:\n- ladder:\n  - may: [list]\n",
            "segments:\n- ladder:\n  - model_options: [list]\n",
            id="a ladder of a segment",
        ),
    ],
)
def test_only_the_key_itself_is_rewritten(tmp_path: Path, before: str, after: str) -> None:
    """Whatever stands around it, byte for byte."""
    path = tmp_path / "policy.yaml"
    path.write_bytes(before.encode())
    upgrade(path).write()
    assert after == path.read_bytes().decode()


def _both(path: Path) -> None:
    path.write_text(QUEUE.replace("answers: x", "answers: x, owner: y"))


def _shared(path: Path) -> None:
    path.write_text("enrichment: &keeps {keep: 30d}\nconversation: *keeps\n")


def _broken(path: Path) -> None:
    path.write_text("queues: [\n")


def _nowhere(path: Path) -> None:
    path.unlink(missing_ok=True)


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (
            _both,
            "policy.yaml:2: 'answers' is an old key: it is called 'owner' now. 'owner' is given",
        ),
        (_shared, "the old keys can't be renamed without changing what the file says"),
        (_broken, "policy.yaml:2: Not valid YAML"),
        (_nowhere, "can't be read: No such file"),
    ],
    ids=["both keys", "one place that needs two names", "no YAML", "no file"],
)
def test_what_can_not_be_upgraded_is_left_alone(
    tmp_path: Path, write: Callable[[Path], None], said: str
) -> None:
    """It is told with the line, and the file stays as it is."""
    path = tmp_path / "policy.yaml"
    write(path)
    before = path.read_bytes() if path.exists() else None
    with pytest.raises(PolicyError) as told:
        upgrade(path)
    assert (True, before) == (said in str(told.value), path.read_bytes() if before else None)


def test_a_file_that_gives_both_keys_is_told_to_remove_one(tmp_path: Path) -> None:
    """The command would not know which is meant."""
    path = tmp_path / "policy.yaml"
    _both(path)
    (one,) = [one for one in read_policy(path).errors if "old key" in one.sentence]
    assert "'owner' is given too: remove one of the two." == one.suggestion


def test_a_merged_key_has_the_line_of_what_it_is_merged_into() -> None:
    """YAML's `<<` is no reason to fail."""
    read = read_yaml("a: &a {b: 1}\nd: {<<: *a, e: 2}\n")
    assert ({"b": 1, "e": 2}, 2) == (read.value["d"], read.line(("d", "b")))
