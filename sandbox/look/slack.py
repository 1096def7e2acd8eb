"""Slack as one person sees it: conversations, threads, the home tab, and the form that is open."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from markupsafe import Markup

from sandbox.look import mrkdwn, rich_text
from sandbox.look.records import known_record
from sandbox.look.web import MOUNT, Asked, ElsewhereError, LookError
from sandbox.slack import open_dm
from sandbox.slack.conversations.membership import present
from sandbox.slack.interactivity import views
from sandbox.slack.interactivity.form_input import options, plainly
from sandbox.slack.interactivity.user_actions import VIEW
from sandbox.slack.messages import message_log
from sandbox.slack.messages.assistant_threads import PANE
from sandbox.slack.people.users import seen
from sandbox.slack.web.app import bot, installed
from sandbox.state.world import Row, World

HOME = "home"
"""In place of a conversation's id: the app's home tab."""
SHOWN = 100
"""Messages of a conversation, the newest."""
APP_NAME = "routeready"


class Status(NamedTuple):
    """What somebody may say about themselves, for how many days."""

    emoji: str = ""
    days: int = 0


STATUSES: Mapping[str, Status] = {
    "At work": Status(),
    "On vacation": Status(":palm_tree:", 7),
    "Out sick": Status(":face_with_thermometer:", 1),
    "In a meeting": Status(":spiral_calendar_pad:", 1),
}
_RECORD = re.compile(r"\b(00Q|003|001|006)[A-Za-z0-9]{12}(?:[A-Za-z0-9]{3})?\b")


def page(world: World, asked: Asked) -> dict[str, Any]:
    """What the Slack page shows to whom `as` names. Raises `ElsewhereError` where it names none."""
    people = sorted(_people(world), key=lambda row: row["real_name"])
    if not people:
        raise LookError("nobody is in the workspace", 404)
    wanted = asked.query.get("as", "")
    me = next((row for row in people if row["id"] == wanted), None) or _first(world, people)
    named = asked.path.removeprefix("/slack").strip("/")
    place = named or open_dm(world, me["id"])[0]["id"]
    if not named or me["id"] != wanted:
        raise ElsewhereError(f"{MOUNT}/slack/{place}?as={me['id']}")
    reading = _Reading(world, me, asked)
    shown: dict[str, Any] = {"messages": [], "thread": None, "home": None, "channel": None}
    if place == HOME:
        shown["home"] = world.table(views.HOME).get(me["id"])
    else:
        channel = world.table("slack.channel").get(place)
        if channel is None or me["id"] not in present(world, channel):
            raise LookError(f"{me['real_name']} is in no conversation {place}", 404)
        shown |= reading.conversation(channel)
    return {
        **shown,
        "me": seen(world, me)
        | {"local": f"{world.now.astimezone(ZoneInfo(me['tz'])):%a %H:%M %Z}"},
        "people": people,
        "place": place,
        "home_place": HOME,
        "conversations": _conversations(world, me, place),
        "others": _others(world, me),
        "form": reading.form(),
        "commands": installed(world)["commands"],
        "statuses": _statuses(seen(world, me)),
        "view_place": VIEW,
        "draw": Drawing(world),
    }


class Drawing:
    """How texts and elements of Block Kit are written, for the templates."""

    def __init__(self, world: World) -> None:
        self._world = world

    def text(self, text: Row) -> Markup:
        """A text object: mrkdwn, or plain text as it is."""
        if text.get("type") == "plain_text":
            return Markup("{}").format(text["text"])
        return self.mrkdwn(text.get("text", ""))

    def mrkdwn(self, text: str) -> Markup:
        """Text in Slack's own notation."""
        return mrkdwn.render(text, self._named, self._linked)

    def rich(self, block: Row) -> Markup:
        """A rich text block."""
        return rich_text.render(block, self._named, self._linked)

    def choices(self, element: Row) -> list[tuple[str, str]]:
        """What can be chosen in a menu: value and label."""
        kind = element["type"]
        if kind.endswith("users_select"):
            return [(row["id"], row["real_name"]) for row in _people(self._world)]
        if kind.endswith(("channels_select", "conversations_select")):
            rows = self._world.table("slack.channel").values()
            return [(row["id"], f"#{row['name']}") for row in rows if row.get("name")]
        return [(one.get("value", ""), one["text"]["text"]) for one in options(element)]

    def chosen(self, element: Row) -> list[str]:
        """What is chosen in a menu at first."""
        held: list[Row | None] = [element.get("initial_option")]
        held += element.get("initial_options") or []
        named = [element.get(f"initial_{kind}") for kind in ("user", "channel", "conversation")]
        return [one["value"] for one in held if one] + [one for one in named if one]

    def is_safe(self, address: str) -> bool:
        """Whether a link may be followed."""
        return address.startswith(mrkdwn.SAFE)

    def _linked(self, address: str) -> str:
        """Where a link leads: a record's own page here, where it is about one."""
        found = _RECORD.search(address)
        known = known_record(self._world, found[0]) if found else None
        return known or address

    def _named(self, slack_id: str) -> str:
        user = self._world.table("slack.user").get(slack_id)
        if user is not None:
            return str(user["real_name"])
        return str(self._world.table("slack.channel").get(slack_id, {}).get("name", slack_id))


