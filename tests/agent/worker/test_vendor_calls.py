"""Which vendors don't answer, by the last call of each kind."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest

from agent.run.vendor_calls import VendorCalls
from domain.errors import (
    AuthError,
    LockedError,
    RateLimitError,
    RequestError,
    ToolError,
    UnavailableError,
    UnknownOutcomeError,
)
from domain.ports import unwatched

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
AWAY = UnavailableError("slack", "no connection")
LOST = UnknownOutcomeError("slack", "no whole answer")
BUSY = RateLimitError("slack", "too many calls", retry_after=timedelta(seconds=30))
ANSWERS = (
    LockedError("slack", "locked"),
    AuthError("slack", "missing_scope"),
    RequestError("slack", "channel_not_found"),
)
Happened = tuple[int, ToolError | None]


class Story:
    """Calls to one vendor after so many minutes, each with what came of it."""

    def __init__(self, vendor: str = "slack") -> None:
        self.now, self.vendor = NOON, vendor
        self.calls = VendorCalls(lambda: self.now)

    def told(self, *happened: Happened, name: str = "a call") -> Sequence[str]:
        """What is said after these."""
        watch = self.calls.around(unwatched)
        for minutes, error in happened:
            self.now = NOON + timedelta(minutes=minutes)
            with suppress(ToolError), watch(self.vendor, name):
                if error is not None:
                    raise error
        return [one.kind for one in self.calls.troubles()]


@pytest.mark.parametrize(
    ("happened", "told"),
    [
        ([], []),
        ([(0, AWAY)], ["vendor_out"]),
        ([(0, LOST)], ["vendor_out"]),
        ([(0, AWAY), (1, None)], []),
        *(([(0, AWAY), (1, one)], []) for one in ANSWERS),
        ([(0, BUSY)], []),
        ([(0, BUSY), (1, None), (6, BUSY)], []),
        ([(0, BUSY), (2, BUSY), (6, BUSY)], ["vendor_out"]),
        ([(0, BUSY), (1, AWAY)], ["vendor_out"]),
    ],
)
def test_a_vendor_is_out_until_it_answers(
    happened: Sequence[Happened], told: Sequence[str]
) -> None:
    """A failed call is an outage, a refusal is none, nor is a rate limit that passes."""
    assert told == Story().told(*happened)


def test_one_kind_of_call_says_nothing_of_another() -> None:
    """A list of users that comes doesn't end an outage of posts, and the vendor is named once."""
    story = Story()
    story.told((0, AWAY), name="chat.postMessage")
    assert ["vendor_out"] == story.told((0, AWAY), (1, None), name="users.list")
    assert ["vendor_out"] == story.told((1, AWAY), name="users.list")


def test_nobody_knows_of_a_vendor_that_was_not_called_for_a_while() -> None:
    """Then it isn't said to be out, until a call to it fails again."""
    story = Story()
    told = [story.told((0, AWAY))]
    for minutes in (14, 15):
        story.now = NOON + timedelta(minutes=minutes)
        told.append([one.kind for one in story.calls.troubles()])
    told.append(story.told((200, AWAY)))
    assert [["vendor_out"], ["vendor_out"], [], ["vendor_out"]] == told


def test_a_provider_is_less_than_a_vendor_and_a_model_is_watched_elsewhere() -> None:
    """Each by its own code."""
    told = [Story(one).told((0, AWAY)) for one in ("pdl", "openai")]
    assert [["provider_out"], []] == told
