"""Conversations: public channels and direct messages, and what was said in them."""

from sandbox.http.message import Json
from sandbox.slack.web.call import Call, SlackError
from sandbox.slack.web.rate_limits import most_messages
from sandbox.state.world import Row, World

MOST_IN_GROUP = 8
"""People in one group conversation besides the app (Slack: conversations.open)."""
TYPES = {"public_channel": "channels", "private_channel": "groups", "mpim": "mpim", "im": "im"}
"""Kinds of conversations as arguments name them, and as scopes do."""


def add_channel(
    world: World, name: str, *, member: bool = True, private: bool = False, by: str = ""
) -> str:
    """Add a channel, with the app's bot in it or not; returns the channel id."""
    channel_id = f"C{world.next_serial():010d}"
    world.table("slack.channel")[channel_id] = {
        "id": channel_id,
        "name": name,
        "name_normalized": name,
        "is_channel": True,
        "is_group": False,
        "is_im": False,
        "is_mpim": False,
        "is_private": private,
        "is_archived": False,
        "is_general": False,
        "is_member": member,
        "creator": by,
        "topic": {"value": "", "creator": "", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
        "created": int(world.now.timestamp()),
    }
    return channel_id


def open_dm(world: World, user_id: str) -> tuple[Row, bool]:
    """The app's direct message with a user, and whether it existed already."""
    table = world.table("slack.channel")
    for row in table.values():
        if row["is_im"] and row["user"] == user_id:
            return row, True
    return _opened(world, "D", {"is_im": True, "is_mpim": False, "user": user_id}), False


def open_group(world: World, user_ids: list[str]) -> tuple[Row, bool]:
    """The app's group conversation with some users, and whether it existed already."""
    wanted = sorted(set(user_ids))
    for row in world.table("slack.channel").values():
        if row.get("is_mpim") and row["members"] == wanted:
            return row, True
    users = world.table("slack.user")
    name = "mpdm-" + "--".join(users[one]["name"] for one in wanted) + "-1"
    group = {"is_im": False, "is_mpim": True, "is_private": True, "members": wanted, "name": name}
    return _opened(world, "G", group), False


def _opened(world: World, letter: str, more: Row) -> Row:
    channel_id = f"{letter}{world.next_serial():010d}"
    row: Row = {
        "id": channel_id,
        "is_channel": False,
        "is_archived": False,
        "is_member": True,
        "created": int(world.now.timestamp()),
        **more,
    }
    world.table("slack.channel")[channel_id] = row
    return row


def conversation(call: Call) -> Row:
    """The conversation that a call names; a user id stands for the direct message with them."""
    named = call.text("channel")
    table = call.world.table("slack.channel")
    if named in table:
        return table[named]
    if named in call.world.table("slack.user"):
        return open_dm(call.world, named)[0]
    raise SlackError("channel_not_found")


def readable(call: Call) -> Row:
    """The conversation whose messages a call reads: the scope is there, and the app is in it."""
    row = conversation(call)
    call.need(f"{TYPES[kind(row)]}:history")
    if not row["is_member"]:
        raise call.refusal("not_in_channel", "no_access", "channel_not_found")
    return row


def kind(row: Row) -> str:
    """What kind of conversation a row is, as the argument `types` names it."""
    if row["is_im"]:
        return "im"
    if row.get("is_mpim"):
        return "mpim"
    return "private_channel" if row.get("is_private") else "public_channel"


def open_conversation(call: Call) -> Json:
    """conversations.open with one user or with a group; deactivated ones are refused."""
    wanted, users = call.names("users"), call.world.table("slack.user")
    if call.text("channel"):
        row, existed = conversation(call), True
    elif not wanted:
        raise SlackError("users_list_not_supplied")
    elif len(wanted) > MOST_IN_GROUP:
        raise SlackError("too_many_users")
    elif any(one not in users for one in wanted):
        raise SlackError("user_not_found")
    elif any(users[one]["deleted"] for one in wanted):
        raise SlackError("user_disabled")
    elif len(wanted) == 1:
        call.need("im:write")
        row, existed = open_dm(call.world, wanted[0])
    else:
        call.need("mpim:write")
        row, existed = open_group(call.world, wanted)
    shown = row if call.flag("return_im") else {"id": row["id"]}
    return {"channel": shown, "no_op": existed, "already_open": existed}


def conversations(call: Call) -> Json:
    """conversations.list: `types` is public_channel unless it names others."""
    rows = of_types(call, list(call.world.table("slack.channel").values()))
    return page_of(call, rows, "channels")


def of_types(call: Call, rows: list[Row]) -> list[Row]:
    """Those of the kinds that a call asks for. Raises `invalid_types`."""
    types = call.names("types") or ["public_channel"]
    if not set(types) <= set(TYPES):
        raise SlackError("invalid_types")
    call.need(*(f"{TYPES[one]}:read" for one in types))
    is_short = call.flag("exclude_archived")
    return [row for row in rows if kind(row) in types and not (row["is_archived"] and is_short)]


def page_of(call: Call, rows: list[Json], name: str, *, default: int = 100) -> Json:
    """One page of rows, by cursor, under the name that the method gives them."""
    start = call.offset("team")
    after = start + call.limit(default, 1000)
    more = f"team:{after}" if after < len(rows) else ""
    return {name: rows[start:after], "response_metadata": {"next_cursor": more}}


def history(call: Call) -> Json:
    """conversations.history: newest first, replies left out unless broadcast."""
    channel = readable(call)["id"]
    found = [row for row in _within(call, channel) if _is_root(row)]
    return _page(call, list(reversed(found)))


def replies(call: Call) -> Json:
    """conversations.replies: the parent first, then its thread in order."""
    channel, thread = readable(call)["id"], call.text("ts")
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
    after = start + call.limit(*most_messages(call.world))
    messages = [
        {name: value for name, value in row.items() if name not in hidden}
        for row in found[start:after]
    ]
    more = after < len(found)
    cursor = {"next_cursor": f"next:{after}" if more else ""}
    return {"messages": messages, "has_more": more, "response_metadata": cursor}
