"""A decision with everything it depended on, so that anyone can compute it again.

The ledger keeps a case and its outcome as canonical JSON; `decide` turns the one into the other,
today and at any replay.
"""

from typing import Annotated, Literal

from pydantic import Field

from domain.follow_through.escalation import Seen
from domain.follow_through.handoff import Handoff
from domain.follow_through.reasons import Escalated
from domain.gate.snapshot import Snapshot
from domain.gate.verdict import Verdict
from domain.routing.route import Routed, RouteInputs
from domain.values import Instant, Quoted, Value


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
    because: Annotated[Escalated | Quoted, Field(discriminator="kind")]
    credit: bool = False


Case = Annotated[GateCase | RouteCase, Field(discriminator="kind")]
AnyCase = Annotated[GateCase | RouteCase | FollowCase | ReassignCase, Field(discriminator="kind")]


class Outcome(Value):
    """What was decided; `routed` is given exactly when the lead was ready."""

    verdict: Verdict
    routed: Routed | None = None
