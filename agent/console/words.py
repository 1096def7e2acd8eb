"""How numbers, times and names are told on a page: aligned, with units, on the reader's clock."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from domain.metrics.measures import Share
from domain.values import content_hash

NOTHING = "–"
"""Where there is no value; never zero."""
_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def at(instant: datetime | None, timezone: str) -> str:
    """A day and a time on somebody's clock: `Mon, Nov 23, 9:30 AM EST`."""
    if instant is None:
        return NOTHING
    local = instant.astimezone(ZoneInfo(timezone))
    return f"{local:%a}, {local:%b} {local.day}, {local.hour % 12 or 12}:{local:%M %p %Z}"


def hour(start: int) -> str:
    """An hour of the day: `9 AM`."""
    return f"{start % 12 or 12} {time(start):%p}"


def length(stretch: timedelta | None) -> str:
    """A length of time in its two largest units: `2 h 30 min`."""
    if stretch is None:
        return NOTHING
    if stretch < _MINUTE:
        return f"{stretch.total_seconds():.0f} s"
    minutes = round(stretch / _MINUTE)
    days, rest = divmod(minutes, 24 * 60)
    hours, minutes = divmod(rest, 60)
    if days:
        return f"{days} d {hours} h" if hours else f"{days} d"
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{minutes} min"


def due(target: datetime | None, now: datetime) -> str:
    """How far ahead or behind a target is."""
    if target is None:
        return NOTHING
    return (
        f"overdue by {length(now - target)}" if target <= now else f"due in {length(target - now)}"
    )


def ago(instant: datetime | None, now: datetime) -> str:
    """How long ago something was."""
    if instant is None:
        return "never"
    return "just now" if now - instant < _MINUTE else f"{length(now - instant)} ago"


def percent(share: Share | float | None) -> str:
    """A share in whole per cent."""
    value = share.value if isinstance(share, Share) else share
    return NOTHING if value is None else f"{100 * value:.0f}%"


def number(count: float | None) -> str:
    """A count with its thousands apart."""
    return NOTHING if count is None else f"{count:,.0f}"


def plural(count: int, one: str, many: str | None = None) -> str:
    """A count with its thing: `1 lead`, `1,200 leads`."""
    return f"{number(count)} {one if count == 1 else many or f'{one}s'}"


def person_key(email: str) -> str:
    """What a person is called in an address: opaque, for an email address has no place there."""
    return content_hash(f"person {email}")[:12]


def parts_of_title(title: str) -> tuple[str, str]:
    """A lead's title as its name and the rest: `Dana Fox, VP Marketing at Acme`."""
    for mark in (", ", " at "):
        name, found, rest = title.partition(mark)
        if found and (mark == ", " or ", " not in title):
            return name, rest if mark == ", " else f"at {rest}"
    return title, ""


def spoken(name: str) -> str:
    """A name of the code's as words: `us_west` is `us west`."""
    return name.replace("_", " ")


def sentence(text: str) -> str:
    """A text that begins with a capital letter; the rest stays as it is."""
    return text[:1].upper() + text[1:]


def listed(texts: Sequence[str]) -> str:
    """Things one after the other: `a, b and c`."""
    return " and ".join(part for part in (", ".join(texts[:-1]), *texts[-1:]) if part)
