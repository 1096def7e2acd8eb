"""Worlds that conversations are held in: lived through once, by the product, and then frozen."""

import pickle
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import cache
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import model_validator

from agent.app import App, open_app
from agent.cli.demo import sandbox_settings
from agent.conversation.desk import Desk
from agent.conversation.memory import NoMemory
from agent.policy.example import example_policy
from agent.policy.yaml_text import read_yaml
from agent.worker.tick import Worker
from domain.conversation.permissions import principal
from domain.policy.model import Mode, Policy
from domain.values import Instant, Value
from sandbox.marketo.lead_database import people
from sandbox.people import roster
from sandbox.salesforce.store import records
from sandbox.server.instance import Running, start
from sandbox.state.world import Row, World

POLICY = example_policy()
DOMAIN = "meridian.example"
STEP = timedelta(minutes=30)
"""How often the worker looks while a world is lived through."""


class Arrives(Value):
    """Somebody fills out a form and is synced to Salesforce."""

    first: str
    last: str
    title: str
    company: str
    country: str
    state: str | None = None
    employees: int
    email: str | None = None


class Deed(Value):
    """Something that is done about a lead, by its owner unless somebody else is named."""

    lead: str
    by: str | None = None
    page: str = ""
    subject: str = ""


class Word(Value):
    """Something that a colleague tells the worker, and confirms."""

    who: str
    text: str


class Happening(Value):
    """One thing that happens in a world, at an hour of its last day (UTC)."""

    at: time
    arrives: Arrives | None = None
    calls: Deed | None = None
    takes: Deed | None = None
    visits: Deed | None = None
    logs: Deed | None = None
    says: Word | None = None

    @model_validator(mode="after")
    def _one(self) -> "Happening":
        if len(self.model_fields_set) != len({"at", "what"}):
            raise ValueError("a happening is one thing at one time")
        return self


class Story(Value):
    """A world's file."""

    starts: Instant
    ends: Instant
    approve: tuple[str, ...] = ()
    """Segments whose assignments wait for a person's word."""
    timeline: tuple[Happening, ...]


@dataclass(frozen=True)
class Frozen:
    """A world at its end: the vendors' records with their journals, and the worker's ledger."""

    world: bytes
    ledger: bytes

    def put_into(self, world: World) -> None:
        """Let another world be as this one was at its end, without what led to it."""
        world.state = pickle.loads(self.world)  # noqa: S301  (made by this process)
        del world.journal[0:]


@dataclass
class StandingClock:
    """The world's own time as the worker's clock."""

    world: World

    def now(self) -> datetime:
        """The world's present."""
        return self.world.now

    def sleep(self, seconds: float) -> None:
        """Let the world's time pass instead of ours."""
        self.world.advance(timedelta(seconds=seconds))


def load_story(name: str) -> Story:
    """The story of a world by its name."""
    text = (files("evals.conversation") / f"{name}.yaml").read_text(encoding="utf-8")
    return Story.model_validate(read_yaml(text).value)


def settle(story: Story) -> World:
    """The world as a story begins: the company, and no lead."""
    world = World(seed=7, now=story.starts)
    roster.settle(world)
    return world


def open_worker(running: Running, folder: Path, story: Story) -> App:
    """The product's worker in a world, with the story's policy."""
    settings = sandbox_settings(running.details(), folder)
    settings = settings.model_copy(update={"routeready_policy": POLICY})
    app = open_app(settings, clock=StandingClock(running.world))
    app.policy = _policy(app.policy, story)
    return app


def _policy(policy: Policy, story: Story) -> Policy:
    segments = tuple(
        one.model_copy(update={"mode": Mode.APPROVE}) if one.name in story.approve else one
        for one in policy.segments
    )
    return policy.model_copy(update={"segments": segments})


@cache
def lived(name: str) -> Frozen:
    """A story lived through by the worker, looking every half hour and after all that happens."""
    story = load_story(name)
    world = settle(story)
    running = start(world)
    with TemporaryDirectory() as folder:
        app = open_worker(running, Path(folder), story)
        try:
            _Life(world, app).live(story)
            Worker.of(app).leave()
            return Frozen(pickle.dumps(world.state), _dumped(app, Path(folder)))
        finally:
            app.close()
            running.stop()


def _dumped(app: App, folder: Path) -> bytes:
    """The ledger as the bytes of a database file without a journal beside it."""
    copy = folder / "frozen.sqlite3"
    with closing(sqlite3.connect(str(app.ledger.engine.url.database))) as database:
        database.execute("VACUUM INTO ?", (str(copy),))
    return copy.read_bytes()


