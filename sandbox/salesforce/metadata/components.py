"""The org's set-up as metadata components: custom fields, validation rules, assignment rules.

The Metadata API and the Tooling API both come here. A component has a type, a full name such as
`Lead.Routing_Reason__c`, and its metadata: a JSON object with the names of the Metadata API, whose
values may be texts (from XML) or JSON's own (from the Tooling API).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sandbox.http.message import Json
from sandbox.salesforce.metadata import assignment_rules, custom_fields, permission_sets
from sandbox.salesforce.metadata.component_rows import check_name, id_of, parts, put_row
from sandbox.salesforce.org import setup
from sandbox.salesforce.org.errors import SalesforceError
from sandbox.salesforce.org.schema import (
    CUSTOM_FIELD,
    SObject,
    deployed_field,
    field_named,
    object_named,
)
from sandbox.salesforce.org.values import timestamp
from sandbox.salesforce.rules.formulas import FormulaError, compiled, fields_in
from sandbox.salesforce.soap.elements import is_true, parts_of
from sandbox.state.world import Row, World

RULE = "salesforce.ValidationRule"


@dataclass(frozen=True, slots=True)
class Kind:
    """What can be done with components of one type; each function raises `SalesforceError`."""

    read: Callable[[World, str], Row | None]
    put: Callable[[World, str, Row, str], str]
    """Create or replace one by its full name; gives its id."""
    remove: Callable[[World, str], None]
    names: Callable[[World], list[str]]


def kind_named(name: str) -> Kind:
    """What a type's name stands for. Raises `SalesforceError` with INVALID_TYPE."""
    kind = KINDS.get(name)
    if kind is None:
        raise SalesforceError("INVALID_TYPE", f"Unknown type:{name}")
    return kind


def create(world: World, kind: str, full_name: str, metadata: Row, *, by: str) -> str:
    """Create a component; returns its id. Raises `SalesforceError`."""
    found = kind_named(kind)
    if found.read(world, full_name) is not None:
        name = full_name.rpartition(".")[2]
        message = (
            f"There is already a field named {name} on {full_name.partition('.')[0]}."
            if kind == "CustomField"
            else f"This {kind} already exists: {full_name}"
        )
        raise SalesforceError("DUPLICATE_DEVELOPER_NAME", message)
    return _put(world, kind, full_name, metadata, by)


def change(world: World, kind: str, full_name: str, metadata: Row, *, by: str) -> str:
    """Replace a component's metadata; returns its id. Raises `SalesforceError`."""
    _existing(world, kind, full_name)
    return _put(world, kind, full_name, metadata, by)


def upsert(world: World, kind: str, full_name: str, metadata: Row, *, by: str) -> bool:
    """Create or replace a component; tells whether it is new. Raises `SalesforceError`."""
    is_new = kind_named(kind).read(world, full_name) is None
    _put(world, kind, full_name, metadata, by)
    return is_new


def remove(world: World, kind: str, full_name: str, *, by: str) -> None:
    """Take a component away. Raises `SalesforceError`."""
    _existing(world, kind, full_name)
    kind_named(kind).remove(world, full_name)
    _changed(world, "delete", kind, full_name, by)


def _existing(world: World, kind: str, full_name: str) -> None:
    if kind_named(kind).read(world, full_name) is None:
        message = f"In field: fullName - no {kind} named {full_name} found"
        raise SalesforceError("INVALID_CROSS_REFERENCE_KEY", message)


def _put(world: World, kind: str, full_name: str, metadata: Row, by: str) -> str:
    found = kind_named(kind).put(world, full_name, metadata, by)
    _changed(world, "deploy", kind, full_name, by)
    return found


def _changed(world: World, deed: str, kind: str, full_name: str, by: str) -> None:
    setup.change_setting(world, setup.SCHEMA_CHANGED, timestamp(world.now))
    world.record("effect", "salesforce", f"{kind}.{deed}", component=full_name, by=by)


def _rule_row(world: World, full_name: str) -> Row | None:
    sobject, _, name = full_name.rpartition(".")
    rows = world.table(RULE).values()
    return next(
        (
            row
            for row in rows
            if (row["EntityDefinitionId"], row["ValidationName"]) == (sobject, name)
        ),
        None,
    )


def _read_rule(world: World, full_name: str) -> Row | None:
    row = _rule_row(world, full_name)
    if row is None:
        return None
    condition: Json = row["Condition"]
    if not isinstance(condition, str):
        condition = f'{condition["field"]} = "{condition["equals"]}"'
    told = {
        "description": row.get("Description"),
        "errorDisplayField": row.get("ErrorDisplayField"),
    }
    return {
        "fullName": full_name,
        "active": row["Active"],
        **{name: value for name, value in told.items() if value is not None},
        "errorConditionFormula": condition,
        "errorMessage": row["ErrorMessage"],
    }


