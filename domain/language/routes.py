"""Routing in words: why this owner, and why not the others."""

from collections.abc import Sequence
from typing import assert_never
from zoneinfo import ZoneInfo

from domain.grammar import counted
from domain.language import names
from domain.language.facts import absence, known
from domain.routing.basis import (
    AccountOwned,
    AlreadyOwns,
    Although,
    Basis,
    Drawn,
    Ending,
    FellBack,
    ForPerson,
    FromAccount,
    FromFacts,
    FromTerritory,
    NoQueue,
    NoTerritory,
    OpportunityOwned,
    Origin,
    Passed,
    PassedOver,
    Queued,
    RoutedBy,
    SalesforceDecides,
    SegmentLeaves,
    Skipped,
    WhyNot,
)


def routed(one: RoutedBy, zone: ZoneInfo) -> str:
    """Why this lead went to this person, in one or two sentences."""
    told = f'Rule "{one.rule}": {basis(one.basis)}.'
    return f"{told} Skipped: {skipped(one.skipped, zone)}." if one.skipped else told


def skipped(some: Sequence[Skipped], zone: ZoneInfo) -> str:
    """Who was passed over, each with why."""
    return ", ".join(f"{name(one)} ({why_not(one.why, zone).rstrip('. ')})" for one in some)


def basis(one: Basis) -> str:  # noqa: C901, PLR0911  (one case per basis)
    """Why the chosen owner."""
    match one:
        case SegmentLeaves():
            return f"segment {one.segment} uses Salesforce assignment rules"
        case SalesforceDecides():
            facts = f" ({known(one.facts)})" if one.facts else ""
            return f"Salesforce assignment rules decide{facts}"
        case AlreadyOwns():
            return f"{one.owner} already owns the record"
        case OpportunityOwned():
            opportunity = f'the open opportunity "{one.opportunity}" ({one.stage}) at {one.account}'
            return f"{one.owner} owns {opportunity}{_instead(one)}"
        case AccountOwned():
            if one.manager is not None:
                standing = _standing(one.account, one.standing, one.owner)
                return f"{standing}, who left; {one.manager} is their manager"
            said = _STANDINGS.get(one.standing, "a known account")
            return f"{one.owner} owns {one.account}, {said}{_instead(one)}"
        case ForPerson():
            return f"{_origin(one.origin)} goes to {one.owner}"
        case Drawn():
            return f"{_origin(one.origin)}; {turn(one)} (weight {one.weight} of {one.whole})"
        case Queued():
            return f"{_origin(one.origin)} goes to the {names.queue(one.queue)}"
        case FellBack():
            return f"{_missed(one)}; {_ending(one)}"
        case _:
            assert_never(one)


_STANDINGS = {"customer": "a customer", "named": "a named account"}


def _standing(account: str, standing: str, owner: str) -> str:
    return f"{account} is {_STANDINGS.get(standing, 'a known account')} of {owner}"


def _instead(one: OpportunityOwned | AccountOwned) -> str:
    """Who gets it in the owner's place, or that the owner does all the same."""
    match one.although:
        case None:
            return ""
        case Although.AWAY:
            state = "out of office"
        case Although.AT_CAP:
            state = "at their lead cap"
        case _:
            assert_never(one.although)
    if one.stand_in is None:
        return f", and gets the lead although they are {state}"
    if one.stand_in.role == "cover":
        return f", and is {state}; {one.stand_in.name} covers for them"
    return f", and is {state}; {one.stand_in.name} is their manager"


def turn(one: Drawn) -> str:
    """Why it was somebody's turn in a pool."""
    pool = names.pool(one.pool)
    overflow = (
        ""
        if one.instead_of is None
        else f"no one is available in the {names.pool(one.instead_of)} pool; "
    )
    if one.open_leads is None:
        return f"{overflow}{one.owner} is next in the {pool} round robin"
    leads = counted(one.open_leads, "open lead")
    return f"{overflow}{one.owner} has the fewest open leads in the {pool} pool ({leads})"


def _origin(one: Origin) -> str:
    match one:
        case FromFacts():
            return known(one.facts) or "all remaining leads"
        case FromTerritory():
            cells = [
                one.country,
                f"state {one.state}" if one.state else None,
                f"segment {one.segment}" if one.segment else None,
                f"industry {one.industry}" if one.industry else None,
            ]
            values = ", ".join(cell for cell in cells if cell)
            line = f"territories.csv line {one.line}{f': {values}' if values else ''}"
            return f"territory {one.territory} ({line})"
        case _:
            assert_never(one)


def _missed(one: FellBack) -> str:
    if one.origin is None:
        return "no rule matches"
    if isinstance(one.origin, FromAccount):
        standing = _standing(one.origin.account, one.origin.standing, one.origin.owner)
        return f"{standing}, who left, and needs a new owner"
    if one.wanted_queue is not None:
        queue = names.queue(one.wanted_queue)
        return f"{_origin(one.origin)} goes to the {queue}, which can't take it"
    return f"no one is available for {_origin(one.origin)}"


def _ending(one: FellBack) -> str:
    match one.ending:
        case Ending.IN_QUEUE:
            return f"fallback to the {names.queue(one.queue or '')}"
        case Ending.KEPT_BY_OWNER:
            return f"{one.owner} keeps the contact"
        case Ending.ACCOUNT_OWNER:
            return f"{one.owner} gets it as the account owner"
        case Ending.QUEUE_OWNER:
            return f"{one.owner} gets it as the owner of the {names.queue(one.queue or '')}"
        case Ending.AS_IT_IS:
            return "the owner stays the same"
        case _:
            assert_never(one.ending)


def name(one: Skipped) -> str:
    """Who or what was passed over."""
    match one.what:
        case "person":
            return one.who
        case "territories":
            return "territories"
        case "pool":
            return f"{names.pool(one.who)} round robin"
        case "queue":
            return names.queue(one.who)
        case _:
            assert_never(one.what)


def why_not(why: WhyNot, zone: ZoneInfo) -> str:
    """Why somebody or something was passed over."""
    match why:
        case Passed():
            return _passed(why.code)
        case NoQueue():
            return f"Salesforce has no queue {why.developer_name}"
        case NoTerritory():
            country = why.country or "an unknown country"
            return f"none for {why.segment} leads from {country}"
        case _:
            return absence(why, zone)


def _passed(code: PassedOver) -> str:
    match code:
        case PassedOver.NOT_IN_POLICY:
            return "not in the policy"
        case PassedOver.OWNER_INACTIVE:
            return "owns the record but is inactive in Salesforce"
        case PassedOver.HAD_IT_BEFORE:
            return "had this lead before"
        case PassedOver.NOBODY_AVAILABLE:
            return "no one available"
        case PassedOver.EXCLUDED:
            return "excluded from leads like this"
        case PassedOver.NOT_THEIR_KIND:
            return "takes only other leads of this pool"
        case PassedOver.NOT_FOR_CONTACTS:
            return "queues can't own contacts"
        case _:
            assert_never(code)
