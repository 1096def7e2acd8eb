"""Was it touched? Which activity on a record counts as the first human touch, and why not.

A touch is an attempt by a person who may work the lead, outward, after the assignment. Every
activity gets exactly one finding, so that anybody can see why it counts or doesn't. What can't be
told is doubtful: it never counts in silence, and never is lost.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from domain.lead.crm_records import ActivityKind
from domain.policy.first_touch import TouchRules
from domain.values import Instant, RecordId, Value


class Direction(StrEnum):
    """Who reached out to whom."""

    OUTBOUND = "outbound"
    INBOUND = "inbound"
    INTERNAL = "internal"
    UNKNOWN = "unknown"


class Actor(Value):
    """Who did it."""

    id: RecordId
    name: str
    email: str | None = None
    is_person: bool = True
    """False for integration and automation users, as Salesforce's own user types tell."""


class Activity(Value):
    """Something that was done about a record, as the CRM shows it."""

    id: str
    kind: ActivityKind
    at: Instant
    """When it happened: the completion of a task, the sending of a mail, the booking of a
    meeting."""
    record_id: RecordId | None
    """The lead or contact it is about; None when only an account or opportunity is named."""
    by: Actor
    """Who made the entry."""
    owner: Actor | None = None
    """Whose task or meeting it is."""
    direction: Direction = Direction.UNKNOWN
    is_done: bool = True
    """False for what is only planned."""
    disposition: str | None = None
    """What came of a call, in the org's own words."""
    seconds: int | None = None
    """How long a call lasted; None when nobody said."""
    is_bounced: bool = False
    is_auto_reply: bool = False
    is_marketing: bool = False
    """Sent by a marketing system, or to a list."""
    starts_at: Instant | None = None
    """When a meeting begins."""
    subject: str = ""


class Turn(Value):
    """Whose turn with which lead is judged."""

    assigned_at: Instant
    owner_id: RecordId
    accepted: tuple[str, ...] = ()
    """Emails, in small letters, of those whose touch counts: owner, cover, manager, team."""
    record_ids: tuple[RecordId, ...]
    """The record, and what it was converted or merged into."""


class Code(StrEnum):
    """Why an activity counts, or doesn't."""

    COUNTS = "COUNTS"
    BEFORE_ASSIGNMENT = "BEFORE_ASSIGNMENT"
    OTHER_RECORD = "OTHER_RECORD"
    NOT_A_PERSON = "NOT_A_PERSON"
    MARKETING = "MARKETING"
    AUTO_REPLY = "AUTO_REPLY"
    BOUNCED = "BOUNCED"
    ONLY_PLANNED = "ONLY_PLANNED"
    INBOUND = "INBOUND"
    NO_ANSWER = "NO_ANSWER"
    TOO_SHORT = "TOO_SHORT"
    KIND = "KIND"
    """A kind of activity that the policy doesn't count."""
    INTERNAL = "INTERNAL"
    """Colleagues among themselves."""
    SOMEBODY_ELSE = "SOMEBODY_ELSE"
    UNCLEAR = "UNCLEAR"


class Found(Value):
    """What one activity is worth, with what that rests on."""

    activity: str
    code: Code
    kind: ActivityKind | None
    """None in findings of 0.1.0 whose sentence didn't tell."""
    who: str
    """The name of who did it, or of the program that is no person; empty likewise."""
    is_inbound: bool = False
    disposition: str | None = None
    """What came of a call that reached nobody, in the org's own words."""
    seconds: int | None = None
    """How long a call lasted that was too short."""


class Touched(Value):
    """It was touched."""

    kind: Literal["touched"] = "touched"
    at: Instant
    by: str
    touch: ActivityKind
    evidence: tuple[str, ...]
    """Ids of the activities that show it."""
    findings: tuple[Found, ...] = ()

    @property
    def first(self) -> Found:
        """The activity that counts."""
        return next(one for one in self.findings if one.activity in self.evidence)


class Untouched(Value):
    """Nothing that counts was seen."""

    kind: Literal["untouched"] = "untouched"
    findings: tuple[Found, ...] = ()

    @property
    def doubtful(self) -> tuple[str, ...]:
        """Ids of activities that might be a touch."""
        return tuple(one.activity for one in self.findings if one.code is Code.UNCLEAR)

    @property
    def by_others(self) -> tuple[str, ...]:
        """Ids of touches by somebody who doesn't have the lead."""
        return tuple(one.activity for one in self.findings if one.code is Code.SOMEBODY_ELSE)