def _put_rule(world: World, full_name: str, metadata: Row, by: str) -> str:
    shape, name = parts(full_name)
    check_name(name)
    formula, message = metadata.get("errorConditionFormula"), metadata.get("errorMessage")
    if not formula or not message:
        missing = "errorConditionFormula" if not formula else "errorMessage"
        raise SalesforceError("REQUIRED_FIELD_MISSING", f"Required field is missing: {missing}")
    _check_formula(world, shape, str(formula))
    shown = metadata.get("errorDisplayField")
    if shown and not _has_field(world, shape, shown):
        raise SalesforceError("FIELD_INTEGRITY_EXCEPTION", f"Field {shown} does not exist.")
    before = _rule_row(world, full_name)
    record_id: str = before["Id"] if before else id_of("ValidationRule", full_name)
    put_row(
        world,
        "ValidationRule",
        record_id,
        by,
        ValidationName=name,
        FullName=full_name,
        Active=is_true(metadata.get("active", True)),
        Description=metadata.get("description"),
        ErrorMessage=message,
        ErrorDisplayField=shown,
        EntityDefinitionId=shape.name,
        Condition=str(formula),
    )
    table = world.table(RULE)
    table[record_id] = {**table[record_id], "Metadata": _read_rule(world, full_name)}
    return record_id


def _has_field(world: World, shape: SObject, name: str) -> bool:
    known = field_named(world, shape, name) or deployed_field(world, f"{shape.name}.{name}")
    return known is not None


def _check_formula(world: World, shape: SObject, formula: str) -> None:
    try:
        compiled(formula)
        named = fields_in(formula)
    except FormulaError as error:
        message = f"The formula expression is invalid: {error}"
        raise SalesforceError("FIELD_INTEGRITY_EXCEPTION", message) from None
    for name in sorted(named):
        if not _has_field(world, shape, name):
            message = f"Field {name} does not exist. Check spelling."
            raise SalesforceError("FIELD_INTEGRITY_EXCEPTION", message)


def _remove_rule(world: World, full_name: str) -> None:
    row = _rule_row(world, full_name)
    if row is not None:
        del world.table(RULE)[row["Id"]]


def _field_names(world: World) -> list[str]:
    return list(world.table(CUSTOM_FIELD))


def _rule_names(world: World) -> list[str]:
    return [
        f"{row['EntityDefinitionId']}.{row['ValidationName']}" for row in world.table(RULE).values()
    ]


def _read_object(world: World, full_name: str) -> Row | None:
    shape = object_named(full_name)
    if shape is None:
        return None
    custom = [each for each in _field_names(world) if each.startswith(f"{shape.name}.")]
    rules = [each for each in _rule_names(world) if each.startswith(f"{shape.name}.")]
    return {
        "fullName": shape.name,
        "fields": [_own_name(custom_fields.read(world, each)) for each in custom],
        "validationRules": [_own_name(_read_rule(world, each)) for each in rules],
    }


def _own_name(metadata: Row | None) -> Row:
    """A component as it stands within its object."""
    told = metadata or {}
    return {**told, "fullName": str(told.get("fullName")).rpartition(".")[2]}


def _put_object(world: World, full_name: str, metadata: Row, by: str) -> str:
    shape, _ = parts(f"{full_name}.")
    for part, kind in (("fields", "CustomField"), ("validationRules", "ValidationRule")):
        for each in parts_of(metadata.get(part)):
            name = str(each.get("fullName"))
            if part == "validationRules" or name.endswith("__c"):
                _put(world, kind, f"{shape.name}.{name}", each, by)
    return id_of("CustomObject", shape.name)


def _no_removal(_: World, full_name: str) -> None:
    message = f"{full_name} can't be deleted"
    raise SalesforceError("CANNOT_DELETE_MANAGED_OBJECT", message)


def _read_assignment(world: World, full_name: str) -> Row | None:
    return assignment_rules.as_metadata(world) if full_name == "Lead" else None


def _put_assignment(world: World, full_name: str, metadata: Row, _by: str) -> str:
    if full_name != "Lead":
        message = f"In field: fullName - no AssignmentRules named {full_name} found"
        raise SalesforceError("INVALID_CROSS_REFERENCE_KEY", message)
    assignment_rules.put_metadata(world, parts_of(metadata.get("assignmentRule")))
    return id_of("AssignmentRules", full_name)


KINDS: Mapping[str, Kind] = {
    "AssignmentRules": Kind(_read_assignment, _put_assignment, _no_removal, lambda _: ["Lead"]),
    "CustomField": Kind(
        custom_fields.read,
        custom_fields.put,
        custom_fields.remove,
        _field_names,
    ),
    "CustomObject": Kind(
        _read_object, _put_object, _no_removal, lambda _: ["Account", "Contact", "Lead", "Task"]
    ),
    "PermissionSet": Kind(
        permission_sets.read, permission_sets.put, permission_sets.remove, permission_sets.names
    ),
    "ValidationRule": Kind(_read_rule, _put_rule, _remove_rule, _rule_names),
}
"""The types that this org knows."""
