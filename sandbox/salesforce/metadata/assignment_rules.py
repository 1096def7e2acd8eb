"""Lead assignment rules as the Metadata API's type `AssignmentRules`."""

from collections.abc import Sequence

from sandbox.salesforce.org.errors import SalesforceError
from sandbox.salesforce.org.ids import QUEUE
from sandbox.salesforce.rules.assignment import (
    ENTRY,
    OPERATIONS,
    RULE,
    Entry,
    activate,
    add_rule,
    owner_named,
)
from sandbox.salesforce.soap.elements import is_true, parts_of
from sandbox.state.world import Row, World


def as_metadata(world: World) -> Row:
    """The lead assignment rules, as the Metadata API's type `AssignmentRules` tells them."""
    rules: list[Row] = []
    for rule in world.table(RULE).values():
        entries = [each for each in world.table(ENTRY).values() if each["rule"] == rule["Id"]]
        told = {"fullName": rule["Name"], "active": rule["Active"]}
        rules.append({**told, "ruleEntry": [_entry_metadata(world, each) for each in entries]})
    return {"fullName": "Lead", "assignmentRule": rules}


def _entry_metadata(world: World, entry: Entry) -> Row:
    owner = owner_named(world, entry["assigned_to"])
    is_queue = owner.startswith(QUEUE)
    table, name = ("Group", "DeveloperName") if is_queue else ("User", "Username")
    row = world.table(f"salesforce.{table}").get(owner, {})
    items = [
        {
            "field": f"Lead.{each['field']}",
            "operation": each["operation"],
            "value": each["value"],
        }
        for each in entry["criteria"]
    ]
    return {
        "assignedTo": row.get(name),
        "assignedToType": "Queue" if is_queue else "User",
        **({"criteriaItems": items} if items else {}),
    }


def put_metadata(world: World, rules: Sequence[Row]) -> None:
    """Replace the rules of these names, or add them. Raises `SalesforceError`."""
    for told in rules:
        entries = [_entry(world, each) for each in parts_of(told.get("ruleEntry"))]
        name = str(told.get("fullName") or "")
        for rule_id, rule in list(world.table(RULE).items()):
            if rule["Name"] == name:
                del world.table(RULE)[rule_id]
        if is_true(told.get("active")):
            activate(world, name, entries)
        else:
            add_rule(world, name, entries, active=False)


def _entry(world: World, told: Row) -> Entry:
    criteria: list[Row] = []
    for item in parts_of(told.get("criteriaItems")):
        field = str(item.get("field")).removeprefix("Lead.")
        operation, value = str(item.get("operation")), str(item.get("value") or "")
        if operation not in OPERATIONS:
            message = f"{operation} is not an operation of assignment rules"
            raise SalesforceError("FIELD_INTEGRITY_EXCEPTION", message)
        criteria.append({"field": field, "operation": operation, "value": value})
    assigned_to = str(told.get("assignedTo"))
    owner_named(world, assigned_to)
    return {"criteria": criteria, "assigned_to": assigned_to}
