"""One cell of the matrix: leads, an outage at a moment of one lead's life, and what follows."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from agent.worker.service import Service
from domain.health import (
    CheckFailed,
    LeadsSetAside,
    LedgerOut,
    ModelOut,
    ProviderOut,
    VendorOut,
)
from sandbox.enrichment.directory import add_company
from sandbox.marketo.lead_database import people
from sandbox.people import roster
from sandbox.salesforce.store import records
from tests.outages.absence import FACES, Absence, absence
from tests.support.follow_through import call
from tests.support.worlds import Town

WHAT = tuple(FACES)
LONG = {
    "5 min": timedelta(minutes=5),
    "70 min": timedelta(minutes=70),
    "5 h": timedelta(hours=5),
    "3 days": timedelta(days=3),
}
WHEN = ("intake", "decided", "written", "notified", "waiting")
"""The moments at which it goes away: each lies between two steps of the worker's."""
STARTS = (timedelta(hours=2), timedelta(hours=7, minutes=45), timedelta(days=4, hours=5))
"""Counted from Monday 9:00 in New York: that morning, its last working hour, Friday afternoon.
Thursday is a holiday there."""
STEPS = {
    "5 min": (1,),
    "70 min": (1, 4, 5, 10),
    "5 h": (1, 9, 20, 30),
    "3 days": (1, 9, 50, 360),
}
"""Minutes between two ticks of an outage; the last one is repeated."""
MAY_PASS = ("limit", "full")
"""A limit is an outage only when it lasts, and a full disk only for what needs another page."""
AFTER = (1, 4, 15, 10)
"""Minutes between the ticks after it, to begin with."""
HALF_HOUR = timedelta(minutes=30)
HOURS_AFTER = 5
"""So many working hours of New York somebody looks at what the worker does afterwards."""


@dataclass(frozen=True)
class Cell:
    """One outage."""

    what: str
    long: str
    when: str
    way: str
    start: timedelta

    @property
    def name(self) -> str:
        """In words."""
        return f"{self.what} away ({self.way}) for {self.long}, {self.when}, {self.start}"


@dataclass
class Watch:
    """What was seen of the worker's health."""

    raised: list[str] = field(default_factory=list[str])
    internal: list[str] = field(default_factory=list[str])
    silent: list[str] = field(default_factory=list[str])
    since: datetime | None = None
    """Since when health says that it is away, as it said last."""
    left: list[str] = field(default_factory=list[str])
    """What health still says at the end."""


