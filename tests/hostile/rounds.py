"""One round: a town with many leads, of which most are struck, and the same town in peace."""

import json
import random
import re
from collections import Counter
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent.app import open_app
from agent.cli.demo import sandbox_settings
from agent.ledger.tables.states import CycleStatus
from agent.worker.tick import Worker
from sandbox import enrichment, marketo, salesforce, slack
from sandbox.http import tls
from sandbox.people import roster
from sandbox.salesforce.store import records
from sandbox.server.http_server import Server
from sandbox.server.instance import start
from sandbox.state.world import Entry, World
from tests.hostile.values import VALUES
from tests.hostile.wire import Storm, Strike, Wire
from tests.support.follow_through import call
from tests.support.repository import ROOT
from tests.support.worlds import MONDAY, Town, WorldClock

KINDS = {
    "marketo reads leads": 10,
    "marketo reads activities": 5,
    "marketo reads leadchanges": 1,
    "marketo writes leads": 2,
    "marketo writes external": 2,
    "salesforce Lead": 8,
    "salesforce Account": 4,
    "salesforce Opportunity": 2,
    "salesforce Contact": 2,
    "salesforce Task": 4,
    "salesforce Event": 2,
    "salesforce result": 3,
}
"""What is struck, and how often compared with the others."""
PLACES: Sequence[Mapping[str, Any]] = (
    {"country": "Brazil", "state": None},
    {"country": "France", "state": None},
    {"country": "Spain", "state": None},
    {"country": "Israel", "state": None},
    {"country": "United States", "state": "California"},
    {"country": "Germany", "state": None},
)
POOLED = 4
"""From this place on, leads go round among several people."""
FOREVER = 1_000_000
CONTROLS = 5
"""One lead of so many is left in peace."""
OWNERS = ("ines.carvalho@meridian.example", "nadia.laurent@meridian.example")


@dataclass
class Found:
    """What was tried and what came of it."""

    tried: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    """Kinds of records and hostile values."""
    places: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    ends: Counter[str] = field(default_factory=Counter[str])
    """What became of those who were struck."""
    peaceful: int = 0
    """Leads that weren't struck."""
    faults: Counter[str] = field(default_factory=Counter[str])
    examples: list[str] = field(default_factory=list[str])

    def accuse(self, law: str, example: object) -> None:
        """Note that something happened that must not."""
        self.faults[law] += 1
        if self.faults[law] <= 12:
            self.examples.append(f"{law}: {example}"[:600])

    def add(self, other: "Found") -> None:
        """Take in what another round found."""
        self.tried += other.tried
        self.places |= other.places
        self.ends += other.ends
        self.peaceful += other.peaceful
        self.faults += other.faults
        self.examples += other.examples

    @property
    def cases(self) -> int:
        """How many corruptions reached us."""
        return self.tried.total()


@contextmanager
def exposed(folder: Path, wire: Wire) -> Generator[Town]:
    """A town whose worker speaks with the vendors over a wire that somebody else holds."""
    folder.mkdir(parents=True, exist_ok=True)
    world = World(seed=1, now=MONDAY)
    roster.settle(world)
    running = start(world)
    faces = {
        "/marketo": wire.face("marketo", marketo.face(world)),
        "/slack": wire.face("slack", slack.face(world)),
        "/pdl": wire.face("pdl", enrichment.pdl(world)),
        "/apollo": wire.face("apollo", enrichment.apollo(world)),
        "/hunter": wire.face("hunter", enrichment.hunter(world)),
    }
    context, _ = tls.serve()
    plain = Server(world, faces)
    secure = Server(world, {"/": wire.face("salesforce", salesforce.face(world))}, tls=context)
    for one in (plain, secure):
        one.start()
    told = json.dumps(running.details())
    told = told.replace(f":{running.plain.port}/", f":{plain.port}/")
    told = told.replace(f"localhost:{running.secure.port}", f"localhost:{secure.port}")
    settings = sandbox_settings(json.loads(told), folder).model_copy(
        update={"routeready_policy": _policy(folder), "routeready_stop_file": folder / "stop"}
    )
    app = open_app(settings, clock=WorldClock(world))
    try:
        yield Town(world, running, app)
    finally:
        app.close()
        for one in (plain, secure):
            one.stop()
        running.stop()


def _policy(folder: Path) -> Path:
    """The example without caps: how many others are struck must not change who gets a lead."""
    text = (ROOT / "policy.yaml").read_text("utf-8")
    for cap in (", cap_per_day: 14", ", cap_open: 60"):
        text = text.replace(cap, "")
    (folder / "policy.yaml").write_text(text, "utf-8")
    (folder / "territories.csv").write_bytes((ROOT / "territories.csv").read_bytes())
    return folder / "policy.yaml"


