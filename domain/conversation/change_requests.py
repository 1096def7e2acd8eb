"""What a person can have the worker change: shown whole before, and bound to what it was about."""

from typing import Annotated, Literal

from pydantic import Field

from domain.conversation.permissions import Ability
from domain.lead.model import FieldName
from domain.time.durations import Duration
from domain.values import CycleId, EffectKey, Instant, LeadKey, RecordId, Scalar, Value


class About(Value):
    """What every change says of itself, in words made by code from the ledger."""

    title: str
    """What it is about, such as `Dana Fox, VP Marketing at Acme`."""
    before: str
    """How it is now."""
    after: str
    """How it will be."""
    owner: str | None = None
    """Email of who answers for the lead now: decides who may approve."""
    bound: str = ""
    """Fingerprint of what the change rests on; when it is another by then, nothing is done."""


class GiveTo(About):
    """Give a lead in somebody's hands to somebody else."""

    kind: Literal[Ability.GIVE] = Ability.GIVE
    cycle: CycleId
    lead: LeadKey
    to: str
    """Email of the new owner."""
    to_id: RecordId
    """The new owner's user in Salesforce."""
    reason: str


class HoldBack(About):
    """Leave a lead alone until then: not routed if it waits, no reminders if it is owned."""

    kind: Literal[Ability.HOLD] = Ability.HOLD
    cycle: CycleId
    lead: LeadKey
    until: Instant
    reason: str


class LetGo(About):
    """End a hold."""

    kind: Literal[Ability.RELEASE] = Ability.RELEASE
    cycle: CycleId
    lead: LeadKey


class PutOff(About):
    """Snooze a lead, within the policy's limits."""

    kind: Literal[Ability.SNOOZE] = Ability.SNOOZE
    cycle: CycleId
    lead: LeadKey
    stage: int
    wanted: Duration


class Correct(About):
    """Set a field of a lead right, where the policy believes a person."""

    kind: Literal[Ability.CORRECT] = Ability.CORRECT
    cycle: CycleId
    lead: LeadKey
    field: FieldName
    value: Scalar
    """In canonical form, as the rules read it."""
    words: str
    """As the person wrote it: what Marketo is told."""
    was: Scalar | None
    """What Marketo had, in canonical form; None when it had nothing."""
    reason: str


class GateAgain(About):
    """Look at a lead's route-readiness now."""

    kind: Literal[Ability.GATE_AGAIN] = Ability.GATE_AGAIN
    cycle: CycleId
    lead: LeadKey


class TryAgain(About):
    """Try a write again that was given up."""

    kind: Literal[Ability.TRY_AGAIN] = Ability.TRY_AGAIN
    cycle: CycleId
    lead: LeadKey
    effect: EffectKey


class SayYes(About):
    """Let an assignment happen that waits for a person's word."""

    kind: Literal[Ability.APPROVE] = Ability.APPROVE
    cycle: CycleId
    lead: LeadKey
    approval: str


class SayNo(About):
    """Refuse an assignment that waits for a person's word."""

    kind: Literal[Ability.DENY] = Ability.DENY
    cycle: CycleId
    lead: LeadKey
    approval: str


WORKER = "worker"
"""The scope of a pause of everything."""


class Pause(About):
    """Stop every write for a segment, or of the whole worker."""

    kind: Literal[Ability.PAUSE] = Ability.PAUSE
    scope: str
    """`worker`, or a segment's name."""
    reason: str


class Resume(About):
    """End a pause."""

    kind: Literal[Ability.RESUME] = Ability.RESUME
    scope: str


Change = Annotated[
    GiveTo
    | HoldBack
    | LetGo
    | PutOff
    | Correct
    | GateAgain
    | TryAgain
    | SayYes
    | SayNo
    | Pause
    | Resume,
    Field(discriminator="kind"),
]
"""Everything a conversation can change."""


class Proposal(Value):
    """Changes that somebody asked for, and that wait for a word."""

    id: str
    by: str
    """Email of who asked."""
    thread: str
    """The conversation it belongs to."""
    changes: tuple[Change, ...] = Field(min_length=1)
    requested_at: Instant
    expires_at: Instant
    two_person: bool = False
    """Whether somebody else than who asked must say yes."""

    @property
    def ability(self) -> Ability:
        """What it takes to say yes; all changes of a proposal are of one kind."""
        return self.changes[0].kind
