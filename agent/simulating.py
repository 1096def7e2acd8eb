"""Trying a policy on what really came: the ledger's snapshots decided again under two policies."""

from collections.abc import Iterator
from datetime import datetime

from pydantic import TypeAdapter

from agent.ledger import Ledger
from domain.certificate import Case
from domain.policy import Policy
from domain.simulation import Recorded, Simulation, simulate

_CASES: TypeAdapter[Case] = TypeAdapter(Case)


def try_policy(ledger: Ledger, since: datetime, base: Policy, changed: Policy) -> Simulation:
    """What would have become of the leads that were decided since then."""
    return simulate(_recorded(ledger, since), base, changed)


def _recorded(ledger: Ledger, since: datetime) -> Iterator[Recorded]:
    for one in ledger.history.routing_decisions(since):
        yield Recorded(_CASES.validate_json(one.inputs), one.given_to)
