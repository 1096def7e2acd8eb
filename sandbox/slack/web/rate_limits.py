"""How often an app may call: by tier, one post a second per channel, and what history costs.

Buckets are refilled by the world's clock. Slack lets short bursts through: a minute's worth of a
tier, five posts to a channel.
"""

import math

from sandbox.slack.web.app import installed
from sandbox.slack.web.call import RateLimitedError
from sandbox.slack.web.reference import pages
from sandbox.state.world import World

POST_BURST = 5
"""Posts to one channel that are let through at once, above one a second (Slack: Rate limits)."""
COMMERCIAL = "commercial"
"""The distribution of a new commercial app that is not in Slack's Marketplace."""
SCARCE = frozenset({"conversations.history", "conversations.replies"})
"""One call a minute for such an app, with at most 15 messages (Slack: changelog, May 2025)."""
PACE = "slack.pace"


def spend_call(world: World, method: str) -> None:
    """Count one call of a method. Raises `RateLimitedError`."""
    if method in SCARCE and installed(world)["distribution"] == COMMERCIAL:
        _spend(world, f"method {method}", burst=1, per_second=1 / 60)
        return
    per_minute = pages()[method].per_minute
    _spend(world, f"method {method}", burst=per_minute, per_second=per_minute / 60)


def spend_post(world: World, channel: str) -> None:
    """Count one message to a channel. Raises `RateLimitedError`."""
    _spend(world, channel, burst=POST_BURST, per_second=1)


def most_messages(world: World) -> tuple[int, int]:
    """Messages that a page of history holds: by default, and at most."""
    return (15, 15) if installed(world)["distribution"] == COMMERCIAL else (100, 999)


def _spend(world: World, name: str, *, burst: int, per_second: float) -> None:
    at = world.now.timestamp()
    bucket = world.table(PACE).setdefault(name, {"left": float(burst), "at": at})
    left = min(float(burst), bucket["left"] + (at - bucket["at"]) * per_second)
    bucket["at"] = at
    bucket["left"] = left
    if left < 1:
        raise RateLimitedError(max(1, math.ceil((1 - left) / per_second)))
    bucket["left"] = left - 1
