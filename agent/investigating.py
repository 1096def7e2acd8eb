"""A closer look at puzzling cases, by a model with read-only tools."""

from collections.abc import Mapping, Sequence

from agent.context import RunContext
from agent.following import Case
from domain.ladder import Climb
from domain.values import CycleId


def look_closer(
    cases: Sequence[Case],  # noqa: ARG001  (until there is a model)
    context: RunContext,  # noqa: ARG001  (until there is a model)
) -> Mapping[CycleId, Climb]:
    """What the model chose among the moves that the policy allows; absent where it didn't."""
    return {}
