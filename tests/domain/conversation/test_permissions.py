"""Who may what: the table, exhaustively, and how far each role's reach goes."""

from itertools import product

import pytest

from domain.conversation.permissions import (
    CHANGES,
    SPENDS,
    TABLE,
    Ability,
    Principal,
    Reach,
    circle,
    may,
    principal,
)
from tests.support.builders import policy

REP, MATE, OTHER, MANAGER, HEAD = (
    f"{name}@x.example" for name in ("rep", "mate", "other", "manager", "head")
)
WHO = {
    "rep": Principal(email=REP, name="Rep", role="rep", timezone="UTC"),
    "manager": Principal(
        email=MANAGER, name="Manager", role="manager", timezone="UTC", team=frozenset({REP, MATE})
    ),
    "ops": Principal(email="ops@x.example", name="Ops", role="ops", timezone="UTC"),
    "viewer": Principal(email=HEAD, name="Head", role="viewer", timezone="UTC"),
    "nobody": Principal(email="n@x.example", name="N", role="unheard of", timezone="UTC"),
}
WHOSE = ("own", "team", "other", "nobody's")


def _owner(who: Principal, whose: str) -> str | None:
    mate = REP if who.email == MANAGER else MATE
    return {"own": who.email, "team": mate, "other": OTHER, "nobody's": None}[whose]


def _expected(role: str, ability: Ability, whose: str) -> bool:
    """The rule in words: reps their own, managers their team, ops all, viewers look at all."""
    look = ability not in CHANGES
    if role == "ops":
        return True
    if role == "viewer":
        return look and ability not in SPENDS
    if ability is Ability.RULES:
        return role in ("rep", "manager")
    if role == "rep":
        asked = {Ability.WAITING, Ability.WHAT_IF}
        mine = (Ability.SNOOZE, Ability.CORRECT)
        return whose == "own" and (ability in mine or (look and ability not in asked))
    if role == "manager":
        if ability is Ability.WHAT_IF:
            return True
        closed = {Ability.PAUSE, Ability.RESUME, Ability.TRY_AGAIN}
        return whose in ("own", "team") and ability not in closed
    return False


@pytest.mark.parametrize(("role", "ability", "whose"), list(product(WHO, Ability, WHOSE)), ids=str)
def test_every_role_with_every_ability_on_every_lead(
    role: str, ability: Ability, whose: str
) -> None:
    """The whole table, one case each: 5 roles, 24 abilities, 4 kinds of leads."""
    assert _expected(role, ability, whose) == may(WHO[role], ability, _owner(WHO[role], whose))


def test_an_unknown_role_has_nothing() -> None:
    """What is not in the table is refused."""
    assert {frozenset[str]()} == {circle(WHO["nobody"], ability) for ability in Ability}


def test_no_role_but_ops_reaches_all_with_a_change() -> None:
    """Only operations change everybody's leads."""
    wide = {
        role
        for role, abilities in TABLE.items()
        for ability, reach in abilities.items()
        if ability in CHANGES and reach is Reach.ALL
    }
    assert {"ops"} == wide


def test_a_team_is_everybody_below() -> None:
    """Reports of reports belong to the team; a circle in the policy ends."""
    company = policy()
    users = dict(company.users)
    rep = next(iter(users))
    template = users[rep]
    users |= {
        "lead@x.example": template.model_copy(update={"role": "manager", "manager": "boss@x"}),
        "boss@x": template.model_copy(update={"role": "manager", "manager": "lead@x.example"}),
        "rep@x.example": template.model_copy(update={"role": "rep", "manager": "lead@x.example"}),
    }
    boss = principal("boss@x", company.model_copy(update={"users": users}))
    assert boss is not None
    assert {"lead@x.example", "rep@x.example"} <= boss.team
    assert "boss@x" not in boss.team


def test_a_stranger_is_nobody() -> None:
    """Somebody whom the policy doesn't name is no principal."""
    assert None is principal("eve@other.example", policy())
