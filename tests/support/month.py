"""A simulated month: forty reps with habits of their own in six time zones, and two thousand leads.

Nothing here knows the worker's ledger: people act on what they see in Salesforce and in Slack, and
what really happened is noted in `Month.touches` for the oracle.
"""

import os
import random
from collections import defaultdict
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import holidays
from pydantic import SecretStr

from domain.policy.model import Policy, Pool, PoolMember, Segment, Sla, User
from domain.policy.routing import Territory
from domain.time.business_hours import Calendar, Hours
from sandbox.openai import become
from sandbox.openai.script import add_rule
from sandbox.people import roster
from sandbox.salesforce.org.setup import SYSTEM_USER
from sandbox.salesforce.store import records
from sandbox.slack import add_user, set_status
from sandbox.state.world import Row, World
from tests.support.follow_through import press
from tests.support.worlds import Town, town
from tools.slack.messages.blocks import ON_IT

START = datetime(2026, 10, 20, tzinfo=UTC)
"""Europe leaves summer time on 25 October, the United States on 1 November."""
DAYS = int(os.environ.get("MONTH_DAYS", "16"))
"""By default as far as two days after the second change of the clock; `make month` asks for 30."""
STEP = timedelta(minutes=30)
WEEKEND_STEP = timedelta(hours=12)
REPS = 40
SYNC_PAUSE = timedelta(hours=1)
SATURDAY = 5
PEOPLE = "month.example"

ZONES = {
    "US": ("America/New_York", "US", "United States"),
    "CA": ("America/Vancouver", "CA-BC", "Canada"),
    "GB": ("Europe/London", "GB-ENG", "United Kingdom"),
    "DE": ("Europe/Berlin", "DE-BE", "Germany"),
    "IN": ("Asia/Kolkata", "IN", "India"),
    "JP": ("Asia/Tokyo", "JP", "Japan"),
}
"""Country: time zone, holidays, and how a form says it."""
STATES = {"US": "California", "CA": "British Columbia"}
OPENS, CLOSES = 9, 17
HABITS = ("fast", "fast", "slow", "forgetful", "flipper", "clicker", "giver", "fast")
CHANCES = {"fast": 0.7, "slow": 0.15, "clicker": 0.1, "giver": 0.5}


@dataclass(frozen=True)
class Rep:
    """One rep: where they sit, and how they work."""

    email: str
    name: str
    country: str
    habit: str

    @property
    def zone(self) -> ZoneInfo:
        """Where their clock hangs."""
        return ZoneInfo(ZONES[self.country][0])

    def works(self, now: datetime) -> bool:
        """Whether a rep is at their desk, by wall clock and public holidays."""
        local = now.astimezone(self.zone)
        return (
            local.weekday() < SATURDAY
            and OPENS <= local.hour < CLOSES
            and local.date() not in days_off(self.country, local.year)
        )


@cache
def days_off(country: str, year: int) -> set[date]:
    """The public holidays of a country, straight from the calendar."""
    code, _, part = ZONES[country][1].partition("-")
    return set(holidays.country_holidays(code, subdiv=part or None, years=year))


def manager_of(country: str) -> str:
    """Who leads a country's reps."""
    return f"manager.{country.lower()}@{PEOPLE}"


def reps() -> list[Rep]:
    """Forty reps, spread over the countries."""
    countries = list(ZONES)
    return [
        Rep(
            email=f"rep{number:02}@{PEOPLE}",
            name=f"Rep {number:02}",
            country=countries[number % len(countries)],
            habit=HABITS[number % len(HABITS)],
        )
        for number in range(REPS)
    ]


