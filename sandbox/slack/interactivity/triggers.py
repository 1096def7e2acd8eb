"""Triggers: the right to open one view for a person who has just acted, for three seconds.

The seconds are of the world's clock, and more of them while that runs fast; while it stands still
a trigger lasts.
"""

from datetime import timedelta

from sandbox.slack.web.app import TEAM_ID
from sandbox.slack.web.call import SlackError
from sandbox.state.world import World

TRIGGER = "slack.trigger"
LASTS = timedelta(seconds=3)
"""Slack: Modals, "Opening modals"."""


def issue(world: World, user: str) -> str:
    """A new trigger for something that a person did."""
    serial = world.next_serial()
    trigger = f"{serial}.{TEAM_ID[1:]}.{serial:032x}"
    row = {"user": user, "at": world.now.timestamp(), "used": False}
    world.table(TRIGGER)[trigger] = row
    return trigger


def redeem(world: World, trigger: str) -> str:
    """Use a trigger; whose it was. Raises `SlackError`."""
    row = world.table(TRIGGER).get(trigger)
    if row is None:
        raise SlackError("invalid_trigger_id")
    if row["used"]:
        raise SlackError("exchanged_trigger_id")
    lasts = LASTS * max(1.0, world.clock.factor)
    if world.now.timestamp() - row["at"] > lasts.total_seconds():
        raise SlackError("expired_trigger_id")
    row["used"] = True
    return row["user"]
