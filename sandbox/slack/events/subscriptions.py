"""Events that an app subscribes to, and the envelope that they travel in.

An event that nobody listens for is let go; people's own words are in the journal anyway.
Source: Slack, Events API; "Event types".
"""

from sandbox.slack.events.envelopes import Push, push
from sandbox.slack.web import app
from sandbox.state.world import Row, World

KINDS = {"im": "message.im", "mpim": "message.mpim", "group": "message.groups"}
"""The subscription that a message's `channel_type` is under; `message.channels` for the rest."""


def message(world: World, channel: Row, told: Row) -> None:
    """Tell of a message in a conversation that the app is in: a new, changed or deleted one."""
    if not channel["is_member"]:
        return
    kind = channel_type(channel)
    subscription = KINDS.get(kind, "message.channels")
    event = {**told, "channel": channel["id"], "channel_type": kind}
    event.pop("metadata", None)
    emit(world, event | {"type": "message"}, subscription)
    token = app.bot(world)
    is_new = "subtype" not in told and "bot_id" not in told
    if token and is_new and kind != "im" and f"<@{token['user_id']}>" in told["text"]:
        mention = {**told, "type": "app_mention", "channel": channel["id"]}
        emit(world, mention, "app_mention")


def metadata(world: World, what: str, told: Row) -> None:
    """Tell of a message's metadata; `what` is `posted`, `updated` or `deleted`."""
    kind = f"message_metadata_{what}"
    if "metadata" not in told:
        return
    event = {
        "type": kind,
        "app_id": app.APP_ID,
        "bot_id": told.get("bot_id"),
        "user_id": told["user"],
        "team_id": app.TEAM_ID,
        "channel_id": told["channel"],
        "metadata": told["metadata"],
        "message_ts": told["ts"],
        "event_ts": told["ts"],
    }
    emit(world, event, kind)


def channel_type(channel: Row) -> str:
    """What kind of conversation a channel row is, in an event's words."""
    if channel["is_im"]:
        return "im"
    if channel.get("is_mpim"):
        return "mpim"
    return "group" if channel.get("is_private") else "channel"


def emit(world: World, event: Row, subscription: str) -> None:
    """Deliver one event, if the app subscribed to it and can be reached."""
    row, token = app.installed(world), app.bot(world)
    if subscription not in row["events"] or token is None or not app.is_reachable(world):
        return
    now = int(world.now.timestamp())
    authorization: Row = {
        "enterprise_id": None,
        "team_id": app.TEAM_ID,
        "user_id": token["user_id"],
        "is_bot": True,
        "is_enterprise_install": False,
    }
    envelope: Row = {
        "token": "legacy-verification-token",
        "team_id": app.TEAM_ID,
        "context_team_id": app.TEAM_ID,
        "context_enterprise_id": None,
        "api_app_id": app.APP_ID,
        "event": {"event_ts": event.get("ts", f"{now}.000000"), **event},
        "type": "event_callback",
        "event_id": f"Ev{world.next_serial():010d}",
        "event_time": now,
        "authorizations": [authorization],
        "is_ext_shared_channel": False,
        "event_context": f"4-{event['type']}-{app.APP_ID}",
    }
    push(world, Push("events_api", envelope))
