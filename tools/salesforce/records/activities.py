"""What was done about handed-off records, and how they stand now.

Three or four queries for a whole batch: the records, their tasks and meetings, and the mails that
belong to tasks. A converted lead is followed to its contact and opportunity, a merged record to
the one that won.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from domain import border
from domain.errors import UnreadableError
from domain.follow_through.first_touch import Activity, Actor, Direction
from domain.lead.crm_records import ActivityKind, RecordKind, RecordSeen
from domain.ports import Observed
from domain.routing.route import Subject
from domain.values import LeadKey, RecordId
from tools.salesforce.connection.answers import Row
from tools.salesforce.connection.errors import VENDOR
from tools.salesforce.records import wire
from tools.salesforce.records.fields import (
    EMAIL_MESSAGE,
    EVENT,
    SEEN,
    TASK,
    TASK_KEY,
    SObject,
)
from tools.salesforce.records.reader import Reader, Wanted
from tools.salesforce.soql.query import Query, Term, literal, select

MOVES = 4
"""A record merged or converted into one that was merged itself is followed at most so far."""

_SUBTYPES = {
    "Call": ActivityKind.CALL,
    "Email": ActivityKind.EMAIL,
    "ListEmail": ActivityKind.LIST_EMAIL,
    "Cadence": ActivityKind.CADENCE,
    "LinkedIn": ActivityKind.LINKEDIN,
}
"""Kinds by Task.TaskSubtype (Salesforce: Object Reference, Task)."""
_MAIL_SUBJECT = re.compile(r"^\s*(?:e-?mail|list email|mass email)\s*:", re.IGNORECASE)
"""How mail tools that set no subtype name the tasks that they log."""
_LIST_SUBJECT = re.compile(r"^\s*(?:list|mass) email\s*:", re.IGNORECASE)
_AUTO_REPLY = re.compile(
    r"^\s*(?:automatic reply|auto(?:matic)?[- ]?(?:reply|response)|out of (?:the )?office"
    r"|abwesenheitsnotiz|automatische antwort|r[ée]ponse automatique|respuesta autom[áa]tica)\b",
    re.IGNORECASE,
)
_DRAFT = "5"
"""EmailMessage.Status of a draft (Salesforce: Object Reference, EmailMessage)."""
_PERSON = "Standard"
"""User.UserType of people; integrations and automated processes have others."""


@dataclass(slots=True)
class Trail:
    """Where one lead's record went."""

    kind: RecordKind
    record_id: RecordId
    """Where it is now."""
    records: set[RecordId] = field(default_factory=set[RecordId])
    """Everything that it was."""
    opportunity: RecordId | None = None
    """What its conversion created."""
    row: Row | None = None
    """The record as it is now; None where there is none."""
    was_converted: bool = False


def observe(
    subjects: Mapping[LeadKey, Subject], since: datetime, reader: Reader
) -> dict[LeadKey, Observed]:
    """These records as they are now, with what was done about them since then.

    Raises:
        UnreadableError: rows that concern some of the leads can't be understood.
        ValueError: such a row may concern any of them; ask for fewer.
    """
    odd: list[tuple[Row, str]] = []
    walked = trails(subjects, reader, odd)
    about = _about(walked)
    found = _activities(about, since, reader, odd)
    if odd:
        _tell(odd, about, walked)
    observed = {lead: _observed(trail, found[lead]) for lead, trail in walked.items()}
    nothing = Observed(record=None, activities=())
    return {lead: observed.get(lead, nothing) for lead in subjects}


def _tell(
    odd: Sequence[tuple[Row, str]],
    about: Mapping[RecordId, LeadKey],
    walked: Mapping[LeadKey, Trail],
) -> None:
    """Say whom rows concern that can't be understood: what was done there can't be known.

    Raises:
        UnreadableError: these leads.
        ValueError: any of them.
    """
    found: dict[str, str] = {}
    for row, why in odd:
        ids = [row.get(name) for name in ("WhoId", "WhatId", "Id")]
        concerned = {about[RecordId(one)] for one in ids if isinstance(one, str) and one in about}
        if not concerned and len(walked) > 1:
            raise ValueError(why)
        found |= dict.fromkeys(concerned or walked, why)
    raise UnreadableError(VENDOR, found)


