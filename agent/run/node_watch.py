"""Nodes that somebody may look at: each runs inside its run's own watch."""

from collections.abc import Callable
from inspect import signature
from typing import Any

from langgraph.runtime import Runtime

from agent.run.context import RunContext

Node = Callable[..., Any]
"""A node takes its state, and the runtime where it needs one."""


def watched(node: Node) -> Node:
    """The node, timed and traced where the run is; by its own name in the graph."""
    takes_runtime = "runtime" in signature(node).parameters

    def run(state: Any, runtime: Runtime[RunContext]) -> Any:  # noqa: ANN401  (as the node)
        with runtime.context.watch("node", node.__name__):
            return node(state, runtime) if takes_runtime else node(state)

    run.__name__ = node.__name__
    return run
