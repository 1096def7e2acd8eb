"""Ready-made worlds, by name, and what they are filled with.

Who lives in them is in `people`; what a vendor makes of them is in that vendor's room.
"""

from collections.abc import Callable

from sandbox.people import roster
from sandbox.state.world import World
from sandbox.worlds import demo, perpetual, scale

WORLDS: dict[str, Callable[[World], None]] = {
    "company": roster.settle,
    "demo": demo.build,
    "living": perpetual.build,
    "scale": scale.build,
}
"""The company with no lead at all, its three days of the demo, its life without end, and a heap of
leads for measuring."""
SIZED: dict[str, Callable[[World, int], None]] = {"living": perpetual.build, "scale": scale.build}
"""The worlds that can be built with any number of leads."""

__all__ = ["SIZED", "WORLDS"]
