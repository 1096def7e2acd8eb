"""Validation rules: rows of `salesforce.ValidationRule`, each with a condition that refuses.

`Condition` of a row is a formula, or data such as `{"field": "Country", "equals": "Atlantis"}`.
`EntityDefinitionId` is the object's name.
"""

from sandbox.http.message import Json
from sandbox.salesforce.org.errors import SalesforceError
from sandbox.salesforce.org.setup import put
from sandbox.salesforce.rules.formulas import Change, compiled
from sandbox.state.world import Row, World

TABLE = "salesforce.ValidationRule"


def add_rule(world: World, sobject: str, field: str, equals: Json, message: str) -> str:
    """Refuse records of which a field has this value; returns the rule's id."""
    return put(
        world,
        "ValidationRule",
        ValidationName=f"{field}_rule",
        ErrorMessage=message,
        EntityDefinitionId=sobject,
        Condition={"field": field, "equals": equals},
    )


def validate(world: World, sobject: str, before: Row | None, after: Row) -> None:
    """Raise `SalesforceError` when an active rule refuses the record."""
    for rule in world.table(TABLE).values():
        if rule["EntityDefinitionId"] != sobject or not rule["Active"]:
            continue
        if _refuses(rule["Condition"], Change(world.now, before, after)):
            shown = rule.get("ErrorDisplayField")
            raise SalesforceError(
                "FIELD_CUSTOM_VALIDATION_EXCEPTION", rule["ErrorMessage"], [shown] if shown else []
            )


def _refuses(condition: Json, change: Change) -> bool:
    if isinstance(condition, str):
        return bool(compiled(condition)(change))
    return change.after.get(condition["field"]) == condition["equals"]
