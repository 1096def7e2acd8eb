"""Slack users: who they are, where they are, and whether they are away."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sandbox.http.message import Json
from sandbox.slack.web.app import TEAM_DOMAIN, TEAM_ID, TEAM_NAME
from sandbox.slack.web.call import Call, SlackError
from sandbox.state.world import Row, World

QUIET_FROM = time(22)
"""Slack's default do-not-disturb begins at ten in the evening, local time."""
QUIET_UNTIL = time(8)
MAX_TEAM_INFO = 50
"""Slack: dnd.teamInfo takes at most 50 users."""
SCOPES = (
    "chat:write",
    "channels:read",
    "channels:history",
    "channels:join",
    "channels:manage",
    "dnd:read",
    "files:read",
    "files:write",
    "groups:history",
    "groups:read",
    "im:history",
    "im:read",
    "im:write",
    "mpim:history",
    "mpim:read",
    "mpim:write",
    "reactions:read",
    "reactions:write",
    "team:read",
    "users:read",
    "users:read.email",
    "users.profile:read",
    "app_mentions:read",
    "assistant:write",
    "commands",
)
"""What an installed routeready app is granted."""


def add_user(world: World, *, name: str, email: str, timezone: str, deleted: bool = False) -> str:
    """Add a member of the workspace; returns the user id."""
    user_id = f"U{world.next_serial():010d}"
    world.table("slack.user")[user_id] = {
        "id": user_id,
        "team_id": TEAM_ID,
        "name": email.split("@", maxsplit=1)[0],
        "real_name": name,
        "deleted": deleted,
        "tz": timezone,
        "is_bot": False,
        "is_admin": False,
        "is_restricted": False,
        "is_ultra_restricted": False,
        "is_email_confirmed": True,
        "profile": {
            "real_name": name,
            "display_name": name.split(" ", maxsplit=1)[0],
            "email": email,
            "status_text": "",
            "status_emoji": "",
            "status_expiration": 0,
        },
    }
    return user_id


def add_token(world: World, token: str, *, kind: str = "bot") -> None:
    """Let `token` be accepted, as the app's bot (`bot`) or its app-level token (`app`)."""
    user_id = ""
    if kind == "bot":
        user_id = add_user(world, name="routeready", email="bot@slack.invalid", timezone="UTC")
        world.table("slack.user")[user_id]["is_bot"] = True
    world.table("slack.token")[token] = {
        "token": token,
        "kind": kind,
        "user_id": user_id,
        "bot_id": f"B{world.next_serial():010d}",
        "scopes": list(SCOPES) if kind == "bot" else ["connections:write"],
    }


def user_by_email(world: World, email: str) -> Row | None:
    """The member with this address, case ignored; None when there is none."""
    for user in world.table("slack.user").values():
        if user["profile"]["email"].lower() == email.lower() and not user["is_bot"]:
            return user
    return None


def set_status(
    world: World, user_id: str, *, text: str, emoji: str = "", until: datetime | None = None
) -> None:
    """Let a person set their own status; it ends at `until`, or never."""
    profile = world.table("slack.user")[user_id]["profile"]
    old = profile["status_text"]
    profile["status_text"] = text
    profile["status_emoji"] = emoji
    profile["status_expiration"] = int(until.timestamp()) if until else 0
    world.record("effect", "slack", "user.status", user=user_id, old=old, new=text, by=user_id)


def test(call: Call) -> Json:
    """api.test: the arguments come back, or the error that was asked for."""
    if call.text("error"):
        raise SlackError("invalid_arguments", f"[ERROR] {call.text('error')}")
    return {"args": call.args}


def authenticate(call: Call) -> Json:
    """auth.test."""
    user = call.world.table("slack.user")[call.token["user_id"]]
    return {
        "url": f"https://{TEAM_DOMAIN}.slack.invalid/",
        "team": TEAM_NAME,
        "team_id": user["team_id"],
        "user": user["name"],
        "user_id": user["id"],
        "bot_id": call.token["bot_id"],
        "is_enterprise_install": False,
    }


def team(_: Call) -> Json:
    """team.info."""
    shown = {"id": TEAM_ID, "name": TEAM_NAME, "domain": TEAM_DOMAIN, "email_domain": ""}
    return {"team": shown | {"url": f"https://{TEAM_DOMAIN}.slack.invalid/"}}


def bot_info(call: Call) -> Json:
    """bots.info; without `bot`, the caller's own."""
    wanted = call.text("bot") or call.token["bot_id"]
    for token in call.world.table("slack.token").values():
        if token["bot_id"] == wanted and token["kind"] == "bot":
            row = call.world.table("slack.user")[token["user_id"]]
            shown: Row = {"id": wanted, "user_id": row["id"], "name": row["name"]}
            return {"bot": shown | {"deleted": False, "updated": 0}}
    raise SlackError("bot_not_found")


