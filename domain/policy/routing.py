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


class OwnerRule(_Rule):
    """What the rules that follow an owner have in common."""

    if_owner_unavailable: Literal["assign", "cover", "manager", "next_rule"] = "next_rule"
    """If the owner is out of office or has reached a cap: `assign` the lead to them all the same;
    give it to the user who covers for them (`cover`) or to their `manager`, who then owns the
    lead; or try the next rule."""
    caps: Literal["apply", "ignore"] = "apply"
    """`ignore`: the owner gets these leads even when a cap is reached."""


class OpportunityOwnerRule(OwnerRule):
    """A lead from an account with an open opportunity goes to the opportunity owner."""

    kind: Literal["opportunity_owner"]


class AccountOwnerRule(OwnerRule):
    """A lead from a customer or named account goes to the account owner."""

    kind: Literal["account_owner"]
    accounts: tuple[Literal["customer", "named", "any"], ...] = ("customer", "named")
    if_owner_left: Literal["manager", "next_rule", "review"] = "manager"
    """If the account owner is inactive: their manager in `users`; the next rule; or the segment's
    fallback queue, so that someone chooses the account's next owner (`review`)."""


class TerritoryRule(_Rule):
    """Assign by territories.csv. The first matching row wins."""

    kind: Literal["territory"]
    if_no_one_available: Literal["fallback", "next_row", "next_rule"] = "fallback"
    """If no one is available in the matching row: the segment's fallback queue, the next row that
    matches, or the next rule."""


class ToRule(_Rule):
    """Assign to a fixed user, pool or queue."""

    kind: Literal["to"]
    to: str
    """`user:EMAIL`, `pool:NAME` or `queue:NAME`."""
    if_no_one_available: Literal["fallback", "next_rule"] = "fallback"
    """If no one is available: the segment's fallback queue, or the next rule."""


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
