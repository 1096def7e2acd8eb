"""Follow-through in words: what is done about an assigned lead, and why."""

from collections.abc import Sequence
from typing import assert_never
from zoneinfo import ZoneInfo

from domain.follow_through.escalation import End
from domain.follow_through.handoff import Closing
from domain.follow_through.reasons import (
    ByHand,
    ByRequest,
    Cause,
    Disowned,
    Escalated,
    NoTouch,
    OwnerLeft,
    Rotated,
    Unheard,
)
from domain.grammar import lasting, listed
from domain.language import names
from domain.language.facts import absence
from domain.language.routes import skipped
from domain.language.touches import found
from domain.policy.follow_through import Move
from domain.values import Quoted


def cause(one: Cause) -> str:
    """Why a step is due."""
    match one:
        case OwnerLeft():
            return f"{one.owner} is no longer active in Salesforce"
        case Disowned():
            return disowned(one)
        case NoTouch():
            after, sla = lasting(one.after), lasting(one.sla)
            what = "SLA reminder" if one.after < one.sla else "SLA breach"
            return f"{what}: no first touch in {after} (SLA {sla})"
        case Unheard():
            waited, sla = lasting(one.waited), lasting(one.sla)
            return (
                f"SLA breach: {one.owner} could not be notified in Slack for {waited} (SLA {sla})"
            )
        case Quoted():
            return one.text.rstrip(".")
        case _:
            assert_never(one)


def disowned(one: Disowned) -> str:
    """Why an owner need not keep a lead."""
    if one.accepted_by is None:
        return f"{one.owner} marked the lead as not theirs: {one.reason}"
    return f"{one.accepted_by} accepted {one.owner}'s dispute: {one.reason}"


def escalated(one: Escalated, zone: ZoneInfo) -> str:
    """What is done about a lead, and why."""
    told = [f"{cause(one.cause)}.", *moves(one.moves), *cover(one, zone)]
    return " ".join(told)


def moves(some: Sequence[Move]) -> list[str]:
    """What is done, in sentences: `Owner and manager notified.`."""
    told: list[str] = []
    heard = [_HEARD[one] for one in some if one in _HEARD]
    if heard:
        told.append(f"{listed(list(dict.fromkeys(heard))).capitalize()} notified.")
    told += [_DONE[one] for one in some if one in _DONE]
    return told


_HEARD = {Move.REMIND: "owner", Move.NUDGE: "owner", Move.ESCALATE: "manager"}
_DONE = {Move.REASSIGN: "Reassignment due.", Move.LIST: "Listed as unworked."}


def cover(one: Escalated, zone: ZoneInfo) -> list[str]:
    """Who is asked while the owner is away; nothing where the owner is there."""
    if one.cover is None:
        return []
    away = absence(one.cover.absence, zone)
    return [f"{one.cover.owner} is away ({away}); {one.cover.asked} covers."]


def rotated(one: Rotated, zone: ZoneInfo) -> str:
    """Why the next of the pool has it, or why nobody does."""
    because = cause(one.because if isinstance(one.because, Quoted) else one.because.cause)
    if one.pool is None:
        return f"{because}. Not reassigned: it didn't come from a round robin."
    pool = names.pool(one.pool)
    if one.to is not None:
        return f"{because}. Reassigned to {one.to}, next in the {pool} round robin."
    told = skipped(one.skipped, zone)
    return f"{because}. No one else in the {pool} round robin is available: {told}."


def by_hand(one: ByHand) -> str:
    """Somebody changed the owner in Salesforce."""
    return f"{one.by} changed the owner from {one.former} to {one.owner} in Salesforce."


def by_request(one: ByRequest) -> str:
    """Somebody asked the worker to give it to a person."""
    return f"{one.by} reassigned it to {one.owner}: {one.reason}"


def end(one: End) -> str:
    """How a follow-through ended."""
    match one.how:
        case Closing.TOUCHED:
            return "" if one.touch is None else found(one.touch)
        case Closing.GONE:
            return "The Salesforce record was deleted."
        case Closing.CONVERTED:
            return f"{one.by} converted it with no first touch logged."
        case Closing.DISQUALIFIED | Closing.RECYCLED:
            return f'{one.by} set the status to "{one.status}" with no first touch logged.'
        case Closing.SUPERSEDED:
            return "Triggered again; the newer trigger is tracked instead."
        case _:
            assert_never(one.how)
