"""Who has how many open leads, and who is available for more."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from agent.conversation import requests
from agent.conversation.turn import MOST_SHOWN, Talk, failure, find_person
from agent.ledger.stores.conversations import Load, Part
from agent.routing import roster
from domain.conversation.answers import Answer
from domain.conversation.permissions import Ability, circle
from domain.errors import ToolError
from domain.grammar import counted
from domain.language import facts
from domain.policy.model import Policy, User
from domain.routing.availability import absence
from domain.time.business_hours import holiday_on, next_open
from domain.time.moments import midnight

MOST_LINES = 12
_IDLE = Load(0, 0, 0, 0)


def workload(asked: requests.Whose, talk: Talk) -> Answer:
    """Who has how many open leads and SLA breaches, and who is away."""
    owners, policy = circle(talk.who, Ability.WORKLOAD), talk.policy
    people = sorted(policy.users) if owners is None else sorted(owners & policy.users.keys())
    if asked.who.strip():
        person = find_person(asked.who, policy)
        if isinstance(person, Answer):
            return person
        people = [one for one in people if one == person]
        if not people:
            return failure(f"You can't see {policy.users[person].name}'s leads.")
    loads = talk.run.ledger.conversations.loads(Part(people), talk.now)
    given = talk.run.ledger.cycles.assigned_since(_monday(talk))
    away, told_by = _availability(people, talk)
    told = sorted(
        ((loads.get(one, _IDLE), one) for one in people),
        key=lambda pair: (-pair[0].late, -pair[0].open, pair[1]),
    )
    busy = [(load, one) for load, one in told if asked.who.strip() or load.open or one in given]
    over = [one for load, one in busy if load.late or _is_full(one, load, policy)]
    lines = [
        f"{policy.users[one].name}: {counted(load.open, 'open lead')}, "
        f"{counted(load.late, 'SLA breach')}, {len(given.get(one, ()))} new this week"
        f"{_cap(one, policy)}{away.get(one, '')}"
        for load, one in busy[:MOST_LINES]
    ]
    listed = {one for _, one in busy[:MOST_LINES]}
    absent = [
        policy.users[one].name
        for load, one in told
        if one in away and not load.open and one not in listed
    ]
    if absent and not asked.who.strip():
        lines.append(f"Away or off hours, with no open leads: {', '.join(absent[:MOST_SHOWN])}")
    names = ", ".join(policy.users[one].name for one in over[:MOST_SHOWN])
    return Answer(
        title=f"Overloaded: {names}." if over else "Nobody is overloaded.",
        lines=tuple(lines) or ("No open leads.",),
        source=(
            "Overloaded: at least 1 SLA breach, or open leads at the cap. "
            f"Availability: {told_by}. {talk.as_of()}"
        ),
    )


def _monday(talk: Talk) -> datetime:
    """When the week of the business began."""
    today = talk.today.astimezone(ZoneInfo(talk.policy.timezone))
    monday = talk.today - timedelta(days=today.weekday()) + timedelta(hours=12)
    return midnight(monday, talk.policy.timezone)


def _is_full(email: str, load: Load, policy: Policy) -> bool:
    cap = policy.users[email].cap_open
    return cap is not None and load.open >= cap


def _cap(email: str, policy: Policy) -> str:
    cap = policy.users[email].cap_open
    return "" if cap is None else f", cap {cap}"


def _availability(people: Collection[str], talk: Talk) -> tuple[Mapping[str, str], str]:
    """Why somebody takes no lead now, by email, and where that is known from."""
    policy = talk.policy
    try:
        members = roster.route_inputs(talk.run).roster.members
    except ToolError as error:
        return {}, f"unknown, {error.vendor} isn't responding"
    found: dict[str, str] = {}
    for email in people:
        user = policy.users[email]
        calendar = policy.calendars[user.calendar]
        why = absence(members.get(email), user, calendar, talk.now, at_work=False)
        why = why or _off_hours(user, talk)
        if why is not None:
            found[email] = f"; {why if isinstance(why, str) else facts.absence(why, talk.zone)}"
    return found, "Salesforce, Slack and business hours"


def _off_hours(user: User, talk: Talk) -> str | None:
    """Why it is not working time for somebody, and until when by the reader's clock."""
    calendar = talk.policy.calendars[user.calendar]
    opens = next_open(calendar, user.timezone, talk.now)
    if opens == talk.now:
        return None
    zone = ZoneInfo(calendar.timezone or user.timezone)
    holiday = holiday_on(calendar, talk.now.astimezone(zone).date())
    return f"holiday: {holiday}" if holiday else f"off hours until {talk.at(opens)}"
