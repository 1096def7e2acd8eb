"""Who owns a record now."""

from collections.abc import Mapping

from domain.errors import UnreadableError
from domain.lead.crm_records import OwnerState, RecordKind
from domain.routing.route import Subject
from domain.values import LeadKey, RecordId
from tools.salesforce.connection.answers import Row
from tools.salesforce.connection.errors import VENDOR
from tools.salesforce.records import wire
from tools.salesforce.records.fields import STATE, SObject
from tools.salesforce.records.reader import Reader, Rows, Wanted
from tools.salesforce.soql.query import Term

MERGES = 5
"""A record merged into one that was merged itself is followed at most so far."""


def owner_states(subjects: Mapping[LeadKey, Subject], reader: Reader) -> dict[LeadKey, OwnerState]:
    """Who owns these records now. A record that was merged away is followed to the one that won.

    A deleted record is told as deleted while it lies in the recycle bin, and then is absent.

    Raises:
        UnreadableError: some came in a form that can't be understood; nobody is called gone.
    """
    odd: list[tuple[Row, str]] = []
    rows: dict[RecordId, Row] = {}
    wanted = {kind: _of_kind(kind, subjects) for kind in RecordKind}
    for _ in range(1 + MERGES):
        found = _state_rows(wanted, reader)
        for some in found.values():
            odd += some.odd
            rows |= {RecordId(row["Id"]): row for row in some}
        wanted = {
            kind: {RecordId(row["MasterRecordId"]) for row in some if row["MasterRecordId"]}
            - rows.keys()
            for kind, some in found.items()
        }
        if not any(wanted.values()):
            break
    if odd:
        _tell(odd, subjects, rows)
    return {
        lead: wire.owner_state(lead, subject.kind, _winner(record_id, rows))
        for lead, subject in subjects.items()
        if (record_id := wire.record_id(subject.record_id)) in rows
    }


def _tell(
    odd: list[tuple[Row, str]], subjects: Mapping[LeadKey, Subject], rows: Mapping[RecordId, Row]
) -> None:
    """Say whose owners can't be known. A row without an ID may be anyone's that is missing.

    Raises:
        UnreadableError: theirs.
    """
    missing = {
        lead for lead, subject in subjects.items() if not rows.keys() & set(_ids_of(subject))
    }
    ids = {one: lead for lead, subject in subjects.items() for one in _ids_of(subject)}
    found: dict[str, str] = {}
    for row, why in odd:
        lead = ids.get(str(row.get("Id")))
        found |= dict.fromkeys(missing if lead is None else [lead], why)
    if found:
        raise UnreadableError(VENDOR, found)


def _ids_of(subject: Subject) -> tuple[str, str]:
    return subject.record_id, wire.record_id(subject.record_id)


def _of_kind(kind: RecordKind, subjects: Mapping[LeadKey, Subject]) -> set[RecordId]:
    return {
        wire.record_id(one.record_id)
        for one in subjects.values()
        if one.kind is kind and wire.is_record_id(one.record_id)
    }


def _state_rows(ids: Mapping[RecordKind, set[RecordId]], reader: Reader) -> dict[RecordKind, Rows]:
    asked = [
        Wanted(
            SObject(kind.value),
            [Term("Id", one) for one in wanted],
            columns=STATE[kind],
            includes_deleted=True,
        )
        for kind, wanted in ids.items()
    ]
    return dict(zip(ids, reader.rows(asked), strict=True))


def _winner(record_id: RecordId, rows: Mapping[RecordId, Row]) -> Row:
    row = rows[record_id]
    for _ in range(MERGES):
        master = row["MasterRecordId"]
        if not master or master not in rows:
            break
        row = rows[master]
    return row
