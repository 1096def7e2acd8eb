"""People who were merged in Marketo: what was under way for them goes on for who is left."""

from collections.abc import Collection
from datetime import timedelta

from agent.routing.look_back import EXHAUSTED
from agent.run.context import RunContext
from domain.values import LeadKey

MERGES = "merges"
"""The cursor of the feed."""
LOOK = timedelta(minutes=15)
"""How often merges are looked for; at once when a lead is missing."""
LEAST = timedelta(hours=1)
"""So far at least merges are looked for again that Marketo shows late."""


def look(context: RunContext) -> None:
    """Look for merges now and then."""
    cursor = context.ledger.intake.cursor(MERGES)
    if cursor is None or context.now - cursor.at >= LOOK:
        follow(context)


def follow(context: RunContext) -> Collection[LeadKey]:
    """Look for merges now; says whose leads went on for somebody else."""
    intake, now = context.ledger.intake, context.now
    cursor = intake.cursor(MERGES)
    back = max(LEAST, context.look_back)
    found = context.marketing.merges((now if cursor is None else cursor.at) - back)
    moved = intake.merge(found, context.policy.gate, now)
    intake.move_cursor(MERGES, EXHAUSTED, now)
    return moved
