"""Routing in words: why this owner, and why not the others."""

from collections.abc import Sequence
from typing import assert_never
from zoneinfo import ZoneInfo

from domain.language import names
from domain.language.facts import absence, known
from domain.routing.basis import (
    AccountOwned,
    AlreadyOwns,
    Basis,
    Drawn,
    Ending,
    FellBack,
    ForPerson,
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
            return (
                f'{one.owner} owns the open opportunity "{one.opportunity}" ({one.stage}) '
                f"at {one.account}"
            )
        case AccountOwned():
            said = _STANDINGS.get(one.standing, "a known account")
            if one.manager is None:
                return f"{one.owner} owns {one.account}, {said}"
            return (
                f"{one.account} is {said} of {one.owner}, who left; {one.manager} is their manager"
            )
        case ForPerson():
            return f"{_origin(one.origin)} goes to {one.owner}"
        case Drawn():
            turn = f"{one.owner} is next in the {names.pool(one.pool)} round robin"
            return f"{_origin(one.origin)}; {turn} (weight {one.weight} of {one.whole})"
        case Queued():
            return f"{_origin(one.origin)} goes to the {names.queue(one.queue)}"
        case FellBack():
            return f"{_missed(one)}; {_ending(one)}"
        case _:
            assert_never(one)


_STANDINGS = {"customer": "a customer", "named": "a named account"}


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
        case PassedOver.NOT_FOR_CONTACTS:
            return "queues can't own contacts"
        case _:
            assert_never(code)
