"""Salesforce's JSON and our values: what their records mean, and what ours look like there."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain import border
from domain.effects import Stamp
from domain.intake.normalization.emails import registrable
from domain.intake.normalization.fields import normalize
from domain.intake.normalization.written import in_unicode, spelled_alike
from domain.lead.absences import OutOfOffice
from domain.lead.crm_records import (
    Account,
    CrmRecord,
    Member,
    Opportunity,
    Owner,
    OwnerKind,
    OwnerState,
    RecordKind,
)
from domain.lead.model import FieldName, RawLead
from domain.lead.record_ids import QUEUE_PREFIX, SHORT, canonical
from domain.values import Instant, LeadKey, RecordId, Scalar
from tools.salesforce.records import fields
from tools.salesforce.soql.spellings import host_of

Json = Any
Row = Mapping[str, Json]

LONGEST_AWAY = 120
"""Characters of an out-of-office message that are kept."""

_ID = re.compile(r"[A-Za-z0-9]{15}[A-Z0-5]{3}")
_HOST = re.compile(r"[^\s.]+(\.[^\s.]+)*\.[a-z][a-z0-9-]+")


def record_id(text: str) -> RecordId:
    """An id with 18 characters; the last three of them check the capitals of the first 15."""
    return canonical(text)


def is_record_id(text: str) -> bool:
    """Whether Salesforce takes it for an id: one that isn't fails the whole query it is in."""
    whole = canonical(text)
    return _ID.fullmatch(whole) is not None and canonical(whole[:SHORT]) == whole


def domain_of(website: str | None) -> str | None:
    """The registrable domain of a website as people write it; None when it names none.

    A host under an ending that is no public suffix, such as one inside a company, is taken whole.
    """
    if not website:
        return None
    host = host_of(website)
    return registrable(host) or (in_unicode(host) if _HOST.fullmatch(host) else None)


def timestamp(moment: datetime) -> str:
    """A moment as Salesforce reads it, in UTC to the millisecond."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}+0000"


def owner(row: Row) -> Owner:
    """Who owns a row. A queue counts as active: Salesforce has no word for one that isn't."""
    told: Row = row.get("Owner") or {}
    owner_id = record_id(row["OwnerId"])
    is_queue = owner_id.startswith(QUEUE_PREFIX)
    return Owner(
        id=owner_id,
        kind=OwnerKind.QUEUE if is_queue else OwnerKind.USER,
        name=told.get("Name") or owner_id,
        email=told.get("Email"),
        is_active=is_queue or told.get("IsActive") is not False,
    )


def lead_record(row: Row) -> CrmRecord:
    """A Salesforce Lead."""
    values = _values(row, fields.LEAD_VALUES)
    return CrmRecord(
        kind=RecordKind.LEAD,
        company=row["Company"],
        account_id=row["ConvertedAccountId"],
        status=row["Status"],
        is_converted=row["IsConverted"],
        converted_contact_id=row["ConvertedContactId"],
        **_person(row, values),
    )


def contact_record(row: Row) -> CrmRecord:
    """A Salesforce Contact."""
    values = _values(row, fields.CONTACT_VALUES)
    return CrmRecord(
        kind=RecordKind.CONTACT,
        company=_name(row["Account"]),
        account_id=row["AccountId"],
        is_person_account=row.get(fields.PERSON_ACCOUNT) is True,
        **_person(row, values),
    )


def _name(parent: Row | None) -> str | None:
    return parent.get("Name") if parent else None


def _person(row: Row, values: Mapping[FieldName, Scalar]) -> dict[str, Json]:
    return {
        "id": row["Id"],
        "email": row["Email"] and spelled_alike(row["Email"]),
        "first_name": row["FirstName"],
        "last_name": row["LastName"],
        "country": values.get(FieldName.COUNTRY),
        "owner": owner(row),
        "do_not_route": row[fields.DO_NOT_ROUTE] is True,
        "decision_id": row[fields.DECISION_ID],
        "created_at": border.moment(row["CreatedDate"]),
        "modified_at": border.moment(row["LastModifiedDate"]),
        "values": values,
    }


