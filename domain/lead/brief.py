"""What a rep should know of a lead before the first call, as values."""

from domain.lead.model import Occurrence, TriggerKind
from domain.values import Instant, Quoted, Value


class Happening(Value):
    """Something that the lead did, and when."""

    at: Instant
    fact: Occurrence


class Opener(Value):
    """How to begin: by what triggered the lead, and by phone where there is a number."""

    trigger: TriggerKind
    by_phone: bool


class Brief(Value):
    """What a message tells of a lead besides whose it is."""

    did: tuple[Happening, ...] = ()
    """What the lead did lately, newest first."""
    opener: Opener | Quoted | None = None
    """What to say first; quoted where a model worded it."""
