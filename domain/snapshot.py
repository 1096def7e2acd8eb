"""The frozen inputs of a decision: with the policy's version they are all that it depends on."""

from collections.abc import Mapping

from domain.crm import PoolState, Roster
from domain.lead import Activity, Conditions, Cycle, Lead
from domain.match import Match
from domain.values import Instant, Value


class Snapshot(Value):
    """All that the gate looks at."""

    cycle: Cycle
    lead: Lead
    activities: tuple[Activity, ...]
    """What the lead did within the policy's intent window, oldest first."""
    match: Match
    conditions: Conditions
    at: Instant
    """The moment of the decision."""


class RouteInputs(Value):
    """All that routing looks at besides the snapshot: only the people and pools it consulted."""

    roster: Roster
    pools: Mapping[str, PoolState]
