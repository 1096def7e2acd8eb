"""How sales reps behave: at work they look at their leads, and some call sooner than others.

Every half hour each rep who is at work (09:00-18:00 local time, Monday to Friday, not away) goes
through the leads that were routed to them and calls some that nobody has called yet. A call is a
completed Task, and the lead's status becomes Working. Both are deeds of `sandbox.acts`.
"""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sandbox.acts import plan, user_id
from sandbox.wire import Json
from sandbox.world import Row, World
from sandbox.worlds.roster import AWAY_IN_SALESFORCE, AWAY_IN_SLACK, COLLEAGUES, Colleague

EVENT = "reps.round"
EVERY = timedelta(minutes=30)
OPENS, CLOSES = 9, 18
SATURDAY = 5
DILIGENCE = {
    "dan.whitfield": 0.9,
    "kenji.sato": 0.9,
    "max.brandt": 0.15,
    "hugo.martins": 0.1,
    "farid.haddad": 0.0,
}
"""Chance that a rep calls an untouched lead in one round, by the name before the @."""
USUAL_DILIGENCE = 0.3
REMINDED_DILIGENCE = 0.75
"""The chance for a lead that Slack reminded the rep of within the last rounds, if that is more."""
REMINDERS_LAST = timedelta(hours=2)
_RECORD = re.compile(r"00Q[A-Za-z0-9]{15}")
_REMINDING = re.compile(r"Reminder\.|Late\.| is away\.")


def live(world: World) -> None:
    """Let the reps go about their work from here on."""

    def go_round(_: Json) -> None:
        work(world)
        world.schedule(world.now + EVERY, EVENT)

    world.on(EVENT, go_round)
    world.schedule(world.now + EVERY, EVENT)


def work(world: World) -> None:
    """One round of all who are at work."""
    reminded = _reminded(world)
    called = {row.get("WhoId") for row in world.table("salesforce.Task").values()}
    owned: dict[str, list[Row]] = {}
    for lead in world.table("salesforce.Lead").values():
        if _waits(lead) and lead["Id"] not in called:
            owned.setdefault(lead["OwnerId"], []).append(lead)
    for colleague in COLLEAGUES:
        if colleague.role in ("rep", "account_owner") and is_at_work(colleague, world.now):
            _call(world, colleague, owned, reminded)


def _reminded(world: World) -> set[str]:
    """Leads that somebody was reminded of in Slack lately, as the messages name them."""
    since = (world.now - REMINDERS_LAST).timestamp()
    found: set[str] = set()
    for message in reversed(world.table("slack.message").values()):
        if float(message["ts"]) < since:
            break
        shown = str(message.get("blocks"))
        if _REMINDING.search(shown):
            found |= set(_RECORD.findall(shown))
    return found


def is_at_work(colleague: Colleague, now: datetime) -> bool:
    """Whether a colleague is active, in their working hours, and not on holiday."""
    local = now.astimezone(ZoneInfo(colleague.timezone))
    is_away = colleague.address in (AWAY_IN_SALESFORCE, AWAY_IN_SLACK)
    is_open = local.weekday() < SATURDAY and OPENS <= local.hour < CLOSES
    return colleague.is_active and is_open and not is_away


def _waits(lead: Row) -> bool:
    is_routed = bool(lead.get("Routing_Decision_Id__c"))
    return is_routed and not lead.get("IsDeleted") and not lead.get("IsConverted")


def _call(
    world: World, colleague: Colleague, owned: dict[str, list[Row]], reminded: set[str]
) -> None:
    owner = user_id(world, colleague.address)
    usual = DILIGENCE.get(colleague.address.split("@", maxsplit=1)[0], USUAL_DILIGENCE)
    for lead in owned.get(owner, []):
        chance = max(usual, REMINDED_DILIGENCE) if lead["Id"] in reminded else usual
        if world.rng.random() >= chance:
            continue
        call: Row = {
            "do": "salesforce.insert",
            "object": "Task",
            "values": {
                "WhoId": lead["Id"],
                "OwnerId": owner,
                "Subject": "Call",
                "TaskSubtype": "Call",
                "CallType": "Outbound",
                "Status": "Completed",
                "ActivityDate": world.now.date().isoformat(),
            },
            "by": colleague.address,
        }
        working: Row = {
            "do": "salesforce.update",
            "object": "Lead",
            "id": lead["Id"],
            "values": {"Status": "Working"},
            "by": colleague.address,
        }
        for deed in (call, working):
            plan(world, world.now, deed)
