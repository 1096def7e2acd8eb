"""What jobs of either Bulk API do: records written from cells, records of a query as cells."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

from sandbox.http.message import Json
from sandbox.salesforce.bulk.csv_format import Table
from sandbox.salesforce.org.errors import SalesforceError
from sandbox.salesforce.org.ids import full_id
from sandbox.salesforce.org.schema import SObject, field_named, fields_of
from sandbox.salesforce.rest import sobjects
from sandbox.salesforce.rest.call import AUTO_ASSIGN, Call, asker_of
from sandbox.salesforce.soql.evaluation import Found, run
from sandbox.salesforce.soql.parser import parse
from sandbox.salesforce.soql.syntax import Column, Everything, Query
from sandbox.salesforce.store.records import delete
from sandbox.state.world import Row

OPERATIONS = frozenset({"insert", "update", "upsert", "delete", "hardDelete"})
QUERIES = frozenset({"query", "queryAll"})
NOTHING = "#N/A"
"""What stands for null in CSV."""


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be done with records, and how."""

    operation: str
    key: str | None = None
    """Of an upsert: the field by which records are found."""
    assignment_rule: str | None = None
    """The id of the rule that chooses the owners of new leads; none does otherwise."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one record."""

    record_id: str | None
    is_new: bool = False
    error: SalesforceError | None = None


def check_key(call: Call, shape: SObject, key: Json) -> None:
    """Raise `SalesforceError` unless records can be upserted by this field."""
    field = field_named(call.world, shape, str(key or ""))
    if field is None or not (field.lookup or field.unique):
        message = "InvalidJob : External ID was blank for upsert operation"
        raise SalesforceError("INVALIDJOB", message)


def fields_named(call: Call, shape: SObject, names: Sequence[str]) -> list[str]:
    """Columns by their fields' own names. Raises `SalesforceError`."""
    return [_name(call, shape, name) for name in names]


def read_cell(call: Call, shape: SObject, name: str, cell: str) -> Json:
    """The value that a cell of CSV means for a field."""
    field = field_named(call.world, shape, name)
    if cell == NOTHING:
        return None
    flags = {"true": True, "1": True, "false": False, "0": False}
    is_flag = field is not None and field.type == "boolean"
    return flags.get(cell.lower(), cell) if is_flag else cell


def write(call: Call, shape: SObject, work: Work, given: Sequence[Row]) -> list[Outcome]:
    """Write records one by one; one that fails leaves the others alone."""
    headers = {AUTO_ASSIGN: work.assignment_rule or "FALSE"}
    inner = replace(call, asked=replace(call.asked, headers=headers))
    outcomes: list[Outcome] = []
    for each in given:
        try:
            record_id, is_new = _write(inner, shape, work, dict(each))
            outcomes.append(Outcome(record_id, is_new))
        except SalesforceError as error:
            outcomes.append(Outcome(each.get("Id"), error=error))
    return outcomes


def error_text(error: SalesforceError) -> str:
    """An error as a cell tells it."""
    return f"{error.status_code}:{error.message}:{','.join(error.fields)} --"


def find(call: Call, text: str, *, includes_deleted: bool) -> tuple[Query, Found]:
    """A query's parts and what it finds. Raises `SalesforceError`."""
    query = parse(text)
    if query.groups or not all(isinstance(each, Column | Everything) for each in query.items):
        message = "Aggregate functions, subqueries and TYPEOF are not supported by the Bulk API"
        raise SalesforceError("API_ERROR", message)
    return query, run(call.world, text, asker_of(call, includes_deleted=includes_deleted))


def as_table(call: Call, query: Query, records: Sequence[Row]) -> Table:
    """The records of a query as columns, named as the query names them."""
    names = _columns(call, query)
    return Table(names, [[_cell(each, name) for name in names] for each in records])


def _columns(call: Call, query: Query) -> list[str]:
    names: list[str] = []
    for item in query.items:
        if isinstance(item, Column):
            names.append(item.path.text)
        else:
            names += [each.name for each in fields_of(call.world, call.shape(query.sobject.text))]
    return names


def _cell(record: Row, path: str) -> Json:
    value: Json = record
    for step in path.split("."):
        record = cast("Row", value or {})
        lower = {name.lower(): each for name, each in record.items()}
        value = lower.get(step.lower())
    return value


def _name(call: Call, shape: SObject, name: str) -> str:
    field = field_named(call.world, shape, name)
    if field is None:
        raise SalesforceError("INVALIDBATCH", f"InvalidBatch : Field name not found : {name}")
    return field.name


def _write(call: Call, shape: SObject, work: Work, given: Row) -> tuple[str, bool]:
    operation = work.operation
    if operation == "insert":
        return sobjects.insert(call, shape, given), True
    if operation == "upsert":
        key = _name(call, shape, work.key or "")
        value = str(given.pop(key, None) or "")
        if not value:
            raise SalesforceError("MISSING_ARGUMENT", f"{key} not specified")
        _, found = sobjects.matches(call, shape, key, value)
        if len(found) > 1:
            message = f"{key}: more than one record found for external id field"
            raise SalesforceError("DUPLICATE_EXTERNAL_ID", message)
        return sobjects.put(call, shape, found, key, value, given)
    record_id = str(given.pop("Id", None) or "")
    if not record_id:
        raise SalesforceError("MISSING_ARGUMENT", f"Id not specified in an {operation} call")
    if operation == "update":
        sobjects.update(call, shape, record_id, given)
    else:
        delete(call.world, sobjects.writeable(shape).name, record_id, by=call.user)
    return full_id(record_id) or record_id, False