def trails(
    subjects: Mapping[LeadKey, Subject], reader: Reader, odd: list[tuple[Row, str]]
) -> dict[LeadKey, Trail]:
    """Where each record went; what is no Salesforce id is left out.

    `odd` takes the rows that can't be understood.
    """
    begun = {
        lead: Trail(one.kind, wire.record_id(one.record_id))
        for lead, one in subjects.items()
        if wire.is_record_id(one.record_id)
    }
    _walk(begun, reader, odd)
    return begun


def _walk(trails: Mapping[LeadKey, Trail], reader: Reader, odd: list[tuple[Row, str]]) -> None:
    """Follow every record through merges and conversions to where it is now."""
    rows: dict[RecordId, Row] = {}
    for _ in range(MOVES):
        wanted = _missing(trails.values(), rows)
        if not any(wanted.values()):
            return
        rows |= _rows(wanted, reader, odd)
        for trail in trails.values():
            _advance(trail, rows)


def _missing(
    trails: Iterable[Trail], rows: Mapping[RecordId, Row]
) -> dict[RecordKind, set[RecordId]]:
    wanted: dict[RecordKind, set[RecordId]] = {kind: set() for kind in RecordKind}
    for trail in trails:
        if trail.record_id not in rows and trail.record_id not in trail.records:
            wanted[trail.kind].add(trail.record_id)
            trail.records.add(trail.record_id)
    return wanted


def _rows(
    wanted: Mapping[RecordKind, set[RecordId]], reader: Reader, odd: list[tuple[Row, str]]
) -> dict[RecordId, Row]:
    kinds = [kind for kind, ids in wanted.items() if ids]
    asked = [
        Wanted(
            SObject(kind.value),
            [Term("Id", one) for one in wanted[kind]],
            columns=SEEN[kind],
            includes_deleted=True,
        )
        for kind in kinds
    ]
    found = reader.rows(asked)
    odd += [one for some in found for one in some.odd]
    return {RecordId(row["Id"]): row for some in found for row in some}


def _advance(trail: Trail, rows: Mapping[RecordId, Row]) -> None:
    """Move a trail on as far as the rows tell."""
    for _ in range(MOVES):
        row = rows.get(trail.record_id)
        if row is None:
            return
        trail.row = row
        trail.records.add(trail.record_id)
        master, contact = row["MasterRecordId"], row.get("ConvertedContactId")
        if master:
            trail.record_id = wire.record_id(master)
        elif row.get("IsConverted") and contact:
            trail.was_converted = True
            trail.opportunity = row.get("ConvertedOpportunityId")
            trail.kind, trail.record_id = RecordKind.CONTACT, wire.record_id(contact)
        else:
            return


def _about(trails: Mapping[LeadKey, Trail]) -> dict[RecordId, LeadKey]:
    """Which lead each record id is about."""
    about: dict[RecordId, LeadKey] = {}
    for lead, trail in trails.items():
        for one in (*sorted(trail.records), trail.opportunity):
            if one is not None:
                about.setdefault(RecordId(one), lead)
    return about


