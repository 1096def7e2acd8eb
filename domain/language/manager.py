"""For a manager: what happened to a lead of their team, and what is being done."""

from zoneinfo import ZoneInfo

from domain.follow_through.reasons import Escalated, Rotated, Unheard
from domain.language import steps
from domain.policy.follow_through import Move


def breach(why: Escalated | Rotated, zone: ZoneInfo) -> str:
    """Why they hear of it, and what else is done; that they hear of it, they see."""
    if isinstance(why, Rotated):
        told = steps.rotated(why, zone)
        return told if why.to is not None else f"{told} Please assign it to someone."
    others = [one for one in why.moves if one is not Move.ESCALATE]
    told = [f"{steps.cause(why.cause)}.", *steps.moves(others), *steps.cover(why, zone)]
    if isinstance(why.cause, Unheard):
        told.append(f"The lead stays with {why.cause.owner} until they are notified.")
    return " ".join(told)


def dispute(owner: str, reason: str, note: str) -> str:
    """What a rep said of a lead that is not theirs, in their own words too."""
    said = f'{owner} marked this lead as not theirs: "{reason}".'
    return f'{said} Note: "{note}"' if note else said
