"""What Slack sends to the app: put down in the world, for `sandbox.slack.transport` to deliver."""

from dataclasses import asdict, dataclass, field
from datetime import timedelta

from sandbox.http.message import Json
from sandbox.state.world import Row, World

CHALLENGE = "url_verification"
"""The kind of push by which a request URL is tried before it is used."""
EVENT = "slack.push"
"""The scheduled event whose payload is a push; deliveries take it up."""
SOCKET = "SOCKET"
"""The method of what Slack delivers over Socket Mode; its path is the envelope's type."""
HTTP_PUSH = "PUSH"
"""The method of what Slack delivers to the app's own address over HTTP."""


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


@dataclass(frozen=True, slots=True)
class Delivery:
    """How one of Slack's deliveries reaches the app."""

    copies: int
    """How often: once, and what the faults add."""
    late: timedelta
    """Of the world's time, before it is sent."""
    hold_seconds: float
    """Of the wall clock, before it is sent."""
    is_lost: bool
    """Whether it never arrives."""
    is_unheard: bool
    """Whether it arrives and its answer does not."""


def push(world: World, what: Push, *, after: timedelta = timedelta(0)) -> None:
    """Send something now, or later."""
    world.schedule(world.now + after, EVENT, asdict(what))
    world.advance(timedelta(0))