def _activities(
    about: Mapping[RecordId, LeadKey],
    since: datetime,
    reader: Reader,
    odd: list[tuple[Row, str]],
) -> dict[LeadKey, list[Activity]]:
    terms = [Term("WhatId" if one.startswith("006") else "WhoId", one) for one in about]
    rest = f"AND LastModifiedDate >= {literal(since)}"
    tasks, events = reader.rows(
        [
            Wanted(SObject.TASK, terms, rest=rest, columns=TASK),
            Wanted(SObject.EVENT, terms, rest=rest, columns=EVENT),
        ]
    )
    mails = _mails([row for row in tasks if _kind(row) is ActivityKind.EMAIL], reader)
    found: dict[LeadKey, list[Activity]] = defaultdict(list)
    odd += [*tasks.odd, *events.odd]
    for row in (*tasks, *events):
        lead = _lead_of(row, about)
        if lead is None:
            odd.append((row, "Salesforce's activity is about nobody who was asked for"))
        elif "StartDateTime" in row:
            found[lead].append(meeting(row))
        else:
            found[lead].append(task(row, mails.get(row["Id"])))
    return found


def _lead_of(row: Row, about: Mapping[RecordId, LeadKey]) -> LeadKey | None:
    for name in ("WhoId", "WhatId"):
        if row[name] and (lead := about.get(RecordId(row[name]))) is not None:
            return lead
    return None


def _mails(tasks: Sequence[Row], reader: Reader) -> dict[str, Row]:
    """The mail behind each task that is one; orgs without Enhanced Email have none."""
    if not tasks:
        return {}
    (rows,) = reader.rows(
        [
            Wanted(
                SObject.EMAIL_MESSAGE,
                [Term("ActivityId", row["Id"]) for row in tasks],
                columns=EMAIL_MESSAGE,
            )
        ]
    )
    return {row["ActivityId"]: row for row in rows}


def _observed(trail: Trail, activities: list[Activity]) -> Observed:
    row = trail.row
    if row is None or row["IsDeleted"]:
        return Observed(record=None, activities=())
    kind = RecordKind.CONTACT if str(row["Id"]).startswith("003") else RecordKind.LEAD
    record = RecordSeen(
        record_id=wire.record_id(row["Id"]),
        kind=kind,
        owner=wire.owner(row),
        status=row.get("Status"),
        is_converted=trail.was_converted,
        modified_by=_told(row, "LastModifiedBy").get("Name") or "someone",
        modified_at=border.moment(row["LastModifiedDate"]),
    )
    return Observed(record=record, activities=(*activities, *_first_moments(row)))


def _first_moments(row: Row) -> list[Activity]:
    """Salesforce's own first call and first mail, where the org has them."""
    owner = wire.owner(row)
    actor = Actor(id=owner.id, name=owner.name, email=owner.email)
    return [
        Activity(
            id=f"{row['Id']}.{name}",
            kind=kind,
            at=row[name],
            record_id=wire.record_id(row["Id"]),
            by=actor,
            direction=Direction.OUTBOUND,
        )
        for name, kind in (
            ("FirstCallDateTime", ActivityKind.FIRST_CALL),
            ("FirstEmailDateTime", ActivityKind.FIRST_EMAIL),
        )
        if row.get(name)
    ]


def task(row: Row, mail: Row | None) -> Activity:
    """A Task, with the mail it stands for where there is one."""
    kind = _kind(row)
    subject = str(row["Subject"] or "")
    return Activity(
        id=row["Id"],
        kind=kind,
        at=_moment(row, mail),
        record_id=_who(row),
        by=_owner(row) if row.get(TASK_KEY) else _creator(row),
        owner=_owner(row),
        direction=_direction(row, kind, mail),
        is_done=bool(row["IsClosed"]) and not (mail is not None and mail["Status"] == _DRAFT),
        disposition=row["CallDisposition"],
        seconds=row["CallDurationInSeconds"],
        is_bounced=mail is not None and mail.get("IsBounced") is True,
        is_auto_reply=_AUTO_REPLY.match(subject) is not None,
        is_marketing=kind is ActivityKind.LIST_EMAIL or _LIST_SUBJECT.match(subject) is not None,
        subject=subject,
    )