@dataclass(frozen=True)
class _Life:
    world: World
    app: App

    def live(self, story: Story) -> None:
        """Everything in its order, and the worker's looks between."""
        day = story.ends.replace(hour=0, minute=0)
        at: datetime | None = None
        for moment in sorted({one.at for one in story.timeline}):
            until = day + timedelta(hours=moment.hour, minutes=moment.minute)
            self._pass(at or until, until)
            for one in story.timeline:
                if one.at == moment:
                    self._happen(one)
            Worker.of(self.app).tick()
            at = until
        self._pass(at or story.ends, story.ends)
        Worker.of(self.app).tick()

    def _pass(self, at: datetime, until: datetime) -> None:
        while (at := at + STEP) < until:
            self.world.advance_to(at)
            Worker.of(self.app).tick()
        self.world.advance_to(until)

    def _happen(self, one: Happening) -> None:
        deeds: list[tuple[Deed | None, Callable[[Deed], None]]] = [
            (one.calls, self._call),
            (one.takes, self._take),
            (one.visits, self._visit),
            (one.logs, self._log),
        ]
        for deed, carry_out in deeds:
            if deed is not None:
                carry_out(deed)
        if one.arrives is not None:
            self._arrive(one.arrives)
        if one.says is not None:
            self._say(one.says)

    def _arrive(self, who: Arrives) -> None:
        company = who.company.lower().replace(" ", "-")
        address = who.email or f"{who.first}.{who.last}@{company}.example".lower().replace(" ", "-")
        values: Row = {
            "firstName": who.first,
            "lastName": who.last,
            "title": who.title,
            "company": who.company,
            "email": address,
            "country": who.country,
            "state": who.state,
            "numberOfEmployees": who.employees,
        }
        person = people.create_person(self.world, values)
        names = {
            "FirstName": "firstName",
            "LastName": "lastName",
            "Title": "title",
            "Company": "company",
            "Email": "email",
            "Country": "country",
            "State": "state",
        }
        lead: Row = {theirs: values[ours] for theirs, ours in names.items()}
        queue = records.find(self.world, "Group", DeveloperName=roster.HOLDING)[0]["Id"]
        by = user_of(self.world, roster.SYNC)
        record = records.insert(self.world, "Lead", lead | {"OwnerId": queue}, by=by, assign=False)
        link = {"sfdcType": "Lead", "sfdcId": record, "sfdcLeadId": record}
        people.change_person(self.world, person, link, reason="sync", source="sync")
        people.log_activity(self.world, person, "Fill Out Form", primary="Demo Request")

    def _call(self, deed: Deed) -> None:
        lead = lead_of(self.world, deed.lead)
        by = lead["OwnerId"] if deed.by is None else user_of(self.world, address_of(deed.by))
        done = {
            "WhoId": lead["Id"],
            "OwnerId": by,
            "Subject": "Call",
            "TaskSubtype": "Call",
            "CallType": "Outbound",
            "CallDurationInSeconds": 180,
            "Status": "Completed",
        }
        records.insert(self.world, "Task", done, by=by, assign=False)

    def _take(self, deed: Deed) -> None:
        take(self.world, deed.lead, deed.by or "")

    def _visit(self, deed: Deed) -> None:
        person = next(
            row["id"]
            for row in self.world.table(people.PERSON).values()
            if deed.lead == f"{row['firstName']} {row['lastName']}"
        )
        people.log_activity(self.world, person, "Visit Webpage", primary=deed.page)

    def _log(self, deed: Deed) -> None:
        lead = lead_of(self.world, deed.lead)
        by = user_of(self.world, roster.SYNC)
        done = {
            "WhoId": lead["Id"],
            "OwnerId": by,
            "Subject": deed.subject,
            "Status": "Completed",
        }
        records.insert(self.world, "Task", done, by=by, assign=False)

    def _say(self, word: Word) -> None:
        who = principal(address_of(word.who), self.app.policy)
        if who is None:
            raise LookupError(word.who)
        desk = Desk(self.app.context(), NoMemory())
        shown = desk.respond(word.text, who, f"before/{word.who}")
        wanted = shown.answers[-1].proposal
        if wanted is None:
            raise LookupError(f"nothing was proposed to {word.who}: {shown}")
        desk.word(wanted, yes=True, who=who)
        Worker.of(self.app).tick()


def address_of(name: str) -> str:
    """The email address of a colleague: `ana.torres` is ana.torres at the company's domain."""
    return name if "@" in name else f"{name}@{DOMAIN}"


def user_of(world: World, email: str) -> str:
    """The Salesforce id of a colleague."""
    return str(records.find(world, "User", Email=email)[0]["Id"])


def lead_of(world: World, name: str) -> Row:
    """The Salesforce record of a lead by its full name; raises LookupError."""
    for row in world.table("salesforce.Lead").values():
        if name == f"{row['FirstName']} {row['LastName']}":
            return row
    raise LookupError(f"there is no lead {name}")


def take(world: World, lead: str, by: str) -> None:
    """A colleague makes a lead their own, by hand in Salesforce."""
    owner = user_of(world, address_of(by))
    record = lead_of(world, lead)["Id"]
    records.update(world, "Lead", record, {"OwnerId": owner}, by=owner, assign=False)
