"""Who has how much, and who is there to take more."""

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
from domain.policy.model import Policy
from domain.routing.availability import absence
from domain.time.moments import midnight

MOST_LINES = 12
_IDLE = Load(0, 0, 0, 0)


def workload(asked: requests.Whose, talk: Talk) -> Answer:
    """Who has how much, and who is away."""
    owners, policy = circle(talk.who, Ability.WORKLOAD), talk.policy
    people = sorted(policy.users) if owners is None else sorted(owners & policy.users.keys())
    if asked.who.strip():
        person = find_person(asked.who, policy)
        if isinstance(person, Answer):
            return person
        people = [one for one in people if one == person]
        if not people:
            return failure(f"You may not see the leads of {policy.users[person].name}.")
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
        f"{policy.users[one].name}: {load.open} open, {load.late} late, "
        f"{len(given.get(one, ()))} new this week{_cap(one, policy)}{away.get(one, '')}"
        for load, one in busy[:MOST_LINES]
    ]
    absent = [policy.users[one].name for one in people if one in away and (_IDLE, one) in told]
    if absent and not asked.who.strip():
        lines.append(f"Away or not at work, without open leads: {', '.join(absent[:MOST_SHOWN])}")
    names = ", ".join(policy.users[one].name for one in over[:MOST_SHOWN])
    return Answer(
        title=f"Overloaded: {names}." if over else "Nobody is overloaded.",
        lines=tuple(lines) or ("Nobody has an open lead.",),
        source=(
            "Overloaded means: a late lead, or as many open ones as the cap. "
            f"Availability by {told_by}. {talk.as_of()}"
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
    """Why somebody takes no lead now, by e-mail, and by whose word."""
    policy = talk.policy
    try:
        members = roster.route_inputs(talk.run).roster.members
    except ToolError as error:
        return {}, f"nobody: {error.vendor} does not answer right now"
    found: dict[str, str] = {}
    for email in people:
        user = policy.users[email]
        calendar = policy.calendars[user.calendar]
        why = absence(members.get(email), user, calendar, talk.now, at_work=True)
        if why is not None:
            found[email] = f"; {why}"
    return found, "Salesforce, Slack and working hours"
