"""A decision with everything it depended on, so that anyone can compute it again.

The ledger keeps a case and its outcome as canonical JSON; `decide` turns the one into the other,
today and at any replay.
"""

from typing import Annotated, Literal

from pydantic import Field

from domain.gate import judge
from domain.handoff import Handoff
from domain.ladder import Seen, next_step
from domain.policy import Policy
from domain.reassigning import reassign
from domain.route import Routed
from domain.routing import route
from domain.snapshot import RouteInputs, Snapshot
from domain.values import Instant, Value
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


class FollowCase(Value):
    """The inputs of a step of the ladder."""

    kind: Literal["follow"] = "follow"
    handoff: Handoff
    seen: Seen
    at: Instant


class ReassignCase(Value):
    """The inputs of giving a lead on within its pool."""

    kind: Literal["reassign"] = "reassign"
    handoff: Handoff
    inputs: RouteInputs
    because: str
    credit: bool = False


Case = Annotated[GateCase | RouteCase, Field(discriminator="kind")]
AnyCase = Annotated[GateCase | RouteCase | FollowCase | ReassignCase, Field(discriminator="kind")]


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


def decide_any(case: GateCase | RouteCase | FollowCase | ReassignCase, policy: Policy) -> Value:
    """Compute any kind of decision from its case."""
    match case:
        case FollowCase():
            return next_step(case.handoff, case.seen, policy, case.at)
        case ReassignCase():
            return reassign(case.handoff, case.inputs, policy, case.because, credit=case.credit)
        case _:
            return decide(case, policy)
