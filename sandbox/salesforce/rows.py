"""Single records: `sobjects/...`."""

from datetime import datetime
from email.utils import parsedate_to_datetime

from sandbox.salesforce import records
from sandbox.salesforce.call import Answer, Call
from sandbox.salesforce.errors import SalesforceError
from sandbox.salesforce.schema import TOOLING, SObject, field_named, fields_of
from sandbox.salesforce.values import check_writeable, instant, timestamp
from sandbox.wire import Json
from sandbox.world import Row

CREATED = 201
DONE = 204
MORE_THAN_ONE = 300
NOT_MODIFIED = 304


def create(call: Call) -> Answer:
    """POST sobjects/Lead."""
    record_id = insert(call, call.shape(), call.body)
    return Answer(CREATED, {"id": record_id, "success": True, "errors": []}, records=1)


def read(call: Call) -> Answer:
    """GET sobjects/Lead/{id}, all fields or `?fields=`."""
    shape = call.shape()
    row = records.existing(call.world, shape, call.names["id"])
    since = _header_instant(call, "if-modified-since")
    if since is not None and instant(row["LastModifiedDate"]) <= since:
        return Answer(NOT_MODIFIED)
    return Answer(body=record(call, shape, row, call.option("fields")))


def change(call: Call) -> Answer:
    """PATCH sobjects/Lead/{id}, on condition that `If-Unmodified-Since` holds when it is given."""
    shape = call.shape()
    row = records.existing(call.world, shape, call.names["id"])
    since = _header_instant(call, "if-unmodified-since")
    if since is not None and instant(row["LastModifiedDate"]) > since:
        raise SalesforceError("PRECONDITION_FAILED", "The record was modified since then")
    update(call, shape, row["Id"], call.body)
    return Answer(DONE, records=1)


def remove(call: Call) -> Answer:
    """DELETE sobjects/Lead/{id}."""
    shape = writeable(call.shape())
    records.delete(call.world, shape.name, call.names["id"], by=call.user)
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
    wanted = value.lower()
    return shape, [
        row
        for row in call.world.table(shape.table).values()
        if not row.get("IsDeleted") and (row.get(field.name) or "").lower() == wanted
    ]


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
    if not names:
        names = [field.name for field in fields_of(call.world, shape)]
    for name in names:
        field = field_named(call.world, shape, name)
        if field is None:
            message = f"No such column '{name}' on sobject of type {shape.name}"
            raise SalesforceError("INVALID_FIELD", message)
        shown[field.name] = row.get(field.name)
    return shown


def insert(call: Call, shape: SObject, given: Row) -> str:
    """Create a record as the caller, within what the API lets be set."""
    values = without_attributes(given)
    check_writeable(call.world, writeable(shape), values, creates=True)
    return records.insert(call.world, shape.name, values, by=call.user, assign=call.assign)


def update(call: Call, shape: SObject, record_id: str, given: Row) -> None:
    """Change a record as the caller, within what the API lets be set."""
    values = without_attributes(given)
    check_writeable(call.world, writeable(shape), values, creates=False)
    records.update(call.world, shape.name, record_id, values, by=call.user, assign=call.assign)


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


def _header_instant(call: Call, name: str) -> datetime | None:
    told = call.asked.headers.get(name)
    if told is None:
        return None
    try:
        found = parsedate_to_datetime(told)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise SalesforceError("INVALID_HEADER_VALUE", f"Invalid value for header {name}: {told}")
    return found


def _between(call: Call) -> tuple[datetime, datetime]:
    try:
        return instant(call.option("start")), instant(call.option("end"))
    except ValueError:
        message = "start and end must be ISO 8601 instants"
        raise SalesforceError("INVALID_REPLICATION_DATE", message) from None
