"""When somebody is at work for a segment: people by hour of the week, from the policy alone."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from agent.console.boards.content import HOURS
from domain.policy.conditions import When, as_test
from domain.policy.model import Policy
from domain.policy.routing import TerritoryRule, ToRule
from domain.time.business_hours import is_open

_HOUR = timedelta(hours=1)


def eligible(policy: Policy, segment: str) -> frozenset[str]:
    """Emails of those to whom the rules can give a lead of this segment anew.

    Owners of records, accounts and opportunities are left out: whose they are, the CRM knows.
    """
    found: set[str] = set()
    for rule in policy.routing:
        if not _fits(rule.when, segment):
            continue
        if isinstance(rule, ToRule):
            found |= _people(rule.to, policy)
        elif isinstance(rule, TerritoryRule):
            for row in policy.territories:
                if row.segment in (None, segment):
                    found |= _people(row.owner, policy)
    return frozenset(found)


def _fits(when: When, segment: str) -> bool:
    test = as_test(when.get("segment", True))
    if isinstance(test, str):
        return test.lower() == segment.lower()
    if isinstance(test, tuple):
        return segment.lower() in {one.lower() for one in test}
    return True


def _people(owner: str, policy: Policy) -> set[str]:
    kind, _, name = owner.partition(":")
    if kind == "user":
        return {name} & policy.users.keys()
    pool = policy.pools.get(name) if kind == "pool" else None
    return set() if pool is None else {one.user for one in pool.members}


def week(now: datetime, policy: Policy) -> datetime:
    """The Monday, at midnight in the business's time, of the week that `now` is in."""
    local = now.astimezone(ZoneInfo(policy.timezone))
    return datetime.combine(local.date() - timedelta(days=local.weekday()), time(), local.tzinfo)


def at_work(policy: Policy, monday: datetime) -> Mapping[str, tuple[int, ...]]:
    """Per segment, how many of those eligible are at work in each hour of a week.

    It is looked at the middle of each hour; holidays of that week count.
    """
    zone = monday.tzinfo
    midnight = monday.replace(tzinfo=None)
    hours = [(midnight + hour * _HOUR + _HOUR / 2).replace(tzinfo=zone) for hour in range(HOURS)]
    present = {
        email: [is_open(policy.calendars[user.calendar], user.timezone, hour) for hour in hours]
        for email, user in policy.users.items()
    }
    found: dict[str, tuple[int, ...]] = {}
    for segment in policy.segments:
        people = eligible(policy, segment.name)
        found[segment.name] = tuple(
            sum(present[email][hour] for email in people) for hour in range(HOURS)
        )
    return found
