"""Everything that can be asked for, each with the form of its arguments and what it is for."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from domain.conversation.permissions import Ability

LONGEST = 200


class Arguments(BaseModel):
    """What a request is given; anything else a model adds is ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class OneLead(Arguments):
    """A lead."""

    lead: str = Field(
        default="",
        max_length=LONGEST,
        description="A person, company or Marketo id; empty means the lead spoken of last.",
    )


class Words(Arguments):
    """Words to look for."""

    words: str = Field(max_length=LONGEST, description="Part of a person's or company's name.")


class Where(Arguments):
    """A part of the business."""

    where: str = Field(
        default="",
        max_length=LONGEST,
        description="A region, territory, segment or colleague; empty means everywhere.",
    )


class Whose(Arguments):
    """A colleague."""

    who: str = Field(
        default="", max_length=LONGEST, description="A colleague; empty means everybody."
    )


class Period(Arguments):
    """A stretch of time until now."""

    days: int = Field(default=7, ge=1, le=365, description="How many days back.")
    segment: str = Field(default="", max_length=LONGEST, description="Empty means all segments.")


class Since(Arguments):
    """A moment behind."""

    since: str = Field(
        default="monday",
        max_length=LONGEST,
        description="A weekday, `yesterday`, a date such as 2026-11-30, or a length such as 4h.",
    )


class Topic(Arguments):
    """A part of the policy."""

    topic: str = Field(
        default="", max_length=LONGEST, description="A segment or territory; empty shows all."
    )


class Supposing(Arguments):
    """A change of the policy that is only thought of: a territory moved, or a colleague gone."""

    territory: str = Field(
        default="", max_length=LONGEST, description="A territory, region or country."
    )
    to: str = Field(
        default="", max_length=LONGEST, description="The colleague who would own the territory."
    )
    without: str = Field(
        default="",
        max_length=LONGEST,
        description="Instead of a territory: a colleague who would be in no pool.",
    )


class Nothing(Arguments):
    """No arguments."""


class Giving(OneLead):
    """A lead and its new owner."""

    to: str = Field(max_length=LONGEST, description="The colleague who is to have it.")
    reason: str = Field(default="", max_length=LONGEST, description="Why, in the person's words.")


class Holding(OneLead):
    """A lead, or all leads of a company, and how long they are left alone."""

    until: str = Field(
        max_length=LONGEST, description="A weekday, a date such as 2026-11-30, or a length: 3d."
    )
    reason: str = Field(default="", max_length=LONGEST, description="Why, in the person's words.")


class Snoozing(OneLead):
    """A lead and for how long."""

    lasting: str = Field(max_length=LONGEST, description="A length such as 1h.")


class Correcting(OneLead):
    """A field of a lead and its right value."""

    field: str = Field(
        max_length=LONGEST, description="Such as country, state, company, employees, industry."
    )
    value: str = Field(max_length=LONGEST, description="What is right, in the person's words.")
    reason: str = Field(default="", max_length=LONGEST, description="Why, in the person's words.")


class Scope(Arguments):
    """What is paused."""

    scope: str = Field(
        default="worker", max_length=LONGEST, description="`worker`, or a segment's name."
    )
    reason: str = Field(default="", max_length=LONGEST, description="Why, in the person's words.")


@dataclass(frozen=True)
class Request:
    """One thing that can be asked for."""

    purpose: str
    """What it is for: what a model reads of it."""
    form: type[Arguments]


REQUESTS: Mapping[Ability, Request] = {
    Ability.WHY: Request(
        "Why a lead was routed to its owner, and what happened to it since.", OneLead
    ),
    Ability.STORY: Request("Everything that happened to a lead, oldest first.", OneLead),
    Ability.FIND: Request("Find leads by name or company, with how each stands.", Words),
    Ability.UNWORKED: Request("Leads in somebody's hands that nobody has touched.", Where),
    Ability.WORKLOAD: Request(
        "Who has how many open and late leads, who is overloaded, and who is away.", Whose
    ),
    Ability.NUMBERS: Request("Speed, coverage and leakage, by segment, over a period.", Period),
    Ability.CHANGES: Request(
        "What was changed since a moment, by people and by the worker.", Since
    ),
    Ability.RULES: Request("What the policy says: segments, SLAs, territories, ladders.", Topic),
    Ability.WHAT_IF: Request(
        "What would have happened in the last 30 days if a territory had another owner, or a "
        "colleague had been in no pool.",
        Supposing,
    ),
    Ability.WAITING: Request("What waits for the person's yes or no.", Nothing),
    Ability.MARKETO: Request("A lead's fields in Marketo, and what it did lately.", OneLead),
    Ability.SALESFORCE: Request(
        "The sales activity on a lead's record in Salesforce, as the first-touch judge sees it.",
        OneLead,
    ),
    Ability.ENRICH: Request(
        "What paid providers know of the fields that a lead lacks; costs credits.", OneLead
    ),
    Ability.GIVE: Request("Propose to give a lead to another colleague.", Giving),
    Ability.HOLD: Request(
        "Propose to leave a lead or a company's leads alone for a while.", Holding
    ),
    Ability.RELEASE: Request("Propose to end a hold.", OneLead),
    Ability.SNOOZE: Request("Propose to snooze a lead's reminders.", Snoozing),
    Ability.CORRECT: Request("Propose to set a field of a lead right.", Correcting),
    Ability.GATE_AGAIN: Request("Propose to look at a lead's route-readiness again now.", OneLead),
    Ability.TRY_AGAIN: Request("Propose to try a lead's failed writes again.", OneLead),
    Ability.APPROVE: Request("Propose to approve an assignment that waits for a word.", OneLead),
    Ability.DENY: Request("Propose to deny an assignment that waits for a word.", OneLead),
    Ability.PAUSE: Request("Propose to stop all writes, of a segment or of the worker.", Scope),
    Ability.RESUME: Request("Propose to end a pause.", Scope),
}