def _values(row: Row, names: Mapping[FieldName, str]) -> dict[FieldName, Json]:
    """What the row holds, under our names and in our canonical form.

    Left out are empty texts, unticked boxes, and what can't be understood.
    """
    held: dict[FieldName, Scalar] = {}
    for ours, theirs in names.items():
        value = row.get(theirs)
        if value not in (None, "", False):
            held[ours] = value
    at = border.moment(row["CreatedDate"])
    raw = RawLead(key=LeadKey(""), values=held, link=None, created_at=at, updated_at=at, read_at=at)
    understood = normalize(raw).fields
    return {name: understood[name].value for name in held if name in understood}


@dataclass(frozen=True, slots=True)
class AccountParts:
    """An account as several queries tell it."""

    row: Row
    opportunities: Sequence[Row]
    contacts: int


def account(parts: AccountParts) -> Account:
    """A Salesforce Account with its open opportunities."""
    row = parts.row
    values = _values(row, fields.ACCOUNT_VALUES)
    return Account(
        id=row["Id"],
        name=row["Name"],
        domain=domain_of(row["Website"]),
        country=values.get(FieldName.COUNTRY),
        state=values.get(FieldName.STATE),
        industry=values.get(FieldName.INDUSTRY),
        employees=values.get(FieldName.EMPLOYEES),
        owner=owner(row),
        type=row["Type"] or None,
        is_named=row.get(fields.NAMED_ACCOUNT) is True,
        is_person_account=row.get(fields.PERSON_ACCOUNT) is True,
        parent_id=row["ParentId"],
        opportunities=tuple(opportunity(one) for one in parts.opportunities),
        contacts=parts.contacts,
        created_at=border.moment(row["CreatedDate"]),
    )


def opportunity(row: Row) -> Opportunity:
    """A Salesforce Opportunity."""
    return Opportunity(
        id=row["Id"],
        name=row["Name"],
        owner=owner(row),
        stage=row["StageName"],
        created_at=border.moment(row["CreatedDate"]),
    )


def owner_state(lead: LeadKey, kind: RecordKind, row: Row) -> OwnerState:
    """Who owns a record now."""
    return OwnerState(
        lead=lead,
        record_id=row["Id"],
        kind=kind,
        owner=owner(row),
        decision_id=row[fields.DECISION_ID],
        modified_at=border.moment(row["LastModifiedDate"]),
        modified_by=_name(row["LastModifiedBy"]) or "someone",
        is_deleted=row["IsDeleted"],
        converted_contact_id=row.get("ConvertedContactId"),
    )


def member(email: str, users: Sequence[Row], open_leads: Mapping[str, int]) -> Member:
    """A person of the roster, given the users with that email address or username.

    Several users may share an address; an active one counts first, then the one who signs in
    with it.
    """
    if not users:
        return Member(email=email, name=email, user_id=None, is_active=False)

    def rank(user: Row) -> tuple[bool, bool, str]:
        return not user["IsActive"], user["Username"].lower() != email.lower(), user["Id"]

    user = min(users, key=rank)
    return Member(
        email=email,
        name=user["Name"],
        user_id=user["Id"],
        is_active=user["IsActive"],
        out_of_office=_away(user.get("OutOfOfficeMessage")),
        open_leads=open_leads.get(user["Id"], 0),
    )


def _away(message: str | None) -> OutOfOffice | None:
    words = " ".join((message or "").split())
    if not words:
        return None
    cut = words if len(words) <= LONGEST_AWAY else f"{words[: LONGEST_AWAY - 1].rstrip()}…"
    return OutOfOffice(source="Salesforce", note=cut)


def stamp_fields(stamp: Stamp, expected_owner: RecordId) -> dict[str, Json]:
    """The stamp as Salesforce's fields, with the owner that must still be there."""
    return {
        fields.DECISION_ID: stamp.decision_id,
        fields.EXPECTED_OWNER: expected_owner,
        fields.REASON: stamp.reason[: fields.REASON_LENGTH],
        fields.RULE: stamp.rule[: fields.TEXT_LENGTH],
        fields.TERRITORY: stamp.territory and stamp.territory[: fields.TEXT_LENGTH],
        fields.POLICY_VERSION: stamp.policy_version,
        fields.STATUS: stamp.status,
        fields.ROUTED_AT: timestamp(stamp.routed_at),
        fields.SLA_DUE_AT: _timestamp(stamp.sla_due),
    }


def _timestamp(moment: Instant | None) -> str | None:
    return None if moment is None else timestamp(moment)
