"""An assigned lead, with a clock, until it is touched or disqualified."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from domain.follow_through.reasons import Disowned, WhyOwner
from domain.lead.brief import Brief
from domain.lead.crm_records import Owner, OwnerKind, RecordKind
from domain.policy.follow_through import Rung
from domain.policy.model import Policy, User
from domain.time.business_hours import Calendar, add, between, next_open
from domain.time.durations import Duration
from domain.values import CycleId, Instant, LeadKey, Quoted, RecordId, Value, is_absent


class Handoff(Value):
    """One owner's turn with one lead. A new owner is a new `stage`, with a clock of its own."""

    cycle: CycleId
    lead: LeadKey
    title: str
    """Such as `Dana Fox, VP Marketing at Acme`."""
    segment: str
    brief: Brief = Brief()
    policy: str | None = None
    """Version of the policy that gave it away first."""
    why: WhyOwner | None = None
    """Why this owner has it."""
    record_id: RecordId
    record_kind: RecordKind
    owner: Owner
    answers: str | None
    """Email of the person who answers for it: the owner, or who answers for the queue."""
    pool: str | None = None
    """The pool whose turn it was; only such leads are reassigned without a person's word."""
    barred: tuple[str, ...] = Field(default=(), exclude_if=is_absent)
    """Emails of the pool's members who never get such leads."""
    first_assigned_at: Instant
    started_at: Instant
    """When this owner got it."""
    promised_at: Instant | None = None
    """When the first owner's target was over: what the lead was promised, whoever has it now."""
    target: Duration
    clock: Literal["business", "wall"]
    stage: int = 0
    climbed: tuple[str, ...] = ()
    """Rungs of this stage that were climbed or passed, by name."""
    accepted_at: Instant | None = None
    """The owner said "I'm on it"; that is not a touch."""
    snoozes: int = 0
    snoozed_until: Instant | None = None
    paused: Duration = timedelta()
    """How long the clock stood still in this stage, in the clock's own time."""
    former: tuple[str, ...] = ()
    """Emails of those who had it before; none of them gets it again by itself."""
    reassigned: int = 0
    refused: Annotated[Disowned | Quoted, Field(discriminator="kind")] | None = None
    """Why the owner need not keep it, once that was accepted: it goes to the next."""
    credit: bool = False
    """Whether the pool then owes the owner another lead."""
    disputed: bool = False
    """The owner said "not mine" and nobody has ruled yet."""


def next_stage(
    handoff: Handoff,
    owner: Owner,
    at: datetime,
    policy: Policy,
    *,
    why: WhyOwner,
    pool: str | None = None,
) -> Handoff:
    """The same lead in somebody else's hands: a new clock, and no rung climbed yet."""
    promised = handoff.promised_at or target_at(handoff, policy)
    former = handoff.former if handoff.answers is None else (*handoff.former, handoff.answers)
    return handoff.model_copy(
        update={
            "owner": owner,
            "answers": who_answers(owner, policy),
            "pool": pool,
            "why": why,
            "started_at": at,
            "promised_at": promised,
            "stage": handoff.stage + 1,
            "climbed": (),
            "accepted_at": None,
            "snoozes": 0,
            "snoozed_until": None,
            "paused": timedelta(),
            "former": tuple(dict.fromkeys(former)),
            "disputed": False,
            "refused": None,
            "credit": False,
        }
    )


def who_answers(owner: Owner, policy: Policy) -> str | None:
    """Email of the person who answers for what somebody owns; a queue has one in the policy."""
    if owner.kind is OwnerKind.USER:
        return (owner.email or "").lower() or None
    for name, queue in policy.queues.items():
        if owner.name == name or owner.is_queue(queue.salesforce):
            return queue.owner
    return None


class Closing(StrEnum):
    """How a follow-through ended."""

    TOUCHED = "touched"
    DISQUALIFIED = "disqualified"
    RECYCLED = "recycled"
    CONVERTED = "converted"
    SUPERSEDED = "superseded"
    """It was triggered again; its newer cycle is followed instead."""
    GONE = "gone"
    """The record was deleted, and not merged into another."""


def user_of(handoff: Handoff, policy: Policy) -> User | None:
    """The policy's user who answers for a lead; None for somebody the policy doesn't name."""
    return policy.users.get(handoff.answers or "")


def calendar_of(handoff: Handoff, policy: Policy) -> tuple[Calendar | None, str]:
    """The working hours and time zone that a lead's clock follows; no hours on a wall clock."""
    user = user_of(handoff, policy)
    if user is None:
        return None, policy.timezone
    return policy.calendars[user.calendar], user.timezone


def after(handoff: Handoff, duration: timedelta, policy: Policy) -> datetime:
    """The instant at which so much of the handoff's clock has run, pauses added."""
    calendar, zone = calendar_of(handoff, policy)
    whole = duration + handoff.paused
    if calendar is None or handoff.clock == "wall":
        return handoff.started_at + whole
    return add(calendar, zone, handoff.started_at, whole)


def due_at(handoff: Handoff, rung: Rung, policy: Policy) -> datetime:
    """When a rung is due, never outside the working hours of the person it is for."""
    at = after(handoff, rung.after(handoff.target), policy)
    calendar, zone = calendar_of(handoff, policy)
    return at if calendar is None else next_open(calendar, zone, at)


def target_at(handoff: Handoff, policy: Policy) -> datetime:
    """When the first touch is due."""
    return after(handoff, handoff.target, policy)


def promised_at(handoff: Handoff, policy: Policy) -> datetime:
    """When the first touch was due by the first owner's clock: giving it on buys no time."""
    if handoff.promised_at is None or handoff.stage == 0:
        return target_at(handoff, policy)
    return handoff.promised_at


def pause(handoff: Handoff, start: datetime, end: datetime, policy: Policy) -> timedelta:
    """How much of the handoff's clock lies between two instants: what a snooze takes out of it."""
    calendar, zone = calendar_of(handoff, policy)
    if calendar is None or handoff.clock == "wall":
        return max(timedelta(), end - start)
    return between(calendar, zone, start, end)


def manager_of(handoff: Handoff, policy: Policy) -> str | None:
    """Email of the person who hears of a breach.

    The owner's manager; else whoever answers for the segment's fallback queue.
    """
    user = user_of(handoff, policy)
    if user is not None and user.manager is not None:
        return user.manager
    segment = policy.segment(handoff.segment)
    queue = None if segment is None else policy.queues.get(segment.fallback)
    return None if queue is None else queue.owner


def is_queue(handoff: Handoff) -> bool:
    """Whether a queue holds it, so that nobody in particular works it."""
    return handoff.owner.kind is OwnerKind.QUEUE


def name_of_who_answers(handoff: Handoff, policy: Policy) -> str:
    """The name of the person who answers for a lead: never nobody."""
    email = handoff.answers or manager_of(handoff, policy)
    if email is None:
        return handoff.owner.name
    user = policy.users.get(email)
    return email if user is None else user.name
