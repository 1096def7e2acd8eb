"""Weighted round robin that nobody can be ahead or behind in by more than one lead.

Each pool remembers what it owes every member, in shares of a turn. A turn adds to each available
member the share that their weight earns and takes one whole turn from the one who gets the lead.
Who gets it follows Tijdeman's rule ("The chairman assignment problem", Discrete Mathematics 32,
1980): among those owed at least 1/(2n-2) of a turn, the one who would soonest be owed more than
1 - 1/(2n-2). It keeps every balance below one turn, whatever the weights. An absent member's
balance stands still, so that nobody is flooded with leads after leave.

Balances are whole numbers of `TURN`s' parts, and add up to zero exactly: what rounding leaves
over goes to the members in the order of their names.
"""

from collections.abc import Collection
from fractions import Fraction

from domain.crm import PoolState
from domain.policy import Pool

TURN = 720_720
"""Parts of one turn: divisible by every number up to 16, so that shares are mostly exact."""


def draw(pool: Pool, state: PoolState, available: Collection[str]) -> tuple[str, PoolState]:
    """Who gets the next lead, and the pool's memory afterwards.

    Raises:
        ValueError: nobody of the pool is available.
    """
    weights = {one.user: one.weight for one in pool.members if one.user in available}
    if not weights:
        raise ValueError("nobody is available")
    whole = sum(weights.values())
    owed = {user: state.credits.get(user, 0) for user in sorted(weights)}
    earned = {user: TURN * weights[user] // whole for user in owed}
    rest = TURN - sum(earned.values())
    for index, user in enumerate(owed):
        owed[user] += earned[user] + (index < rest)
    chosen = _soonest(owed, weights, whole)
    owed[chosen] -= TURN
    return chosen, PoolState(credits={**state.credits, **owed}, turns=state.turns + 1)


def _soonest(owed: dict[str, int], weights: dict[str, int], whole: int) -> str:
    count = len(owed)
    if count == 1:
        return next(iter(owed))
    slack = Fraction(TURN, 2 * count - 2)
    eligible = [user for user, credit in owed.items() if credit >= slack]
    candidates = eligible or [max(owed, key=lambda user: (owed[user], user))]

    def deadline(user: str) -> tuple[Fraction, str]:
        return (TURN - slack - owed[user]) * whole / weights[user], user

    return min(candidates, key=deadline)


def give_back(state: PoolState, user: str) -> PoolState:
    """The pool's memory after a member rightly refused a lead: the turn is owed again."""
    owed = {**state.credits, user: state.credits.get(user, 0) + TURN}
    return state.model_copy(update={"credits": owed})
