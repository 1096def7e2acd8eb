"""What the vendors saw of an afternoon's leads: the numbers counted once more, by strangers."""

import math
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from sandbox.state.world import Entry
from tests.support.follow_through import call, live
from tests.support.worlds import Town, town


class Journal:
    """What the vendors saw of some people, from the journal and the vendors' tables alone."""

    def __init__(self, here: Town, people: dict[int, datetime]) -> None:
        self.here = here
        self.people = people
        """Marketo's id of each person, with when the form was sent."""
        linked = {person: here.world.table("marketo.person")[str(person)] for person in people}
        self.records = {
            row["sfdcLeadId"]: person for person, row in linked.items() if row["sfdcLeadId"]
        }

    def _first(self, entries: Iterator[tuple[str, Entry]]) -> dict[int, datetime]:
        found: dict[int, datetime] = {}
        for record, entry in entries:
            if record in self.records:
                found.setdefault(self.records[record], datetime.fromisoformat(entry.at))
        return found

    def assigned(self) -> dict[int, datetime]:
        """When the worker first wrote an owner on each person's record."""
        return self._first(
            (entry.data["id"], entry)
            for entry in self.here.world.journal
            if entry.name == "Lead.update"
            and entry.data["by"] == self.here.worker
            and "OwnerId" in entry.data["changes"]
        )

    def touched(self) -> dict[int, datetime]:
        """When somebody first logged a call on each."""
        return self._first(
            (entry.data["values"]["WhoId"], entry)
            for entry in self.here.world.journal
            if entry.name == "Task.insert" and entry.data["values"].get("TaskSubtype") == "Call"
        )

    def told(self) -> dict[int, datetime]:
        """When each was first named in a direct message."""
        names = {
            person: row["lastName"]
            for person in self.people
            for row in [self.here.world.table("marketo.person")[str(person)]]
        }
        found: dict[int, datetime] = {}
        for entry in self.here.world.journal:
            if entry.name == "message.post":
                for person, name in names.items():
                    if f"{name} " in str(entry.data["blocks"]):
                        found.setdefault(person, datetime.fromisoformat(entry.at))
        return found


def rank(times: list[float], whole: int, percent: int) -> float | None:
    """The nearest rank in a group of which the others are not through yet."""
    place = math.ceil(whole * percent / 100)
    return sorted(times)[place - 1] if place <= len(times) else None


@contextmanager
def afternoon(folder: Path) -> Generator[Journal]:
    """Nine leads of an afternoon: five called sooner or later, three never, one parked."""
    with town(folder) as here:
        here.pass_time(hours=4)
        people: dict[int, datetime] = {}
        for number in range(9):
            incomplete: dict[str, Any] = {"country": None, "state": None} if number == 8 else {}
            person = here.arrive(
                lastName=f"Number{number}",
                email=f"lead{number}@company{number}.example",
                company=f"Company {number}",
                **incomplete,
            )
            people[person] = here.world.now
            here.pass_time(minutes=2)
        here.tick()
        called = list(people)
        for waits, person in zip((10, 5, 10, 15, 20), called, strict=False):
            live(here, minutes=waits)
            call(here, person)
        live(here, minutes=60)
        yield Journal(here, people)
