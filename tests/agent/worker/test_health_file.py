"""The health file: written when it matters, and read by its age."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from agent.cli.main import cli
from agent.run import holder
from agent.worker import health
from agent.worker.health import Health
from domain.errors import RoutereadyError
from domain.health import CheckFailed, State, StopFile

NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)


@pytest.fixture
def passed() -> list[float]:
    """The time that passed, in seconds."""
    return [0.0]


@pytest.fixture
def found(passed: list[float]) -> Health:
    """The health of a worker that ticks every minute."""
    return Health(lambda: NOW + timedelta(seconds=passed[0]), lambda: passed[0], 60)


def test_three_intervals_without_the_end_of_a_tick_are_a_trouble(
    found: Health, passed: list[float]
) -> None:
    """It begins when the last tick ended, and is over with the next."""
    found.ended()
    passed[0] = 180.0
    assert State.OK is found.look().state
    passed[0] = 181.0
    (late,) = found.look().standing
    assert ("no_check_ended", NOW, State.FAILED) == (
        late.trouble.kind,
        late.since,
        found.look().state,
    )
    found.ended()
    assert ((), State.OK) == (found.look().standing, found.look().state)


def test_a_trouble_keeps_its_beginning_and_is_told_once(
    found: Health, passed: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    """However often it is found; its end is told, too."""
    for minute in range(5):
        passed[0] = 60.0 * minute
        found.ended()
        found.found("check", [CheckFailed(place=f"KeyError at agent/x.py:{minute}")])
    (one,) = found.look().standing
    assert (NOW, True) == (one.since, "x.py:4" in str(one.trouble))
    found.found("check", [])
    told = capsys.readouterr().out + capsys.readouterr().err
    assert (1, 1) == (
        told.count("An internal error ended a check: KeyError at agent/x.py:0"),
        told.count("No longer: An internal error"),
    )


def test_a_stop_is_told_before_what_is_merely_wrong(found: Health) -> None:
    """The worst word wins."""
    found.found("check", [StopFile(path="var/stop")])
    assert State.STOPPED is found.look().state


def test_a_jump_of_the_clock_stays_in_view_for_an_hour(found: Health, passed: list[float]) -> None:
    """It is over by itself."""
    found.jumped(-600)
    (one,) = found.look().standing
    assert "jumped back by 10 min" in health.text(found.look(), 60, 600)
    assert NOW == one.since
    for _ in range(61):
        passed[0] += 60
        found.ended()
    assert () == found.look().standing


def test_a_file_that_can_not_be_replaced_is_written_over(tmp_path: Path) -> None:
    """As on a disk that is full: the new file has no room, and the old one has its own."""
    path = tmp_path / "health.json"
    assert health.write(path, '{"state": "ok"}')
    path.with_suffix(".tmp").mkdir()  # nothing can be written there
    assert health.write(path, json.dumps({"state": "failed", "error": "x" * 400}))
    assert "failed" == json.loads(path.read_bytes())["state"]


def test_a_file_that_can_not_be_written_at_all_is_said_so(tmp_path: Path) -> None:
    """The worker goes on; readers see how old it is."""
    (tmp_path / "health.json").mkdir()
    assert not health.write(tmp_path / "health.json", "{}")


def ago(**by: float) -> str:
    """A moment by the real clock."""
    return (datetime.now(UTC) - timedelta(**by)).isoformat()


PROBED = (
    pytest.param({}, 0, 0, id="all is well"),
    pytest.param({"state": "failed"}, 0, 1, id="an outage of days is no reason to restart"),
    pytest.param({"live_at": 700}, 1, 0, id="a thread that hangs"),
    pytest.param({"at": 700, "live_at": 700}, 1, 1, id="a process that is gone"),
    pytest.param({"at": -5, "live_at": -5}, 0, 0, id="a clock that was set back by seconds"),
    pytest.param({"at": -900, "live_at": -900}, 1, 1, id="written in the future"),
)


@pytest.mark.parametrize(("told", "live", "well"), PROBED)
def test_probes_judge_by_age(
    tmp_path: Path, told: dict[str, float | str], live: int, well: int
) -> None:
    """`live` asks for progress alone, `health` for everything; both by exit code."""
    body: dict[str, object] = {"state": "ok", "at": ago(), "live_at": ago(), "problems": []}
    for name, value in told.items():
        body[name] = value if isinstance(value, str) else ago(seconds=value)
    path = tmp_path / "health.json"
    path.write_text(json.dumps(body), "utf-8")
    env = {"ROUTEREADY_HEALTH_FILE": str(path)}
    codes = [CliRunner().invoke(cli, [name], env=env).exit_code for name in ("live", "health")]
    assert [live, well] == codes


@pytest.mark.parametrize("body", [b"", b"\xff\x00", b"[]", b"{}", b'{"state": "ok", "at": 5}'])
def test_a_probe_of_any_file_whatever_is_one_sentence(tmp_path: Path, body: bytes) -> None:
    """No traceback: a file that was cut off, or is of an older version."""
    path = tmp_path / "health.json"
    path.write_bytes(body)
    for name in ("live", "health"):
        done = CliRunner().invoke(cli, [name], env={"ROUTEREADY_HEALTH_FILE": str(path)})
        assert isinstance(done.exception, RoutereadyError)


def test_a_holder_is_gone_only_when_that_is_certain() -> None:
    """A process of this machine and this start that no longer exists; never one from elsewhere."""
    ours = holder.new_name()
    host, _, place, _ = ours.rsplit("-", 3)
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    names = {
        f"{host}-{child}-{place}-aaaaaa": place != "unknown",
        f"{host}-{os.getppid()}-{place}-aaaaaa": False,
        f"{host}-{os.getpid()}-{place}-aaaaaa": False,
        f"{host}-{child}-00000000-aaaaaa": False,
        "old-host-12-aaaaaa": False,
        "": False,
    }
    assert names == {name: holder.is_gone(name, ours) for name in names}
