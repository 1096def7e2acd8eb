"""Undoing what was done since a moment: Salesforce's all-or-none."""

from collections.abc import Callable

from sandbox.world import World


def savepoint(world: World) -> Callable[[], None]:
    """Remember Salesforce's rows and the journal's length; call the result to go back there.

    Rows are replaced when they change, never altered, so that shallow copies are enough.
    """
    kept = {
        name: dict(rows)
        for name, rows in world.state.records.items()
        if name.startswith("salesforce.")
    }
    length = len(world.journal)

    def roll_back() -> None:
        for name, rows in world.state.records.items():
            if name.startswith("salesforce."):
                rows.clear()
                rows.update(kept.get(name, {}))
        del world.journal[length:]

    return roll_back
