"""Channels as rooms: made, joined, left, archived, and who is in them.

Everybody is in a public channel unless its row names `members`.
"""

import re

from sandbox.http.message import Json
from sandbox.slack.conversations.channels import add_channel, conversation, kind, of_types, page_of
from sandbox.slack.web.call import Call, SlackError
from sandbox.state.world import Row, World

LONGEST_NAME = 80


def info(call: Call) -> Json:
    """conversations.info."""
    row = conversation(call)
    count = {"num_members": len(present(call.world, row))}
    return {"channel": row | (count if call.flag("include_num_members") else {})}


def members(call: Call) -> Json:
    """conversations.members, a page at a time."""
    return page_of(call, present(call.world, conversation(call)), "members")


def joined_by(call: Call) -> Json:
    """users.conversations: those that the app is in."""
    rows = [row for row in call.world.table("slack.channel").values() if row["is_member"]]
    return page_of(call, of_types(call, rows), "channels")


def create(call: Call) -> Json:
    """conversations.create; the app is in what it makes."""
    name, world = call.text("name"), call.world
    if not name:
        raise SlackError("invalid_name_required")
    if len(name) > LONGEST_NAME:
        raise SlackError("invalid_name_maxlength")
    if not re.fullmatch(r"[\w-]+", name) or name != name.lower():
        raise SlackError("invalid_name_specials")
    if any(row.get("name") == name for row in world.table("slack.channel").values()):
        raise SlackError("name_taken")
    by = call.token["user_id"]
    channel = add_channel(world, name, private=call.flag("is_private"), by=by)
    world.record("effect", "slack", "channel.create", channel=channel, channel_name=name, by=by)
    return {"channel": world.table("slack.channel")[channel]}


def join(call: Call) -> Json:
    """conversations.join, for public channels."""
    row = conversation(call)
    if kind(row) != "public_channel":
        raise SlackError("method_not_supported_for_channel_type")
    if row["is_archived"]:
        raise SlackError("is_archived")
    row["is_member"] = True
    return {"channel": row}


def leave(call: Call) -> Json:
    """conversations.leave."""
    row = _channel(call)
    was_member, row["is_member"] = row["is_member"], False
    return {} if was_member else {"not_in_channel": True}


def invite(call: Call) -> Json:
    """conversations.invite."""
    row, users = _channel(call), call.world.table("slack.user")
    if not row["is_member"]:
        raise SlackError("not_in_channel")
    there = present(call.world, row)
    for one in call.names("users"):
        if one not in users:
            raise SlackError("user_not_found")
        if one == call.token["user_id"]:
            raise SlackError("cant_invite_self")
        if one in there:
            raise SlackError("already_in_channel")
    row["members"] = [*there, *call.names("users")]
    return {"channel": row}


def archive(call: Call) -> Json:
    """conversations.archive."""
    row = _channel(call)
    if row["is_archived"]:
        raise SlackError("already_archived")
    if not row["is_member"]:
        raise SlackError("not_in_channel")
    row["is_archived"] = True
    by = call.token["user_id"]
    call.world.record("effect", "slack", "channel.archive", channel=row["id"], by=by)
    return {}


def present(world: World, row: Row) -> list[str]:
    """Ids of the people in a conversation, the app's bot aside."""
    if row["is_im"]:
        return [row["user"]]
    users = world.table("slack.user").values()
    everybody = [one["id"] for one in users if not (one["deleted"] or one["is_bot"])]
    return list(row.get("members") or ([] if row.get("is_private") else everybody))


def _channel(call: Call) -> Row:
    row = conversation(call)
    if row["is_im"] or row.get("is_mpim"):
        raise SlackError("method_not_supported_for_channel_type")
    return row
