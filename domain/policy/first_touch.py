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
    """Whether a call that nobody answered counts."""
    min_call_seconds: int = Field(default=1, ge=0)
    """Shorter calls, where a length is told, don't count."""
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
    """What a call's disposition begins with, whatever its case, when nobody was reached."""
    made_by: Literal["accepted", "anyone"] = "accepted"
    """`accepted`: the owner, their cover and manager; `anyone`: any colleague."""
    automation: tuple[str, ...] = ()
    """E-mails of users that are programs: their entries never count."""
    inbound_calls: bool = True
    """Whether a conversation counts that the lead began: somebody spoke with them."""
    before_assignment: Duration = timedelta()
    """A touch up to so long before the assignment counts too: the owner was quicker."""
