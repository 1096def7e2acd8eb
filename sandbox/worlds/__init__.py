"""Ready-made worlds, by name."""

from collections.abc import Callable

from sandbox.world import World
from sandbox.worlds import demo, living, roster, scale

WORLDS: dict[str, Callable[[World], None]] = {
    "company": roster.settle,
    "demo": demo.build,
    "living": living.build,
    "scale": scale.build,
}
"""The company with no lead at all, its three days of the demo, its life without end, and a heap of
leads for measuring."""
SIZED: dict[str, Callable[[World, int], None]] = {"living": living.build, "scale": scale.build}
"""The worlds that can be built with any number of leads."""

__all__ = ["SIZED", "WORLDS"]
