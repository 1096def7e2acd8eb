"""The clock, as the bar on every page shows and moves it."""

from collections.abc import Mapping
from datetime import timedelta

from sandbox.http.message import Json
from sandbox.look.web import LookError
from sandbox.state.world import World

STEPS = {"1 min": 60, "5 min": 300, "1 hour": 3600, "1 day": 86_400}
"""What the step buttons say, and seconds."""
SPEEDS = {"Real time": 1.0, "60x": 60.0, "600x": 600.0}
"""What the speed buttons say, and how many times as fast as the wall clock time then passes."""
FASTEST = 3600
FARTHEST = timedelta(days=31)
"""One step may be so long, as nobody is served meanwhile."""


def clock(world: World) -> dict[str, Json]:
    """What the bar shows."""
    future = world.state.future
    return {
        "shown": f"{world.now:%a %d %b %H:%M:%S} UTC",
        "iso": world.now.isoformat(),
        "mode": world.clock.mode,
        "factor": world.clock.factor,
        "next": f"{future[0][0]:%a %H:%M:%S}" if future else "",
        "steps": STEPS,
        "speeds": SPEEDS,
    }


def move(world: World, form: Mapping[str, str]) -> None:
    """Carry out one of the bar's buttons. Raises `LookError`."""
    if "seconds" in form:
        seconds = _number(form["seconds"])
        if not 0 <= seconds <= FARTHEST.total_seconds():
            raise LookError("give a step between nothing and 31 days")
        world.advance(timedelta(seconds=seconds))
    elif form.get("to") == "next":
        if world.state.future:
            world.advance_to(world.state.future[0][0])
    elif "speed" in form:
        speed = _number(form["speed"])
        if not 0 <= speed <= FASTEST:
            raise LookError(f"give a speed between 0 and {FASTEST}")
        world.clock.run(speed)
    else:
        world.clock.pause()


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise LookError(f"{text!r} is not a number") from None
