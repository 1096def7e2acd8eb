"""Single records: `sobjects/...`."""

import hashlib
import math
from datetime import datetime, timedelta

from sandbox.http.message import Json
from sandbox.salesforce.org.errors import SalesforceError
from sandbox.salesforce.org.ids import full_id, sobject_of
from sandbox.salesforce.org.schema import NUMBERS, TOOLING, Field, SObject, field_named, fields_of
from sandbox.salesforce.org.values import check_writeable, http_date, instant, timestamp
from sandbox.salesforce.rest.call import NOT_MODIFIED, Answer, Call, header_instant
from sandbox.salesforce.rules import duplicates
from sandbox.salesforce.soql.scope import parent, relation
from sandbox.salesforce.store import records
from sandbox.state.world import Row

CREATED = 201
DONE = 204
MORE_THAN_ONE = 300
UPSERT_WITH_BODY = 46
"""The first version in which an upsert that changes a record answers with a body."""
TAGGED = "Account"
"""The object whose records have an ETag."""
LONGEST_FEED = timedelta(days=30)
SHORTEST_FEED = timedelta(minutes=1)
"""Salesforce: Get Updated and Get Deleted."""


def create(call: Call) -> Answer:
    """POST sobjects/Lead."""
    shape = call.shape()
    record_id = insert(call, shape, call.body)
    body: Row = {"id": record_id, "success": True, "errors": []}
    headers = {"location": f"{call.root}/sobjects/{shape.name}/{record_id}"}
    return Answer(CREATED, body, headers, records=1)


def read(call: Call) -> Answer:
    """GET sobjects/Lead/{id}, all fields or `?fields=`."""
    shape = call.shape()
    row = records.existing(call.world, shape, call.names["id"])
    if _is_unchanged(call, shape, row):
        return Answer(NOT_MODIFIED)
    _check_conditions(call, shape, row)
    headers = {"etag": _tag(row)} if shape.name == TAGGED else {}
    shown = record(call, shape, row, call.option("fields"))
    return Answer(body=shown, headers=headers | _dated(row))


def follow(call: Call) -> Answer:
    """GET sobjects/Lead/{field}/{value}: by an external id, or the parent of a record's id."""
    shape = call.shape()
    key = call.names["field"]
    if full_id(key) is None or field_named(call.world, shape, key) is not None:
        return read_by_key(call)
    row = records.existing(call.world, shape, key)
    step = relation(call.world, shape, call.names["value"])
    above = parent(call.world, row.get(step.name)) if step is not None else None
    if above is None:
        raise SalesforceError("NOT_FOUND", "The requested resource does not exist")
    owner = call.shape(sobject_of(above["Id"]))
    return Answer(body=record(call, owner, above, call.option("fields")))


def change(call: Call) -> Answer:
    """PATCH sobjects/Lead/{id}, on condition that `If-Unmodified-Since` holds when it is given."""
    shape = call.shape()
    row = records.existing(call.world, shape, call.names["id"])
    _check_conditions(call, shape, row)
    if _is_unchanged(call, shape, row):
        raise SalesforceError("PRECONDITION_FAILED", "The record wasn't modified since then")
    update(call, shape, row["Id"], call.body)
    return Answer(DONE, records=1)


def _is_unchanged(call: Call, shape: SObject, row: Row) -> bool:
    """Whether `If-Modified-Since` or, of an account, `If-None-Match` asks for what is newer."""
    since = header_instant(call, "if-modified-since")
    if since is not None and instant(row["LastModifiedDate"]) <= since:
        return True
    tags = call.asked.headers.get("if-none-match")
    return shape.name == TAGGED and tags is not None and _tag(row) in tags


