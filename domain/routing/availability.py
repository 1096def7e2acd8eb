"""Why a person can't take a lead right now; or that they can."""

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from domain.lead.absences import Absence, AtCap, Holiday, Inactive, NoUser, OffHours
from domain.lead.crm_records import Member
from domain.policy.conditions import When
from domain.policy.facts import Facts, holds
from domain.policy.model import Policy, User
from domain.time.business_hours import Calendar, holiday_on, next_open


def absence(
    member: Member | None, user: User, calendar: Calendar, now: datetime, *, at_work: bool
) -> Absence | None:
    """Why somebody can't have a lead now; None when they can.

    With `at_work` only those whose working hours it is count as available.
    """
    if member is None or member.user_id is None:
        return NoUser()
    if not member.is_active:
        return Inactive()
    if member.out_of_office is not None:
        return member.out_of_office
    if user.cap_open is not None and member.open_leads >= user.cap_open:
        return AtCap(leads=member.open_leads, cap=user.cap_open, of="open")
    if user.cap_per_day is not None and member.assigned_today >= user.cap_per_day:
        return AtCap(leads=member.assigned_today, cap=user.cap_per_day, of="today")
    return _off_work(user, calendar, now) if at_work else None


def _off_work(user: User, calendar: Calendar, now: datetime) -> Holiday | OffHours | None:
    opens = next_open(calendar, user.timezone, now)
    if opens == now:
        return None
    local = ZoneInfo(calendar.timezone or user.timezone)
    holiday = holiday_on(calendar, now.astimezone(local).date())
    return OffHours(until=opens) if holiday is None else Holiday(name=holiday)


def excludes(never: Iterable[When], known: Facts) -> bool:
    """Whether a lead meets all conditions of any one of somebody's exclusions."""
    return any(holds(when, known) for when in never)


def barred(pool: str, known: Facts, policy: Policy) -> tuple[str, ...]:
    """The members of a pool who never get such a lead, at no time and from nobody."""
    return tuple(
        one.user
        for one in policy.pools[pool].members
        if not holds(one.when, known) or excludes(policy.users[one.user].never, known)
    )
