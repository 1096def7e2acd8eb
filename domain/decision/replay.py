"""Computing a decision from its case: today, and at any replay."""

from domain.decision.cases import FollowCase, GateCase, Outcome, ReassignCase, RouteCase
from domain.follow_through.escalation import next_step
from domain.follow_through.reassignment import reassign
from domain.gate.checks import judge
from domain.gate.verdict import Ready
from domain.policy.model import Policy
from domain.routing.rules import route
from domain.values import Value


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
            return reassign(case.handoff, case.inputs, policy, credit=case.credit)
        case _:
            return decide(case, policy)
