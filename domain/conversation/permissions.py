"""Who may ask what of the worker, and who may change what: decided in code, on every call.

A role comes from the policy, by the e-mail address that Slack gives for the signed user id; never
from a display name, and never from what a model says. What is not in the table is refused.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from domain.policy.model import Policy
from domain.values import Value


class Ability(StrEnum):
    """Everything that can be asked for in a conversation; nothing else exists."""

    WHY = "why"
    STORY = "story"
    FIND = "find"
    UNWORKED = "unworked"
    WORKLOAD = "workload"
    NUMBERS = "numbers"
    CHANGES = "changes"
    RULES = "rules"
    WHAT_IF = "what_if"
    WAITING = "waiting"
    MARKETO = "marketo"
    SALESFORCE = "salesforce"
    ENRICH = "enrich"
    GIVE = "give"
    HOLD = "hold"
    RELEASE = "release"
    SNOOZE = "snooze"
    CORRECT = "correct"
    GATE_AGAIN = "gate_again"
    TRY_AGAIN = "try_again"
    APPROVE = "approve"
    DENY = "deny"
    PAUSE = "pause"
    RESUME = "resume"


CHANGES = frozenset(
    {
        Ability.GIVE,
        Ability.HOLD,
        Ability.RELEASE,
        Ability.SNOOZE,
        Ability.CORRECT,
        Ability.GATE_AGAIN,
        Ability.TRY_AGAIN,
        Ability.APPROVE,
        Ability.DENY,
        Ability.PAUSE,
        Ability.RESUME,
    }
)
"""What changes something; the others only look."""
SPENDS = frozenset({Ability.ENRICH})
"""What only looks but costs credits."""


class Reach(StrEnum):
    """Whose leads an ability covers."""

    NONE = "none"
    OWN = "own"
    TEAM = "team"
    """Their own, and those of everybody who reports to them, directly or not."""
    ALL = "all"


_REP = {
    Ability.WHY: Reach.OWN,
    Ability.STORY: Reach.OWN,
    Ability.FIND: Reach.OWN,
    Ability.UNWORKED: Reach.OWN,
    Ability.WORKLOAD: Reach.OWN,
    Ability.NUMBERS: Reach.OWN,
    Ability.CHANGES: Reach.OWN,
    Ability.RULES: Reach.ALL,
    Ability.MARKETO: Reach.OWN,
    Ability.SALESFORCE: Reach.OWN,
    Ability.ENRICH: Reach.OWN,
    Ability.SNOOZE: Reach.OWN,
    Ability.CORRECT: Reach.OWN,
}
_MANAGER = dict.fromkeys(_REP, Reach.TEAM) | {
    Ability.RULES: Reach.ALL,
    Ability.WHAT_IF: Reach.ALL,
    Ability.WAITING: Reach.TEAM,
    Ability.GIVE: Reach.TEAM,
    Ability.HOLD: Reach.TEAM,
    Ability.RELEASE: Reach.TEAM,
    Ability.GATE_AGAIN: Reach.TEAM,
    Ability.APPROVE: Reach.TEAM,
    Ability.DENY: Reach.TEAM,
}
TABLE: Mapping[str, Mapping[Ability, Reach]] = MappingProxyType(
    {
        "rep": MappingProxyType(_REP),
        "manager": MappingProxyType(_MANAGER),
        "ops": MappingProxyType(dict.fromkeys(Ability, Reach.ALL)),
        "viewer": MappingProxyType(
            {ability: Reach.ALL for ability in Ability if ability not in CHANGES | SPENDS}
        ),
    }
)
"""Role to ability to reach; what is absent is refused. docs/reference/roles.md shows it."""


PUBLISHERS = frozenset({"ops"})
"""Roles that may let another policy decide, and take it back."""


class Principal(Value):
    """A person as the policy knows them."""

    email: str
    name: str
    role: str
    timezone: str
    team: frozenset[str] = frozenset()
    """Emails of everybody who reports to them."""
    asserted_by: str | None = None
    """The user of the machine who says that they are this person; None for who signed in."""


def principal(email: str, policy: Policy) -> Principal | None:
    """The person behind an address; None for somebody the policy doesn't name."""
    user = policy.users.get(email)
    if user is None:
        return None
    return Principal(
        email=email,
        name=user.name,
        role=user.role,
        timezone=user.timezone,
        team=frozenset(_team(email, policy)),
    )


def _team(manager: str, policy: Policy) -> set[str]:
    """Everybody below a manager; a circle in the policy ends where it began."""
    found: set[str] = set()
    frontier = {manager}
    while frontier:
        below = {email for email, user in policy.users.items() if user.manager in frontier}
        frontier = below - found - {manager}
        found |= frontier
    return found


def reach(who: Principal, ability: Ability) -> Reach:
    """How far somebody's ability goes."""
    return TABLE.get(who.role, {}).get(ability, Reach.NONE)


ROLES: Mapping[str, str] = MappingProxyType(
    {"rep": "rep", "manager": "manager", "ops": "RevOps admin", "viewer": "viewer"}
)
"""What the policy's roles are called."""


def who_may(ability: Ability) -> tuple[str, ...]:
    """Who has an ability at all, from the nearest to the leads to the farthest."""
    return tuple(f"{name}s" for role, name in ROLES.items() if ability in TABLE[role])


def may(who: Principal, ability: Ability, owner: str | None) -> bool:
    """Whether somebody may do this with a lead; `owner` is the email of who answers for it.

    A lead that nobody answers for yet is everybody's who reaches all, and nobody else's.
    """
    match reach(who, ability):
        case Reach.ALL:
            return True
        case Reach.TEAM:
            return owner is not None and (owner == who.email or owner in who.team)
        case Reach.OWN:
            return owner is not None and owner == who.email
        case Reach.NONE:
            return False


def circle(who: Principal, ability: Ability) -> frozenset[str] | None:
    """The owners whose leads somebody may see or change; None means everybody's."""
    match reach(who, ability):
        case Reach.ALL:
            return None
        case Reach.TEAM:
            return who.team | {who.email}
        case Reach.OWN:
            return frozenset({who.email})
        case Reach.NONE:
            return frozenset()
