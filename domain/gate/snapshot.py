"""The frozen inputs of a decision: with the policy's version they are all that it depends on."""

from domain.lead.match import Match
from domain.lead.model import Activity, Conditions, Cycle, Lead
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
