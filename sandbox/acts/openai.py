"""What is done with the scripted model: its character, its script, its limits."""

from collections.abc import Callable, Mapping

from sandbox.http.message import Json
from sandbox.openai.personalities import become
from sandbox.openai.rate_limits import LIMIT
from sandbox.openai.script import TESTS, add_rule
from sandbox.state.world import Row, World


def _become(world: World, deed: Row) -> Json:
    become(world, deed["personality"])


def _teach(world: World, deed: Row) -> Json:
    when: Row = deed.get("when") or {}
    unknown = sorted(set(when) - set(TESTS))
    if unknown:
        raise KeyError(f"a condition named {unknown[0]}; there are {', '.join(TESTS)}")
    return add_rule(world, when, deed["reply"], times=deed.get("times"))


def _limit(world: World, deed: Row) -> Json:
    world.table(LIMIT)["limit"] = {"requests": deed["requests"], "tokens": deed["tokens"]}


DEEDS: Mapping[str, Callable[[World, Row], Json]] = {
    "openai.become": _become,
    "openai.limit": _limit,
    "openai.teach": _teach,
}
"""By name."""
