"""The alerts part of the policy: what is worth a message to operations by itself."""

from datetime import timedelta

from pydantic import Field

from domain.time.durations import Duration
from domain.values import Value


class Alerting(Value):
    """When operations are told that something that always came no longer comes."""

    on: bool = True
    """Tell operations in Slack. `routeready alerts` and the console list them in any case."""
    look_back: Duration = timedelta(days=28)
    """What is usual is learned from so long."""
    look_every: Duration = timedelta(hours=1)
    missed_leads: float = Field(default=10, ge=1)
    """A source is silent when so many leads stayed away that came in the same hours of the weeks
    before; by chance that happens less than once in twenty thousand times at 10."""
    unmatched: float = Field(default=0.001, gt=0, lt=1)
    """A rule has stopped matching when so many leads passed it by that chance makes it this
    unlikely."""
    fallback_dwell: Duration = timedelta(hours=4)
    """A lead may lie in a fallback queue for so long, in working hours of who answers for it."""
    drift: float = Field(default=0.2, ge=0, le=1)
    """Where Salesforce's rules choose, so many of their choices may be surely other than the
    policy's own; 0.2 is one in five."""