def presence(call: Call) -> Json:
    """users.getPresence: people are active in their working day, and away in their quiet hours."""
    named = call.text("user") or call.token["user_id"]
    row = call.world.table("slack.user").get(named)
    if row is None:
        raise SlackError("invalid_arguments", "[ERROR] user was not found")
    quiet, now = _quiet(call.world, row), call.world.now.timestamp()
    is_quiet = quiet["next_dnd_start_ts"] <= now < quiet["next_dnd_end_ts"]
    return {"presence": "away" if is_quiet and not row["is_bot"] else "active"}


def users(call: Call) -> Json:
    """users.list, a page at a time; inactive members are there, marked `deleted`."""
    rows = list(call.world.table("slack.user").values())
    start = call.offset("user")
    size = call.limit(default=max(len(rows), 1), most=1000)
    after = start + size
    return {
        "members": [seen(call.world, row) for row in rows[start:after]],
        "cache_ts": int(call.world.now.timestamp()),
        "response_metadata": {"next_cursor": f"user:{after}" if after < len(rows) else ""},
    }


def user(call: Call) -> Json:
    """users.info."""
    return {"user": seen(call.world, _known(call, call.text("user")))}


def lookup(call: Call) -> Json:
    """users.lookupByEmail; a deactivated member is not found."""
    row = user_by_email(call.world, call.text("email"))
    if row is None or row["deleted"]:
        raise SlackError("users_not_found")
    return {"user": seen(call.world, row)}


def profile(call: Call) -> Json:
    """users.profile.get; without `user`, the caller's own."""
    row = _known(call, call.text("user") or call.token["user_id"])
    return {"profile": seen(call.world, row)["profile"]}


def refuse_profile(_: Call) -> Json:
    """users.profile.set: a bot may not; people's status is set through the control face."""
    raise SlackError("not_allowed_token_type")


def quiet_hours(call: Call) -> Json:
    """dnd.info."""
    return _quiet(call.world, _known(call, call.text("user") or call.token["user_id"]))


def team_quiet_hours(call: Call) -> Json:
    """dnd.teamInfo."""
    wanted = call.names("users")
    if not wanted:
        raise SlackError("no_users_provided")
    if len(wanted) > MAX_TEAM_INFO:
        raise SlackError("invalid_arguments", f"[ERROR] no more than {MAX_TEAM_INFO} users")
    table = call.world.table("slack.user")
    return {
        "users": {each: _quiet(call.world, table[each]) for each in wanted if each in table},
    }


def _known(call: Call, user_id: str) -> Row:
    try:
        return call.world.table("slack.user")[user_id]
    except KeyError:
        raise SlackError("user_not_found") from None


def seen(world: World, row: Row) -> Row:
    """A user as Slack shows it now: zone offset of today, and no status that has expired."""
    local = world.now.astimezone(ZoneInfo(row["tz"]))
    offset = local.utcoffset() or timedelta()
    shown = row | {
        "tz_label": local.tzname(),
        "tz_offset": int(offset.total_seconds()),
        "updated": 0,
    }
    until = row["profile"]["status_expiration"]
    if until and until <= world.now.timestamp():
        ended = {"status_text": "", "status_emoji": "", "status_expiration": 0}
        shown["profile"] = row["profile"] | ended
    return shown


def set_quiet(world: World, user_id: str, until: datetime) -> None:
    """Let a person be undisturbed from now until then, whatever their usual hours."""
    quiet = {"start": int(world.now.timestamp()), "end": int(until.timestamp())}
    world.table("slack.user")[user_id]["quiet"] = quiet
    world.record("effect", "slack", "user.quiet", user=user_id, until=until.isoformat(), by=user_id)


def _quiet(world: World, row: Row) -> Row:
    own = row.get("quiet")
    if own and own["end"] > world.now.timestamp():
        return {
            "dnd_enabled": True,
            "next_dnd_start_ts": own["start"],
            "next_dnd_end_ts": own["end"],
            "snooze_enabled": True,
        }
    zone = ZoneInfo(row["tz"])
    day = world.now.astimezone(zone).date() - timedelta(days=1)
    while True:
        start = datetime.combine(day, QUIET_FROM, zone)
        end = datetime.combine(day + timedelta(days=1), QUIET_UNTIL, zone)
        if end.astimezone(UTC) > world.now:
            break
        day += timedelta(days=1)
    return {
        "dnd_enabled": True,
        "next_dnd_start_ts": int(start.timestamp()),
        "next_dnd_end_ts": int(end.timestamp()),
        "snooze_enabled": False,
    }
