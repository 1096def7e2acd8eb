"""The pace of ticks, and signs of life: by the time that passes, whatever a clock says."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from agent.worker.loop import Loop
from agent.worker.pulse import Pulse
from domain.ports import unwatched

START = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)


@dataclass
class Machine:
    """A machine whose wall clock can be set, and whose time passes only while it waits."""

    passed: float = 0.0
    set_by: timedelta = timedelta(0)
    ticks: list[float] = field(default_factory=list[float])
    jumps: list[float] = field(default_factory=list[float])

    def wall(self) -> datetime:
        """What the clock on the wall says."""
        return START + timedelta(seconds=self.passed) + self.set_by

    def loop(self, during: Callable[["Machine"], None], *, until: float) -> Loop:
        """A loop on this machine that ends when so much time has passed."""

        def tick() -> None:
            self.ticks.append(self.passed)
            during(self)

        made = Loop(tick, 60, self.wall, jumped=self.jumps.append, passed=lambda: self.passed)

        class Waits(threading.Condition):
            def wait(_self, timeout: float | None = None) -> bool:  # noqa: N805
                self.passed += timeout or 0.0
                if self.passed >= until:
                    made.stop()
                return True

        made._woken = Waits()  # pyright: ignore[reportPrivateUsage]
        return made


@pytest.mark.parametrize("minutes", [-600, -10, 10, 60 * 24 * 3])
def test_a_clock_that_is_set_moves_no_tick_and_is_told(minutes: int) -> None:
    """Ten ticks in nine minutes, whichever way and how far the clock on the wall jumps."""
    machine = Machine()

    def during(one: Machine) -> None:
        if len(one.ticks) == 3:
            one.set_by = timedelta(minutes=minutes)

    machine.loop(during, until=595).run()
    assert [60.0 * one for one in range(10)] == machine.ticks
    assert [60.0 * minutes] == machine.jumps


def test_a_clock_that_drifts_is_not_told() -> None:
    """A second in a minute, as NTP slews it, is no jump."""
    machine = Machine()

    def during(one: Machine) -> None:
        one.set_by += timedelta(seconds=1)

    machine.loop(during, until=595).run()
    assert [] == machine.jumps


def test_what_fell_due_during_a_long_tick_is_one_tick() -> None:
    """After 150 seconds of work the rhythm goes on; nothing is made up for."""
    machine = Machine()

    def during(one: Machine) -> None:
        one.passed += 150 if len(one.ticks) == 1 else 0

    machine.loop(during, until=295).run()
    assert [0.0, 150.0, 180.0, 240.0] == machine.ticks


def test_a_hurry_is_a_tick_now_also_when_it_comes_during_one() -> None:
    """Somebody pressed a button while the worker was at work."""
    machine, loops = Machine(), list[Loop]()

    def during(one: Machine) -> None:
        if len(one.ticks) == 1:
            loops[0].hurry()

    loops.append(machine.loop(during, until=55))
    loops[0].run()
    assert [0.0, 0.0] == machine.ticks


def test_every_call_to_a_vendor_is_progress_and_other_threads_are_not() -> None:
    """A tick of an hour lives as long as its calls return; Slack's threads prove nothing."""
    passed = [0.0]
    pulse = Pulse(lambda: passed[0])
    pulse.start()
    watch = pulse.around(unwatched)
    for _ in range(60):
        passed[0] += 60
        with pytest.raises(ZeroDivisionError), watch("salesforce", "write"):
            raise ZeroDivisionError
    assert 0 == pulse.silence
    passed[0] += 700
    other = threading.Thread(target=pulse.beat)
    other.start()
    other.join()
    assert 700 == pulse.silence
