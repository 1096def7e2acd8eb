"""How numbers, times and names are told on a page: aligned, with units, on the reader's clock."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from domain.metrics.measures import Share
from domain.values import content_hash

NOTHING = "–"
"""Where there is no value; never zero."""
_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def at(instant: datetime | None, timezone: str) -> str:
    """A day and a time on somebody's clock."""
    if instant is None:
        return NOTHING
    local = instant.astimezone(ZoneInfo(timezone))
    return f"{local:%a} {local.day} {local:%b} {local:%H:%M}"


def length(stretch: timedelta | None) -> str:
    """A length of time in its two largest units."""
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
        return f"{hours} h {minutes:02} m" if minutes else f"{hours} h"
    return f"{minutes} m"


def due(target: datetime | None, now: datetime) -> str:
    """How far ahead or behind a target is."""
    if target is None:
        return NOTHING
    return f"{length(now - target)} late" if target <= now else f"in {length(target - now)}"


def ago(instant: datetime | None, now: datetime) -> str:
    """How long ago something was."""
    if instant is None:
        return "never"
    return "just now" if now - instant < _MINUTE else f"{length(now - instant)} ago"


def percent(share: Share | float | None) -> str:
    """A share in whole per cent."""
    value = share.value if isinstance(share, Share) else share
    return NOTHING if value is None else f"{100 * value:.0f}\u00a0%"


def number(count: float | None) -> str:
    """A count with its thousands apart."""
    return NOTHING if count is None else f"{count:,.0f}"


def plural(count: int, one: str, many: str | None = None) -> str:
    """A count with its thing: `1 lead`, `1,200 leads`."""
    return f"{number(count)} {one if count == 1 else many or f'{one}s'}"


def person_key(email: str) -> str:
    """What a person is called in an address: opaque, for an e-mail address has no place there."""
    return content_hash(f"person {email}")[:12]


def parts_of_title(title: str) -> tuple[str, str]:
    """A lead's title as its name and the rest: `Dana Fox, VP Marketing at Acme`."""
    for mark in (", ", " at "):
        name, found, rest = title.partition(mark)
        if found and (mark == ", " or ", " not in title):
            return name, rest if mark == ", " else f"at {rest}"
    return title, ""


def spoken(name: str) -> str:
    """A name of the code's as words: `set_owner` is `set owner`."""
    return name.replace("_", " ")
