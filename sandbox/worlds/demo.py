"""The demo world: Meridian Systems and some 420 leads over three business days.

It begins on Monday 2026-11-23 at 06:00 UTC. Everything that will happen is scheduled: form
fills, page visits, scores, the sync with Salesforce, reps at work, and a few colleagues who are
quicker than the worker. Thursday 26 November is Thanksgiving, and lies just behind the end.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sandbox import acts, people
from sandbox.acts import plan
from sandbox.marketo.sync import native_sync
from sandbox.people import roster
from sandbox.state.world import World
from sandbox.worlds.companies import found_companies, open_accounts
from sandbox.worlds.lead_kinds import KINDS, Stage, tell
from sandbox.worlds.places import Country

START = datetime(2026, 11, 23, 6, tzinfo=UTC)
DAYS = 3
COMPANIES = 180
AFTER_HOURS = 0.1
"""Share of leads that come up outside business hours."""
SURGE_AT = START + timedelta(hours=33)
TAKES = 3
"""Leads that a rep takes by hand before the worker can, and that a manager gives away."""


def build(world: World) -> None:
    """Fill an empty world; its clock is set to `START`."""
    world.state.now = START
    acts.live(world)
    native_sync.begin(world)
    roster.settle(world)
    companies = found_companies(world, COMPANIES)
    stage = Stage(world, companies, open_accounts(world, companies))
    roster.part_ways(world)
    for name, kind in KINDS.items():
        for _ in range(kind.count):
            tell(stage, name, surge if kind.trigger == "surge" else arrival)
    _interfere(world)
    people.live(world, "reps")


def surge(world: World, _: Country) -> datetime:
    """An instant of the hour and a half in which one account's people all come."""
    return SURGE_AT + timedelta(minutes=world.rng.randint(0, 90))


def arrival(world: World, country: Country) -> datetime:
    """An instant of the three days, mostly in the country's business hours."""
    rng, zone = world.rng, ZoneInfo(country.timezone)
    hour = rng.randint(0, 23) if rng.random() < AFTER_HOURS else rng.randint(8, 17)
    day = START.date() + timedelta(days=rng.randrange(DAYS))
    local = datetime(day.year, day.month, day.day, hour, rng.randrange(60), tzinfo=zone)
    at = local.astimezone(UTC) + timedelta(seconds=rng.randrange(60))
    end = START + timedelta(days=DAYS)
    while at < START:
        at += timedelta(days=1)
    while at >= end:
        at -= timedelta(days=1)
    return at


def _interfere(world: World) -> None:
    """Let reps take some fresh leads by hand, and a manager give some away."""
    truth = world.table("sandbox.truth")
    fresh = sorted(
        (row["at"], email)
        for email, row in truth.items()
        if row["kind"] == "clean" and row["region"] == "EMEA"
    )
    jack = f"jack.byrne@{roster.DOMAIN}"
    sven = f"sven.olsen@{roster.DOMAIN}"
    for at, email in fresh[:TAKES]:
        take = {
            "do": "salesforce.update",
            "object": "Lead",
            "where": {"Email": email},
            "values": {"OwnerId": {"user": jack}, "Status": "Working"},
            "by": jack,
        }
        plan(world, datetime.fromisoformat(at) + timedelta(minutes=2), take)
    for at, email in fresh[TAKES : 2 * TAKES]:
        give = {
            "do": "salesforce.update",
            "object": "Lead",
            "where": {"Email": email},
            "values": {"OwnerId": {"user": f"kate.molloy@{roster.DOMAIN}"}},
            "by": sven,
        }
        plan(world, datetime.fromisoformat(at) + timedelta(seconds=50), give)
    for _, email in fresh[:TAKES]:
        truth[email]["taken_by"] = jack
