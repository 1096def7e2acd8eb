"""What routing answers: one owner, the rule that chose it, and why not the others."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from domain.lead.crm_records import PoolState, RecordKind, Roster
from domain.routing.basis import Basis, RoutedBy, Skipped
from domain.values import Instant, RecordId, Value


class ToUser(Value):
    """A person gets the lead."""

    kind: Literal["user"] = "user"
    email: str
    name: str
    user_id: RecordId


class ToQueue(Value):
    """A queue gets the lead."""

    kind: Literal["queue"] = "queue"
    queue: str
    """The policy's name of the queue."""
    developer_name: str
    queue_id: RecordId


class ToSalesforceRules(Value):
    """Salesforce's own active assignment rule decides; the answer is read back and recorded."""

    kind: Literal["salesforce_rules"] = "salesforce_rules"


Target = Annotated[ToUser | ToQueue | ToSalesforceRules, Field(discriminator="kind")]


class Draw(Value):
    """One turn of a pool's round robin, before and after, so that it can be replayed."""

    pool: str
    before: PoolState
    after: PoolState


class Subject(Value):
    """The Salesforce record whose owner is set, and who must own it for the write to be right."""

    record_id: RecordId
    kind: RecordKind
    expected_owner: RecordId


class Route(Value):
    """The chosen owner with the whole reason."""

    kind: Literal["route"] = "route"
    subject: Subject
    target: Target
    rule: str
    territory: str | None = None
    segment: str
    basis: Basis
    """Why this lead went to this person."""
    skipped: tuple[Skipped, ...] = ()
    draws: tuple[Draw, ...] = ()
    """Pool turns taken for this lead; at most one pool keeps its turn."""
    is_fallback: bool = False
    """Nobody was available, so the segment's fallback queue got it; always reported."""
    sla_due: Instant | None = None
    """When the first human touch is due; None where Salesforce's rules choose the owner."""


class Keep(Value):
    """The record already has the right owner; nothing is written but the reason."""

    kind: Literal["keep"] = "keep"
    subject: Subject
    owner: str = ""
    """The owner's email address, or the policy's name of the queue."""
    owner_name: str
    rule: str
    territory: str | None = None
    segment: str
    basis: Basis
    skipped: tuple[Skipped, ...] = ()
    draws: tuple[Draw, ...] = ()
    is_fallback: bool = False
    """Nobody was available, so it stays where it is; always reported."""
    sla_due: Instant | None = None


def why(decision: Route | Keep) -> RoutedBy:
    """The reason as it goes on the record, apart from who it is."""
    return RoutedBy(rule=decision.rule, basis=decision.basis, skipped=decision.skipped)


class Routed(Value):
    """A route with the names of everybody whose situation it depended on."""

    decision: Annotated[Route | Keep, Field(discriminator="kind")]
    consulted: tuple[str, ...] = ()
    """Email addresses, in alphabetical order."""


class RouteInputs(Value):
    """All that routing looks at besides the snapshot: only the people and pools it consulted."""

    roster: Roster
    pools: Mapping[str, PoolState]
