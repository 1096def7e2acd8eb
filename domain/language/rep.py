"""For a rep: why the lead is theirs, what it did, how to begin."""

from typing import assert_never
from zoneinfo import ZoneInfo

from domain.follow_through.reasons import NoTouch, Rotated, WhyOwner
from domain.grammar import capitalized, lasting
from domain.language import names, routes, salesforce_record, steps
from domain.language.facts import known, occurrence
from domain.lead.brief import Happening, Opener
from domain.lead.model import TriggerKind
from domain.routing.basis import Basis, Drawn, ForPerson, FromFacts, FromTerritory, Origin, RoutedBy
from domain.values import Quoted


def reason(why: WhyOwner | None, zone: ZoneInfo) -> str:
    """Why the lead is theirs; whom else it could have gone to is no business of theirs."""
    match why:
        case None:
            return ""
        case RoutedBy():
            told = _basis(why.basis)
            return f"{capitalized(told)}."
        case Rotated():
            return f"Reassigned from a colleague: {_lost(why)}."
        case _:
            return salesforce_record.owner(why, zone)


def _basis(one: Basis) -> str:
    """Why it is theirs; lines of files and weights are for whoever runs the system."""
    match one:
        case Drawn():
            if one.open_leads is None and one.instead_of is None:
                return f"next in the {names.pool(one.pool)} round robin ({_origin(one.origin)})"
            return f"{routes.turn(one)} ({_origin(one.origin)})"
        case ForPerson():
            return f"{_origin(one.origin)} goes to {one.owner}"
        case _:
            return routes.basis(one)


def _origin(one: Origin) -> str:
    match one:
        case FromTerritory():
            return f"territory {one.territory}"
        case FromFacts():
            return known(one.facts) or "all remaining leads"
        case _:
            assert_never(one)


def _lost(one: Rotated) -> str:
    """Why the colleague no longer has it; the breach is theirs, not the reader's."""
    cause = one.because if isinstance(one.because, Quoted) else one.because.cause
    if isinstance(cause, NoTouch):
        return f"no first touch in {lasting(cause.after)} (SLA {lasting(cause.sla)})"
    return steps.cause(cause)


def happening(one: Happening) -> str:
    """What the lead did."""
    return occurrence(one.fact)


def opener(one: Opener | Quoted | None) -> str | None:
    """What to say first; None where there is nothing to say."""
    if one is None:
        return None
    if isinstance(one, Quoted):
        return one.text
    return _opener(one.trigger, "Call" if one.by_phone else "Email")


def _opener(kind: TriggerKind, reach: str) -> str:
    match kind:
        case TriggerKind.HAND_RAISE:
            return f"They asked to talk to us. {reach} them and ask what made them look now."
        case TriggerKind.MQL_THRESHOLD:
            return (
                "They have been researching. Start with what they viewed, "
                "and ask what they are comparing."
            )
        case TriggerKind.TARGET_ACCOUNT:
            return "Several people at the account are active. Ask who else is looking, and why now."
        case TriggerKind.PRODUCT_QUALIFIED:
            return "They use the product. Ask what they are trying to get done with it."
        case TriggerKind.RECYCLED:
            return "They came back. Ask what has changed since the last conversation."
        case _:
            assert_never(kind)
