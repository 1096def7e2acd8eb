"""Who gets a lead that its owner didn't touch: the next of the same pool, never a former owner."""

from domain.follow_through.handoff import Handoff
from domain.lead.crm_records import PoolState
from domain.policy.model import Policy
from domain.routing import round_robin
from domain.routing.availability import absence
from domain.routing.route import Draw, RouteInputs, Skipped, ToUser
from domain.values import Value


class Reassigned(Value):
    """The next owner; None when nobody of the pool is left, and then a person decides."""

    target: ToUser | None
    draw: Draw | None = None
    skipped: tuple[Skipped, ...] = ()
    reason: str


def reassign(
    handoff: Handoff, inputs: RouteInputs, policy: Policy, because: str, *, credit: bool = False
) -> Reassigned:
    """The next available member of the pool.

    `because` is why the present owner doesn't keep it; `credit` gives that owner's turn back, so
    that a lead rightly refused doesn't count as theirs.
    """
    if handoff.pool is None or handoff.pool not in policy.pools:
        return Reassigned(target=None, reason=f"{because}; it came from no pool.")
    pool = policy.pools[handoff.pool]
    before = inputs.pools.get(handoff.pool, PoolState())
    state = before
    if credit and handoff.answers is not None:
        state = round_robin.give_back(state, handoff.answers)
    skipped: list[Skipped] = []
    available: list[str] = []
    had_it = {*handoff.former, handoff.answers}
    for one in pool.members:
        why = "had it before" if one.user in had_it else _absence(one.user, inputs, policy)
        if why is None:
            available.append(one.user)
        else:
            skipped.append(Skipped(who=policy.users[one.user].name, why=why))
    if not available:
        draw = Draw(pool=handoff.pool, before=before, after=state) if credit else None
        told = "; ".join(f"{one.who}: {one.why}" for one in skipped)
        return Reassigned(
            target=None,
            draw=draw,
            skipped=tuple(skipped),
            reason=f"{because}; nobody else of pool {handoff.pool} is available ({told}).",
        )
    email, drawn = round_robin.draw(pool, state, available)
    user, member = policy.users[email], inputs.roster.members[email]
    if member.user_id is None:
        raise ValueError(f"{email} counts as available without a Salesforce user")
    return Reassigned(
        target=ToUser(email=email, name=user.name, user_id=member.user_id),
        draw=Draw(pool=handoff.pool, before=before, after=drawn),
        skipped=tuple(skipped),
        reason=f"{because}; {user.name} is next in pool {handoff.pool}.",
    )


def _absence(email: str, inputs: RouteInputs, policy: Policy) -> str | None:
    """A reassigned lead is late already, so only those whose day it is are asked."""
    user = policy.users[email]
    calendar = policy.calendars[user.calendar]
    member = inputs.roster.members.get(email)
    return absence(member, user, calendar, inputs.roster.at, at_work=True)
