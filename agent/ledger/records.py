"""What goes into the ledger and what comes out of it, as values."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypedDict, cast

from pydantic import TypeAdapter

from agent.ledger.tables.states import CycleStatus, EffectState
from domain.decision.said import Said, SetAside
from domain.effects import Action, Planned, Receipt
from domain.follow_through.handoff import Handoff
from domain.lead.crm_records import PoolState
from domain.lead.model import Cycle, FieldName, Given, OnHold
from domain.values import CycleId, DecisionId, EffectKey, LeadKey, Scalar, content_hash

ACTIONS: TypeAdapter[Action] = TypeAdapter(Action)
RECEIPTS: TypeAdapter[Receipt] = TypeAdapter(Receipt)


class CycleFields(TypedDict, total=False):
    """What a step may change of a cycle."""

    status: CycleStatus
    due_at: datetime | None
    deadline: datetime | None
    looks: int
    verdict_hash: str | None
    said: Said
    blocked_by: str | None
    segment: str
    sync_requested_at: datetime
    record_id: str | None
    record_kind: str | None
    owner: str
    owner_name: str
    title: str
    rule: str
    territory: str | None
    is_fallback: bool
    ready_at: datetime
    assigned_at: datetime
    sla_due: datetime | None


@dataclass(frozen=True)
class Cursor:
    """How far a feed was read, and when."""

    token: str
    at: datetime


@dataclass(frozen=True)
class Claimed:
    """A cycle that is this run's to move one step."""

    cycle: Cycle
    status: CycleStatus
    looks: int
    deadline: datetime | None
    verdict_hash: str | None
    ready_at: datetime | None
    sync_requested_at: datetime | None
    previous_trigger_at: datetime | None
    held: OnHold | None
    held_until: datetime | None = None
    given: Given | None = None


@dataclass(frozen=True)
class Unsent:
    """A cycle that is being assigned although no write of its owner is under way."""

    cycle: CycleId
    looks: int
    receipt: Receipt | None
    """What came of the latest write; None when there never was one."""
    handed: str | None
    """The state of its handoff; None when nobody was given it."""
    owner: str | None
    """Who has it, as the handoff says."""


@dataclass(frozen=True)
class Decision:
    """A choice to be recorded."""

    cycle: CycleId
    lead: LeadKey
    kind: str
    at: datetime
    policy_version: str
    inputs: str
    outcome: str
    said: Said
    recorded: DecisionId | None = None
    """Its id in the ledger, once it is there."""

    @property
    def inputs_hash(self) -> str:
        """Fingerprint of the inputs."""
        return content_hash(self.inputs)

    @property
    def id(self) -> DecisionId:
        """The same choice from the same inputs has the same id, so it is recorded once.

        An id once given stays, though a later version may keep the inputs in another form.
        """
        if self.recorded is not None:
            return self.recorded
        said = f"{self.cycle}\n{self.kind}\n{self.policy_version}\n{self.inputs}"
        return DecisionId("d" + content_hash(said))


@dataclass(frozen=True)
class PlannedEffect:
    """An effect to be planned for a cycle."""

    cycle: CycleId
    planned: Planned
    decision: DecisionId
    due_at: datetime


@dataclass(frozen=True)
class Approval:
    """A write that must wait for a person's word."""

    cycle: CycleId
    decision: DecisionId
    said: Said


@dataclass(frozen=True)
class HandoffChange:
    """What a handoff becomes; written only if nobody changed it since `version` was read."""

    handoff: Handoff
    state: str
    due_at: datetime | None
    said: Said | None
    target_at: datetime | None
    version: int | None
    """None opens it."""
    touched_at: datetime | None = None
    touch: str | None = None
    in_time: bool | None = None
    ended_at: datetime | None = None
    listed_at: datetime | None = None


@dataclass(frozen=True)
class HeldOff:
    """A handoff as the ledger holds it."""

    handoff: Handoff
    state: str
    version: int
    said: Said | None
    """What was decided last, in short."""
    listed_at: datetime | None


@dataclass(frozen=True)
class Posted:
    """A message that now stands in Slack."""

    id: str
    person: str
    kind: str
    at: datetime
    items: tuple[dict[str, Any], ...]
    cycles: tuple[str, ...]


@dataclass(frozen=True)
class Dispute:
    """A "not mine" to be recorded, or its ruling."""

    id: str
    cycle: CycleId
    lead: LeadKey
    by: str
    reason: str
    note: str
    evidence: tuple[str, ...]
    opened_at: datetime
    state: str = "open"
    ruled_by: str | None = None
    ruled_at: datetime | None = None


@dataclass(frozen=True)
class Hold:
    """A lead that a person holds back."""

    lead: LeadKey
    by: str
    """The person's name, as the gate shows it."""
    reason: str
    until: datetime | None


@dataclass(frozen=True)
class Correction:
    """What a person said of one field of a lead."""

    lead: LeadKey
    field: FieldName
    value: Scalar
    """In canonical form."""
    by: str
    """Email of the person."""


