"""What the ledger says of a lead in short: a code with what it rests on, whoever reads it.

A catalog in `domain.language` puts it into words when somebody looks.
"""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from domain.follow_through.escalation import End
from domain.follow_through.reasons import (
    ByHand,
    ByRequest,
    Disowned,
    Escalated,
    NothingDue,
    Paused,
    Rotated,
    SnoozedBy,
    Unjudged,
)
from domain.gate.verdict import Judged
from domain.routing.basis import RoutedBy
from domain.values import Instant, LeadKey, Quoted, Value


class Event(StrEnum):
    """What happened to a lead, without particulars."""

    SUPERSEDED = "SUPERSEDED"
    """It came up again and is followed in its newer cycle."""
    GONE_FROM_MARKETO = "GONE_FROM_MARKETO"
    """Deleted there, or merged into another."""


class Happened(Value):
    """Something without particulars."""

    kind: Literal["happened"] = "happened"
    what: Event


class MergedInto(Value):
    """The person was merged into another in Marketo, who is routed instead."""

    kind: Literal["merged_into"] = "merged_into"
    lead: LeadKey


class LookedCloser(Value):
    """A model chose among the moves that the policy permits."""

    kind: Literal["looked_closer"] = "looked_closer"
    model: str
    prompt: str
    """The prompt's version."""
    move: str
    reason: str
    """In the model's words."""


class ByAssignmentRules(Value):
    """Salesforce's own assignment rules chose the owner."""

    kind: Literal["by_assignment_rules"] = "by_assignment_rules"
    owner: str


class Overtaken(Value):
    """A person gave it to somebody before the worker's write; that stays."""

    kind: Literal["overtaken"] = "overtaken"
    by: str
    owner: str


class Needs(StrEnum):
    """What lets a write pass that Salesforce refused."""

    RECORD = "record"
    """Somebody changes the record."""
    SETUP = "setup"
    """An administrator grants a permission, or corrects the org's own code."""
    TIME = "time"
    """It passes by itself, or nobody knows."""


class WriteRefused(Value):
    """Salesforce refused the owner; it is decided and sent again."""

    kind: Literal["write_refused"] = "write_refused"
    words: str
    """Salesforce's, or the worker's."""
    code: str
    needs: Needs | None = None
    """None in what was recorded before it was told."""


class GaveUp(Value):
    """The owner was decided again and again, and refused each time."""

    kind: Literal["gave_up"] = "gave_up"
    times: int
    words: str


class DecidedAgain(Value):
    """The write was refused, and the lead is decided again."""

    kind: Literal["decided_again"] = "decided_again"
    words: str


class NotReassigned(Value):
    """The write for the next owner was refused; it stays where it is."""

    kind: Literal["not_reassigned"] = "not_reassigned"
    words: str
    code: str


class Accepted(Value):
    """The owner, or somebody for them, is on it."""

    kind: Literal["accepted"] = "accepted"
    by: str


class Snoozed(Value):
    """Somebody snoozed it."""

    kind: Literal["snoozed"] = "snoozed"
    by: str
    until: Instant


class CallLogged(Value):
    """Somebody logged a call."""

    kind: Literal["call_logged"] = "call_logged"
    by: str
    outcome: str
    """The org's name of what came of it."""


class Disputed(Value):
    """The owner said that it is not theirs."""

    kind: Literal["disputed"] = "disputed"
    by: str
    reason: str
    """The label of the policy's reason."""


class Ruled(Value):
    """A manager decided a dispute."""

    kind: Literal["ruled"] = "ruled"
    by: str
    ruling: Literal["accepted", "refused"]
    reason: str


class Directed(Value):
    """A change that a person asked for and somebody confirmed."""

    kind: Literal["directed"] = "directed"
    by: str
    asked_by: str | None = None
    """None where the same person did both."""
    what: str
    """As it was shown to them before they confirmed it."""


class Denied(Value):
    """Somebody denied the assignment."""

    kind: Literal["denied"] = "denied"
    by: str


class SetAside(Value):
    """Something failed on this lead alone that nobody foresaw; it is tried again by itself."""

    kind: Literal["set_aside"] = "set_aside"
    error: str
    """The error's kind and place, or the field that can't be read; nothing of the lead."""
    tries: int
    release: str = ""
    """Of routeready, on which it failed; another one tries it again at once."""


Said = Annotated[
    Judged
    | RoutedBy
    | NothingDue
    | SnoozedBy
    | Paused
    | Unjudged
    | End
    | Escalated
    | Rotated
    | ByHand
    | ByRequest
    | Disowned
    | LookedCloser
    | ByAssignmentRules
    | Overtaken
    | Happened
    | MergedInto
    | WriteRefused
    | GaveUp
    | DecidedAgain
    | NotReassigned
    | Accepted
    | Snoozed
    | CallLogged
    | Disputed
    | Ruled
    | Directed
    | Denied
    | SetAside
    | Quoted,
    Field(discriminator="kind"),
]
SAID: TypeAdapter[Said] = TypeAdapter(Said)
"""Reads one from the ledger's JSON."""
