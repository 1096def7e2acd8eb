"""What a pool promises about fairness, whatever the weights and whoever is away."""

from collections import Counter
from collections.abc import Iterable
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.lead.crm_records import PoolState
from domain.policy.model import Pool, PoolMember
from domain.routing.round_robin import draw, give_back

WEIGHTS = st.lists(st.integers(1, 100), min_size=1, max_size=10)
AWAY = st.lists(st.sets(st.integers(1, 5)), min_size=1, max_size=120)
"""Who is away at each turn, by number; number 0 never is."""


def pool(weights: Iterable[int]) -> Pool:
    """A pool of members `m0`, `m1`, ... with these weights."""
    members = [PoolMember(user=f"m{index}", weight=one) for index, one in enumerate(weights)]
    return Pool(members=tuple(members))


def everyone(some: Pool) -> list[str]:
    """All members' addresses."""
    return [one.user for one in some.members]


@settings(max_examples=100, deadline=None)
@given(WEIGHTS, st.integers(1, 250))
def test_nobody_is_a_whole_lead_away_from_their_share(weights: list[int], turns: int) -> None:
    """After every single lead each member's count is within one of what the weight earns."""
    some, state, got = pool(weights), PoolState(), Counter[str]()
    for turn in range(1, turns + 1):
        chosen, state = draw(some, state, everyone(some))
        got[chosen] += 1
        for one in some.members:
            earned = Fraction(turn * one.weight, sum(weights))
            assert abs(got[one.user] - earned) < 1


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 20), st.integers(1, 300))
def test_equal_members_are_never_more_than_one_lead_apart(count: int, turns: int) -> None:
    """Plain round robin: between the most and the fewest leads there is at most one."""
    some, state, got = pool([1] * count), PoolState(), Counter[str]()
    for _ in range(turns):
        chosen, state = draw(some, state, everyone(some))
        got[chosen] += 1
        counts = [got[one] for one in everyone(some)]
        assert max(counts) - min(counts) <= 1


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(1, 10), min_size=6, max_size=6), AWAY)
def test_who_is_away_gets_nothing_and_keeps_the_balance(
    weights: list[int], absences: list[set[int]]
) -> None:
    """A lead goes to somebody who is there; an absent member's balance stands still."""
    some, state = pool(weights), PoolState()
    for away in absences:
        there = [f"m{index}" for index in range(6) if index not in away]
        chosen, after = draw(some, state, there)
        assert chosen in there
        for index in away:
            assert state.credits.get(f"m{index}", 0) == after.credits[f"m{index}"]
        state = after


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(1, 10), min_size=6, max_size=6), AWAY)
def test_who_is_always_there_stays_near_the_share_while_others_come_and_go(
    weights: list[int], absences: list[set[int]]
) -> None:
    """With colleagues coming and going one's own count stays within two leads of the share."""
    some, state, got, earned = pool(weights), PoolState(), 0, Fraction(0)
    for away in absences:
        there = [f"m{index}" for index in range(6) if index not in away]
        chosen, state = draw(some, state, there)
        got += chosen == "m0"
        present = sum(weight for index, weight in enumerate(weights) if index not in away)
        earned += Fraction(weights[0], present)
        assert abs(got - earned) < 2


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(1, 10), min_size=6, max_size=6), AWAY)
def test_balances_add_up_to_nothing(weights: list[int], absences: list[set[int]]) -> None:
    """What one member is owed the others had too early: rounding never creates or loses a turn."""
    some, state = pool(weights), PoolState()
    for away in absences:
        there = [f"m{index}" for index in range(6) if index not in away]
        _, state = draw(some, state, there)
        assert sum(state.credits.values()) == 0


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, 10), min_size=2, max_size=6), st.integers(0, 60))
def test_the_answer_depends_on_nothing_but_what_is_given(weights: list[int], turns: int) -> None:
    """The order in which members or absentees are named changes nothing."""
    some, state = pool(weights), PoolState()
    turned = Pool(members=some.members[::-1])
    for _ in range(turns):
        first = draw(some, state, everyone(some))
        assert first == draw(turned, state, set(everyone(turned)))
        _, state = first


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, 10), min_size=2, max_size=6), st.integers(0, 40))
def test_a_turn_given_back_is_as_if_it_had_not_been_taken(weights: list[int], turns: int) -> None:
    """After a rightly refused lead every balance is where it was, to one part of rounding.

    A turn for which only one member is there changes no balance, and so shows them as they are.
    """
    some, state = pool(weights), PoolState(credits=dict.fromkeys(everyone(pool(weights)), 0))
    for _ in range(turns):
        _, state = draw(some, state, everyone(some))
    chosen, after = draw(some, state, everyone(some))
    _, settled = draw(some, give_back(after, chosen), [chosen])
    assert sum(settled.credits.values()) == 0
    assert all(abs(settled.credits[one] - state.credits[one]) <= 1 for one in everyone(some))
