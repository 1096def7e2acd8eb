"""Requests and tokens of a minute: what the rate limit headers say, and the limit itself.

The row `limit` of `openai.limit` holds `requests` and `tokens` a minute; the limit is enforced once
the row is there, so that an evaluation in a world whose time stands is not stopped by it.
"""

from sandbox.openai.errors import OpenAiError
from sandbox.state.world import Row, World

LIMIT, METER = "openai.limit", "openai.meter"
USUAL: Row = {"requests": 500, "tokens": 200_000}
MINUTE = 60


def spend(world: World, tokens: int) -> None:
    """Count one request with its tokens. Raises `OpenAiError` when a limit is reached."""
    limit, meter = world.table(LIMIT).get("limit"), _meter(world)
    for name, wanted in (("requests", 1), ("tokens", tokens)):
        if limit is not None and meter[name] + wanted > limit[name]:
            error = OpenAiError(
                429,
                f"Rate limit reached for {name} per min: Limit {limit[name]}, Used {meter[name]}, "
                f"Requested {wanted}. Please try again in {_rest(world)}s.",
                code="rate_limit_exceeded",
                kind=name,
            )
            error.headers = {"retry_after": str(_rest(world)), **headers(world)}
            raise error
    meter["requests"] += 1
    meter["tokens"] += tokens


def headers(world: World) -> dict[str, str]:
    """The rate limit headers, of this minute of the world."""
    limit, meter = world.table(LIMIT).get("limit") or USUAL, _meter(world)
    told = {"openai_processing_ms": "10", "openai_version": "2020-10-01"}
    for name in ("requests", "tokens"):
        told[f"x_ratelimit_limit_{name}"] = str(limit[name])
        told[f"x_ratelimit_remaining_{name}"] = str(max(0, limit[name] - meter[name]))
        told[f"x_ratelimit_reset_{name}"] = f"{_rest(world)}s"
    return told


def _meter(world: World) -> Row:
    minute = int(world.now.timestamp()) // MINUTE
    meter = world.table(METER).setdefault("meter", {"minute": minute, "requests": 0, "tokens": 0})
    if meter["minute"] != minute:
        meter.update(minute=minute, requests=0, tokens=0)
    return meter


def _rest(world: World) -> int:
    """Seconds until the minute is over."""
    return MINUTE - int(world.now.timestamp()) % MINUTE
