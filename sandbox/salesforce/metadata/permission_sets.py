"""Permission sets as components: which custom fields they let be read and written.

Who has a set is a row of `PermissionSetAssignment`, which no component holds. A field that any
user's set grants is seen by all users: there are no profiles here.
"""

from sandbox.salesforce.metadata.component_rows import id_of, put_row
from sandbox.salesforce.org.errors import SalesforceError
from sandbox.salesforce.org.schema import GRANT, deployed_field
from sandbox.salesforce.soap.elements import is_true, parts_of
from sandbox.state.world import Row, World

TABLE = "salesforce.PermissionSet"


def _row(world: World, name: str) -> Row | None:
    return next(iter(world.table(TABLE).holding("Name", [name])), None)


def read(world: World, name: str) -> Row | None:
    """A permission set's metadata; None when there is no such set."""
    row = _row(world, name)
    if row is None:
        return None
    grants = world.table(GRANT).holding("ParentId", [row["Id"]])
    told = [
        {
            "editable": each["PermissionsEdit"],
            "field": each["Field"],
            "readable": each["PermissionsRead"],
        }
        for each in grants
    ]
    return {"fullName": row["Name"], "fieldPermissions": told, "label": row["Label"]}


def put(world: World, name: str, metadata: Row, by: str) -> str:
    """Create or replace a permission set; returns its id. Raises `SalesforceError`."""
    if not metadata.get("label"):
        raise SalesforceError("REQUIRED_FIELD_MISSING", "Required field is missing: label")
    given = parts_of(metadata.get("fieldPermissions"))
    for each in given:
        if deployed_field(world, str(each.get("field"))) is None:
            message = f"In field: field - no CustomField named {each.get('field')} found"
            raise SalesforceError("INVALID_CROSS_REFERENCE_KEY", message)
    before = _row(world, name)
    set_id: str = before["Id"] if before else id_of("PermissionSet", name)
    put_row(world, "PermissionSet", set_id, by, Name=name, Label=metadata["label"], IsCustom=True)
    _take_grants(world, set_id)
    for each in given:
        field = str(each["field"])
        put_row(
            world,
            "FieldPermissions",
            id_of("FieldPermissions", f"{name} {field}"),
            by,
            ParentId=set_id,
            SobjectType=field.partition(".")[0],
            Field=field,
            PermissionsRead=is_true(each.get("readable")),
            PermissionsEdit=is_true(each.get("editable")),
        )
    return set_id


def remove(world: World, name: str) -> None:
    """Take a permission set away, with all that it grants."""
    row = _row(world, name)
    if row is not None:
        _take_grants(world, row["Id"])
        del world.table(TABLE)[row["Id"]]


def names(world: World) -> list[str]:
    """The names of all permission sets."""
    return [row["Name"] for row in world.table(TABLE).values()]


def _take_grants(world: World, set_id: str) -> None:
    for each in world.table(GRANT).holding("ParentId", [set_id]):
        del world.table(GRANT)[each["Id"]]
