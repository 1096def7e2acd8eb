"""Lead assignment rules: who gets a lead that is saved with `Sforce-Auto-Assign`.

Entries are rows of `salesforce.RuleEntry`, which SOQL can't see; in an org they are read with the
Metadata API, whose words they use:

    {"rule": "01Q...", "criteria": [{"field": "Country", "operation": "equals",
     "value": "Germany, Austria"}], "assigned_to": "<id, username or queue's DeveloperName>"}

All criteria of an entry must hold; the entries are tried in order.
"""

from collections.abc import Callable, Mapping, Sequence

from sandbox.http.message import Json
from sandbox.salesforce.org.errors import SalesforceError
from sandbox.salesforce.org.ids import full_id, sobject_of
from sandbox.salesforce.org.setup import default_lead_owner, put
from sandbox.state.world import Row, World

ENTRY = "salesforce.RuleEntry"
RULE = "salesforce.AssignmentRule"

Entry = Mapping[str, Json]
Assign = bool | str
"""What `Sforce-Auto-Assign` says: whether the active rule chooses, or the id of a rule."""


def activate(world: World, name: str, entries: Sequence[Entry]) -> str:
    """Make a lead assignment rule and let it be the one that is active; returns its id."""
    for rule in world.table(RULE).values():
        rule["Active"] = False
    return add_rule(world, name, entries, active=True)


def add_rule(world: World, name: str, entries: Sequence[Entry], *, active: bool) -> str:
    """Make a lead assignment rule; returns its id."""
    rule_id = put(world, "AssignmentRule", Name=name, SobjectType="Lead", Active=active)
    for entry in entries:
        world.table(ENTRY)[f"entry{world.next_serial()}"] = {**entry, "rule": rule_id}
    return rule_id


def chosen_owner(world: World, lead: Row, assign: Assign, *, creates: bool) -> str | None:
    """Whom the rule gives the lead to; None leaves the owner as it is.

    `assign` is the id of a rule, or True for the active one. A new lead that no entry takes goes
    to the default lead owner; so does one without an owner in an org without an active rule.
    """
    rule_id = _rule(world, assign, creates=creates)
    if rule_id is None:
        is_ownerless = assign is True and creates and lead.get("OwnerId") is None
        return default_lead_owner(world) if is_ownerless else None
    for entry in world.table(ENTRY).values():
        if entry["rule"] == rule_id and all(_holds(lead, each) for each in entry["criteria"]):
            return owner_named(world, entry["assigned_to"])
    return default_lead_owner(world) if creates else None


def check_rule_id(world: World, rule_id: str) -> str:
    """The full id of a rule that a header names. Raises `SalesforceError`."""
    found = full_id(rule_id)
    if found is None or sobject_of(found) != "AssignmentRule" or found not in world.table(RULE):
        raise SalesforceError("MALFORMED_ID", f"malformed id {rule_id}")
    return found


def _rule(world: World, assign: Assign, *, creates: bool) -> str | None:
    if isinstance(assign, str):
        return assign if creates else None
    rules = world.table(RULE).values()
    active = (rule["Id"] for rule in rules if rule["Active"] and rule["SobjectType"] == "Lead")
    return next(active, None) if assign else None


def owner_named(world: World, named: str) -> str:
    """The id of a user or queue by id, username or DeveloperName. Raises `SalesforceError`."""
    if full_id(named):
        return named
    for row in world.table("salesforce.User").values():
        if row["Username"] == named:
            return row["Id"]
    for row in world.table("salesforce.Group").values():
        if row["DeveloperName"] == named:
            return row["Id"]
    raise SalesforceError("INVALID_CROSS_REFERENCE_KEY", f"no user or queue {named}", ["OwnerId"])


def _holds(lead: Row, criterion: Mapping[str, Json]) -> bool:
    return OPERATIONS[criterion["operation"]](lead.get(criterion["field"]), criterion["value"])


def _texts(value: str) -> list[str]:
    return [part.strip().lower() for part in value.split(",")]


def _text(held: Json) -> str:
    return "" if held is None else str(held).lower()


def _equals(held: Json, value: str) -> bool:
    return _text(held) in _texts(value)


def _contains(held: Json, value: str) -> bool:
    return any(part in _text(held) for part in _texts(value))


def _starts(held: Json, value: str) -> bool:
    return _text(held).startswith(tuple(_texts(value)))


def _order(held: Json, value: str) -> float:
    """Negative, zero or positive as what is held is less, equal or greater; NaN for nothing."""
    return float("nan") if held is None else float(held) - float(value)


OPERATIONS: Mapping[str, Callable[[Json, str], bool]] = {
    "equals": _equals,
    "notEqual": lambda held, value: not _equals(held, value),
    "contains": _contains,
    "notContain": lambda held, value: not _contains(held, value),
    "startsWith": _starts,
    "lessThan": lambda held, value: _order(held, value) < 0,
    "lessOrEqual": lambda held, value: _order(held, value) <= 0,
    "greaterThan": lambda held, value: _order(held, value) > 0,
    "greaterOrEqual": lambda held, value: _order(held, value) >= 0,
}
"""What a criterion can ask, by the Metadata API's word: whether it holds of a field's value."""
