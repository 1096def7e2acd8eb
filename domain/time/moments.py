"""Moments as people say them: "until Thursday", "for 2h", "since Monday", "2026-11-30"."""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
WEEK = 7
"""Days; a weekday's name on that weekday means the next one, or the one before."""
MORNING = time(9)
"""What a day without an hour means when something is to begin then."""

_LENGTH = re.compile(r"(\d{1,4})\s*(m|min|minutes?|h|hours?|d|days?|w|weeks?)", re.IGNORECASE)
_UNITS = {
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}


def midnight(now: datetime, timezone: str) -> datetime:
    """When the present day began there."""
    zone = ZoneInfo(timezone)
    return datetime.combine(now.astimezone(zone).date(), time(), zone).astimezone(UTC)


def length(text: str) -> timedelta | None:
    """A length of time such as `2h`, `30 minutes` or `3 days`; None for anything else."""
    found = _LENGTH.fullmatch(text.strip())
    if found is None:
        return None
    return int(found[1]) * _UNITS[found[2][0].lower()]


def coming(text: str, now: datetime, timezone: str) -> datetime | None:
    """A moment ahead: a length from now, a weekday, `tomorrow` or a date, in the morning there.

    None when it can't be read, or when it is not ahead.
    """
    wanted, zone = text.strip().lower(), ZoneInfo(timezone)
    lasting = length(wanted)
    if lasting is not None:
        return now + lasting if lasting else None
    today = now.astimezone(zone).date()
    day = _day(wanted, today, forward=True)
    if day is None:
        return None
    moment = datetime.combine(day, MORNING, zone).astimezone(UTC)
    return moment if moment > now else None


def past(text: str, now: datetime, timezone: str) -> datetime | None:
    """A moment behind: a length ago, a weekday, `today`, `yesterday` or a date, from midnight.

    None when it can't be read, or when it is not behind.
    """
    wanted, zone = text.strip().lower(), ZoneInfo(timezone)
    lasting = length(wanted)
    if lasting is not None:
        return now - lasting
    today = now.astimezone(zone).date()
    if wanted == "this week":
        wanted = "monday"
    day = today if wanted == "monday" == DAYS[today.weekday()] else None
    day = day or _day(wanted, today, forward=False)
    if day is None:
        return None
    moment = datetime.combine(day, time(), zone).astimezone(UTC)
    return moment if moment <= now else None


def _day(wanted: str, today: date, *, forward: bool) -> date | None:
    named = {
        "today": today,
        "tomorrow": today + timedelta(days=1),
        "yesterday": today - timedelta(days=1),
    }
    if wanted in named:
        return named[wanted]
    weekday = wanted.removeprefix("next ").removeprefix("last ")
    if weekday in DAYS:
        ahead = (DAYS.index(weekday) - today.weekday()) % 7 or WEEK
        behind = (today.weekday() - DAYS.index(weekday)) % 7 or WEEK
        return today + timedelta(days=ahead if forward else -behind)
    try:
        return date.fromisoformat(wanted)
    except ValueError:
        return None