def arrive(here: Town, wire: Wire, count: int) -> list[int]:
    """So many leads, some of known companies; a few wait for their sync."""
    by, people = here.user(roster.SYNC), list[int]()
    for number in range(count):
        if number % 3 == 1:
            site = f"https://company{number}.example"
            account = {
                "Name": f"Company {number}",
                "Website": site,
                "OwnerId": here.user(OWNERS[number % 2]),
            }
            made = records.insert(here.world, "Account", account, by=by, assign=False)
            if number % 2:
                deal = {"AccountId": made, "Name": f"Company {number} deal", "Amount": 1000}
                when = {"StageName": "Prospecting", "CloseDate": "2026-12-31"}
                records.insert(here.world, "Opportunity", {**deal, **when}, by=by, assign=False)
            contact = {
                "AccountId": made,
                "LastName": f"Other{number}",
                "Email": f"other@company{number}.example",
            }
            records.insert(here.world, "Contact", contact, by=by, assign=False)
        person = here.arrive(
            email=f"dana@company{number}.example",
            company=f"Company {number}",
            lastName=f"Number{number}",
            synced=number % 7 != 3,
            **PLACES[number % len(PLACES)],
        )
        wire.ids[str(person)] = number
        people.append(person)
        _know(here, wire, person, number)
    return people


def _know(here: Town, wire: Wire, person: int, number: int) -> None:
    record = here.world.table("marketo.person")[str(person)].get("sfdcLeadId")
    if record:
        wire.ids[str(record)] = number


@dataclass
class Round:
    """One town and everything that is done in it."""

    here: Town
    wire: Wire
    found: Found
    people: list[int]

    def live(self) -> None:
        """An afternoon: leads arrive, are synced, are called or not, and time passes."""
        here = self.here
        self.tick(minutes=1)
        for number, person in enumerate(self.people):
            if number % 7 == 3:
                here.sync(person)
                _know(here, self.wire, person, number)
        self.tick(minutes=6)
        self.tick(minutes=6)
        for number, person in enumerate(self.people):
            record = here.lead(person)
            if number % 4 == 0 and str(record["OwnerId"]).startswith("005"):
                call(here, person)
            if number % 8 == 2 and str(record["OwnerId"]).startswith("005"):
                meeting = {
                    "WhoId": record["Id"],
                    "OwnerId": record["OwnerId"],
                    "Subject": f"Company {number}",
                    "StartDateTime": here.world.now.isoformat(),
                    "DurationInMinutes": 30,
                    "ActivityDateTime": here.world.now.isoformat(),
                }
                records.insert(here.world, "Event", meeting, by=record["OwnerId"], assign=False)
        for minutes in (11, 21, 41, 61, 121):
            self.tick(minutes=minutes)

    def tick(self, **after: float) -> None:
        """Let time pass and the worker look; no tick dies, whatever came over the wire."""
        self.here.pass_time(**after)
        try:
            report = Worker.of(self.here.app).tick()
        except Exception as error:  # noqa: BLE001  (that is what is looked for)
            self.found.accuse("a tick died", f"{type(error).__name__}: {error}; {self._now()}")
            return
        if report.error is not None and (self.wire.storm is None or " at " in report.error):
            self.found.accuse("a part of a tick died", f"{report.error}; {self._now()}")

    def _now(self) -> str:
        return "" if self.wire.storm is None else str(self.wire.storm.struck[-3:])

    def fate(self, number: int) -> tuple[str, str, str]:
        """What a lead got: the state of its cycle, its owner, and its follow-through."""
        person = self.people[number]
        cycles = self.here.app.ledger.history.cycles(str(person))  # type: ignore[arg-type]
        if not cycles:
            return "unknown", "", ""
        cycle = cycles[-1]
        handoff = self.here.app.ledger.handoffs.row(cycle.id)  # type: ignore[arg-type]
        state = "" if handoff is None else str(handoff.state)
        return cycle.status, self.here.owner(person), state

    def check_nothing_twice(self) -> None:
        """By the vendors' journal: no write of an owner, message or activity comes twice."""
        seen = Counter(
            what
            for entry in self.here.world.journal
            if entry.kind == "effect"
            for what in self._done(entry)
        )
        for activity in self.here.world.table("marketo.activity").values():
            decided = re.search(r"[Dd]ecision ?I[dD][^0-9a-f]*([0-9a-f]{8,})", json.dumps(activity))
            if decided is not None:
                seen[f"activity of decision {decided[1]}"] += 1
        for what, times in seen.items():
            if times > 1:
                self.found.accuse("done twice", f"{what}: {times} times")

    def _done(self, entry: Entry) -> Iterator[str]:
        data = entry.data
        changes: Any = data.get("changes") or {}
        is_owner = entry.name in ("Lead.update", "Contact.update") and "OwnerId" in changes
        if is_owner and data["by"] == self.here.worker:
            yield f"owner of {data['id']} to {changes['OwnerId']}"
        if entry.name == "message.post":
            metadata: Any = data.get("metadata") or {}
            payload: Any = metadata.get("event_payload") or {}
            for key in filter(None, str(payload.get("keys") or "").split(",")):
                yield f"message {key}"

    def listed(self, number: int) -> bool:
        """Whether a person who looks for trouble finds this lead, with a reason."""
        person = str(self.people[number])
        ledger = self.here.app.ledger
        cycles = ledger.history.cycles(person)  # type: ignore[arg-type]
        if cycles:
            return cycles[-1].said is not None
        if self._wrote_something_else(person):
            return True
        odd = ledger.workings.unread()
        return any(one.lead in (person, None) for one in odd)

    def is_aside(self, number: int) -> bool:
        """Whether a lead is still set aside."""
        aside = self.here.app.ledger.workings.set_aside()
        return str(self.people[number]) in {one.lead for one in aside}

    def _wrote_something_else(self, person: str) -> bool:
        """Whether its activity was read as one that triggers nothing."""
        done = self.here.app.ledger.cycles.activities([person], MONDAY)  # type: ignore[list-item]
        return bool(done)


