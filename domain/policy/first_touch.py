"""The first-touch part of the policy: which activities count, and whose."""

from datetime import timedelta
from typing import Literal

from pydantic import Field

from domain.lead.crm_records import ActivityKind
from domain.time.durations import Duration
from domain.values import Value


class TouchRules(Value):
    """What counts as a first touch."""

    kinds: tuple[ActivityKind, ...] = (
        ActivityKind.CALL,
        ActivityKind.EMAIL,
        ActivityKind.CADENCE,
        ActivityKind.LINKEDIN,
        ActivityKind.MEETING,
        ActivityKind.FIRST_CALL,
        ActivityKind.FIRST_EMAIL,
    )
    unanswered_calls: bool = False
    """Whether an unanswered call counts."""
    min_call_seconds: int = Field(default=1, ge=0)
    """Calls shorter than this don't count, if a duration is logged."""
    no_answer: tuple[str, ...] = (
        "no answer",
        "not reached",
        "left voicemail",
        "voicemail",
        "busy",
        "wrong number",
        "disconnected",
        "failed",
        "cancelled",
        "canceled",
    )
    """Call dispositions that mean nobody was reached. Compared with the start of the text, in any
    case."""
    made_by: Literal["accepted", "anyone"] = "accepted"
    """Whose activity counts. `accepted`: owner, cover and manager; `anyone`: any colleague."""
    automation: tuple[str, ...] = ()
    """Emails of Salesforce users that are automation. Their activities never count."""
    inbound_calls: bool = True
    """Whether an inbound call from the lead counts."""
    before_assignment: Duration = timedelta()
    """A touch this long before assignment also counts, for owners who were faster."""
