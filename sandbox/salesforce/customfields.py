"""Custom fields as components: deployed, read and taken away by the name of object and field."""

from dataclasses import asdict

from sandbox.salesforce.componentrows import check_name, id_of, parts, put_row
from sandbox.salesforce.errors import SalesforceError
from sandbox.salesforce.fieldtypes import described, metadata_of
from sandbox.salesforce.schema import CUSTOM_FIELD, field_named
from sandbox.world import Row, World

TABLE = "salesforce.CustomField"
"""The rows that the Tooling API shows; records go by `CUSTOM_FIELD`."""


def read(world: World, full_name: str) -> Row | None:
    """A field's metadata; None when there is no such field."""
    row = world.table(CUSTOM_FIELD).get(full_name)
    if row is None:
        return None
    shape, name = parts(full_name)
    field = field_named(world, shape, name)
    return None if field is None else {"fullName": full_name, **metadata_of(field), **_told(row)}


def _told(row: Row) -> Row:
    return {name: row[name] for name in ("description", "inlineHelpText") if row.get(name)}


def put(world: World, full_name: str, metadata: Row, by: str) -> str:
    """Create or replace a field; returns its id. Raises `SalesforceError`."""
    shape, name = parts(full_name)
    if not name.endswith("__c"):
        message = f"The name of a custom field ends with __c: {name}"
        raise SalesforceError("INVALID_FULLNAME", message)
    check_name(name.removesuffix("__c"))
    field = described(name, metadata)
    full_name = f"{shape.name}.{name}"
    row: Row = {"sobject": shape.name, "field": asdict(field), **_told(metadata)}
    world.table(CUSTOM_FIELD)[full_name] = row
    return _list(world, full_name, by)


def list_deployed(world: World, by: str) -> None:
    """Let the Tooling API see the fields that are there from the start."""
    for full_name in list(world.table(CUSTOM_FIELD)):
        _list(world, full_name, by)


def _list(world: World, full_name: str, by: str) -> str:
    sobject, _, name = full_name.rpartition(".")
    record_id = id_of("CustomField", full_name)
    put_row(
        world,
        "CustomField",
        record_id,
        by,
        DeveloperName=name.removesuffix("__c"),
        FullName=full_name,
        TableEnumOrId=sobject,
        EntityDefinitionId=sobject,
        Metadata=read(world, full_name),
    )
    return record_id


def remove(world: World, full_name: str) -> None:
    """Take a field away. What records hold in it is seen no more."""
    world.table(CUSTOM_FIELD).pop(full_name, None)
    world.table(TABLE).pop(id_of("CustomField", full_name), None)