@dataclass
class Month:
    """A running month."""

    here: Town
    chance: random.Random
    leads: int
    people: dict[str, Rep] = field(default_factory=lambda: {rep.email: rep for rep in reps()})
    touches: dict[str, datetime] = field(default_factory=dict[str, datetime])
    """When somebody who had it really touched each record first."""
    given: dict[str, list[datetime]] = field(
        default_factory=lambda: defaultdict[str, list[datetime]](list)
    )
    """When a person changed each record's owner by hand."""

    def arrivals(self) -> Iterator[tuple[datetime, int, str]]:
        """When each lead comes, and from which country; oldest first."""
        span = (DAYS - 6) * 86400
        moments = sorted(self.chance.randrange(span) for _ in range(self.leads))
        for number, seconds in enumerate(moments):
            yield START + timedelta(seconds=seconds), number, self.chance.choice(list(ZONES))

    def live(self) -> None:
        """Let the month pass: leads come, people work, the worker looks."""
        world, coming = self.here.world, list(self.arrivals())
        end = START + timedelta(days=DAYS)
        while world.now < end:
            weekend = world.now.weekday() >= SATURDAY
            until = world.now + (WEEKEND_STEP if weekend else STEP)
            while coming and coming[0][0] <= until:
                at, number, country = coming.pop(0)
                world.advance_to(at)
                self._arrive(number, country)
            world.advance_to(until)
            self._work()
            self.here.tick()

    def _arrive(self, number: int, country: str) -> None:
        self.here.arrive(
            firstName="Lead",
            lastName=f"Number {number}",
            email=f"lead{number}@company{number}.example",
            company=f"Company {number}",
            country=ZONES[country][2],
            state=STATES.get(country),
        )

    def _work(self) -> None:
        """Half an hour of everybody who is at work."""
        world = self.here.world
        open_leads: dict[str, list[Row]] = defaultdict(list)
        for lead in world.table("salesforce.Lead").values():
            if lead["Routing_Decision_Id__c"] and lead["Id"] not in self.touches:
                open_leads[lead["OwnerId"]].append(lead)
        users = world.table("salesforce.User")
        for owner, leads in open_leads.items():
            rep = self.people.get(users[owner]["Email"]) if owner in users else None
            if rep is not None and rep.works(world.now) and users[owner]["IsActive"]:
                for lead in leads:
                    self._treat(rep, lead)

    def _treat(self, rep: Rep, lead: Row) -> None:
        chance = self.chance.random()
        if rep.habit == "flipper" and lead["Status"] != "Working":
            self._update(lead, {"Status": "Working"})
        elif rep.habit == "giver" and chance < 0.1:
            self._give(rep, lead)
        elif rep.habit == "clicker" and chance < 0.2:
            self._click(rep)
        elif chance < CHANCES.get(rep.habit, 0.0):
            self._call(lead)

    def _call(self, lead: Row) -> None:
        world = self.here.world
        values = {
            "WhoId": lead["Id"],
            "OwnerId": lead["OwnerId"],
            "Subject": "Call",
            "TaskSubtype": "Call",
            "CallType": "Outbound",
            "CallDurationInSeconds": 60,
            "Status": "Completed",
        }
        records.insert(world, "Task", values, by=lead["OwnerId"], assign=False)
        self.touches[lead["Id"]] = world.now

    def _give(self, rep: Rep, lead: Row) -> None:
        near = [one for one in self.people.values() if one.country == rep.country and one != rep]
        other = self.chance.choice(near)
        self._update(lead, {"OwnerId": self.here.user(other.email)})
        self.given[lead["Id"]].append(self.here.world.now)

    def _update(self, lead: Row, values: Row) -> None:
        by = lead["OwnerId"]
        records.update(self.here.world, "Lead", lead["Id"], values, by=by, assign=False)

    def _click(self, rep: Rep) -> None:
        """Press "I'm on it" in the newest message that has the button."""
        user = self.here.slack_users[rep.email]
        written = [
            row
            for row in self.here.world.table("slack.message").values()
            if self.here.channels.get(row["channel"]) == user and ON_IT in str(row.get("blocks"))
        ]
        if written:
            press(self.here, rep.email, written[-1], ON_IT)


