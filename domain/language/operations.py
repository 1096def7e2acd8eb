"""For whoever runs the system: what the ledger says of a lead, on pages, in answers, in a shell."""

from typing import assert_never
from zoneinfo import ZoneInfo

from domain.decision.said import (
    Accepted,
    ByAssignmentRules,
    CallLogged,
    DecidedAgain,
    Denied,
    Directed,
    Disputed,
    Event,
    GaveUp,
    Happened,
    LookedCloser,
    MergedInto,
    Needs,
    NotReassigned,
    Overtaken,
    Ruled,
    Said,
    SetAside,
    Snoozed,
    WriteRefused,
)
from domain.follow_through.escalation import End
from domain.follow_through.reasons import (
    ByHand,
    ByRequest,
    Disowned,
    Escalated,
    NothingDue,
    Paused,
    Rotated,
    SnoozedBy,
    Unjudged,
)
from domain.gate.verdict import Judged
from domain.grammar import counted, moment
from domain.language import checks, routes, steps
from domain.routing.basis import RoutedBy
from domain.values import Quoted


def said(one: Said | None, zone: ZoneInfo) -> str:  # noqa: C901, PLR0911, PLR0912  (one per code)
    """What the ledger says of a lead; nothing where it says nothing yet."""
    match one:
        case None:
            return ""
        case Judged():
            return checks.verdict(one, zone)
        case RoutedBy():
            return routes.routed(one, zone)
        case NothingDue():
            return "Nothing due."
        case SnoozedBy():
            return f"Snoozed by {one.owner}."
        case Paused():
            return f"Paused by {one.by}: {one.reason}"
        case Unjudged():
            return f"Follow-through can't evaluate it: {one.error}"
        case End():
            return steps.end(one)
        case Escalated():
            return steps.escalated(one, zone)
        case Rotated():
            return steps.rotated(one, zone)
        case ByHand():
            return steps.by_hand(one)
        case ByRequest():
            return steps.by_request(one)
        case Disowned():
            return steps.disowned(one)
        case (
            LookedCloser()
            | ByAssignmentRules()
            | Overtaken()
            | Happened()
            | MergedInto()
            | WriteRefused()
            | GaveUp()
            | DecidedAgain()
            | NotReassigned()
            | SetAside()
        ):
            return _by_systems(one)
        case _:
            return _by_people(one, zone)


_BySystems = (
    LookedCloser
    | ByAssignmentRules
    | Overtaken
    | Happened
    | MergedInto
    | WriteRefused
    | GaveUp
    | DecidedAgain
    | NotReassigned
    | SetAside
)


def _by_systems(one: _BySystems) -> str:  # noqa: C901, PLR0911  (one per code)
    """What models, Salesforce and the worker did about a lead."""
    match one:
        case LookedCloser():
            return (
                f'Model review ({one.model}, prompt {one.prompt}) chose "{one.move}" '
                f"instead of the default: {one.reason}"
            )
        case ByAssignmentRules():
            return f"Salesforce assignment rules assigned it to {one.owner}."
        case Overtaken():
            return (
                f"{one.by} assigned it to {one.owner} in Salesforce before the worker's update. "
                "Their change stands."
            )
        case Happened():
            return _event(one.what)
        case MergedInto():
            return f"Merged into person {one.lead} in Marketo, who is routed instead."
        case WriteRefused():
            return f"Salesforce rejected the update{_until(one.needs)}: {one.words} [{one.code}]"
        case GaveUp():
            return f"Rejected {counted(one.times, 'time')}. Latest: {one.words}"
        case DecidedAgain():
            return f"Decided again: {one.words}"
        case SetAside():
            tried = counted(one.tries, "try", "tries")
            return f"Set aside after an internal error ({one.error}), {tried} so far."
        case NotReassigned():
            return f"Not reassigned: {one.words} [{one.code}]"
        case _:
            assert_never(one)


def _until(needs: Needs | None) -> str:
    """What has to happen before a rejected update passes; it is sent again by itself."""
    match needs:
        case None:
            return ""
        case Needs.RECORD:
            return ", until somebody fixes the record"
        case Needs.SETUP:
            return ", until an admin fixes the permission or automation"
        case Needs.TIME:
            return " for now"
        case _:
            assert_never(needs)


def _by_people(
    one: Accepted | Snoozed | CallLogged | Disputed | Ruled | Directed | Denied | Quoted,
    zone: ZoneInfo,
) -> str:
    """What people said and did of a lead."""
    match one:
        case Accepted():
            return f"{one.by} is on it."
        case Snoozed():
            return f"{one.by} snoozed it until {moment(one.until, zone)}."
        case CallLogged():
            return f"{one.by} logged a call: {one.outcome}."
        case Disputed():
            return f'{one.by} marked it as not theirs: "{one.reason}".'
        case Ruled():
            ruled = "accepted" if one.ruling == "accepted" else "denied"
            return f'{one.by} {ruled} the dispute "{one.reason}".'
        case Directed():
            asked = "" if one.asked_by is None else f", requested by {one.asked_by}"
            return f"Changed by {one.by}{asked}: {one.what}"
        case Denied():
            return f"{one.by} denied the assignment."
        case Quoted():
            return one.text
        case _:
            assert_never(one)


def _event(what: Event) -> str:
    match what:
        case Event.SUPERSEDED:
            return "Triggered again; the newer trigger is tracked instead."
        case Event.GONE_FROM_MARKETO:
            return "Deleted in Marketo, or merged into another person."
        case _:
            assert_never(what)
