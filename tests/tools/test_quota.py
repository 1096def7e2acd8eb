"""A vendor is never called faster, more at once or more a day than allowed."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import QuotaError
from tools.quota import Budget, Limits, next_midnight

START = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Clock:
    """A clock that moves only when it is told to, or slept on."""

    def __init__(self) -> None:
        self.time = START
        self.lock = threading.Lock()

    def now(self) -> datetime:
        """The time it was moved to."""
        return self.time

    def sleep(self, seconds: float) -> None:
        """Move on."""
        with self.lock:
            self.time += timedelta(seconds=seconds)


@given(
    calls=st.integers(1, 5),
    window=st.integers(1, 20),
    pauses=st.lists(st.floats(-30, 30, allow_nan=False), max_size=40),
)
def test_no_window_holds_more_calls_than_allowed(
    calls: int, window: int, pauses: list[float]
) -> None:
    """Whatever the rhythm of the callers, call number n + N begins a window after call n."""
    clock = Clock()
    budget = Budget("v", clock, Limits(calls=calls, window=timedelta(seconds=window)))
    starts: list[datetime] = []
    for pause in pauses:
        clock.sleep(max(pause, 0))
        with budget.slot():
            starts.append(clock.now())
    for first, last in zip(starts, starts[calls:], strict=False):
        assert last - first >= timedelta(seconds=window)


@given(bursts=st.lists(st.integers(1, 30), max_size=8))
def test_a_free_window_costs_no_waiting(bursts: list[int]) -> None:
    """A burst within the limit after a quiet window begins at once."""
    clock = Clock()
    budget = Budget("v", clock, Limits(calls=30))
    for burst in bursts:
        clock.sleep(20)
        before = clock.now()
        for _ in range(burst):
            with budget.slot():
                pass
        assert before == clock.now()


def test_a_clock_set_back_costs_one_window_at_most() -> None:
    """A clock that jumps back two hours does not stop the calls for two hours."""
    clock = Clock()
    budget = Budget("v", clock, Limits(calls=1))
    with budget.slot():
        clock.sleep(-7200)
    before = clock.now()
    with budget.slot():
        pass
    assert timedelta(seconds=20) == clock.now() - before


def test_no_more_calls_at_once_than_seats() -> None:
    """The next caller waits until a seat is free."""
    budget = Budget("v", Clock(), Limits(concurrent=2))
    third_began = threading.Event()

    def call() -> None:
        with budget.slot():
            third_began.set()

    thread = threading.Thread(target=call)
    with budget.slot():
        with budget.slot():
            thread.start()
            assert not third_began.wait(0.05)
        assert third_began.wait(5)
    thread.join()


def test_threads_share_one_window() -> None:
    """Ten threads that call at once still respect the window together."""
    clock = Clock()
    budget = Budget("v", clock, Limits(calls=3, window=timedelta(seconds=10), concurrent=10))
    starts: list[datetime] = []

    def call() -> None:
        with budget.slot():
            starts.append(clock.now())

    threads = [threading.Thread(target=call) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(starts) == 10
    assert timedelta(seconds=30) <= clock.now() - START


def test_a_spent_day_is_refused_until_the_next_one() -> None:
    """Beyond the day's calls there is a QuotaError that says when the count begins anew."""
    clock = Clock()
    budget = Budget("v", clock, Limits(per_day=2))
    for _ in range(2):
        with budget.slot():
            pass
    with pytest.raises(QuotaError) as caught, budget.slot():
        pass
    assert datetime(2026, 11, 24, 6, tzinfo=UTC) == caught.value.until
    clock.time = caught.value.until
    with budget.slot():
        pass


@pytest.mark.parametrize(
    ("now", "midnight"),
    [
        ("2026-11-23T12:00:00+00:00", "2026-11-24T06:00:00+00:00"),
        ("2026-07-01T04:59:59+00:00", "2026-07-01T05:00:00+00:00"),
        ("2026-07-01T05:00:00+00:00", "2026-07-02T05:00:00+00:00"),
        ("2026-03-08T07:00:00+00:00", "2026-03-09T05:00:00+00:00"),
        ("2026-11-01T06:00:00+00:00", "2026-11-02T06:00:00+00:00"),
    ],
)
def test_midnight_in_chicago(now: str, midnight: str) -> None:
    """Marketo's day ends at 05:00 UTC in summer and at 06:00 UTC in winter."""
    found = next_midnight(datetime.fromisoformat(now), "America/Chicago")
    assert datetime.fromisoformat(midnight) == found