@dataclass
class Life:
    """A town, its worker, and leads in every part of their life."""

    here: Town
    cell: Cell
    leads: dict[str, int] = field(default_factory=dict[str, int])
    called: dict[str, datetime] = field(default_factory=dict[str, datetime])
    watch: Watch = field(default_factory=Watch)
    began: datetime | None = None
    _is_away: bool = False

    def __post_init__(self) -> None:
        """A worker as it runs for months; its policy doesn't change meanwhile."""
        self.service = Service(self.here.app)
        self.service.pulse.start()
        self.here.app.reload_policy = lambda: False  # type: ignore[method-assign]
        self.away: Absence = absence(self.here, self.cell.what, self.cell.way)

    def live(self, *, in_peace: bool = False) -> "Life":
        """Everything, from the first lead to the time when nothing is left to do."""
        self._before()
        if in_peace:
            self._arrive("struck", state="New York", numberOfEmployees=None)
            self.tick()
            self.began = self.here.world.now
        else:
            self._goes_away()
        self._meanwhile()
        if not in_peace:
            self.away.end()
        self._afterwards()
        self.watch.left = [one.trouble.kind for one in self.service.look().standing]
        return self

    def tick(self, **by: float) -> None:
        """Let time pass and the worker look."""
        if by:
            self.here.pass_time(**by)
        before = len(self.here.world.journal)
        try:
            self.service.tick()
        except Exception as error:  # noqa: BLE001  (that is what is looked for)
            self.watch.raised.append(f"{type(error).__name__}: {error}")
        standing = self.service.look().standing
        self.watch.internal += [
            str(one.trouble)
            for one in standing
            if isinstance(one.trouble, CheckFailed | LeadsSetAside)
        ]
        if self._is_away:
            self._look_at_health(before)

    def _look_at_health(self, before: int) -> None:
        """Whoever met the outage says so."""
        journal = self.here.world.journal
        met = any(one.kind == "fault" for one in journal.select(after=before - 1, kind="fault"))
        told = [one for one in self.service.look().standing if self._is_about_it(one.trouble)]
        if told:
            self.watch.since = told[0].since
        elif self.cell.way not in MAY_PASS and (met or self.cell.what == "database"):
            self.watch.silent.append(self.here.world.now.isoformat())

    def _is_about_it(self, trouble: object) -> bool:
        match trouble:
            case VendorOut() | ProviderOut():
                return trouble.vendor in (self.cell.what, *FACES[self.cell.what])
            case ModelOut():
                return self.cell.what == "model"
            case LedgerOut():
                return self.cell.what == "database"
            case _:
                return False

    def _arrive(self, name: str, *, synced: bool = True, **values: Any) -> None:  # noqa: ANN401
        site = f"{name}-company"
        company = {"domain": f"{site}.example", "name": site, "employees": 300, "founded": 2001}
        place = {"country": "US", "country_name": "United States", "region": "NY", "city": "Troy"}
        add_company(self.here.world, company | place | {"industry": "Software"})
        known = {"email": f"{name}@{site}.example", "company": site, "lastName": name.title()}
        self.leads[name] = self.here.arrive(synced=synced, **{**known, **values})

    def _before(self) -> None:
        """One lead was called, one waits for its owner, one for its sync, one is a customer's."""
        here = self.here
        self.tick()
        here.pass_time(hours=(self.cell.start - timedelta(hours=1)).total_seconds() / 3600)
        by = here.user(roster.SYNC)
        account = {
            "Name": "customer-company",
            "Website": "https://customer-company.example",
            "OwnerId": here.user("ursula.grant@meridian.example"),
            "Type": "Customer",
        }
        records.insert(here.world, "Account", account, by=by, assign=False)
        self._arrive("worked", state="New York")
        self.tick()
        self._call("worked")
        here.pass_time(minutes=35)
        self._arrive("waits", country="Brazil", state=None)
        self._arrive("customer", state="New York", numberOfEmployees=5000)
        self._arrive("unsynced", state="Texas", synced=False)
        self.tick()
        here.pass_time(minutes=25)

    def _goes_away(self) -> None:
        """It goes away at the very moment; the lead is the only new one then."""
        self._arrive("struck", state="New York", numberOfEmployees=None)
        if self.cell.when == "waiting":
            self.tick()
            self.tick(minutes=5)
            self._begin()
            return
        app: Any = self.here.app
        port, name, is_before = {
            "intake": (app.marketing, "people", True),
            "decided": (app.crm, "owner_states", True),
            "written": (app.crm, "set_owners", False),
            "notified": (app.messenger, "tell_owners", False),
        }[self.cell.when]
        whole: Callable[..., Any] = getattr(port, name)

        def struck(*given: Any, **more: Any) -> Any:  # noqa: ANN401  (as the original)
            delattr(port, name)
            if is_before:
                self._begin()
                return whole(*given, **more)
            answer = whole(*given, **more)
            self._begin()
            return answer

        setattr(port, name, struck)
        for _ in range(60):
            self.tick()
            if self.began is not None:
                return
            self.here.pass_time(minutes=5)
        raise RuntimeError(f"never {self.cell.when}")

    def _begin(self) -> None:
        self.away.begin()
        self.began, self._is_away = self.here.world.now, True

    def _meanwhile(self) -> None:
        """Others arrive, are synced and are called; the worker looks all the while."""
        world = self.here.world
        if self.began is None:
            raise RuntimeError("it never began")
        until, half = self.began + LONG[self.cell.long], LONG[self.cell.long] / 2
        steps, happened = list(STEPS[self.cell.long]), False
        while world.now < until:
            if not happened and world.now >= self.began + half:
                happened = True
                self._arrive("newcomer", state="California", numberOfEmployees=None)
                if not self._is_synced("unsynced"):
                    self.here.sync(self.leads["unsynced"])
                if self.here.lead(self.leads["customer"])["OwnerId"].startswith("005"):
                    self._call("customer")
            step = timedelta(minutes=steps.pop(0) if len(steps) > 1 else steps[0])
            self.tick(minutes=min(step, until - world.now).total_seconds() / 60)
        self._is_away = False

    def _afterwards(self) -> None:
        """It is back: whatever is due comes, in people's working hours."""
        for minutes in AFTER:
            self.tick(minutes=minutes)
        self._arrive("later", state="New York")
        self.tick()
        left = HOURS_AFTER * 2
        while left:
            if is_working_time(self.here.world.now):
                left -= 1
                self.tick(minutes=HALF_HOUR.total_seconds() / 60)
            else:
                self._sleep()

    def _sleep(self) -> None:
        """Until people work again, with a look every few hours."""
        world, night = self.here.world, 0
        while not is_working_time(world.now):
            world.advance(HALF_HOUR)
            night += 1
            if night % 12 == 0:
                self.tick()
        self.tick()

    def _is_synced(self, name: str) -> bool:
        row = self.here.world.table(people.PERSON)[str(self.leads[name])]
        return bool(row.get("sfdcLeadId"))

    def _call(self, name: str) -> None:
        call(self.here, self.leads[name])
        self.called[name] = self.here.world.now


def is_working_time(now: datetime) -> bool:
    """Whether New York works, in UTC; the Thursday of that week is Thanksgiving."""
    is_day = now.weekday() < 5 and (now.month, now.day) != (11, 26)
    return is_day and 14 <= now.hour + now.minute / 60 < 22.5


def with_model(here: Town) -> None:
    """Let the town's worker use the sandbox's model."""
    told = here.running.details()["openai"]
    access = {
        "openai_api_key": SecretStr(told["api_key"]),
        "openai_base_url": told["base_url"],
        "openai_model": told["model"],
    }
    here.app.settings = here.app.settings.model_copy(update=access)


def files_in(here: Town, folder: Path) -> None:
    """Let the worker keep its files in a folder."""
    files = {"routeready_health_file": folder / "health", "routeready_stop_file": folder / "stop"}
    here.app.settings = here.app.settings.model_copy(update=files)


def cells(dice: random.Random, ways: Callable[[str, random.Random], str]) -> Sequence[Cell]:
    """Every cell, each in one of its ways, in an order in which any part is a sample."""
    found = [
        Cell(what, long, when, ways(what, dice), dice.choice(STARTS))
        for what in WHAT
        for long in LONG
        for when in WHEN
    ]
    dice.shuffle(found)
    return found
