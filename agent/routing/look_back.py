"""Reading a feed again, farther back: what Marketo shows late is found late, and not never.

A cursor sees what is shown within its few minutes of overlap. Beside it the last minutes, hours
and the whole look back are read again, each window when a quarter of it has passed: so what is
late by up to three quarters of a window is found, soon where it is a little late. The ledger knows
by `marketoGUID` what it has seen.
"""

from dataclasses import dataclass
from datetime import timedelta

from agent.run.context import RunContext

LEVELS, FACTOR = 3, 4
"""With a look back of a day: the last 24 hours, 6 hours and 90 minutes."""
FIRST_LOOK = timedelta(days=1)
"""How far back the very first read of a feed goes, and so any read."""
TOKEN_LIFE = timedelta(hours=6)
"""A token older than this is not trusted any more; reading begins again at its time."""
EXHAUSTED = ""
"""The token of a feed that was read to its end."""
MARK = " look-back "
"""Within the names of these cursors."""


@dataclass(frozen=True)
class Sweep:
    """One window that is to be read, or read on."""

    cursor: str
    token: str


def sweep(feed: str, context: RunContext) -> Sweep | None:
    """The widest window that is due; None when none is."""
    intake, now = context.ledger.intake, context.now
    if context.look_back <= timedelta():
        return None
    names = [f"{feed}{MARK}{level}" for level in range(LEVELS)]
    began = intake.cursor(f"{feed}{MARK}began")
    if began is None:
        for name in (f"{feed}{MARK}began", *names):
            intake.move_cursor(name, EXHAUSTED, now)
        return None
    for level, name in enumerate(names):
        window, cursor = context.look_back / FACTOR**level, intake.cursor(name)
        if cursor is not None and cursor.token != EXHAUSTED and now - cursor.at <= TOKEN_LIFE:
            return Sweep(name, cursor.token)
        if cursor is None or now - cursor.at >= window / FACTOR:
            since = max(now - window, began.at - FIRST_LOOK)
            token = context.marketing.start_token(since)
            for narrower in names[level + 1 :]:
                intake.move_cursor(narrower, EXHAUSTED, now)
            return Sweep(name, token)
    return None
