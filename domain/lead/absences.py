"""Why a person can't take a lead right now."""

from typing import Annotated, Literal

from pydantic import Field

from domain.values import Instant, Quoted, Value


class NoUser(Value):
    """Salesforce has no such user."""

    kind: Literal["no_user"] = "no_user"


class Inactive(Value):
    """The user is no longer active in Salesforce."""

    kind: Literal["inactive"] = "inactive"


class OutOfOffice(Value):
    """Their own status says that they are out; never why."""

    kind: Literal["out_of_office"] = "out_of_office"
    source: Literal["Salesforce", "Slack"]
    until: Instant | None = None
    """None when the status doesn't end by itself."""
    note: str = ""
    """Their own out-of-office message."""


class AtCap(Value):
    """They have as many leads as the policy lets them have."""

    kind: Literal["at_cap"] = "at_cap"
    leads: int
    cap: int
    of: Literal["open", "today"]


class Holiday(Value):
    """Their calendar has a holiday."""

    kind: Literal["holiday"] = "holiday"
    name: str


class OffHours(Value):
    """It is not their working time."""

    kind: Literal["off_hours"] = "off_hours"
    until: Instant


Away = OutOfOffice | Quoted
"""What a person's own status says."""
Absence = Annotated[
    NoUser | Inactive | OutOfOffice | AtCap | Holiday | OffHours | Quoted,
    Field(discriminator="kind"),
]
