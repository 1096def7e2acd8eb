"""The publishing part of the policy: who must agree, and when a trial is ended by itself."""

from datetime import timedelta

from pydantic import Field

from domain.time.durations import Duration
from domain.values import Value


class Publishing(Value):
    """Canary releases of a policy: `routeready policy publish`."""

    two_person: bool = False
    """A second RevOps admin must agree before a published policy takes effect."""
    watch: bool = True
    """Roll a canary back automatically when it does worse than the current policy."""
    min_leads: int = Field(default=20, ge=5)
    """Minimum number of assigned leads in both groups before rates are compared."""
    confidence: float = Field(default=0.99, ge=0.8, lt=1)
    """Confidence level for a difference. A canary is judged many times, so more than 95%."""
    fallbacks: float = Field(default=0.05, ge=0, le=1)
    """Allowed increase of the share that goes to a fallback queue; 0.05 is 5 percentage points."""
    disputes: float = Field(default=0.05, ge=0, le=1)
    """Allowed increase of the dispute rate."""
    errors: float = Field(default=0.02, ge=0, le=1)
    """Allowed increase of the share of leads with a failed update."""
    look_back: Duration = timedelta(days=14)
    """How far back the current policy's leads are compared."""
    look_every: Duration = timedelta(minutes=5)
    """How often a canary is judged."""