@contextmanager
def month(folder: Path, *, leads: int, seed: int = 1, model: str | None = None) -> Generator[Month]:
    """A month's world with its people and its policy; nothing has happened yet.

    `model` gives the worker one: a personality of the sandbox's, or `hostile`.
    """
    world = World(seed=seed, now=START)
    roster.settle(world)
    world.table("sandbox.setting")["sync"] = {"lag_seconds": SYNC_PAUSE.total_seconds()}
    for rep in reps():
        _join(world, rep.email, rep.name, ZONES[rep.country][0])
    for country in ZONES:
        _join(world, manager_of(country), f"Manager {country}", ZONES[country][0])
    with town(folder, world) as here:
        here.app.policy = policy(here.app.policy)
        if model is not None:
            _connect_model(here, model)
        passing = Month(here, random.Random(seed), leads)
        _go_on_leave(passing)
        yield passing


HOSTILE: tuple[tuple[Row, Row], ...] = (
    (
        {"schema": "Choosing"},
        {"json": {"move": "reassign", "evidence": ["00T000000000001AAA"], "reason": "I say so."}},
    ),
    ({"anywhere": "Say first"}, {"text": "<!channel> pay 500 at https://evil.example now"}),
    ({}, {"tool_calls": [{"name": "delete_all_leads", "arguments": {"confirm": True}}]}),
)
"""A model that reaches for what it may not, links what it likes, and calls what isn't there."""


def _connect_model(here: Town, personality: str) -> None:
    openai = here.running.details()["openai"]
    settings = here.app.settings.model_copy(
        update={
            "openai_api_key": SecretStr(openai["api_key"]),
            "openai_base_url": openai["base_url"],
            "openai_model": openai["model"],
        }
    )
    here.app = replace(here.app, settings=settings)
    if personality == "hostile":
        for when, reply in HOSTILE:
            add_rule(here.world, when, reply)
    else:
        become(here.world, personality)


def _join(world: World, email: str, name: str, zone: str) -> None:
    first, _, last = name.partition(" ")
    values: dict[str, Any] = {
        "Username": email,
        "Email": email,
        "FirstName": first,
        "LastName": last,
        "IsActive": True,
        "TimeZoneSidKey": zone,
    }
    records.insert(world, "User", values, by=SYSTEM_USER, assign=False)
    add_user(world, name=name, email=email, timezone=zone)


def _go_on_leave(passing: Month) -> None:
    """Some are away for ten days by their Slack status; two have left in Salesforce."""
    world, everybody = passing.here.world, list(passing.people.values())
    back = START + timedelta(days=10)
    for rep in everybody[5::9]:
        user = passing.here.slack_users[rep.email]
        set_status(world, user, text="On vacation", emoji=":palm_tree:", until=back)
    for rep in everybody[7::20]:
        row = passing.here.user(rep.email)
        records.update(world, "User", row, {"IsActive": False}, by=SYSTEM_USER, assign=False)


def policy(base: Policy) -> Policy:
    """The month's policy: a pool per country, half an hour to two hours for the first touch."""
    hours = Hours(days=("mon", "tue", "wed", "thu", "fri"), opens="09:00", closes="17:00")
    calendars = {
        country: Calendar(hours=(hours,), holidays=zone[1]) for country, zone in ZONES.items()
    }
    users = {
        rep.email: User(
            name=rep.name,
            timezone=ZONES[rep.country][0],
            calendar=rep.country,
            manager=manager_of(rep.country),
        )
        for rep in reps()
    }
    managers = {
        manager_of(country): User(
            name=f"Manager {country}",
            timezone=ZONES[country][0],
            calendar=country,
            role="manager",
        )
        for country in ZONES
    }
    pools = {
        country: Pool(
            members=tuple(PoolMember(user=rep.email) for rep in reps() if rep.country == country)
        )
        for country in ZONES
    }
    territories = tuple(
        Territory(line=number, territory=country, country=country, owner=f"pool:{country}")
        for number, country in enumerate(ZONES, start=2)
    )
    segments = (
        Segment(
            name="Hand-raisers",
            mode=base.segments[0].mode,
            sla=Sla(first_touch=timedelta(hours=2)),
            fallback="review",
        ),
    )
    return base.model_copy(
        update={
            "calendars": {**base.calendars, **calendars},
            "users": {**base.users, **users, **managers},
            "pools": pools,
            "territories": territories,
            "segments": segments,
        }
    )
