"""Weighted round robin that nobody can be ahead or behind in by a whole lead.

Each pool remembers what it owes every member, in parts of a turn. A turn adds to each available
member the share that their weight earns and takes one whole turn from the one who gets the lead.
Who gets it follows Tijdeman's rule ("The chairman assignment problem", Discrete Mathematics 32,
1980): of `n` members, among those owed at least 1/(2n-2) of a turn, the one who would soonest be
owed more than 1 - 1/(2n-2). While the same members are available, no balance ever reaches a
whole turn, whatever their weights.

An absent member's balance stands still, so nobody is flooded with leads after leave. The proof
needs shares that are known beforehand, so it does not cover people who come and go: then somebody
can be owed more, for a while, and whoever is owed most comes first until that is worked off.

Balances are whole numbers of parts, and add up to zero: shares are cut from the line of all turns
so far, so that rounding never piles up.
"""

from collections.abc import Collection, Mapping
from fractions import Fraction

from domain.lead.crm_records import PoolState
from domain.policy.model import Pool

TURN = 720_720
"""Parts of one turn: divisible by every number up to 16, so that shares are mostly exact."""


def draw(pool: Pool, state: PoolState, available: Collection[str]) -> tuple[str, PoolState]:
    """Who gets the next lead, and the pool's memory afterwards.

    Raises:
        ValueError: nobody of the pool is available.
    """
    everyone = {one.user: one.weight for one in pool.members}
    weights = {user: weight for user, weight in everyone.items() if user in available}
    if not weights:
        raise ValueError("nobody is available")
    owed = _settled(state, everyone)
    for user, share in _shares(TURN, state.turns, weights).items():
        owed[user] += share
    chosen = _soonest({user: owed[user] for user in sorted(weights)}, weights)
    owed[chosen] -= TURN
    return chosen, PoolState(credits=owed, turns=state.turns + 1)


def _settled(state: PoolState, weights: Mapping[str, int]) -> dict[str, int]:
    """The members' balances, brought back to a sum of zero in proportion to their weights.

    The sum is zero already unless a turn was given back or a member with a balance left the pool.
    """
    owed = {user: state.credits.get(user, 0) for user in sorted(weights)}
    surplus = sum(owed.values())
    if surplus:
        for user, share in _shares(surplus, 0, weights).items():
            owed[user] -= share
    return owed


def _shares(whole: int, before: int, weights: Mapping[str, int]) -> dict[str, int]:
    """Parts of `whole` by weight, in whole numbers that add up to it.

    `before` is how many times the same was shared out already: what rounding cut off then is made
    good now.
    """
    total, start, shares = sum(weights.values()), 0, dict[str, int]()
    for user in sorted(weights):
        end = start + weights[user]
        after = whole * (before + 1)
        shares[user] = (after * end // total - after * start // total) - (
            whole * before * end // total - whole * before * start // total
        )
        start = end
    return shares


def _soonest(owed: Mapping[str, int], weights: Mapping[str, int]) -> str:
    """The member whose turn can wait least; of several, the first by name.

    Balances and the rule's two bounds are compared in parts of 1/(2n-2) turn, to stay whole.
    """
    scale = max(1, 2 * len(owed) - 2)
    eligible = [user for user, credit in owed.items() if credit * scale >= TURN]
    spare = {user: TURN * (scale - 1) - owed[user] * scale for user in owed}
    if not eligible or any(spare[user] <= 0 for user in eligible):
        return min(owed, key=lambda user: (-owed[user], user))
    return min(eligible, key=lambda user: (Fraction(spare[user], weights[user]), user))


def give_back(state: PoolState, user: str) -> PoolState:
    """The pool's memory after a member rightly refused a lead: the turn is owed again."""
    owed = {**state.credits, user: state.credits.get(user, 0) + TURN}
    return state.model_copy(update={"credits": owed})
