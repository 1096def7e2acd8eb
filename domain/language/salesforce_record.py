"""For whoever opens the record in Salesforce or Marketo: why it has this owner, or has none yet."""

from typing import assert_never
from zoneinfo import ZoneInfo

from domain.follow_through.reasons import ByHand, ByRequest, Rotated, WhyOwner
from domain.gate.verdict import Verdict
from domain.language import checks, routes, steps
from domain.routing.basis import RoutedBy
from domain.values import Quoted


def owner(why: WhyOwner, zone: ZoneInfo) -> str:
    """Why this person has the lead."""
    match why:
        case RoutedBy():
            return routes.routed(why, zone)
        case Rotated():
            return steps.rotated(why, zone)
        case ByHand():
            return steps.by_hand(why)
        case ByRequest():
            return steps.by_request(why)
        case Quoted():
            return why.text
        case _:
            assert_never(why)


def verdict(one: Verdict, zone: ZoneInfo) -> str:
    """Why nobody has it yet, or ever will."""
    return checks.verdict(one, zone)