Judgment = Annotated[Touched | Untouched, Field(discriminator="kind")]


def judge(activities: Sequence[Activity], turn: Turn, rules: TouchRules) -> Touched | Untouched:
    """Whether a lead was touched, by the earliest activity that counts; order doesn't matter."""
    ordered = sorted(activities, key=lambda one: (one.at, one.id))
    found = {one.id: find(one, turn, rules) for one in ordered}
    findings = tuple(found.values())
    first = next((one for one in ordered if found[one.id].code is Code.COUNTS), None)
    if first is None:
        return Untouched(findings=findings)
    return Touched(
        at=max(first.at, turn.assigned_at),
        by=_doer(first).name,
        touch=first.kind,
        evidence=(first.id,),
        findings=findings,
    )


def find(one: Activity, turn: Turn, rules: TouchRules) -> Found:
    """What one activity is worth: the first reason against it, else it counts."""
    against = _against(one, turn, rules)
    if against is not None:
        return against
    return _found(one, Code.COUNTS, is_inbound=one.direction is Direction.INBOUND)


def _found(
    one: Activity,
    code: Code,
    *,
    who: str | None = None,
    is_inbound: bool = False,
    disposition: str | None = None,
    seconds: int | None = None,
) -> Found:
    return Found(
        activity=one.id,
        code=code,
        kind=one.kind,
        who=who or _doer(one).name,
        is_inbound=is_inbound,
        disposition=disposition,
        seconds=seconds,
    )


def _against(one: Activity, turn: Turn, rules: TouchRules) -> Found | None:
    return (
        _wrong_moment(one, turn, rules)
        or _not_by_a_person(one, rules)
        or _came_to_nothing(one, rules)
        or _wrong_person(one, turn, rules)
    )


def _wrong_moment(one: Activity, turn: Turn, rules: TouchRules) -> Found | None:
    if one.record_id is not None and one.record_id not in turn.record_ids:
        return _found(one, Code.OTHER_RECORD)
    if not one.is_done:
        return _found(one, Code.ONLY_PLANNED)
    if one.at < turn.assigned_at - rules.before_assignment:
        return _found(one, Code.BEFORE_ASSIGNMENT)
    return None


def _not_by_a_person(one: Activity, rules: TouchRules) -> Found | None:
    programs = {email.lower() for email in rules.automation}
    doer = _doer(one)
    for actor in (one.by, doer):
        if not actor.is_person or (actor.email or "").lower() in programs:
            return _found(one, Code.NOT_A_PERSON, who=actor.name)
    if one.is_marketing or one.kind is ActivityKind.LIST_EMAIL:
        return _found(one, Code.MARKETING)
    if one.is_auto_reply:
        return _found(one, Code.AUTO_REPLY)
    return None


def _came_to_nothing(one: Activity, rules: TouchRules) -> Found | None:
    if one.kind not in rules.kinds:
        return _found(one, Code.KIND)
    if one.is_bounced:
        return _found(one, Code.BOUNCED)
    if one.direction is Direction.INTERNAL:
        return _found(one, Code.INTERNAL)
    if one.direction is Direction.INBOUND and not (
        one.kind is ActivityKind.CALL and rules.inbound_calls
    ):
        return _found(one, Code.INBOUND)
    return _unreached(one, rules) if one.kind is ActivityKind.CALL else None


def _unreached(one: Activity, rules: TouchRules) -> Found | None:
    said = (one.disposition or "").strip().casefold()
    if any(said.startswith(words.casefold()) for words in rules.no_answer):
        if rules.unanswered_calls and one.direction is not Direction.INBOUND:
            return None
        return _found(one, Code.NO_ANSWER, disposition=one.disposition)
    if one.seconds is not None and one.seconds < rules.min_call_seconds:
        if rules.unanswered_calls and one.direction is not Direction.INBOUND:
            return None
        return _found(one, Code.TOO_SHORT, seconds=one.seconds)
    return None


def _wrong_person(one: Activity, turn: Turn, rules: TouchRules) -> Found | None:
    doer = _doer(one)
    if one.direction is Direction.UNKNOWN and one.kind in (ActivityKind.CALL, ActivityKind.EMAIL):
        return _found(one, Code.UNCLEAR)
    if rules.made_by == "anyone" or doer.id == turn.owner_id:
        return None
    if (doer.email or "").lower() in turn.accepted:
        return None
    return _found(one, Code.SOMEBODY_ELSE)


def _doer(one: Activity) -> Actor:
    """Whose deed it is: whose task or meeting, else who made the entry."""
    return one.owner or one.by
