"""Who owns a record now."""

from collections.abc import Mapping

from domain.lead.crm_records import OwnerState, RecordKind
from domain.routing.route import Subject
from domain.values import LeadKey, RecordId
from tools.salesforce.connection.answers import Row
from tools.salesforce.records import wire
from tools.salesforce.records.fields import STATE, SObject
from tools.salesforce.records.reader import Reader, Wanted
from tools.salesforce.soql.query import Term

MERGES = 5
"""A record merged into one that was merged itself is followed at most so far."""


def owner_states(subjects: Mapping[LeadKey, Subject], reader: Reader) -> dict[LeadKey, OwnerState]:
    """Who owns these records now. A record that was merged away is followed to the one that won.

    A deleted record is told as deleted while it lies in the recycle bin, and then is absent.
    """
    rows: dict[RecordId, Row] = {}
    wanted = {kind: _of_kind(kind, subjects) for kind in RecordKind}
    for _ in range(1 + MERGES):
        found = _state_rows(wanted, reader)
        for some in found.values():
            rows |= {RecordId(row["Id"]): row for row in some}
        wanted = {
            kind: {RecordId(row["MasterRecordId"]) for row in some if row["MasterRecordId"]}
            - rows.keys()
            for kind, some in found.items()
        }
        if not any(wanted.values()):
            break
    return {
        lead: wire.owner_state(lead, subject.kind, _winner(record_id, rows))
        for lead, subject in subjects.items()
        if (record_id := wire.record_id(subject.record_id)) in rows
    }


def _of_kind(kind: RecordKind, subjects: Mapping[LeadKey, Subject]) -> set[RecordId]:
    return {
        wire.record_id(one.record_id)
        for one in subjects.values()
        if one.kind is kind and wire.is_record_id(one.record_id)
    }


def _state_rows(
    ids: Mapping[RecordKind, set[RecordId]], reader: Reader
) -> dict[RecordKind, list[Row]]:
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
