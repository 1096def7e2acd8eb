"""The publishing part of the policy: who must agree, and when a trial is ended by itself."""

from datetime import timedelta

from pydantic import Field

from domain.time.durations import Duration
from domain.values import Value


class Publishing(Value):
    """Trying another policy on a part of the leads (`routeready policy publish`)."""

    two_person: bool = False
    """Somebody of operations else than who asked must agree before a policy decides."""
    watch: bool = True
    """End a trial by itself when it does worse than the policy in force."""
    min_leads: int = Field(default=20, ge=5)
    """The two groups are compared once both have so many assigned leads."""
    confidence: float = Field(default=0.99, ge=0.8, lt=1)
    """How sure a difference must be. A trial is looked at many times, so more than 95 %."""
    fallbacks: float = Field(default=0.05, ge=0, le=1)
    """So much more of the leads may go to a fallback queue; 0.05 is five of a hundred."""
    disputes: float = Field(default=0.05, ge=0, le=1)
    """So much more of the leads may be called "not mine"."""
    errors: float = Field(default=0.02, ge=0, le=1)
    """So much more of the leads may have a write that was given up."""
    look_back: Duration = timedelta(days=14)
    """The policy in force is judged by its leads since so long before the trial."""
    look_every: Duration = timedelta(minutes=5)
    """How often a trial is judged."""