@dataclass(frozen=True)
class Stop:
    """Something that a person paused."""

    scope: str
    by: str
    """Email of the person."""
    reason: str
    at: datetime


@dataclass
class Step:
    """Everything that one step changes; recorded together or not at all."""

    at: datetime
    decisions: list[Decision] = field(default_factory=list[Decision])
    cycles: dict[CycleId, CycleFields] = field(default_factory=dict[CycleId, CycleFields])
    effects: list[PlannedEffect] = field(default_factory=list[PlannedEffect])
    pools: dict[str, PoolState] = field(default_factory=dict[str, PoolState])
    approvals: list[Approval] = field(default_factory=list[Approval])
    handoffs: dict[CycleId, HandoffChange] = field(default_factory=dict[CycleId, HandoffChange])
    """A change that comes too late takes along whatever else the step says of its cycle."""
    posted: list[Posted] = field(default_factory=list[Posted])
    disputes: list[Dispute] = field(default_factory=list[Dispute])
    holds: list[Hold] = field(default_factory=list[Hold])
    released: list[LeadKey] = field(default_factory=list[LeadKey])
    """Leads whose hold ends."""
    revived: list[EffectKey] = field(default_factory=list[EffectKey])
    """Writes that were given up and are to be tried again."""
    replaced: list[CycleId] = field(default_factory=list[CycleId])
    """Cycles whose owner was decided again: what was given up before is settled by that."""
    corrections: list[Correction] = field(default_factory=list[Correction])
    stops: list[Stop] = field(default_factory=list[Stop])
    resumed: list[str] = field(default_factory=list[str])
    """Scopes whose pause ends."""


@dataclass(frozen=True)
class Outstanding:
    """A planned effect as the ledger holds it."""

    key: EffectKey
    cycle: CycleId
    lead: LeadKey
    decision: DecisionId
    action: Action
    state: EffectState
    attempts: int
    looks: int
    """How often its cycle was decided again."""
    planned_at: datetime
    attempted_at: datetime | None
    defects: int = 0
    """How often something failed on it that nobody foresaw, in a row."""


@dataclass(frozen=True)
class Settled:
    """What became of an effect."""

    key: EffectKey
    state: EffectState
    receipt: Receipt
    due_at: datetime | None = None
    """When to try again, for one that is planned once more."""
    back_to: "Attempts | None" = None
    """What the attempts were, where this one does not count; None counts it."""


@dataclass(frozen=True)
class Attempts:
    """How often an effect was tried, and when it last left."""

    count: int
    last_at: datetime | None


@dataclass(frozen=True)
class Defective:
    """An effect on which something failed that nobody foresaw."""

    key: EffectKey
    error: str
    """Its kind and place; empty while it isn't known whether this effect is to blame."""
    due_at: datetime
    state: EffectState | None = None
    """Where it stands now; None leaves it where it stood."""
    sent: bool = False
    """Whether it was noted as attempted just before: that attempt does not count."""


@dataclass(frozen=True)
class Telling:
    """A message to the owner of a lead, and what became of it."""

    stage: int
    planned_at: datetime
    told_at: datetime | None
    """None while it was not delivered."""
    again_at: datetime | None
    """When it is tried again; None when it was delivered, or refused for good."""


@dataclass(frozen=True)
class Taken:
    """What one page of activities led to."""

    new: int
    opened: int
    joined: int
    held_back: int


def effect_key(cycle: CycleId, kind: str, rung: str = "") -> EffectKey:
    """The one key of an effect: the same intent has the same key, whoever asks, for ever."""
    return EffectKey("e" + content_hash(f"{cycle}\n{kind}\n{rung}"))


def reached_somebody(status: str, assigned_at: datetime | None) -> bool:
    """Whether a cycle got as far as a person: one who owned the lead, or refused it unassigned.

    In shadow mode, what would have been assigned counts as assigned.
    """
    return assigned_at is not None or status in (
        CycleStatus.ASSIGNED,
        CycleStatus.TOUCHED,
        CycleStatus.CLOSED,
        CycleStatus.SHADOWED,
        CycleStatus.DENIED,
    )


def cycle_id(lead: LeadKey, number: int) -> CycleId:
    """A cycle's id, told by its lead and number."""
    return CycleId(f"{lead}-{number}")


FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=5), timedelta(days=1)


def growing(before: int) -> timedelta:
    """For how long something is set aside that failed so often before."""
    return min(FIRST_PAUSE * 2 ** min(before, 12), LONGEST_PAUSE)


def aside_again(said: object, error: str, release: str) -> tuple[SetAside, timedelta]:
    """What a row says once more that is set aside, and for how long.

    `said` is what it said before, unread: it may be what is broken.
    """
    told = cast("dict[str, Any]", said) if isinstance(said, dict) else {}
    is_same = told.get("kind") == "set_aside" and told.get("release", "") == release
    before = int(told["tries"]) if is_same else 0
    return SetAside(error=error, tries=before + 1, release=release), growing(before)
