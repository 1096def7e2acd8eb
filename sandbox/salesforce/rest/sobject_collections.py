"""Up to 200 records in one call: `composite/sobjects`.

Source: Salesforce, sObject Collections. The answer is 200 even when records fail; each has its own
result, with `statusCode` where a single record's error has `errorCode`.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise

from sandbox.http.message import Json
from sandbox.salesforce.org.errors import SalesforceError
from sandbox.salesforce.org.ids import full_id, sobject_of
from sandbox.salesforce.org.schema import SObject
from sandbox.salesforce.org.transaction import transaction
from sandbox.salesforce.rest import sobjects
from sandbox.salesforce.rest.call import Answer, Call, attribute, objects_in, texts_in
from sandbox.salesforce.store import records
from sandbox.state.world import Row

MOST_RECORDS = 200
MOST_CHUNKS = 10
"""Runs of records of one object."""
ROLLED_BACK = SalesforceError(
    "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "Record rolled back because not all records were valid and the request was using "
    "AllOrNone header",
)

Write = Callable[[Row], Row]
"""Writes one record and gives its result; raises `SalesforceError`."""


def create(call: Call) -> Answer:
    """POST composite/sobjects."""

    def write(given: Row) -> Row:
        return _success(sobjects.insert(call, _typed(call, given), given))

    return _each(call, _records(call), write)


def change(call: Call) -> Answer:
    """PATCH composite/sobjects."""
    given = _records(call)
    ids = [full_id(each.get("id") or each.get("Id")) for each in given]
    named = [each for each in ids if each is not None]
    if len(set(named)) < len(named):
        raise SalesforceError("DUPLICATE_VALUE", "duplicate id in the records of the request")

    def write(record: Row) -> Row:
        shape = _typed(call, record)
        record_id = record.get("id") or record.get("Id")
        if record_id is None:
            raise SalesforceError("MISSING_ARGUMENT", "Id not specified in an update call")
        values = {name: value for name, value in record.items() if name.lower() != "id"}
        sobjects.update(call, shape, record_id, values)
        return _success(full_id(record_id) or record_id)

    return _each(call, given, write)


def upsert(call: Call) -> Answer:
    """PATCH composite/sobjects/Lead/{field}."""
    shape, field = call.shape(), call.names["field"]

    def write(record: Row) -> Row:
        values = dict(record)
        value = str(values.pop(field, None) or "")
        _, found = sobjects.matches(call, shape, field, value)
        if len(found) > 1:
            message = f"{field}: more than one record found for external id field"
            raise SalesforceError("DUPLICATE_EXTERNAL_ID", message)
        record_id, is_new = sobjects.put(call, shape, found, field, value, values)
        return {**_success(record_id), "created": is_new}

    return _each(call, _records(call), write)


def remove(call: Call) -> Answer:
    """DELETE composite/sobjects?ids=a,b&allOrNone=."""
    ids = [each for each in call.option("ids").split(",") if each]
    _check_count(ids)

    def write(record: Row) -> Row:
        record_id: str = record["id"]
        sobject = sobject_of(record_id)
        if sobject is None:
            raise SalesforceError("MALFORMED_ID", f"malformed id {record_id}")
        shape = sobjects.writeable(call.shape(sobject))
        records.delete(call.world, shape.name, record_id, by=call.user)
        return _success(full_id(record_id) or record_id)

    is_all_or_none = call.option("allOrNone").lower() == "true"
    given: list[Row] = [{"id": each} for each in ids]
    return Answer(body=_written(call, given, write, is_all_or_none), records=len(ids))


def read(call: Call) -> Answer:
    """GET or POST composite/sobjects/Lead: the records of some ids, null where there is none."""
    shape = call.shape()
    if call.asked.method == "POST":
        ids = texts_in(call.body.get("ids"))
        fields = ",".join(texts_in(call.body.get("fields")))
    else:
        ids, fields = call.option("ids").split(","), call.option("fields")
    return Answer(body=[_shown(call, shape, each, fields) for each in ids])


def _shown(call: Call, shape: SObject, record_id: str, fields: str) -> Row | None:
    row = call.world.table(shape.table).get(full_id(record_id) or "")
    is_there = row is not None and not row.get("IsDeleted")
    return sobjects.record(call, shape, row, fields) if row is not None and is_there else None


def _each(call: Call, given: list[Row], write: Write) -> Answer:
    is_all_or_none = call.body.get("allOrNone") is True
    return Answer(body=_written(call, given, write, is_all_or_none), records=len(given))


def _written(call: Call, given: list[Row], write: Write, is_all_or_none: bool) -> list[Row]:  # noqa: FBT001  (the API's own flag)
    if not is_all_or_none:
        return [_result(record, write) for record in given]
    with transaction(call.world) as roll_back:
        results = [_result(record, write) for record in given]
        if all(result["success"] for result in results):
            return results
        roll_back()
    return [_failure(ROLLED_BACK) if each["success"] else each for each in results]


def _result(record: Row, write: Write) -> Row:
    try:
        return write(record)
    except SalesforceError as error:
        return _failure(error)


def _records(call: Call) -> list[Row]:
    given = objects_in(call.body.get("records"))
    _check_count(given)
    types = [attribute(each, "type") for each in given]
    chunks = sum(one != other for one, other in pairwise(types)) + 1
    if chunks > MOST_CHUNKS:
        message = f"Cannot have more than {MOST_CHUNKS} chunks in a single operation."
        raise SalesforceError("INVALID_OPERATION", message)
    return given


def _check_count(given: Sequence[Json]) -> None:
    if len(given) > MOST_RECORDS:
        message = (
            f"record limit reached. cannot submit more than {MOST_RECORDS} records in this "
            "operation"
        )
        raise SalesforceError("EXCEEDED_ID_LIMIT", message)


def _typed(call: Call, record: Row) -> SObject:
    name = attribute(record, "type")
    if not name:
        raise SalesforceError("INVALID_INPUT", "Include an entity type in the record's attributes.")
    try:
        return call.shape(name)
    except SalesforceError:
        message = f"sObject type '{name}' is not supported."
        raise SalesforceError("INVALID_TYPE", message) from None


def _success(record_id: str) -> Row:
    return {"id": record_id, "success": True, "errors": []}


def _failure(error: SalesforceError) -> Row:
    return {"success": False, "errors": [result_error(error)]}


def result_error(error: SalesforceError) -> Row:
    """An error within the result of one record of several.

    A record that isn't there is an invalid reference here, where no path names it.
    """
    code, message = error.status_code, error.message
    if code == "NOT_FOUND":
        code, message = "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id"
    return {"statusCode": code, "message": message, "fields": list(error.fields)}
