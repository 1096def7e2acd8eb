"""Custom fields as components: deployed, read and taken away by the name of object and field."""

from dataclasses import asdict

from sandbox.salesforce.metadata.component_rows import check_name, id_of, parts, put_row
from sandbox.salesforce.metadata.field_types import described, metadata_of
from sandbox.salesforce.org.errors import SalesforceError
from sandbox.salesforce.org.ids import SYSTEM_USER
from sandbox.salesforce.org.schema import CUSTOM_FIELD, GRANT, TOOLING_FIELD, deployed_field
from sandbox.state.world import Row, World


def read(world: World, full_name: str) -> Row | None:
    """A field's metadata; None when there is no such field."""
    row = world.table(CUSTOM_FIELD).get(full_name)
    if row is None:
        return None
    field = deployed_field(world, full_name)
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


def list_deployed(world: World) -> None:
    """Let the Tooling API see the fields that are there, however they came or went."""
    deployed, listed = world.table(CUSTOM_FIELD), world.table(TOOLING_FIELD)
    names = {row["FullName"]: key for key, row in listed.items()}
    for full_name in sorted(names.keys() - deployed.keys()):
        del listed[names[full_name]]
    for full_name in sorted(deployed.keys() - names.keys()):
        _list(world, full_name, SYSTEM_USER)


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
    """Take a field away, with what grants it. What records hold in it is seen no more."""
    for grant in world.table(GRANT).holding("Field", [full_name]):
        del world.table(GRANT)[grant["Id"]]
    world.table(CUSTOM_FIELD).pop(full_name, None)
    world.table(TOOLING_FIELD).pop(id_of("CustomField", full_name), None)
