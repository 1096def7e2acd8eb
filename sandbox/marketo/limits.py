"""The subscription's limits: 100 calls in 20 seconds and a number a day (Adobe: REST API)."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sandbox.marketo.envelope import MarketoError
from sandbox.world import World

CALLS, WINDOW = 100, timedelta(seconds=20)
DAILY = 50_000
USAGE = "marketo.usage"
ZONE = ZoneInfo("America/Chicago")


def count(world: World) -> None:
    """Count one call; raises 606 or 607 when it is one too many."""
    usage = world.table(USAGE)
    recent = usage.setdefault("recent", {"at": []})
    since = (world.now - WINDOW).isoformat()
    recent["at"] = [at for at in recent["at"] if at > since]
    setting = world.table("sandbox.setting").get("marketo", {})
    today = usage.setdefault(day(world.now), {"total": 0})
    if today["total"] >= int(setting.get("daily_calls", DAILY)):
        raise MarketoError("607", f"Daily quota '{DAILY}' reached")
    if len(recent["at"]) >= int(setting.get("calls", CALLS)):
        raise MarketoError("606", f"Max rate limit '{CALLS}' exceeded with in '20' secs")
    recent["at"].append(world.now.isoformat())
    today["total"] += 1


def day(now: datetime) -> str:
    """The day that a call counts for; it ends at midnight US Central."""
    return now.astimezone(ZONE).date().isoformat()
