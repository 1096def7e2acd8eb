"""What Slack sends to the app: put down in the world, delivered by `sandbox.slack.delivery`."""

from dataclasses import asdict, dataclass, field
from datetime import timedelta

from sandbox.wire import Json
from sandbox.world import Row, World

CHALLENGE = "url_verification"
"""The kind of push by which a request URL is tried before it is used."""
EVENT = "slack.push"
"""The scheduled event whose payload is a push; deliveries take it up."""


@dataclass(frozen=True, slots=True)
class Push:
    """One envelope on its way."""

    kind: str
    """`events_api`, `interactive`, `slash_commands`, as Socket Mode says, or `CHALLENGE`."""
    payload: Row
    about: Row = field(default_factory=dict[str, Json])
    """Who waits for the answer: `user`, and the `view` or the `channel` that it is shown in; or the
    `url` that is tried."""
    attempt: int = 0
    reason: str = ""
    """Why the attempt before failed."""


def push(world: World, what: Push, *, after: timedelta = timedelta(0)) -> None:
    """Send something now, or later."""
    world.schedule(world.now + after, EVENT, asdict(what))
    world.advance(timedelta(0))