def _check_conditions(call: Call, shape: SObject, row: Row) -> None:
    """Raise `SalesforceError` when `If-Unmodified-Since` or an account's `If-Match` fails.

    Source: Salesforce, Conditional Requests. ETags are there for accounts only.
    """
    since = header_instant(call, "if-unmodified-since")
    if since is not None and instant(row["LastModifiedDate"]) > since:
        raise SalesforceError("PRECONDITION_FAILED", "The record was modified since then")
    tags = call.asked.headers.get("if-match")
    if shape.name == TAGGED and tags not in (None, "*") and _tag(row) not in str(tags):
        raise SalesforceError("PRECONDITION_FAILED", "The record has another ETag")


def _tag(row: Row) -> str:
    digest = hashlib.sha256(f"{row['Id']} {row['SystemModstamp']}".encode()).hexdigest()
    return f'"{digest[:32]}"'


def _dated(row: Row) -> dict[str, str]:
    changed = row.get("LastModifiedDate")
    return {"last-modified": http_date(instant(changed))} if changed else {}


def remove(call: Call) -> Answer:
    """DELETE sobjects/Lead/{id}."""
    shape = writeable(call.shape())
    records.delete(call.world, shape.name, call.names["id"], by=call.user)
    return Answer(DONE, records=1)


def remove_by_key(call: Call) -> Answer:
    """DELETE sobjects/Lead/{field}/{value}."""
    shape, found = matches(call, writeable(call.shape()), call.names["field"], call.names["value"])
    if not found:
        raise SalesforceError("NOT_FOUND", "The requested resource does not exist")
    if len(found) > 1:
        return _choices(call, shape, found)
    records.delete(call.world, shape.name, found[0]["Id"], by=call.user)
    return Answer(DONE, records=1)


def read_by_key(call: Call) -> Answer:
    """GET sobjects/Lead/{field}/{value}."""
    shape, found = matches(call, call.shape(), call.names["field"], call.names["value"])
    if not found:
        raise SalesforceError("NOT_FOUND", "The requested resource does not exist")
    if len(found) > 1:
        return _choices(call, shape, found)
    return Answer(body=record(call, shape, found[0], call.option("fields")))


def upsert(call: Call) -> Answer:
    """PATCH sobjects/Lead/{field}/{value}: 201 created, 200 changed, 300 when several match."""
    shape, found = matches(call, call.shape(), call.names["field"], call.names["value"])
    if len(found) > 1:
        return _choices(call, shape, found)
    record_id, is_new = put(call, shape, found, call.names["field"], call.names["value"])
    if not is_new and float(call.version) < UPSERT_WITH_BODY:
        return Answer(DONE, records=1)
    body: Row = {"id": record_id, "success": True, "errors": [], "created": is_new}
    return Answer(CREATED if is_new else 200, body, records=1)


def put(
    call: Call, shape: SObject, found: list[Row], field: str, value: str, given: Row | None = None
) -> tuple[str, bool]:
    """Change the one record found by a key, or create it; its id and whether it is new."""
    values = call.body if given is None else given
    if found:
        update(call, shape, found[0]["Id"], values)
        return found[0]["Id"], False
    if field.lower() == "id":
        raise SalesforceError("NOT_FOUND", "The requested resource does not exist")
    return insert(call, shape, {**values, field: value}), True


def matches(call: Call, shape: SObject, key: str, value: str) -> tuple[SObject, list[Row]]:
    """The records that a key names, an id lookup field and its value."""
    field = field_named(call.world, shape, key)
    if field is None or not (field.lookup or field.unique):
        message = f"Provided external ID field does not exist or is not accessible: {key}"
        raise SalesforceError("NOT_FOUND", message)
    if field.type == "id":
        return shape, [records.existing(call.world, shape, value)]
    held: Json = _number(value) if field.type in NUMBERS else value
    return shape, [
        row
        for row in call.world.table(shape.table).holding(field.name, [held])
        if not row.get("IsDeleted")
    ]


def _number(text: str) -> float:
    """A number that a path holds; NaN, which no record holds, when it is none."""
    try:
        return float(text)
    except ValueError:
        return math.nan


