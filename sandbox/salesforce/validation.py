"""Validation rules: rows of `salesforce.ValidationRule`, each with a condition that refuses.

`Condition` of a row is the name of a function of this module, or data such as
`{"field": "Country", "equals": "Atlantis"}`. `EntityDefinitionId` is the object's name.
"""

from collections.abc import Callable, Mapping

from sandbox.salesforce.errors import SalesforceError
from sandbox.salesforce.ids import SHORT
from sandbox.salesforce.org import GUARD, put
from sandbox.wire import Json
from sandbox.world import Row, World

Condition = Callable[[Row | None, Row], bool]
"""Given a record before (None when it is new) and after: whether it is refused."""


def owner_unchanged(before: Row | None, after: Row) -> bool:
    """The compare-and-set of routeready's package.

    AND(ISCHANGED(Routing_Decision_Id__c), PRIORVALUE(OwnerId) <> Routing_Expected_Owner__c);
    ISCHANGED is false for a new record.
    """
    decision = "Routing_Decision_Id__c"
    if before is None or before.get(decision) == after.get(decision):
        return False
    expected = after.get("Routing_Expected_Owner__c") or ""
    return before["OwnerId"][:SHORT] != expected[:SHORT]


NAMED: Mapping[str, Condition] = {GUARD: owner_unchanged}


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
    for rule in world.table("salesforce.ValidationRule").values():
        if rule["EntityDefinitionId"] != sobject or not rule["Active"]:
            continue
        if _refuses(rule["Condition"], before, after):
            shown = rule.get("ErrorDisplayField")
            raise SalesforceError(
                "FIELD_CUSTOM_VALIDATION_EXCEPTION", rule["ErrorMessage"], [shown] if shown else []
            )


def _refuses(condition: Json, before: Row | None, after: Row) -> bool:
    if isinstance(condition, str):
        return NAMED[condition](before, after)
    return after.get(condition["field"]) == condition["equals"]