class _Reading:
    """One person reading."""

    def __init__(self, world: World, me: Row, asked: Asked) -> None:
        self._world = world
        self._me = me
        self._asked = asked
        self._zone = ZoneInfo(me["tz"])

    def conversation(self, channel: Row) -> dict[str, Any]:
        """A conversation's newest messages, and the thread that is open beside it."""
        rows = self._seen(channel["id"])
        roots = [row for row in rows if _is_root(row)]
        thread, asked = None, self._asked.query.get("thread", "")
        if asked:
            within = [row for row in rows if asked in (row["ts"], row.get("thread_ts"))]
            pane = self._world.table(PANE).get(f"{channel['id']}/{asked}", {})
            messages = [self._message(row) for row in within]
            thread = {"ts": asked, "messages": messages, "pane": pane}
        return {
            "channel": channel | {"label": _label(self._world, channel)},
            "messages": [self._message(row) for row in roots[-SHOWN:]],
            "left_out": max(0, len(roots) - SHOWN),
            "thread": thread,
        }

    def form(self) -> dict[str, Any] | None:
        """The form on top of those that are open."""
        screen = views.screen(self._world, self._me["id"])
        if not screen["stack"]:
            return None
        view = self._world.table(views.VIEW)[screen["stack"][-1]]
        key = f"{view['id']} {view['hash']} {screen['state']} {sorted(screen['errors'].items())}"
        held = {
            f"{block}/{action}": plainly(element)
            for block, actions in view["state"]["values"].items()
            for action, element in actions.items()
        }
        return {"view": view, "key": key, "held": held, **screen}

    def _seen(self, channel: str) -> list[Row]:
        """What this person can see in a conversation, oldest first."""
        table, whispered = (
            self._world.table(message_log.MESSAGE),
            self._world.table(message_log.EPHEMERAL),
        )
        rows = [row for row in table.values() if row["channel"] == channel]
        me = self._me["id"]
        rows += [
            row
            for row in whispered.values()
            if row["channel"] == channel and row["ephemeral_to"] == me
        ]
        return sorted(rows, key=lambda row: float(row["ts"]))

    def _message(self, row: Row) -> dict[str, Any]:
        users, token = self._world.table("slack.user"), bot(self._world)
        is_app = token is not None and row["user"] == token["user_id"]
        who = APP_NAME if is_app else users.get(row["user"], {}).get("real_name", row["user"])
        at = datetime.fromtimestamp(float(row["ts"]), UTC).astimezone(self._zone)
        return row | {
            "who": who,
            "is_app": is_app,
            "at": f"{at:%a %d %b %H:%M}",
            "iso": at.isoformat(),
            "is_edited": "edited" in row,
            "is_whispered": "ephemeral_to" in row,
            "thread_href": self._asked.with_(thread=row["ts"]),
        }


def _statuses(me: Row) -> list[str]:
    """What can be chosen, and what is set already though nobody could choose it here."""
    own = me["profile"]["status_text"]
    return [*STATUSES, *([own] if own and own not in STATUSES else [])]


def _people(world: World) -> list[Row]:
    rows = world.table("slack.user").values()
    return [row for row in rows if not (row["deleted"] or row["is_bot"])]


def _first(world: World, people: Sequence[Row]) -> Row:
    """Whoever was written to last, so that there is something to see; else the first by name."""
    channels = world.table("slack.channel")
    for row in reversed(world.table(message_log.MESSAGE).values()):
        user = channels[row["channel"]].get("user")
        found = next((one for one in people if one["id"] == user), None)
        if found is not None:
            return found
    return people[0]


def _conversations(world: World, me: Row, place: str) -> list[dict[str, Any]]:
    own = open_dm(world, me["id"])[0]["id"]
    rows = [
        row
        for row in world.table("slack.channel").values()
        if not row["is_archived"] and me["id"] in present(world, row)
    ]
    rows.sort(key=lambda row: (row["id"] != own, str(row.get("name"))))
    return [
        {
            "label": _label(world, row),
            "href": f"{MOUNT}/slack/{row['id']}?as={me['id']}",
            "is_current": row["id"] == place,
            "kind": "app" if row["id"] == own else "channel",
        }
        for row in rows
    ]


def _others(world: World, me: Row) -> list[dict[str, Any]]:
    """Whom the app wrote to, and how much, the latest first: to go and read as them."""
    channels, users = world.table("slack.channel"), world.table("slack.user")
    counts: dict[str, int] = {}
    for row in world.table(message_log.MESSAGE).values():
        user = str(channels[row["channel"]].get("user"))
        if user in users and user != me["id"]:
            counts[user] = counts.pop(user, 0) + 1
    return [
        {"name": users[user]["real_name"], "count": count, "href": f"{MOUNT}/slack?as={user}"}
        for user, count in reversed(counts.items())
    ]


def _label(world: World, row: Row) -> str:
    if row["is_im"]:
        return APP_NAME
    if row.get("is_mpim"):
        users = world.table("slack.user")
        return ", ".join(users[one]["real_name"] for one in row["members"])
    return f"#{row['name']}"


def _is_root(row: Row) -> bool:
    return row.get("thread_ts") in (None, row["ts"]) or row.get("subtype") == "thread_broadcast"
