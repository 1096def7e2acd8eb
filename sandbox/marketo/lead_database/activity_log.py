"""The order of what happened: by type, so that a read touches what it returns and little else.

The activities are rows of `marketo.activity` by their GUID; a row of `marketo.activity_order`
holds the ids of one type, which only ever grow. Rows that somebody put into the table behind this
module's back are found by their number, and everything is put in order anew.
"""

import heapq
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator

from sandbox.state.world import Row, World

ACTIVITY, ORDER = "marketo.activity", "marketo.activity_order"
_COUNTED = "counted"


def append(world: World, row: Row) -> None:
    """Keep one activity, the latest so far."""
    table, order = world.table(ACTIVITY), world.table(ORDER)
    table[row["marketoGUID"]] = row
    _put(order, row)
    order.setdefault(_COUNTED, {"ids": 0})["ids"] += 1


def _put(order: dict[str, Row], row: Row) -> None:
    order.setdefault(str(row["activityTypeId"]), {"ids": []})["ids"].append(row["id"])


def _ordered(world: World) -> dict[str, Row]:
    table, order = world.table(ACTIVITY), world.table(ORDER)
    if order.get(_COUNTED, {"ids": 0})["ids"] != len(table):
        order.clear()
        for row in sorted(table.values(), key=lambda each: each["id"]):
            _put(order, row)
        order[_COUNTED] = {"ids": len(table)}
    return order


def behind(world: World, types: Iterable[int], since: str, after: int) -> Iterator[Row]:
    """Activities of some types with an id above `after`, logged at `since` or later, in order."""
    table, order = world.table(ACTIVITY), _ordered(world)

    def logged(number: int) -> str:
        return logged_at(table[str(number)])

    found: list[Iterator[int]] = []
    for kind in types:
        ids: list[int] = order.get(str(kind), {"ids": []})["ids"]
        first = max(bisect_right(ids, after), bisect_left(ids, since, key=logged))
        found.append(map(ids.__getitem__, range(first, len(ids))))
    return (table[str(number)] for number in heapq.merge(*found))


def logged_at(row: Row) -> str:
    """When Marketo learned of an activity; a custom activity can have happened long before."""
    return str(row.get("loggedAt", row["activityDate"]))


def of_types(world: World, types: Iterable[int]) -> Iterator[Row]:
    """All activities of some types, in order; of all types when none is named."""
    table, order = world.table(ACTIVITY), _ordered(world)
    kinds = [str(kind) for kind in types] or [kind for kind in order if kind != _COUNTED]
    ids = [order.get(kind, {"ids": []})["ids"] for kind in kinds]
    return (table[str(number)] for number in heapq.merge(*ids))


def hand_over(world: World, losers: Iterable[int], winner: int) -> None:
    """Let what merged persons did be the winner's from now on."""
    gone = frozenset(losers)
    for row in world.table(ACTIVITY).values():
        if row["leadId"] in gone:
            row["leadId"] = winner
