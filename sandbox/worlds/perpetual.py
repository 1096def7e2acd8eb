"""A world that goes on living: months of past, leads that arrive every hour, people at work.

It begins when the demo does, and ends never. `leads` is how many the past holds; a hundredth of
them arrive anew each day.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sandbox import acts, people
from sandbox.http.message import Json
from sandbox.marketo.sync import native_sync
from sandbox.people import roster
from sandbox.state.world import World
from sandbox.worlds import history
from sandbox.worlds.companies import found_companies, open_accounts
from sandbox.worlds.demo import START
from sandbox.worlds.lead_kinds import ALL_KINDS, Stage, tell
from sandbox.worlds.places import Country

LEADS = 2_000
ARRIVALS = "living.arrivals"
EVERY = timedelta(hours=1)
LEADS_PER_COMPANY = 8
FEWEST_COMPANIES, MOST_COMPANIES = 60, 4_000
FEWEST_A_DAY = 24
SHARE_A_DAY = 0.01
AT_NIGHT = 0.1
"""How likely somebody comes up out of their business hours, beside somebody within them."""
OPENS, CLOSES = 8, 18
SATURDAY = 5


def build(world: World, leads: int = LEADS) -> None:
    """Fill an empty world; its clock is set to the demo's start."""
    world.state.now = START - timedelta(days=history.DAYS)
    acts.live(world)
    roster.settle(world)
    count = min(MOST_COMPANIES, max(FEWEST_COMPANIES, leads // LEADS_PER_COMPANY))
    companies = found_companies(world, count)
    stage = Stage(world, companies, open_accounts(world, companies))
    history.remember(stage, leads, START)
    roster.part_ways(world)
    roster.take_leave(world)
    native_sync.skip_past(world)
    native_sync.begin(world)
    _let_arrive(stage, max(FEWEST_A_DAY, round(leads * SHARE_A_DAY)))
    people.live(world)


def _let_arrive(stage: Stage, per_day: int) -> None:
    """Let leads of all kinds come up hour by hour."""
    world = stage.world
    names = [name for name in ALL_KINDS if name != "surge"]
    weights = [ALL_KINDS[name].count for name in names]

    def arrive(_: Json) -> None:
        with world.dice("arrivals") as chance:
            for _number in range(per_day // 24 + (chance.random() < per_day % 24 / 24)):
                tell(stage, chance.choices(names, weights)[0], _within_the_hour)
        world.schedule(world.now + EVERY, ARRIVALS)

    world.on(ARRIVALS, arrive)
    world.schedule(world.now + EVERY, ARRIVALS)


def _within_the_hour(world: World, country: Country) -> datetime:
    """An instant of the next hour; of a later one for who would be up at night."""
    at = world.now + timedelta(seconds=world.rng.randrange(3600))
    local = at.astimezone(ZoneInfo(country.timezone))
    is_open = local.weekday() < SATURDAY and OPENS <= local.hour < CLOSES
    while not is_open and world.rng.random() >= AT_NIGHT:
        local += EVERY
        is_open = local.weekday() < SATURDAY and OPENS <= local.hour < CLOSES
    return local.astimezone(UTC)
