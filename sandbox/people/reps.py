"""What sales reps do: at work they go through their leads and their Slack every half hour.

They touch leads that were routed to them and that nobody has touched: a call or a mail is a
completed Task, and the lead becomes Working. What comes of it shows on a later day: some leads
are converted, closed or recycled. `sandbox.touch` keeps when a lead was really touched, since
some touches get into Salesforce only in the evening.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from sandbox.acts import plan
from sandbox.people.calendars import OPENS, evening, is_at_work, user_of
from sandbox.people.habits import Habit, habit_of
from sandbox.people.roster import AWAY_DAYS, COLLEAGUES, Colleague
from sandbox.slack import open_dm, user_by_email
from sandbox.slack.interactivity.form_input import elements
from sandbox.slack.messages import message_log
from sandbox.slack.web import app
from sandbox.state.world import Row, World

EVERY = timedelta(minutes=30)
REMINDERS_LAST = timedelta(hours=2)
ROLES = ("rep", "account_owner")
TOUCH, SEEN = "sandbox.touch", "sandbox.seen"
OUTCOME = 0.15
"""Chance per working day that something comes of a lead that is being worked."""
OUTCOMES = ("converted", "closed", "recycled")
OUTCOME_WEIGHTS = (3, 5, 4)
STATUSES = {"closed": "Closed - Not Converted", "recycled": "Recycled"}
ANSWERS = (
    "on it",
    "thanks, calling this afternoon",
    "not mine, please give it to somebody else",
    "I know them, they will not buy before March",
    "who decided that?",
)
HIGH_TITLE = re.compile(r"\b(vp|chief|c[eifot]o|director\w*|head|direktor|diretor\w*|leiter\w*)\b")
_RECORD = re.compile(r"00Q[A-Za-z0-9]{15}")
_REMINDING = re.compile(r"Reminder\.|Late\.| is away\.")


@dataclass(frozen=True, slots=True)
class _Rep:
    """One rep in one round."""

    world: World
    colleague: Colleague
    user: str
    """Their Salesforce id."""
    habit: Habit
    chance: Random

    def plan(self, deed: Row, at: datetime | None = None) -> None:
        """Do something in Salesforce, now or later."""
        plan(self.world, at or self.world.now, deed | {"by": self.colleague.address})

    def is_struck(self, chance: float) -> bool:
        """Whether something of this chance happens."""
        return self.chance.random() < chance


def go_round(world: World) -> None:
    """One round of all who are at work."""
    reminded = _reminded(world)
    for rep in _at_work(world):
        waiting = [lead for lead in _owned(rep) if not _is_touched(world, lead)]
        _touch_some(rep, waiting, reminded)
        local = world.now.astimezone(ZoneInfo(rep.colleague.timezone))
        if local.hour == OPENS and local.minute < EVERY.total_seconds() // 60:
            _conclude_some(rep)
            if local.weekday() == 0 and rep.is_struck(rep.habit.leaves):
                _go_on_leave(rep)
        if app.is_listening(world):
            _look_at_slack(rep)


def plan_returns(world: World) -> None:
    """Let those who are away by a message in Salesforce come back after some days."""
    for colleague in COLLEAGUES:
        user = user_of(world, colleague)
        if user is not None and user.get("OutOfOfficeMessage"):
            _plan_return(world, colleague, world.now + timedelta(days=AWAY_DAYS))


def _at_work(world: World) -> Iterator[_Rep]:
    for colleague in COLLEAGUES:
        user = user_of(world, colleague)
        is_rep = colleague.role in ROLES
        if is_rep and user is not None and is_at_work(world, colleague, user):
            chance = Random(f"{world.seed}/{colleague.address}/{world.now.isoformat()}")
            habit = habit_of(colleague.address)
            yield _Rep(world, colleague, user["Id"], habit, chance)


def _owned(rep: _Rep) -> list[Row]:
    """The leads that were routed to a rep and are open, oldest first."""
    leads = rep.world.table("salesforce.Lead").holding("OwnerId", [rep.user])
    return [lead for lead in leads if lead.get("Routing_Decision_Id__c") and _is_open(lead)]


def _is_open(lead: Row) -> bool:
    is_closed = str(lead["Status"] or "").startswith("Closed")
    return not (is_closed or lead.get("IsDeleted") or lead.get("IsConverted"))


def _is_touched(world: World, lead: Row) -> bool:
    if lead["Id"] in world.table(TOUCH):
        return True
    tasks = world.table("salesforce.Task").holding("WhoId", [lead["Id"]])
    return any(task["IsClosed"] for task in tasks)


def _reminded(world: World) -> set[str]:
    """Leads that somebody was reminded of in Slack lately, as the messages name them."""
    since = (world.now - REMINDERS_LAST).timestamp()
    found: set[str] = set()
    for message in reversed(world.table(message_log.MESSAGE).values()):
        if float(message["ts"]) < since:
            break
        shown = str(message.get("blocks"))
        if _REMINDING.search(shown):
            found |= set(_RECORD.findall(shown))
    return found


def _touch_some(rep: _Rep, waiting: list[Row], reminded: set[str]) -> None:
    left = rep.habit.capacity
    is_choosy = rep.habit.picks and any(_is_high(lead) for lead in waiting)
    for lead in waiting:
        usual = 0.0 if is_choosy and not _is_high(lead) else rep.habit.touches
        is_reminded = lead["Id"] in reminded
        if left and rep.is_struck(max(usual, rep.habit.reminded) if is_reminded else usual):
            _touch(rep, lead)
            left -= 1
        elif rep.is_struck(rep.habit.gives):
            _give(rep, lead)


def _is_high(lead: Row) -> bool:
    return HIGH_TITLE.search(str(lead["Title"] or "").lower()) is not None


def _touch(rep: _Rep, lead: Row) -> None:
    kind = "Email" if rep.is_struck(rep.habit.mails) else "Call"
    now = rep.world.now
    at = evening(rep.colleague, now) if rep.is_struck(rep.habit.logs_late) else now
    values: Row = {
        "WhoId": lead["Id"],
        "OwnerId": rep.user,
        "Subject": kind if kind == "Call" else "Email: your request",
        "TaskSubtype": kind,
        "Status": "Completed",
        "ActivityDate": now.date().isoformat(),
    }
    if kind == "Call":
        values["CallType"] = "Outbound"
    rep.world.table(TOUCH)[lead["Id"]] = {
        "at": now.isoformat(),
        "by": rep.colleague.address,
        "how": kind,
        "logged": at.isoformat(),
    }
    rep.plan({"do": "salesforce.insert", "object": "Task", "values": values}, at)
    rep.plan(_change(lead, Status="Working"), at)


def _give(rep: _Rep, lead: Row) -> None:
    others = [
        each.address
        for each in COLLEAGUES
        if (each.role, each.region) == (rep.colleague.role, rep.colleague.region)
        and each.is_active
        and each != rep.colleague
    ]
    rep.plan(_change(lead, OwnerId={"user": rep.chance.choice(others)}))


def _conclude_some(rep: _Rep) -> None:
    """Let something come of leads that have been worked on."""
    for lead in _owned(rep):
        if lead["Status"] != "Working" or not rep.is_struck(OUTCOME):
            continue
        (outcome,) = rep.chance.choices(OUTCOMES, OUTCOME_WEIGHTS)
        if outcome == "converted":
            rep.plan({"do": "salesforce.convert", "id": lead["Id"]})
        else:
            rep.plan(_change(lead, Status=STATUSES[outcome]))


def _change(lead: Row, **values: object) -> Row:
    return {"do": "salesforce.update", "object": "Lead", "id": lead["Id"], "values": values}


def _go_on_leave(rep: _Rep) -> None:
    until = rep.world.now + timedelta(days=rep.chance.randint(2, 11))
    if rep.is_struck(0.5):
        status: Row = {"do": "slack.status", "text": "On vacation", "emoji": ":palm_tree:"}
        status |= {"user": rep.colleague.address, "until": until.isoformat()}
        plan(rep.world, rep.world.now, status)
        return
    day = f"{until.astimezone(ZoneInfo(rep.colleague.timezone)):%A, %d %B %Y}"
    rep.plan(_say_away(rep.colleague, f"I am out of the office and back on {day}."))
    _plan_return(rep.world, rep.colleague, until)


def _plan_return(world: World, colleague: Colleague, until: datetime) -> None:
    zone = ZoneInfo(colleague.timezone)
    back = datetime.combine(until.astimezone(zone).date(), time(OPENS), zone)
    plan(world, back, _say_away(colleague, None) | {"by": colleague.address})


def _say_away(colleague: Colleague, message: str | None) -> Row:
    where, values = {"Email": colleague.address}, {"OutOfOfficeMessage": message}
    return {"do": "salesforce.update", "object": "User", "where": where, "values": values}


def _look_at_slack(rep: _Rep) -> None:
    """Go through what the app has written to a rep since they last looked."""
    world, member = rep.world, user_by_email(rep.world, rep.colleague.address)
    if member is None:
        return
    channel = open_dm(world, member["id"])[0]["id"]
    seen = world.table(SEEN).setdefault(member["id"], {"ts": "0"})
    newest = str(seen["ts"])
    for message in reversed(world.table(message_log.MESSAGE).values()):
        if float(message["ts"]) <= float(seen["ts"]):
            break
        if message["channel"] == channel and message.get("bot_id"):
            newest = max(newest, str(message["ts"]), key=float)
            _respond(rep, channel, message)
    seen["ts"] = newest


def _respond(rep: _Rep, channel: str, message: Row) -> None:
    deed: Row = {"user": rep.colleague.address, "channel": channel}
    buttons = [
        f"{block['block_id']}/{element['action_id']}"
        for block, element in elements(message.get("blocks") or [])
        if element["type"] == "button" and not element.get("url")
    ]
    if buttons and rep.is_struck(rep.habit.presses):
        press = {"do": "slack.press", "ts": message["ts"], "action": buttons[0]}
        plan(rep.world, rep.world.now, deed | press)
    if rep.is_struck(rep.habit.answers):
        thread = message.get("thread_ts") or message["ts"]
        say = {"do": "slack.say", "text": rep.chance.choice(ANSWERS), "thread": thread}
        plan(rep.world, rep.world.now, deed | say)
