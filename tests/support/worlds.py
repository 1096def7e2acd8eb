"""Sandbox worlds for tests: built in this process, spoken to over real HTTP and HTTPS."""

from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from agent.app import App, open_app
from agent.cli.demo import sandbox_settings
from agent.ledger.tables.leads import CycleRow
from agent.worker.tick import Report, Worker
from sandbox.marketo.lead_database import people
from sandbox.people import roster
from sandbox.salesforce.store import records
from sandbox.server.instance import Running, start
from sandbox.state.world import Row, World

ROUTEREADY = roster.INTEGRATION
MONDAY = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)


@dataclass
class WorldClock:
    """The world's own time as the worker's clock."""

    world: World

    def now(self) -> datetime:
        """The world's present."""
        return self.world.now

    def sleep(self, seconds: float) -> None:
        """Let the world's time pass."""
        self.world.advance(timedelta(seconds=seconds))


@dataclass
class Town:
    """A running world with a worker in it, and short words for what tests do there."""

    world: World
    running: Running
    app: App

    def pass_time(self, **by: float) -> None:
        """Let time pass: `minutes=5`."""
        self.world.advance(timedelta(**by))

    def tick(self) -> Report:
        """Let the worker look once."""
        return Worker.of(self.app).tick()

    def user(self, email: str) -> str:
        """The Salesforce id of a colleague."""
        return str(records.find(self.world, "User", Email=email)[0]["Id"])

    def queue(self, name: str) -> str:
        """The Salesforce id of a queue."""
        return str(records.find(self.world, "Group", DeveloperName=name)[0]["Id"])

    def arrive(self, *, synced: bool = True, form: str = "Demo Request", **values: Any) -> int:  # noqa: ANN401  (field values)
        """Somebody fills out a form; `synced` brings the person to Salesforce's holding queue."""
        known: Row = {
            "firstName": "Dana",
            "lastName": "Fox",
            "email": "dana.fox@acme.example",
            "company": "Acme",
            "country": "United States",
            "state": "California",
            "numberOfEmployees": 500,
        }
        person = people.create_person(self.world, known | values)
        if synced:
            self.sync(person)
        people.log_activity(self.world, person, "Fill Out Form", primary=form)
        return person

    def sync(self, person: int) -> str:
        """Bring a person to Salesforce as a Lead in the holding queue."""
        row = self.world.table(people.PERSON)[str(person)]
        lead: Row = {
            "FirstName": row["firstName"],
            "LastName": row["lastName"],
            "Email": row["email"],
            "Company": row["company"],
            "Country": row["country"],
            "State": row["state"],
            "OwnerId": self.queue(roster.HOLDING),
        }
        by = self.user(roster.SYNC)
        record = records.insert(self.world, "Lead", lead, by=by, assign=False)
        link = {"sfdcType": "Lead", "sfdcId": record, "sfdcLeadId": record}
        people.change_person(self.world, person, link, reason="sync", source="sync")
        return record

    def lead(self, person: int) -> Row:
        """The Salesforce Lead of a person."""
        row = self.world.table(people.PERSON)[str(person)]
        return self.world.table("salesforce.Lead")[row["sfdcLeadId"]]

    def owner(self, person: int) -> str:
        """Name of the user, or DeveloperName of the queue, that owns a person's Lead."""
        owner = self.lead(person)["OwnerId"]
        users, groups = self.world.table("salesforce.User"), self.world.table("salesforce.Group")
        return str(users[owner]["Name"] if owner in users else groups[owner]["DeveloperName"])

    def cycle(self, person: int) -> CycleRow:
        """A person's latest cycle."""
        return self.app.ledger.history.cycles(_key(person))[-1]

    @cached_property
    def slack_users(self) -> dict[str, str]:
        """Slack's ids of everybody who was there at first, by e-mail."""
        users = self.world.table("slack.user").values()
        return {str(one["profile"].get("email")): str(one["id"]) for one in users}

    @property
    def channels(self) -> dict[str, str]:
        """Whose direct message each channel is: Slack's ids of both."""
        rows = self.world.table("slack.channel").values()
        return {str(row["id"]): str(row["user"]) for row in rows if row.get("user")}

    @property
    def worker(self) -> str:
        """The Salesforce id of the worker's own user."""
        return self.user(ROUTEREADY)

    def take(self, person: int, email: str) -> None:
        """Somebody makes a person's Lead their own, by hand."""
        by = self.user(email)
        record = self.lead(person)["Id"]
        records.update(self.world, "Lead", record, {"OwnerId": by}, by=by, assign=False)

    def owner_writes(self) -> Counter[str]:
        """How often the worker changed each record's owner, by the journal."""
        return Counter(
            entry.data["id"]
            for entry in self.world.journal
            if entry.kind == "effect"
            and entry.name in ("Lead.update", "Contact.update")
            and "OwnerId" in entry.data["changes"]
            and entry.data["by"] == self.worker
        )

    def requests(self) -> Counter[str]:
        """How many requests each vendor got, by the journal; sign-ins aside."""
        return Counter(
            entry.vendor
            for entry in self.world.journal
            if entry.kind == "request"
            and "oauth" not in entry.name
            and not entry.name.startswith("subrequest")
        )


def _key(person: int) -> Any:  # noqa: ANN401  (a LeadKey is text)
    return str(person)


@contextmanager
def town(folder: Path, world: World | None = None) -> Generator[Town]:
    """A small world on a Monday afternoon: the roster, and nobody else yet."""
    if world is None:
        world = World(seed=1, now=MONDAY)
        roster.settle(world)
    running = start(world)
    settings = sandbox_settings(running.details(), folder)
    place = Town(world, running, open_app(settings, clock=WorldClock(world)))
    try:
        yield place
    finally:
        place.app.close()
        running.stop()
