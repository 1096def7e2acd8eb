"""Undoing what was done since a moment: Salesforce's all-or-none."""

from collections.abc import Callable, Generator
from contextlib import contextmanager

from sandbox.state.table import Undo
from sandbox.state.world import World


@contextmanager
def transaction(world: World) -> Generator[Callable[[], None]]:
    """Watch what happens to records; what it gives, when called, undoes all of it.

    The journal forgets it, too. One transaction may stand within another.
    """
    tables = [
        table for name, table in world.state.records.items() if name.startswith("salesforce.")
    ]
    outer = [each.log for each in tables]
    log: Undo = []
    length = len(world.journal)

    def roll_back() -> None:
        done = list(reversed(log))
        log.clear()
        for table, key, before in done:
            if before is None:
                table.pop(key, None)
            else:
                table[key] = before
        log.clear()
        del world.journal[length:]

    for table in tables:
        table.log = log
    try:
        yield roll_back
    finally:
        for table, before in zip(tables, outer, strict=True):
            table.log = before
            if before is not None:
                before.extend(each for each in log if each[0] is table)
