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
    """E-mails, in small letters, of those whose touch counts: owner, cover, manager, team."""
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
    SOMEBODY_ELSE = "SOMEBODY_ELSE"
    UNCLEAR = "UNCLEAR"


class Found(Value):
    """What one activity is worth."""

    activity: str
    code: Code
    sentence: str


class Touched(Value):
    """It was touched."""

    kind: Literal["touched"] = "touched"
    at: Instant
    by: str
    touch: ActivityKind
    evidence: tuple[str, ...]
    """Ids of the activities that show it."""
    sentence: str
    findings: tuple[Found, ...] = ()


class Untouched(Value):
    """Nothing that counts was seen."""

    kind: Literal["untouched"] = "untouched"
    sentence: str
    findings: tuple[Found, ...] = ()

    @property
    def doubtful(self) -> tuple[str, ...]:
        """Ids of activities that might be a touch."""
        return tuple(one.activity for one in self.findings if one.code is Code.UNCLEAR)

    @property
    def by_others(self) -> tuple[str, ...]:
        """Ids of touches by somebody who doesn't have the lead."""
        return tuple(one.activity for one in self.findings if one.code is Code.SOMEBODY_ELSE)


Judgement = Annotated[Touched | Untouched, Field(discriminator="kind")]


def judge(activities: Sequence[Activity], turn: Turn, rules: TouchRules) -> Touched | Untouched:
    """Whether a lead was touched, by the earliest activity that counts; order doesn't matter."""
    ordered = sorted(activities, key=lambda one: (one.at, one.id))
    found = {one.id: find(one, turn, rules) for one in ordered}
    findings = tuple(found.values())
    first = next((one for one in ordered if found[one.id].code is Code.COUNTS), None)
    if first is None:
        return Untouched(sentence=_untouched(findings), findings=findings)
    return Touched(
        at=max(first.at, turn.assigned_at),
        by=_doer(first).name,
        touch=first.kind,
        evidence=(first.id,),
        sentence=found[first.id].sentence,
        findings=findings,
    )


def find(one: Activity, turn: Turn, rules: TouchRules) -> Found:
    """What one activity is worth: the first reason against it, else it counts."""
    code, sentence = _against(one, turn, rules) or (Code.COUNTS, _counts(one))
    return Found(activity=one.id, code=code, sentence=sentence)


_Reason = tuple[Code, str]


def _against(one: Activity, turn: Turn, rules: TouchRules) -> _Reason | None:
    return (
        _wrong_moment(one, turn, rules)
        or _not_by_a_person(one, rules)
        or _came_to_nothing(one, rules)
        or _wrong_person(one, turn, rules)
    )


def _wrong_moment(one: Activity, turn: Turn, rules: TouchRules) -> _Reason | None:
    if one.record_id is not None and one.record_id not in turn.record_ids:
        return Code.OTHER_RECORD, f"This {_name(one)} is about another record."
    if not one.is_done:
        return Code.ONLY_PLANNED, f"This {_name(one)} is planned, not done."
    if one.at < turn.assigned_at - rules.before_assignment:
        return Code.BEFORE_ASSIGNMENT, f"This {_name(one)} was before the assignment."
    return None


def _not_by_a_person(one: Activity, rules: TouchRules) -> _Reason | None:
    programs = {email.lower() for email in rules.automation}
    doer = _doer(one)
    for actor in (one.by, doer):
        if not actor.is_person or (actor.email or "").lower() in programs:
            return Code.NOT_A_PERSON, f"{actor.name} is a program, not a person."
    if one.is_marketing or one.kind is ActivityKind.LIST_EMAIL:
        return Code.MARKETING, "It went to many at once: marketing, not a conversation."
    if one.is_auto_reply:
        return Code.AUTO_REPLY, "An automatic reply."
    return None


def _came_to_nothing(one: Activity, rules: TouchRules) -> _Reason | None:
    if one.kind not in rules.kinds:
        return Code.KIND, f"A {_name(one)} doesn't count by the policy."
    if one.is_bounced:
        return Code.BOUNCED, "The mail came back."
    if one.direction is Direction.INTERNAL:
        return Code.KIND, "Colleagues among themselves."
    if one.direction is Direction.INBOUND and not (
        one.kind is ActivityKind.CALL and rules.inbound_calls
    ):
        return Code.INBOUND, f"The lead sent this {_name(one)}; nobody answered by it."
    return _unreached(one, rules) if one.kind is ActivityKind.CALL else None


def _unreached(one: Activity, rules: TouchRules) -> _Reason | None:
    said = (one.disposition or "").strip().casefold()
    if any(said.startswith(words.casefold()) for words in rules.no_answer):
        if rules.unanswered_calls and one.direction is not Direction.INBOUND:
            return None
        return Code.NO_ANSWER, f'Nobody was reached: "{one.disposition}".'
    if one.seconds is not None and one.seconds < rules.min_call_seconds:
        if rules.unanswered_calls and one.direction is not Direction.INBOUND:
            return None
        return Code.TOO_SHORT, f"The call lasted {one.seconds} s."
    return None


def _wrong_person(one: Activity, turn: Turn, rules: TouchRules) -> _Reason | None:
    doer = _doer(one)
    if one.direction is Direction.UNKNOWN and one.kind in (ActivityKind.CALL, ActivityKind.EMAIL):
        return Code.UNCLEAR, f"Nothing tells who began this {_name(one)}."
    if rules.made_by == "anyone" or doer.id == turn.owner_id:
        return None
    if (doer.email or "").lower() in turn.accepted:
        return None
    return Code.SOMEBODY_ELSE, f"{doer.name} did this {_name(one)}, who doesn't have the lead."


def _doer(one: Activity) -> Actor:
    """Whose deed it is: whose task or meeting, else who made the entry."""
    return one.owner or one.by


_NAMES = {
    ActivityKind.CALL: "call",
    ActivityKind.EMAIL: "mail",
    ActivityKind.LIST_EMAIL: "list mail",
    ActivityKind.CADENCE: "cadence step",
    ActivityKind.LINKEDIN: "LinkedIn message",
    ActivityKind.MEETING: "meeting",
    ActivityKind.TASK: "task",
    ActivityKind.FIRST_CALL: "first call",
    ActivityKind.FIRST_EMAIL: "first mail",
}
_VERBS = {
    ActivityKind.CALL: "called",
    ActivityKind.EMAIL: "wrote",
    ActivityKind.CADENCE: "did a step of their cadence",
    ActivityKind.LINKEDIN: "wrote on LinkedIn",
    ActivityKind.MEETING: "set up a meeting",
    ActivityKind.FIRST_CALL: "called, as Salesforce has it",
    ActivityKind.FIRST_EMAIL: "wrote, as Salesforce has it",
}


def _name(one: Activity) -> str:
    return _NAMES[one.kind]


def _counts(one: Activity) -> str:
    who = _doer(one).name
    if one.direction is Direction.INBOUND:
        return f"{who} spoke with them when they called."
    return f"{who} {_VERBS.get(one.kind, 'worked on it')}."


def _untouched(findings: Sequence[Found]) -> str:
    if not findings:
        return "No activity since the assignment."
    said = findings[-1].sentence
    return f"{len(findings)} activities, none of which counts; lately: {said}"
