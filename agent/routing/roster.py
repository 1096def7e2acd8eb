"""Who is there to take leads right now: policy, Salesforce, Slack and the ledger together."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from agent.logs import alert
from agent.run.context import RunContext
from domain.errors import ToolError
from domain.lead.crm_records import Member, PoolState
from domain.policy.model import User
from domain.ports import Presence
from domain.routing.route import RouteInputs

LONGEST_DAY = timedelta(hours=26)
"""A local day with the clock set back, and an hour to spare."""


def route_inputs(context: RunContext) -> RouteInputs:
    """The roster and the pools' memory as routing sees them at the start of a batch."""
    policy = context.policy
    emails = sorted(policy.users)
    holding = {one for one in policy.sync.unassigned_owners if "@" not in one}
    queues = sorted({queue.salesforce for queue in policy.queues.values()} | holding)
    roster = context.crm.roster(emails, queues, context.now)
    presences = _presences(emails, context)
    given = context.ledger.cycles.assigned_since(context.now - LONGEST_DAY)
    members: dict[str, Member] = {}
    for email, member in roster.members.items():
        presence = presences.get(email)
        away = member.out_of_office or (presence.away if presence else None)
        today = _today(given.get(email, []), policy.users[email], context.now)
        members[email] = member.model_copy(update={"out_of_office": away, "assigned_today": today})
    known = context.ledger.cycles.pools()
    pools = set(policy.pools)
    if context.canary is not None:
        pools |= context.canary.policy.pools.keys()
    return RouteInputs(
        roster=roster.model_copy(update={"members": members}),
        pools={name: known.get(name, PoolState()) for name in sorted(pools)},
    )


def _presences(emails: Sequence[str], context: RunContext) -> Mapping[str, Presence]:
    """What Slack says of people; nothing while Slack is down, which must not stop routing."""
    if context.messenger is None:
        return {}
    try:
        return context.messenger.presences(emails)
    except ToolError as error:
        said = "Slack status is not available; continuing without it"
        alert("presence_unknown", f"{said}: {error.discreet}")
        return {}


def _today(given: list[datetime], user: User, now: datetime) -> int:
    zone = ZoneInfo(user.timezone)
    today = now.astimezone(zone).date()
    return sum(instant.astimezone(zone).date() == today for instant in given)
