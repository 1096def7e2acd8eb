"""A decision with everything it depended on, so that anyone can compute it again.

The ledger keeps a case and its outcome as canonical JSON; `decide` turns the one into the other,
today and at any replay.
"""

from typing import Annotated, Literal

from pydantic import Field

from domain.gate import judge
from domain.policy import Policy
from domain.route import Routed
from domain.routing import route
from domain.snapshot import RouteInputs, Snapshot
from domain.values import Value
from domain.verdict import Ready, Verdict


class GateCase(Value):
    """The inputs of a verdict that routes nothing."""

    kind: Literal["gate"] = "gate"
    snapshot: Snapshot


class RouteCase(Value):
    """The inputs of a verdict and the route that follows from it."""

    kind: Literal["route"] = "route"
    snapshot: Snapshot
    inputs: RouteInputs


Case = Annotated[GateCase | RouteCase, Field(discriminator="kind")]


class Outcome(Value):
    """What was decided; `routed` is given exactly when the lead was ready."""

    verdict: Verdict
    routed: Routed | None = None


def decide(case: GateCase | RouteCase, policy: Policy) -> Outcome:
    """Compute a decision from its case."""
    verdict = judge(case.snapshot, policy)
    if isinstance(case, RouteCase) and isinstance(verdict, Ready):
        return Outcome(verdict=verdict, routed=route(case.snapshot, case.inputs, policy))
    return Outcome(verdict=verdict)
