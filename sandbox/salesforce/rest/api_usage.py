"""API calls of the last 24 hours, counted by the hour; a whole composite request is one call."""

from datetime import timedelta

from sandbox.salesforce.org.errors import SalesforceError
from sandbox.salesforce.org.setup import DAILY_API_REQUESTS, setting
from sandbox.state.world import World

USAGE = "salesforce.ApiUsage"
DEFAULT_LIMIT = 127_000
"""100,000 and 1,000 per licence. Salesforce: API Request Limits and Allocations."""
WINDOW = timedelta(hours=24)


def limit(world: World) -> int:
    """How many calls the org may make within 24 hours."""
    return setting(world, DAILY_API_REQUESTS) or DEFAULT_LIMIT


def used(world: World) -> int:
    """How many calls it made within the last 24 hours."""
    oldest = _hour(world, WINDOW)
    return sum(row["calls"] for hour, row in world.table(USAGE).items() if hour > oldest)


def count(world: World) -> None:
    """Count one call. Raises `SalesforceError` with REQUEST_LIMIT_EXCEEDED when none is left."""
    if used(world) >= limit(world):
        raise SalesforceError("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
    hour = _hour(world)
    table = world.table(USAGE)
    table[hour] = {"calls": table.get(hour, {"calls": 0})["calls"] + 1}


def info(world: World) -> str:
    """What the header `Sforce-Limit-Info` says."""
    return f"api-usage={used(world)}/{limit(world)}"


def _hour(world: World, ago: timedelta = timedelta()) -> str:
    return f"{world.now - ago:%Y-%m-%dT%H}"
