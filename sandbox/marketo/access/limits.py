"""The subscription's limits: 100 calls in 20 seconds, 10 at once, a number a day (Adobe: REST API).

A world's setting `marketo` may say `calls`, `daily_calls` and `concurrent` instead, `ongoing` for
how many calls of other integrations are being answered all the time, and `answer_seconds` for how
long, by the wall clock, Marketo takes to answer, so that calls meet each other.
"""

from bisect import bisect_right
from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sandbox.marketo.access.envelope import MarketoError
from sandbox.state.world import Row, World

CALLS, WINDOW_SECONDS = 100, 20
CONCURRENT = 10
DAILY = 50_000
USAGE, RECENT = "marketo.usage", "marketo.recent_calls"
ZONE = ZoneInfo("America/Chicago")
FREE = frozenset({"600", "601", "602", "604", "605", "608", "611"})
"""Codes of calls that count against no limit (Adobe: Error Codes)."""
DAYS = 7


def setting(world: World) -> Row:
    """What this world says about Marketo."""
    return world.table("sandbox.setting").get("marketo", {})


def admit(world: World, concurrent: int) -> float:
    """Let a call in, one of `concurrent`; returns for how long its answer is held back, in seconds.

    Raises 615.
    """
    told = setting(world)
    if concurrent + int(told.get("ongoing", 0)) > int(told.get("concurrent", CONCURRENT)):
        raise MarketoError("615", "Concurrent access limit reached")
    return float(told.get("answer_seconds", 0))


def count(world: World, user: str) -> None:
    """Count one call; raises 606 or 607 when it is one too many."""
    told, today = setting(world), _day(world)
    daily = int(told.get("daily_calls", DAILY))
    if today["total"] >= daily:
        raise MarketoError("607", f"Daily quota '{daily}' reached")
    today["total"] += 1
    today["users"][user] = today["users"].get(user, 0) + 1
    recent = world.table(RECENT).setdefault("calls", {"at": []})
    now = world.now.timestamp()
    del recent["at"][: bisect_right(recent["at"], now - WINDOW_SECONDS)]
    calls = int(told.get("calls", CALLS))
    if len(recent["at"]) >= calls:
        raise MarketoError("606", f"Max rate limit '{calls}' exceeded with in '20' secs")
    recent["at"].append(now)


def take_back(world: World, user: str) -> None:
    """Forget the call counted last: its answer turned out to be one that counts for nothing."""
    today = _day(world)
    today["total"] -= 1
    today["users"][user] -= 1
    world.table(RECENT)["calls"]["at"].pop()


def note_error(world: World, code: str) -> None:
    """Count an error of today, for the statistics."""
    errors = _day(world)["errors"]
    errors[code] = errors.get(code, 0) + 1


def _day(world: World) -> Row:
    empty: Row = {"total": 0, "users": {}, "errors": {}}
    return world.table(USAGE).setdefault(day(world.now), empty)


def days(world: World, most: int = DAYS) -> Mapping[str, Row]:
    """What was counted today and on the days before, the latest first."""
    table, today = world.table(USAGE), world.now.astimezone(ZONE).date()
    names = [(today - timedelta(days=back)).isoformat() for back in range(most)]
    empty: Row = {"total": 0, "users": {}, "errors": {}}
    return {name: table.get(name, empty) for name in names}


def day(now: datetime) -> str:
    """The day that a call counts for; it ends at midnight US Central."""
    return now.astimezone(ZONE).date().isoformat()
