"""Trying a policy on what really came: the ledger's snapshots decided again under two policies."""

import gc
from collections.abc import Collection, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from pydantic import TypeAdapter

from agent.ledger import Ledger
from domain.decision.cases import Case
from domain.errors import RoutereadyError
from domain.policy.model import Policy
from domain.rollout.prediction import expected, habits
from domain.rollout.simulation import Recorded, Simulation, simulate
from domain.values import LeadKey

_CASES: TypeAdapter[Case] = TypeAdapter(Case)


@dataclass(frozen=True, slots=True)
class Trying:
    """What is to be tried on which decisions."""

    since: datetime
    now: datetime
    base: Policy
    changed: Policy
    asked: tuple[LeadKey, ...] = ()
    """Leads whose outcome is told in any case."""


def try_policy(
    ledger: Ledger,
    since: datetime,
    base: Policy,
    changed: Policy,
    asked: Collection[LeadKey] = (),
) -> Simulation:
    """What would have become of the leads that were decided since then."""
    with _uncollected():
        return simulate(_recorded(ledger, since), base, changed, asked)


def what_if(ledger: Ledger, trying: Trying) -> Simulation:
    """The same with what to expect of the first touches, segment by segment.

    Raises RoutereadyError when leads were asked for and nothing was decided of them since.
    """
    base, changed = trying.base, trying.changed
    found = try_policy(ledger, trying.since, base, changed, trying.asked)
    if trying.asked and not found.asked:
        raise RoutereadyError(
            "This lead has no decisions in this period. Look farther back with --since."
        )
    known = habits(ledger.journeys.journeys(trying.since), base, trying.now)
    return found.model_copy(update={"expected": expected(found.places, base, changed, known)})


@contextmanager
def _uncollected() -> Generator[None]:
    """Without the cycle collector, which takes two fifths of the time and finds nothing.

    Snapshots hold no cycles: each is freed as soon as it was decided.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _recorded(ledger: Ledger, since: datetime) -> Iterator[Recorded]:
    for one in ledger.history.routing_decisions(since):
        yield Recorded(_CASES.validate_json(one.inputs), one.given_to)
