"""Ready-made worlds: the demo company's three days, and a heap of leads for measuring."""

from collections.abc import Callable

from sandbox.world import World
from sandbox.worlds import demo, scale

WORLDS: dict[str, Callable[[World], None]] = {"demo": demo.build, "scale": scale.build}
"""Name to builder, for the command line."""

__all__ = ["WORLDS"]
