"""Conversations: public channels and direct messages, and what was said in them."""

from sandbox.slack.call import Call, SlackError
from sandbox.wire import Json
from sandbox.world import Row, World

HISTORY_DEFAULT = 100
HISTORY_MOST = 999
"""Slack: conversations.history, for an internal app; new commercial apps get 15 a minute."""


def add_channel(world: World, name: str, *, member: bool = True) -> str:
    """Add a public channel, with the app's bot in it or not; returns the channel id."""
    channel_id = f"C{world.next_serial():010d}"
    world.table("slack.channel")[channel_id] = {
        "id": channel_id,
        "name": name,
        "is_channel": True,
        "is_im": False,
        "is_private": False,
        "is_archived": False,
        "is_member": member,
        "created": int(world.now.timestamp()),
    }
    return channel_id


def open_dm(world: World, user_id: str) -> tuple[Row, bool]:
    """The app's direct message with a user, and whether it existed already."""
    table = world.table("slack.channel")
    for row in table.values():
        if row["is_im"] and row["user"] == user_id:
            return row, True
    channel_id = f"D{world.next_serial():010d}"
    table[channel_id] = {
        "id": channel_id,
        "is_channel": False,
        "is_im": True,
        "is_archived": False,
        "is_member": True,
        "user": user_id,
        "created": int(world.now.timestamp()),
    }
    return table[channel_id], False


def conversation(call: Call) -> Row:
    """The conversation that a call names; a user id stands for the direct message with them."""
    named = call.text("channel")
    table = call.world.table("slack.channel")
    if named in table:
        return table[named]
    if named in call.world.table("slack.user"):
        return open_dm(call.world, named)[0]
    raise SlackError("channel_not_found")


def joined(call: Call) -> Row:
    """Like `conversation`, and the app must be in it."""
    row = conversation(call)
    if not row["is_member"]:
        raise SlackError("not_in_channel")
    return row


def open_conversation(call: Call) -> Json:
    """conversations.open with one user; a deactivated one is refused with `user_disabled`."""
    wanted = [part for part in call.text("users").split(",") if part]
    if not wanted:
        raise SlackError("users_list_not_supplied")
    if len(wanted) > 1:
        raise SlackError("invalid_user_combination")
    user = call.world.table("slack.user").get(wanted[0])
    if user is None:
        raise SlackError("user_not_found")
    if user["deleted"]:
        raise SlackError("user_disabled")
    row, existed = open_dm(call.world, wanted[0])
    shown = row if call.flag("return_im") else {"id": row["id"]}
    return {"channel": shown, "no_op": existed, "already_open": existed}


def conversations(call: Call) -> Json:
    """conversations.list: `types` is public_channel unless it names im too."""
    types = (call.text("types") or "public_channel").split(",")
    rows = [
        row
        for row in call.world.table("slack.channel").values()
        if ("im" if row["is_im"] else "public_channel") in types
        and not (row["is_archived"] and call.flag("exclude_archived"))
    ]
    start = call.offset("team")
    after = start + call.limit(default=100, most=1000)
    more = f"team:{after}" if after < len(rows) else ""
    return {"channels": rows[start:after], "response_metadata": {"next_cursor": more}}


def history(call: Call) -> Json:
    """conversations.history: newest first, replies left out unless broadcast."""
    channel = joined(call)["id"]
    found = [row for row in _within(call, channel) if _is_root(row)]
    return _page(call, list(reversed(found)))


def replies(call: Call) -> Json:
    """conversations.replies: the parent first, then its thread in order."""
    channel, thread = joined(call)["id"], call.text("ts")
    if f"{channel}/{thread}" not in call.world.table("slack.message"):
        raise SlackError("thread_not_found")
    found = [row for row in _within(call, channel) if thread in (row["ts"], row.get("thread_ts"))]
    return _page(call, found)


def _is_root(row: Row) -> bool:
    return row.get("thread_ts") in (None, row["ts"]) or row.get("subtype") == "thread_broadcast"


def _within(call: Call, channel: str) -> list[Row]:
    oldest = _instant(call, "oldest", "invalid_ts_oldest") or 0.0
    latest = _instant(call, "latest", "invalid_ts_latest") or float("inf")
    inclusive = call.flag("inclusive")

    def lies_within(ts: float) -> bool:
        return oldest < ts < latest or (inclusive and ts in (oldest, latest))

    return [
        row
        for row in call.world.table("slack.message").values()
        if row["channel"] == channel and lies_within(float(row["ts"]))
    ]


def _instant(call: Call, name: str, error: str) -> float | None:
    text = call.text(name)
    if not text:
        return None
    try:
        return float(text)
    except ValueError:
        raise SlackError(error) from None


def _page(call: Call, found: list[Row]) -> Json:
    hidden = {"channel"} if call.flag("include_all_metadata") else {"channel", "metadata"}
    start = call.offset("next")
    after = start + call.limit(HISTORY_DEFAULT, HISTORY_MOST)
    messages = [
        {name: value for name, value in row.items() if name not in hidden}
        for row in found[start:after]
    ]
    more = after < len(found)
    cursor = {"next_cursor": f"next:{after}" if more else ""}
    return {"messages": messages, "has_more": more, "response_metadata": cursor}
