"""Faults to be switched on and off, and the character of the scripted model."""

from collections.abc import Mapping
from typing import Any

from sandbox import faults, openai
from sandbox.look.web import Asked, LookError
from sandbox.openai.personalities import PERSONALITIES
from sandbox.openai.script import LATE
from sandbox.state.world import Row, World

STANDING = "sandbox.profile"
"""By profile, the ids of the faults that it added, as long as they stand."""
UNSET = "its rules"


def page(world: World, _asked: Asked) -> dict[str, Any]:
    """All profiles by vendor, which are on and what they struck; the model's character."""
    standing = faults.standing(world)
    by_vendor: dict[str, list[dict[str, Any]]] = {}
    for name, profile in sorted(faults.PROFILES.items()):
        ids = [one for one in _ids(world, name) if one in standing]
        vendor, _, short = name.partition(".")
        by_vendor.setdefault(vendor, []).append(
            {
                "name": name,
                "short": short.replace("_", " "),
                "says": profile.says,
                "is_on": bool(ids),
                "seen": sum(standing[one]["seen"] for one in ids),
                "struck": sum(standing[one]["struck"] for one in ids),
            }
        )
    mine = {one for name in faults.PROFILES for one in _ids(world, name)}
    return {
        "vendors": by_vendor,
        "single": {one: row for one, row in standing.items() if one not in mine},
        "personalities": list(PERSONALITIES),
        "personality": _personality(world),
    }


def switch(world: World, form: Mapping[str, str]) -> None:
    """Switch a profile on or off, lift one fault or all. Raises `LookError`."""
    try:
        if "profile" in form:
            _switch_profile(world, form["profile"])
        elif "lift" in form:
            faults.remove(world, form["lift"])
        else:
            faults.clear(world)
            world.table(STANDING).clear()
    except faults.FaultError as error:
        raise LookError(str(error)) from error


def become(world: World, form: Mapping[str, str]) -> None:
    """Let the scripted model take a character. Raises `LookError`."""
    wanted = form.get("personality", "")
    if wanted not in PERSONALITIES:
        raise LookError(f"there is no character {wanted!r}")
    openai.become(world, wanted)


def _switch_profile(world: World, name: str) -> None:
    standing = [one for one in _ids(world, name) if one in faults.standing(world)]
    if not standing:
        world.table(STANDING)[name] = {"ids": faults.add_profile(world, name)}
        return
    for one in standing:
        faults.remove(world, one)
    world.table(STANDING).pop(name)


def _ids(world: World, name: str) -> list[str]:
    return list(world.table(STANDING).get(name, {}).get("ids", ()))


def _personality(world: World) -> str:
    """The character whose rules the model has; "its rules" when it has none's."""
    rules = world.table("openai.script").values()
    held = [(_plain(one["when"]), one["reply"]) for one in rules if one["rank"] >= LATE]
    for name, taught in PERSONALITIES.items():
        if held == [(_plain(when), reply) for when, reply in taught]:
            return name
    return UNSET


def _plain(when: Row) -> Row:
    return dict(when)
