"""Playing one cell in a town of its own, and the same leads in peace."""

import random
from collections.abc import Mapping
from pathlib import Path

from agent.app import open_app
from agent.ledger.engine import migrate
from sandbox.people import roster
from sandbox.state.world import World
from tests.outages.laws import Verdict, fates, judge
from tests.outages.life import STARTS, Cell, Life, files_in, with_model
from tests.support.databases import fresh_database
from tests.support.worlds import MONDAY, Town, WorldClock, town

Fates = Mapping[str, tuple[str, ...]]


def play(folder: Path, cell: Cell, server: str, peace: Fates) -> Verdict:
    """Live through one outage on an own ledger: a SQLite file, or one of a PostgreSQL server."""
    folder.mkdir(parents=True, exist_ok=True)
    with town(folder, _world()) as here:
        _prepare(here, folder, server, with_a_model=cell.what == "model")
        return judge(Life(here, cell).live(), peace)


def peaceful(folder: Path) -> Fates:
    """Where each lead goes when nothing is away."""
    folder.mkdir(parents=True, exist_ok=True)
    with town(folder, _world()) as here:
        _prepare(here, folder, "", with_a_model=False)
        cell = Cell("marketo", "5 min", "waiting", "503", STARTS[0])
        life = Life(here, cell).live(in_peace=True)
        verdict = judge(life, {})
        if verdict.wrong:
            raise AssertionError(verdict.wrong)
        return fates(life)


def _world() -> World:
    world = World(seed=1, now=MONDAY)
    roster.settle(world)
    return world


def _prepare(here: Town, folder: Path, server: str, *, with_a_model: bool) -> None:
    files_in(here, folder)
    if with_a_model:
        with_model(here)
    settings, before = here.app.settings, here.app
    if server:
        engine = fresh_database(server)
        migrate(engine)
        url = engine.url.render_as_string(hide_password=False)
        engine.dispose()
        settings = settings.model_copy(update={"routeready_database": url})
    before.close()
    here.app = open_app(settings, clock=WorldClock(here.world))
    here.app.chance = random.Random(1)