def strikes(count: int, dice: random.Random) -> dict[int, Strike]:
    """Who will be struck, where, by what and how often."""
    kinds, weights = list(KINDS), list(KINDS.values())
    names = sorted(VALUES)
    return {
        number: Strike(
            kind=dice.choices(kinds, weights)[0],
            choice=dice.random(),
            value=dice.choice(names),
            times=dice.choice((1, FOREVER)),
        )
        for number in range(count)
        if number % CONTROLS
    }


Fates = Mapping[int, tuple[str, str, str]]


def in_peace(folder: Path, count: int) -> tuple[Fates, Found]:
    """What everybody gets when nothing is corrupted."""
    wire, found = Wire(), Found()
    with exposed(folder, wire) as here:
        played = Round(here, wire, found, arrive(here, wire, count))
        played.live()
        played.check_nothing_twice()
        return {number: played.fate(number) for number in range(count)}, found


def by_rows(folder: Path, count: int, dice: random.Random, peace: Fates) -> Found:
    """A round in which records of single leads are corrupted."""
    wire, found = Wire(), Found()
    with exposed(folder, wire) as here:
        played = Round(here, wire, found, arrive(here, wire, count))
        wire.strikes.update(strikes(count, dice))
        played.live()
        played.check_nothing_twice()
        for number in range(count):
            strike, fate = wire.strikes.get(number), played.fate(number)
            if strike is None or strike.place is None:
                found.peaceful += 1
                if not _same(number, fate, peace[number]):
                    found.accuse("another lead suffered", f"{number}: {fate}, not {peace[number]}")
                continue
            found.tried[strike.kind, strike.value] += 1
            found.places.add((strike.kind, strike.place))
            found.ends[fate[0]] += 1
            told = f"{strike.kind} {strike.place} {strike.value!r} x{strike.struck}: {fate}"
            if not played.listed(number):
                found.accuse("a struck lead is nowhere", told)
            elif strike.times == 1 and played.is_aside(number):
                found.accuse("a lead that was struck once did not recover", told)
    return found


def by_answers(folder: Path, count: int, dice: random.Random, peace: Fates) -> Found:
    """A round in which whole answers are corrupted, and then no longer: all is as it was."""
    records_too = dice.random() < 0.3
    wire, found = Wire(), Found()
    with exposed(folder, wire) as here:
        played = Round(here, wire, found, arrive(here, wire, count))
        storm = wire.storm = Storm(dice, every=4, records=records_too)
        played.live()
        for _ in range(20):
            played.tick(minutes=5)
        storm.every = FOREVER
        for minutes in (31, 61, 61, 61, 121, 361):
            played.tick(minutes=minutes)
        played.check_nothing_twice()
        for call_, place, value in storm.struck:
            found.tried[call_, value] += 1
            found.places.add((call_, place))
        for number in range(count):
            fate = played.fate(number)
            found.ends[fate[0]] += 1
            if fate[0] == "unknown" or (fate[0] in UNSETTLED):
                found.accuse("a lead did not settle after the storm", f"{number}: {fate}")
            elif not records_too and fate[:1] != peace[number][:1]:
                found.accuse("a storm changed a lead", f"{number}: {fate}, not {peace[number]}")
    return found


UNSETTLED = (CycleStatus.OPEN, CycleStatus.ASSIGNING)


def _same(number: int, one: Sequence[str], other: Sequence[str]) -> bool:
    if number % len(PLACES) < POOLED:
        return one == other
    return (one[0], one[2]) == (other[0], other[2])
