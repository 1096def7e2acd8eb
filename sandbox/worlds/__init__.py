"""Ready-made worlds: the demo company's three days, a heap for measuring, one that lives on."""

from collections.abc import Callable

from sandbox.world import World
from sandbox.worlds import demo, living, scale

WORLDS: dict[str, Callable[[World], None]] = {
    "demo": demo.build,
    "living": living.build,
    "scale": scale.build,
}
"""Name to builder, for the command line."""

__all__ = ["WORLDS"]
