"""The Tooling API: `query`, and custom fields and validation rules by their ids.

Source: Salesforce, Tooling API, CustomField and ValidationRule. `FullName` and `Metadata` make one.
"""

from typing import cast

from sandbox.salesforce.metadata import components
from sandbox.salesforce.metadata.custom_fields import list_deployed
from sandbox.salesforce.org.errors import SalesforceError
from sandbox.salesforce.org.schema import TOOLING, SObject, object_named
from sandbox.salesforce.rest import describe
from sandbox.salesforce.rest.call import Answer, Call, asker_of
from sandbox.salesforce.rest.query import ask_as
from sandbox.salesforce.rest.sobjects import CREATED, DONE, record
from sandbox.salesforce.store import records
from sandbox.state.world import Row

WRITTEN = frozenset({"CustomField", "ValidationRule"})


def ask_tooling(call: Call) -> Answer:
    """GET tooling/query?q=: about the org's own set-up."""
    list_deployed(call.world)
    return ask_as(call, asker_of(call, is_tooling=True))


def describe_all(call: Call) -> Answer:
    """GET tooling/sobjects."""
    shapes = [describe.about(call, _shape(call, name)) for name in sorted(TOOLING)]
    return Answer(body={"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": shapes})


def describe_one(call: Call) -> Answer:
    """GET tooling/sobjects/CustomField/describe."""
    return Answer(body=describe.described(call, _shape(call)))


def create(call: Call) -> Answer:
    """POST tooling/sobjects/CustomField."""
    kind, name = _written(call), str(call.body.get("FullName") or "")
    record_id = components.create(call.world, kind, name, _metadata(call), by=call.user)
    body: Row = {"id": record_id, "success": True, "errors": [], "warnings": [], "infos": []}
    return Answer(CREATED, body, records=1)


def read(call: Call) -> Answer:
    """GET tooling/sobjects/CustomField/{id}."""
    shape = _shape(call)
    row = records.existing(call.world, shape, call.names["id"])
    shown = record(call, shape, row, call.option("fields"))
    if "Metadata" in shown:
        shown["Metadata"] = components.kind_named(shape.name).read(call.world, row["FullName"])
    return Answer(body=shown)


def change(call: Call) -> Answer:
    """PATCH tooling/sobjects/CustomField/{id}."""
    kind = _written(call)
    row = records.existing(call.world, _shape(call), call.names["id"])
    components.change(call.world, kind, row["FullName"], _metadata(call), by=call.user)
    return Answer(DONE, records=1)


def remove(call: Call) -> Answer:
    """DELETE tooling/sobjects/CustomField/{id}."""
    kind = _written(call)
    row = records.existing(call.world, _shape(call), call.names["id"])
    components.remove(call.world, kind, row["FullName"], by=call.user)
    return Answer(DONE, records=1)


def _metadata(call: Call) -> Row:
    told = call.body.get("Metadata")
    if not isinstance(told, dict):
        raise SalesforceError("REQUIRED_FIELD_MISSING", "Required fields are missing: [Metadata]")
    return cast("Row", told)


def _shape(call: Call, name: str | None = None) -> SObject:
    shape = object_named(name or call.names["sobject"])
    if shape is None or shape.name not in TOOLING:
        raise SalesforceError("NOT_FOUND", "The requested resource does not exist")
    return shape


def _written(call: Call) -> str:
    name = _shape(call).name
    if name not in WRITTEN:
        message = f"entity type {name} does not support this operation"
        raise SalesforceError("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", message)
    return name
