"""US English for people: moments with their time zone, lengths of time, counts and lists.

Pure. Whoever reads it decides the time zone; nothing here knows a reader.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

_MINUTE = timedelta(minutes=1)
_SIBILANTS = ("s", "x", "z", "ch", "sh")


def moment(at: datetime, zone: ZoneInfo) -> str:
    """A moment on a reader's clock: `Mon, Nov 23, 9:30 AM EST`."""
    return f"{day(at.astimezone(zone).date())}, {clock(at, zone)}"


def clock(at: datetime, zone: ZoneInfo) -> str:
    """A time of day on a reader's clock, with its zone: `9:30 AM EST`."""
    local = at.astimezone(zone)
    hour = local.hour % 12 or 12
    return f"{hour}:{local:%M} {'AM' if local.hour < 12 else 'PM'} {_zone(local)}"  # noqa: PLR2004  (noon)


def _zone(local: datetime) -> str:
    """The zone's own letters; where it has none, its distance from UTC: `UTC-03`."""
    name = local.tzname() or "UTC"
    return name if name[:1].isalpha() else f"UTC{name}"


def day(one: date) -> str:
    """A day: `Mon, Nov 23`."""
    return f"{one:%a}, {short_day(one)}"


def short_day(one: date) -> str:
    """A day without its weekday: `Nov 23`."""
    return f"{one:%b} {one.day}"


def lasting(length: timedelta) -> str:
    """A length of time in its two largest units: `30 min`, `2 h 30 min`, `2 d 4 h`."""
    if length < _MINUTE:
        return f"{max(0, round(length.total_seconds()))} s"
    minutes = round(length / _MINUTE)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [f"{days} d", f"{hours} h"] if days else [f"{hours} h", f"{minutes} min"]
    return " ".join(one for one in parts if not one.startswith("0 "))


def capitalized(text: str) -> str:
    """A text that begins with a capital letter; the rest stays as it is."""
    return text[:1].upper() + text[1:]


def counted(count: int, thing: str, things: str | None = None) -> str:
    """A number with its thing: `1 lead`, `2 SLA breaches`, `3,000 activities`.

    `things` is the plural of what has one of its own, such as `people`.
    """
    return f"{count:,} {thing if count == 1 else things or plural(thing)}"


def plural(thing: str) -> str:
    """More than one of a thing."""
    if thing.endswith("y") and thing[-2:-1] not in "aeiou":
        return f"{thing[:-1]}ies"
    return f"{thing}es" if thing.endswith(_SIBILANTS) else f"{thing}s"


def listed(names: Sequence[str], last: str = "and") -> str:
    """Things in a row: `Ana`, `Ana and Ben`, `Ana, Ben and Cho`."""
    if len(names) < 2:  # noqa: PLR2004  (one of them, or none)
        return "".join(names)
    return f"{', '.join(names[:-1])} {last} {names[-1]}"
