"""Simulated people: reps, prospects and an ops admin, who live as the world's time passes.

How a deed is done at a vendor is in `acts`.

What a person does at an instant is drawn from the world's seed, who it is and when, and depends
beyond that only on what they see: the same seed and the same worker make the same life.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta

from sandbox import acts
from sandbox.http.message import Json
from sandbox.people import admin, reps, roster, visitors
from sandbox.people.calendars import is_at_work, user_of
from sandbox.people.habits import habit_of
from sandbox.state.world import Row, World

__all__ = ["KINDS", "are_living", "everybody", "live", "rest"]

PEOPLE = "sandbox.people"
"""By kind, whether these people live."""


def _event(kind: str) -> str:
    return f"people.{kind}"


KINDS: Mapping[str, tuple[timedelta, Callable[[World], None]]] = {
    "reps": (reps.EVERY, reps.go_round),
    "prospects": (visitors.EVERY, visitors.stir),
    "admin": (admin.EVERY, admin.tidy),
}
"""Who they are, how often they look up from what they do, and what they do then."""


def live(world: World, *kinds: str) -> None:
    """Let people of these kinds, or all, live from now on. Raises KeyError for another kind."""
    acts.live(world)
    table = world.table(PEOPLE)
    for kind in kinds or KINDS:
        every, _ = KINDS[kind]
        world.on(_event(kind), _living(world, kind))
        if not table.get(kind, {}).get("on"):
            table[kind] = {"on": True, "at": (world.now + every).isoformat()}
            world.schedule(world.now + every, _event(kind), table[kind]["at"])
            if kind == "reps":
                reps.plan_returns(world)


def rest(world: World, *kinds: str) -> None:
    """Let people of these kinds, or all, do nothing more; what they had planned still happens."""
    for kind in kinds or KINDS:
        world.table(PEOPLE)[kind] = {"on": False, "at": ""}


def are_living(world: World) -> Row:
    """By kind, whether they live."""
    table = world.table(PEOPLE)
    return {kind: bool(table.get(kind, {}).get("on")) for kind in KINDS}


def everybody(world: World) -> list[Row]:
    """Each colleague as anybody may know them."""
    found: list[Row] = []
    for each in roster.COLLEAGUES:
        user = user_of(world, each)
        is_rep = each.role in reps.ROLES
        found.append(
            {
                "name": each.name,
                "address": each.address,
                "role": each.role,
                "region": each.region,
                "timezone": each.timezone,
                "habit": habit_of(each.address).says if is_rep else "",
                "is_active": user is not None and user["IsActive"],
                "is_at_work": user is not None and is_at_work(world, each, user),
            }
        )
    return found


def _living(world: World, kind: str) -> Callable[[Json], None]:
    every, do = KINDS[kind]

    def turn(planned: Json) -> None:
        row = world.table(PEOPLE).get(kind, {})
        if row.get("at") != planned:
            return
        do(world)
        row["at"] = (world.now + every).isoformat()
        world.schedule(world.now + every, _event(kind), row["at"])

    return turn
