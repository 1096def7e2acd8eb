"""What a rep should know of a lead before the first call, as values."""

from domain.values import Instant, Value


class Happening(Value):
    """Something that happened, and when; shown in the reader's own time zone."""

    at: Instant
    what: str


class Brief(Value):
    """What a message tells of a lead besides whose it is."""

    did: tuple[Happening, ...] = ()
    """What the lead did lately, newest first."""
    opening: str | None = None
    """What to say first."""
