"""Pools that give by load, overflow, and members who take only some leads."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from domain.language import routes
from domain.lead.crm_records import PoolState
from domain.policy.lint.checks import lint
from domain.policy.model import Policy
from domain.routing.availability import barred
from domain.routing.route import Route, ToUser, why
from domain.routing.rules import evolve, route
from tests.support import builders as make

ANA, BEN, CHLOE = (f"{name}@meridian.example" for name in ("ana", "ben", "chloe"))
LENA = "lena@meridian.example"
NOBODY: dict[str, Any] = {name: {"is_active": False} for name in ("ana", "ben", "chloe")}
UTC = ZoneInfo("UTC")


def policy(west: dict[str, Any], **more: Any) -> Policy:  # noqa: ANN401
    """The small policy with another pool in the west, and one in the south of Lena alone."""
    members = [{"user": one} for one in (ANA, BEN, CHLOE)]
    pools = {"west": {"members": members, **west}, "south": {"members": [{"user": LENA}]}}
    return make.policy(pools=pools, **more)


def given(rules: Policy, count: int = 1, **people: Any) -> list[tuple[str, str]]:  # noqa: ANN401
    """Who gets so many Californian leads one after the other, each with why."""
    pools = {"west": PoolState(), "south": PoolState()}
    inputs, found = make.inputs(pools, **people), list[tuple[str, str]]()
    for _ in range(count):
        routed = route(make.snapshot(), inputs, rules)
        inputs, chosen = evolve(inputs, routed), routed.decision
        assert isinstance(chosen, Route)
        name = chosen.target.name if isinstance(chosen.target, ToUser) else chosen.target.kind
        found.append((name, routes.routed(why(chosen), UTC)))
    return found


def test_the_least_loaded_get_leads_until_all_are_even() -> None:
    """Open leads are compared by weight; among equals it goes round."""
    rules = policy({"choose": "least_loaded"})
    people = {"ana": {"open_leads": 3}, "ben": {"open_leads": 1}, "chloe": {"open_leads": 2}}
    names = [name for name, _ in given(rules, 6, **people)]
    assert ["Ben", 1, 2, 3] == [names[0], *(names.count(one) for one in ("Ana", "Chloe", "Ben"))]


def test_a_heavier_member_carries_more() -> None:
    """Ten open leads at weight 5 are fewer than three at weight 1."""
    members = [{"user": ANA, "weight": 5}, {"user": BEN}]
    ((name, said),) = given(
        policy({"members": members, "choose": "least_loaded"}),
        ana={"open_leads": 10},
        ben={"open_leads": 3},
    )
    told = "Ana has the fewest open leads in the West pool (10 open leads) (weight 5 of 6)"
    assert ("Ana", True) == (name, told in said), said


def test_a_pool_overflows_into_another() -> None:
    """Nobody of the first is there: the next pool has its turn, and `why` says so."""
    ((name, said),) = given(policy({"overflow": "south"}), **NOBODY)
    told = "no one is available in the West pool; Lena is next in the South round robin"
    assert ("Lena", True) == (name, told in said), said


def test_a_pool_that_overflows_into_itself_ends_in_the_queue() -> None:
    """A circle, which the check of the policy refuses, stops nothing."""
    rules = policy({"overflow": "west"})
    assert "queue" == given(rules, **NOBODY)[0][0]
    assert ["Pool west overflows into itself, directly or through others"] == [
        one.sentence for one in lint(rules) if "overflow" in one.sentence
    ]


@pytest.mark.parametrize(
    ("unavailable", "expected"),
    [("fallback", "queue"), ("next_row", "Lena"), ("next_rule", "Quinn")],
)
def test_a_territory_without_anybody_goes_on_as_the_rule_says(
    unavailable: str, expected: str
) -> None:
    """To the fallback queue, the next row that matches, or the next rule."""
    rows = (
        {"line": 2, "territory": "West", "country": "US", "state": "CA", "owner": "pool:west"},
        {"line": 3, "territory": "US", "country": "US", "owner": f"user:{LENA}"},
    )
    routing = (
        {"name": "Territory", "kind": "territory", "if_no_one_available": unavailable},
        {"name": "Rest", "kind": "to", "to": "user:quinn@meridian.example"},
    )
    assert expected == given(policy({}, territories=rows, routing=routing), **NOBODY)[0][0]


def test_a_member_takes_only_their_own_kind() -> None:
    """A member with conditions is passed over for other leads, in words."""
    members = [{"user": ANA, "when": {"industry": "banking"}}, {"user": BEN}]
    found = given(policy({"members": members}), 3)
    assert {"Ben"} == {name for name, _ in found}
    assert "Skipped: Ana (takes only other leads of this pool)" in found[0][1]


def test_who_never_gets_such_leads_gets_none_by_reassignment_either() -> None:
    """Exclusions and conditions of members are kept beside the lead for whoever reassigns it."""
    west = {"members": [{"user": ANA}, {"user": BEN, "when": {"country": "DE"}}]}
    plain = policy(west)
    users = {email: one.model_dump(exclude_unset=True) for email, one in plain.users.items()}
    users[ANA] |= {"never": ({"country": ("US", "CA")}, {"state": "TX"})}
    rules = policy(
        {"members": [{"user": ANA}, {"user": BEN, "when": {"country": "DE"}}]}, users=users
    )
    assert (ANA, BEN) == barred("west", {"country": "US"}, rules)
    assert () == barred("west", {"country": "DE"}, rules)
