"""The alerts part of the policy: what is worth a message to operations by itself."""

from datetime import timedelta

from pydantic import Field

from domain.time.durations import Duration
from domain.values import Value


class Alerting(Value):
    """When RevOps admins are alerted that leads stopped coming or that routing drifts."""

    on: bool = True
    """Send alerts in Slack. `routeready alerts` and the console list them in any case."""
    look_back: Duration = timedelta(days=28)
    """The period that the normal volume is computed from."""
    look_every: Duration = timedelta(hours=1)
    missed_leads: float = Field(default=10, ge=1)
    """A source is silent when this many leads fewer came in than in the same hours of the weeks
    before. At 10, that happens by chance less than once in 20,000 times."""
    unmatched: float = Field(default=0.001, gt=0, lt=1)
    """A rule has stopped matching when the number of leads since its last match has a lower
    probability than this."""
    fallback_dwell: Duration = timedelta(hours=4)
    """How long a lead may stay in a fallback queue, in the queue owner's working hours."""
    drift: float = Field(default=0.2, ge=0, le=1)
    """Where Salesforce's assignment rules choose the owner: the share of owners that may differ
    from the policy's choice; 0.2 is 20%."""
