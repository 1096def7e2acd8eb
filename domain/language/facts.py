"""Facts about leads and people in words: fields, values, what happened, who is away."""

from collections.abc import Sequence
from typing import assert_never
from zoneinfo import ZoneInfo

from domain.grammar import listed, moment
from domain.language import names
from domain.lead.absences import (
    Absence,
    AtCap,
    Holiday,
    Inactive,
    NoUser,
    OffHours,
    OutOfOffice,
)
from domain.lead.model import Did, Misread, Occurrence, Problem, Reached, TriggerKind
from domain.policy.facts import Known
from domain.values import Quoted, Scalar

_SAID = {
    "add to list": "was added to the list {name}",
    "attend event": "attended the event {name}",
    "change data value": "{label} changed",
    "change score": "{label} changed",
    "change status in progression": "changed status in the program {name}",
    "click email": "clicked a link in the email {name}",
    "click link": "clicked the link {name}",
    "click sales email": "clicked a link in the sales email {name}",
    "email bounced": "email bounced: {name}",
    "email delivered": "received the email {name}",
    "fill out form": "filled out the form {name}",
    "interesting moment": "interesting moment {name}",
    "open email": "opened the email {name}",
    "open sales email": "opened the sales email {name}",
    "reply to sales email": "replied to the sales email {name}",
    "send email": "was sent the email {name}",
    "unsubscribe email": "unsubscribed from email {name}",
    "visit webpage": "visited the page {name}",
}
"""What a person did, by Marketo's name of the activity type in small letters."""


def occurrence(fact: Occurrence) -> str:
    """What happened in Marketo: `filled out the form "Demo Request"`."""
    match fact:
        case Reached():
            what = fact.what or "score"
            return f"{what} reached {fact.value:g} (threshold {fact.enough:g})"
        case Did():
            words = _SAID.get(fact.type.casefold(), f"{fact.type} {{name}}")
            quoted = f'"{fact.name}"' if fact.name else ""
            told = words.replace("{label}", fact.name or "a field").replace("{name}", quoted)
            return told.replace(": ", " ").strip() if not quoted else told
        case Quoted():
            return fact.text
        case _:
            assert_never(fact)


def field(name: str) -> str:
    """A field's name."""
    return name.replace("_", " ").replace("icp", "ICP")


def fields(names: Sequence[str]) -> str:
    """Several fields' names: `country, state and company`."""
    return listed([field(name) for name in names])


def problem(one: Problem) -> str:
    """Why a value could not be understood."""
    return _misread(one.why, one.country).replace("{}", one.value)


def _misread(why: Misread, country: str | None) -> str:  # noqa: C901, PLR0911  (a case a code)
    match why:
        case Misread.NOT_AN_EMAIL:
            return '"{}" is not a valid email address.'
        case Misread.MISSPELLED_EMAIL:
            return 'The domain of "{}" looks misspelled.'
        case Misread.NOT_A_COMPANY:
            return '"{}" is not a company name.'
        case Misread.UNKNOWN_COUNTRY:
            return '"{}" is not a known country.'
        case Misread.STATE_WITHOUT_COUNTRY:
            return 'The state "{}" is ambiguous without a country.'
        case Misread.NOT_A_STATE:
            return f'"{{}}" is not a state of {country}.'
        case Misread.INVALID_PHONE:
            return '"{}" is not a valid phone number.'
        case Misread.NOT_A_HEAD_COUNT:
            return '"{}" is not a number of employees.'
        case Misread.ONLY_AT_MOST:
            return '"{}" gives only a maximum number of employees.'
        case Misread.A_DATE:
            return '"{}" is a date; a spreadsheet may have made it from a range such as 1-10.'
        case _:
            assert_never(why)


_OUR_WORDS = frozenset({"account", "email_kind", "function", "seniority"})
"""Facts whose values are our own codes, not what somebody wrote."""


def known(facts: Sequence[Known]) -> str:
    """What a rule's conditions looked at: `employees 1,200, region EMEA`."""
    return ", ".join(_known(one) for one in facts)


def _known(one: Known) -> str:
    told = value(one.value)
    if one.fact in _OUR_WORDS:
        told = told.replace("_", " ")
    if one.fact == "trigger" and one.value in set(TriggerKind):
        told = names.trigger(TriggerKind(one.value))
    return f"{field(one.fact)} {told}"


def value(one: Scalar | None) -> str:
    """A value as people write it."""
    if one is None:
        return "unknown"
    if isinstance(one, bool):
        return "yes" if one else "no"
    return f"{one:,}" if isinstance(one, int | float) else one


def absence(why: Absence, zone: ZoneInfo) -> str:
    """Why somebody can't take a lead now."""
    match why:
        case NoUser():
            return "no such user in Salesforce"
        case Inactive():
            return "inactive in Salesforce"
        case OutOfOffice():
            until = "" if why.until is None else f" until {moment(why.until, zone)}"
            note = f', message: "{why.note}"' if why.note else ""
            return f"out of office{until} in {why.source}{note}"
        case AtCap():
            of = "open leads" if why.of == "open" else "leads today"
            return f"at cap: {why.leads} of {why.cap} {of}"
        case Holiday():
            return f"holiday: {why.name}"
        case OffHours():
            return f"off hours until {moment(why.until, zone)}"
        case Quoted():
            return why.text
        case _:
            assert_never(why)
