"""What differs between two policies, part by part, in words that their editors know."""

from collections.abc import Iterator

from domain.policy.model import Policy
from domain.values import Value

Json = str | int | float | bool | None | list["Json"] | dict[str, "Json"]

_NAMES = ("name", "user", "tier", "territory")
"""What tells the items of a list apart, where they have it."""


class Difference(Value):
    """One part in which two policies differ."""

    path: str
    """Such as `pools.west.members[ana.torres@meridian.example].weight`."""
    before: str | None
    """None where it was not there."""
    after: str | None
    """None where it is not there any more."""

    @property
    def sentence(self) -> str:
        """The difference in one line."""
        if self.before is None:
            return f"{self.path}: added {self.after}"
        if self.after is None:
            return f"{self.path}: removed {self.before}"
        return f"{self.path}: {self.before} -> {self.after}"


def diff(before: Policy, after: Policy) -> tuple[Difference, ...]:
    """What the second policy says otherwise than the first, in the order of the file."""
    parts = (one.model_dump(mode="json", exclude_none=True) for one in (before, after))
    return tuple(_differences("", *parts))


def _differences(path: str, before: Json, after: Json) -> Iterator[Difference]:
    if before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        yield from _of_mappings(path, before, after)
    elif isinstance(before, list) and isinstance(after, list):
        yield from _of_lists(path, before, after)
    else:
        yield Difference(path=path, before=_shown(before), after=_shown(after))


def _of_mappings(
    path: str, before: dict[str, Json], after: dict[str, Json]
) -> Iterator[Difference]:
    for key in dict.fromkeys([*before, *after]):
        if key == "line":  # a territory's row moved; that is no change of what it says
            continue
        yield from _differences(f"{path}.{key}" if path else key, before.get(key), after.get(key))


def _of_lists(path: str, before: list[Json], after: list[Json]) -> Iterator[Difference]:
    one, other = _named(before), _named(after)
    if one is None or other is None:
        yield Difference(path=path, before=_shown(before), after=_shown(after))
        return
    for name in dict.fromkeys([*one, *other]):
        yield from _differences(f"{path}[{name}]", one.get(name), other.get(name))
    if [name for name in one if name in other] != [name for name in other if name in one]:
        order = ", ".join(one), ", ".join(other)
        yield Difference(path=f"{path} (order)", before=order[0], after=order[1])


def _named(items: list[Json]) -> dict[str, Json] | None:
    """Items by what tells them apart; None where they have no names of their own."""
    mappings = [one for one in items if isinstance(one, dict)]
    if len(mappings) < len(items):
        return None
    for key in _NAMES:
        names = [str(one[key]) for one in mappings if key in one]
        if len(names) == len(items) == len(set(names)):
            return dict(zip(names, items, strict=True))
    return None


def _shown(value: Json) -> str | None:
    if value is None:
        return None
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_shown(one)}" for key, one in value.items() if one != {})
    if isinstance(value, list):
        return ", ".join(str(_shown(one)) for one in value) or "nothing"
    return str(value).lower() if isinstance(value, bool) else str(value)
