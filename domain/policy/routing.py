"""The routing part of the policy: rules in order, and the rows of territories.csv."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from domain.policy.conditions import Test, When
from domain.values import Value


class _Rule(Value):
    name: str
    when: When = Field(default_factory=dict[str, Test])


class CurrentOwnerRule(_Rule):
    """A record that already has an active owner from the roster keeps that owner."""

    kind: Literal["current_owner"]


class OpportunityOwnerRule(_Rule):
    """A lead from an account with an open opportunity goes to the opportunity owner."""

    kind: Literal["opportunity_owner"]


class AccountOwnerRule(_Rule):
    """A lead from a customer or named account goes to the account owner."""

    kind: Literal["account_owner"]
    accounts: tuple[Literal["customer", "named", "any"], ...] = ("customer", "named")
    if_owner_left: Literal["manager", "next_rule"] = "manager"
    """If the account owner is inactive: their manager in `users`, or the next rule."""


class TerritoryRule(_Rule):
    """Assign by territories.csv. The first matching row wins."""

    kind: Literal["territory"]


class ToRule(_Rule):
    """Assign to a fixed user, pool or queue."""

    kind: Literal["to"]
    to: str
    """`user:EMAIL`, `pool:NAME` or `queue:NAME`."""


class SalesforceRule(_Rule):
    """Salesforce's active lead assignment rule chooses the owner."""

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
    """One row of territories.csv. An empty cell matches everything."""

    line: int
    """Line number in the file, for messages."""
    territory: str
    region: str | None = None
    country: Annotated[str, AfterValidator(str.upper)] | None = None
    state: str | None = None
    segment: str | None = None
    industry: str | None = None
    employees_from: int | None = None
    employees_to: int | None = None
    owner: str
    """`user:EMAIL`, `pool:NAME` or `queue:NAME`."""
