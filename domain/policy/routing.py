"""The routing part of the policy: rules in order, and the rows of territories.csv."""

from typing import Annotated, Literal

from pydantic import Field

from domain.policy.conditions import Test, When
from domain.values import Value


class _Rule(Value):
    name: str
    when: When = Field(default_factory=dict[str, Test])


class CurrentOwnerRule(_Rule):
    """A record that an active person of the roster already owns stays with that person."""

    kind: Literal["current_owner"]


class OpportunityOwnerRule(_Rule):
    """A lead of an account with an open opportunity goes to the opportunity's owner."""

    kind: Literal["opportunity_owner"]


class AccountOwnerRule(_Rule):
    """A lead of a customer or named account goes to the account's owner."""

    kind: Literal["account_owner"]
    accounts: tuple[Literal["customer", "named", "any"], ...] = ("customer", "named")
    if_owner_left: Literal["manager", "next_rule"] = "manager"
    """An owner who is no longer active: the manager named in `users`, or the rules below."""


class TerritoryRule(_Rule):
    """The first row of territories.csv that fits decides."""

    kind: Literal["territory"]


class ToRule(_Rule):
    """A fixed user, pool or queue."""

    kind: Literal["to"]
    to: str
    """`user:EMAIL`, `pool:NAME` or `queue:NAME`."""


class SalesforceRule(_Rule):
    """Salesforce's own active assignment rule decides."""

    kind: Literal["salesforce_rules"]


RoutingRule = Annotated[
    CurrentOwnerRule
    | OpportunityOwnerRule
    | AccountOwnerRule
    | TerritoryRule
    | ToRule
    | SalesforceRule,
    Field(discriminator="kind"),
]


RULE_KINDS = (
    "current_owner",
    "opportunity_owner",
    "account_owner",
    "territory",
    "to",
    "salesforce_rules",
)
"""Every kind of routing rule."""


class Territory(Value):
    """One row of territories.csv; an empty cell fits everything."""

    line: int
    """The row's line in the file, for messages."""
    territory: str
    region: str | None = None
    country: str | None = None
    state: str | None = None
    segment: str | None = None
    industry: str | None = None
    employees_from: int | None = None
    employees_to: int | None = None
    owner: str
    """`user:EMAIL`, `pool:NAME` or `queue:NAME`."""
