"""Who is there to take leads right now: policy, Salesforce, Slack and the ledger together."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from agent.context import RunContext
from domain.crm import Member, PoolState
from domain.policy import User
from domain.ports import Presence
from domain.snapshot import RouteInputs

LONGEST_DAY = timedelta(hours=26)
"""A local day with the clock set back, and an hour to spare."""


def route_inputs(context: RunContext) -> RouteInputs:
    """The roster and the pools' memory as routing sees them at the start of a batch."""
    policy = context.policy
    emails = sorted(policy.users)
    queues = sorted({queue.salesforce for queue in policy.queues.values()})
    roster = context.crm.roster(emails, queues, context.now)
    presences: Mapping[str, Presence] = {}
    if context.messenger is not None:
        presences = context.messenger.presences(emails)
    given = context.ledger.cycles.assigned_since(context.now - LONGEST_DAY)
    members: dict[str, Member] = {}
    for email, member in roster.members.items():
        presence = presences.get(email)
        away = member.out_of_office or (presence.away if presence else None)
        today = _today(given.get(email, []), policy.users[email], context.now)
        members[email] = member.model_copy(update={"out_of_office": away, "assigned_today": today})
    known = context.ledger.cycles.pools()
    return RouteInputs(
        roster=roster.model_copy(update={"members": members}),
        pools={name: known.get(name, PoolState()) for name in sorted(policy.pools)},
    )


def _today(given: list[datetime], user: User, now: datetime) -> int:
    zone = ZoneInfo(user.timezone)
    today = now.astimezone(zone).date()
    return sum(instant.astimezone(zone).date() == today for instant in given)
