"""When colleagues are at work: time zones, office hours, weekends, public holidays, days off."""

from collections.abc import Mapping
from datetime import datetime, time
from functools import cache
from zoneinfo import ZoneInfo

import holidays

from sandbox.people.roster import Colleague
from sandbox.slack import user_by_email
from sandbox.state.world import Row, World

OPENS, CLOSES = 9, 18
SATURDAY = 5
HOLIDAYS: Mapping[str, tuple[str, str | None]] = {
    "America/Chicago": ("US", "IL"),
    "America/Los_Angeles": ("US", None),
    "America/New_York": ("US", "NY"),
    "America/Sao_Paulo": ("BR", "SP"),
    "Asia/Dubai": ("AE", None),
    "Asia/Kolkata": ("IN", None),
    "Asia/Singapore": ("SG", None),
    "Asia/Tokyo": ("JP", None),
    "Australia/Sydney": ("AU", "NSW"),
    "Europe/Berlin": ("DE", "BE"),
    "Europe/Dublin": ("IE", None),
    "Europe/London": ("GB", "ENG"),
    "Europe/Madrid": ("ES", "MD"),
    "Europe/Paris": ("FR", None),
    "Europe/Stockholm": ("SE", None),
}
"""Country and part of it whose public holidays hold where a clock hangs."""


def is_at_work(world: World, colleague: Colleague, user: Row) -> bool:
    """Whether a colleague, who is this Salesforce user, is at work now."""
    now = world.now.astimezone(ZoneInfo(colleague.timezone))
    if not user["IsActive"] or now.weekday() >= SATURDAY or not OPENS <= now.hour < CLOSES:
        return False
    return not is_holiday(colleague.timezone, now) and not is_away(world, colleague, user)


def is_holiday(timezone: str, local: datetime) -> bool:
    """Whether a local day is a public holiday where clocks show this time zone."""
    country = HOLIDAYS.get(timezone)
    return country is not None and local.date() in _holidays(*country, local.year)


def is_away(world: World, colleague: Colleague, user: Row) -> bool:
    """Whether a colleague says so: by a message in Salesforce or a status in Slack."""
    member = user_by_email(world, colleague.address)
    if user.get("OutOfOfficeMessage") or member is None or member["deleted"]:
        return True
    until = member["profile"]["status_expiration"]
    return bool(until > world.now.timestamp())


def user_of(world: World, colleague: Colleague) -> Row | None:
    """A colleague's Salesforce user."""
    found = world.table("salesforce.User").holding("Email", [colleague.address])
    return found[0] if found else None


def evening(colleague: Colleague, now: datetime) -> datetime:
    """An instant after work of a colleague's day."""
    local = now.astimezone(ZoneInfo(colleague.timezone))
    return datetime.combine(local.date(), time(CLOSES, 40), local.tzinfo)


@cache
def _holidays(country: str, part: str | None, year: int) -> frozenset[object]:
    return frozenset(holidays.country_holidays(country, subdiv=part, years=year))