def changed(call: Call) -> Answer:
    """GET sobjects/Lead/updated/?start=&end=."""
    start, end = _between(call)
    ids = [
        row["Id"]
        for row in call.world.table(call.shape().table).values()
        if not row.get("IsDeleted") and start <= instant(row["LastModifiedDate"]) <= end
    ]
    return Answer(body={"ids": ids, "latestDateCovered": timestamp(end)})


def deleted(call: Call) -> Answer:
    """GET sobjects/Lead/deleted/?start=&end=."""
    start, end = _between(call)
    gone = [
        {"id": row["Id"], "deletedDate": row["LastModifiedDate"]}
        for row in call.world.table(call.shape().table).values()
        if row.get("IsDeleted") and start <= instant(row["LastModifiedDate"]) <= end
    ]
    covered = {"earliestDateAvailable": timestamp(start), "latestDateCovered": timestamp(end)}
    return Answer(body={"deletedRecords": gone, **covered})


def record(call: Call, shape: SObject, row: Row, fields: str = "") -> Row:
    """A row as the API shows it, with all of its fields or those named."""
    url = f"{call.root}/sobjects/{shape.name}/{row['Id']}"
    shown: Row = {"attributes": {"type": shape.name, "url": url}}
    names = [name.strip() for name in fields.split(",") if name.strip()]
    named = [_field(call, shape, name) for name in names] or fields_of(call.world, shape)
    return shown | {field.name: row.get(field.name, field.default) for field in named}


def _field(call: Call, shape: SObject, name: str) -> Field:
    field = field_named(call.world, shape, name)
    if field is None:
        message = f"No such column '{name}' on sobject of type {shape.name}"
        raise SalesforceError("INVALID_FIELD", message)
    return field


def insert(call: Call, shape: SObject, given: Row) -> str:
    """Create a record as the caller, within what the API lets be set."""
    values = without_attributes(given)
    check_writeable(call.world, writeable(shape), values, creates=True)

    def save() -> str:
        return records.insert(call.world, shape.name, values, by=call.user, assign=call.assign)

    return duplicates.saved(call.world, shape, "create", save, call.duplicate_wishes)


def update(call: Call, shape: SObject, record_id: str, given: Row) -> None:
    """Change a record as the caller, within what the API lets be set."""
    values = without_attributes(given)
    check_writeable(call.world, writeable(shape), values, creates=False)

    def save() -> str:
        records.update(call.world, shape.name, record_id, values, by=call.user, assign=call.assign)
        return full_id(record_id) or record_id

    duplicates.saved(call.world, shape, "update", save, call.duplicate_wishes)


def writeable(shape: SObject) -> SObject:
    """The object, if its records can be written at all. Raises `SalesforceError`."""
    if not shape.writeable or shape.name in TOOLING:
        message = f"entity type {shape.name} does not support this operation"
        raise SalesforceError("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", message)
    return shape


def without_attributes(given: Row) -> Row:
    """The fields of a record that came in JSON."""
    return {name: value for name, value in given.items() if name != "attributes"}


def _choices(call: Call, shape: SObject, found: list[Row]) -> Answer:
    urls: Json = [f"{call.root}/sobjects/{shape.name}/{row['Id']}" for row in found]
    return Answer(MORE_THAN_ONE, urls)


def _between(call: Call) -> tuple[datetime, datetime]:
    """The stretch of time that is asked about: a minute at least, of the last 30 days."""
    try:
        start, end = instant(call.option("start")), instant(call.option("end"))
    except ValueError:
        message = "start and end must be ISO 8601 instants"
        raise SalesforceError("INVALID_REPLICATION_DATE", message) from None
    if end - start < SHORTEST_FEED:
        message = "endDate must be at least one minute greater than startDate"
        raise SalesforceError("INVALID_REPLICATION_DATE", message)
    if call.world.now - start > LONGEST_FEED:
        message = "startDate before org replication enabled date: more than 30 days ago"
        raise SalesforceError("INVALID_REPLICATION_DATE", message)
    return start, end