def meeting(row: Row) -> Activity:
    """An Event: booking it is what counts, so that is when it happened."""
    return Activity(
        id=row["Id"],
        kind=ActivityKind.MEETING,
        at=border.moment(row["CreatedDate"]),
        record_id=_who(row),
        by=_creator(row),
        owner=_owner(row),
        direction=Direction.OUTBOUND,
        starts_at=border.moment(row["StartDateTime"]),
        subject=str(row["Subject"] or ""),
    )


def _kind(row: Row) -> ActivityKind:
    subtype = _SUBTYPES.get(row["TaskSubtype"] or "")
    if subtype is not None:
        return subtype
    if row["CallType"] or row["CallDurationInSeconds"] is not None:
        return ActivityKind.CALL
    return (
        ActivityKind.EMAIL if _MAIL_SUBJECT.match(str(row["Subject"] or "")) else ActivityKind.TASK
    )


def _moment(row: Row, mail: Row | None) -> datetime:
    """When it happened; a task that is logged late counts from when somebody completed it."""
    if mail is not None and mail["MessageDate"]:
        return border.moment(mail["MessageDate"])
    done = row.get("CompletedDateTime") if row["IsClosed"] else None
    return border.moment(done or row["CreatedDate"])


def _direction(row: Row, kind: ActivityKind, mail: Row | None) -> Direction:
    """Who reached out. What a person logs without saying is what that person did."""
    if mail is not None:
        return Direction.INBOUND if mail["Incoming"] else Direction.OUTBOUND
    told = {
        "Inbound": Direction.INBOUND,
        "Outbound": Direction.OUTBOUND,
        "Internal": Direction.INTERNAL,
    }.get(row["CallType"] or "")
    if told is not None:
        return told
    if kind is ActivityKind.EMAIL and str(row["Subject"] or "").lstrip().startswith("←"):
        return Direction.INBOUND
    return Direction.OUTBOUND


def _who(row: Row) -> RecordId | None:
    return wire.record_id(row["WhoId"]) if row["WhoId"] else None


def _creator(row: Row) -> Actor:
    told = _told(row, "CreatedBy")
    return Actor(
        id=wire.record_id(row["CreatedById"]),
        name=told.get("Name") or row["CreatedById"],
        email=told.get("Email"),
        is_person=(told.get("UserType") or _PERSON) == _PERSON,
    )


def _owner(row: Row) -> Actor:
    told = _told(row, "Owner")
    return Actor(
        id=wire.record_id(row["OwnerId"]),
        name=told.get("Name") or row["OwnerId"],
        email=told.get("Email"),
    )


def _told(row: Row, parent: str) -> Row:
    """The parent's own columns; nothing where it isn't visible."""
    told: Row | None = row[parent]
    return {} if told is None else told


def stirred(since: datetime, reader: Reader, own: str | None) -> dict[RecordId, datetime]:
    """Records on which somebody did something, or that changed, and when that was last seen.

    What the user `own` changed last is not told: that was the worker itself.
    """
    after = f"LastModifiedDate >= {literal(since)}"
    if own is not None:
        after += f" AND LastModifiedById != {literal(own)}"
    ours = f"Routing_Decision_Id__c != null AND {after}"
    found: dict[RecordId, datetime] = {}
    queries = [
        *(
            Query(select(("WhoId", "LastModifiedDate"), sobject, f"WhoId != null AND {after}"))
            for sobject in (SObject.TASK, SObject.EVENT)
        ),
        *(
            Query(select(("Id", "LastModifiedDate"), sobject, ours), includes_deleted=True)
            for sobject in (SObject.LEAD, SObject.CONTACT)
        ),
    ]
    (rows,) = reader.rows([queries])
    for row in rows:
        told = row.get("WhoId") or row.get("Id")
        try:
            at = border.moment(row.get("LastModifiedDate"))
        except ValueError:
            continue  # a hint to look sooner, and no more: everybody is looked at in their turn
        if not isinstance(told, str):
            continue
        record = wire.record_id(told)
        found[record] = max(at, found.get(record, at))
    return found
