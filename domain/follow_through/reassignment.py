"""Who gets a lead that its owner didn't touch: the next of the same pool, never a former owner."""

from domain.follow_through.handoff import Handoff
from domain.follow_through.reasons import Escalated, Rotated
from domain.lead.absences import Absence
from domain.lead.crm_records import PoolState
from domain.policy.model import Policy
from domain.routing import round_robin
from domain.routing.availability import absence
from domain.routing.basis import Passed, PassedOver, Skipped
from domain.routing.route import Draw, RouteInputs, ToUser
from domain.values import Quoted, Value


class Reassigned(Value):
    """The next owner; None when nobody of the pool is left, and then a person decides."""

    target: ToUser | None
    pool: str | None = None
    """None for a lead that came from no pool."""
    draw: Draw | None = None
    skipped: tuple[Skipped, ...] = ()

    def why(self, because: Escalated | Quoted) -> Rotated:
        """Why the next owner has it, or why nobody does."""
        to = None if self.target is None else self.target.name
        return Rotated(because=because, pool=self.pool, to=to, skipped=self.skipped)


def reassign(
    handoff: Handoff, inputs: RouteInputs, policy: Policy, *, credit: bool = False
) -> Reassigned:
    """The next available member of the pool.

    `credit` gives the present owner's turn back, so that a lead rightly refused doesn't count as
    theirs.
    """
    if handoff.pool is None or handoff.pool not in policy.pools:
        return Reassigned(target=None)
    pool = policy.pools[handoff.pool]
    before = inputs.pools.get(handoff.pool, PoolState())
    state = before
    if credit and handoff.answers is not None:
        state = round_robin.give_back(state, handoff.answers)
    skipped: list[Skipped] = []
    available: list[str] = []
    had_it = {*handoff.former, handoff.answers}
    for one in pool.members:
        why = _HAD_IT if one.user in had_it else None
        why = why or (_BARRED if one.user in handoff.barred else None)
        why = why or _absence(one.user, inputs, policy)
        if why is None:
            available.append(one.user)
        else:
            skipped.append(Skipped(who=policy.users[one.user].name, why=why))
    if not available:
        draw = Draw(pool=handoff.pool, before=before, after=state) if credit else None
        return Reassigned(target=None, pool=handoff.pool, draw=draw, skipped=tuple(skipped))
    email, drawn = round_robin.draw(pool, state, available)
    user, member = policy.users[email], inputs.roster.members[email]
    if member.user_id is None:
        raise ValueError(f"{email} counts as available without a Salesforce user")
    return Reassigned(
        target=ToUser(email=email, name=user.name, user_id=member.user_id),
        pool=handoff.pool,
        draw=Draw(pool=handoff.pool, before=before, after=drawn),
        skipped=tuple(skipped),
    )


_HAD_IT = Passed(code=PassedOver.HAD_IT_BEFORE)
_BARRED = Passed(code=PassedOver.EXCLUDED)


def _absence(email: str, inputs: RouteInputs, policy: Policy) -> Absence | None:
    """A reassigned lead is late already, so only those whose day it is are asked."""
    user = policy.users[email]
    calendar = policy.calendars[user.calendar]
    member = inputs.roster.members.get(email)
    return absence(member, user, calendar, inputs.roster.at, at_work=True)
