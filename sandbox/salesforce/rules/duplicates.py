"""Duplicate rules: rows of `salesforce.DuplicateRule`, off in a new org.

Beside what SOQL sees, a row holds what the rule does:

    Action     "Block", or "Alert": the caller may save anyway with `allowSave=true`
    Events     of "create" and "update", when it is applied
    Against    the objects among whose records it looks
    Match      lists of fields; a record matches when all fields of one of them are the same

They apply to what comes by the API, not to what the simulated people do. Matching knows no
fuzziness but capitals and blanks. Source: Salesforce, Duplicate Rule Header.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from sandbox.http.message import Json
from sandbox.salesforce.org.errors import SalesforceError
from sandbox.salesforce.org.schema import OBJECTS, SObject, fields_of
from sandbox.salesforce.org.setup import put
from sandbox.salesforce.org.transaction import transaction
from sandbox.state.world import Row, World

TABLE = "salesforce.DuplicateRule"
SENTENCE = "Use one of these records?"
CERTAIN = 100.0
BY_EMAIL: Sequence[Sequence[str]] = (("Email",),)


class Wishes(NamedTuple):
    """What the header says; all false when it is absent."""

    allows_save: bool
    wants_details: bool
    root: str
    """The path under which the resources of the caller's version are."""


def add_rule(
    world: World,
    sobject: str,
    *,
    action: str = "Alert",
    events: Sequence[str] = ("create",),
    against: Sequence[str] = (),
    match: Sequence[Sequence[str]] = BY_EMAIL,
) -> str:
    """Let a duplicate rule be active for an object; returns its id."""
    name = f"Standard_{sobject}_Duplicate_Rule"
    return put(
        world,
        "DuplicateRule",
        DeveloperName=name,
        MasterLabel=name.replace("_", " "),
        SobjectType=sobject,
        IsActive=True,
        Action=action,
        Events=list(events),
        Against=list(against or (sobject,)),
        Match=[list(each) for each in match],
    )


def saved(world: World, shape: SObject, event: str, save: Callable[[], str], wishes: Wishes) -> str:
    """Save a record and give its id, unless a rule finds that it was there before.

    `event` is "create" or "update". Raises `SalesforceError` with DUPLICATES_DETECTED and its
    result; then nothing is saved.
    """
    rules = [
        rule
        for rule in world.table(TABLE).values()
        if rule["IsActive"] and rule["SobjectType"] == shape.name and event in rule["Events"]
    ]
    if not rules:
        return save()
    with transaction(world) as roll_back:
        record_id = save()
        row = world.table(shape.table)[record_id]
        for rule in rules:
            if wishes.allows_save and rule["Action"] == "Alert":
                continue
            found = _matches(world, rule, row)
            if found:
                roll_back()
                result = _result(world, rule, found, wishes)
                raise SalesforceError(
                    "DUPLICATES_DETECTED", SENTENCE, more={"duplicateResult": result}
                )
    return record_id


def _matches(world: World, rule: Row, row: Row) -> list[tuple[SObject, Row]]:
    found: list[tuple[SObject, Row]] = []
    for name in rule["Against"]:
        shape = OBJECTS[name]
        kept: dict[str, Row] = {}
        for names in rule["Match"]:
            kept |= {other["Id"]: other for other in _same(world, shape, names, row)}
        found += [(shape, kept[each]) for each in sorted(kept)]
    return found


def _same(world: World, shape: SObject, names: Sequence[str], row: Row) -> list[Row]:
    """The other records with the very values of these fields, none of them empty."""
    if not all(row.get(name) for name in names):
        return []
    candidates = world.table(shape.table).holding(names[0], [row[names[0]]])
    return [
        other
        for other in candidates
        if other["Id"] != row["Id"]
        and not other.get("IsDeleted")
        and all(_folded(other.get(name)) == _folded(row[name]) for name in names)
    ]


def _folded(value: Json) -> str:
    return " ".join(str(value).lower().split())


def _result(world: World, rule: Row, found: Sequence[tuple[SObject, Row]], wishes: Wishes) -> Row:
    results: list[Row] = []
    for shape in {shape.name: shape for shape, _ in found}.values():
        records: list[Row] = [
            {
                "additionalInformation": [],
                "fieldDiffs": [],
                "matchConfidence": CERTAIN,
                "record": _shown(world, shape, row, wishes),
            }
            for each, row in found
            if each is shape
        ]
        results.append(
            {
                "entityType": shape.name,
                "errors": [],
                "matchEngine": "FuzzyMatchEngine",
                "matchRecords": records,
                "rule": f"Standard_{shape.name}_Match_Rule_v1_0",
                "size": len(records),
                "success": True,
            }
        )
    return {
        "allowSave": rule["Action"] == "Alert",
        "duplicateRule": rule["DeveloperName"],
        "duplicateRuleEntityType": rule["SobjectType"],
        "errorMessage": SENTENCE,
        "matchResults": results,
    }


def _shown(world: World, shape: SObject, row: Row, wishes: Wishes) -> Row:
    url = f"{wishes.root}/sobjects/{shape.name}/{row['Id']}"
    shown: Row = {"attributes": {"type": shape.name, "url": url}, "Id": row["Id"]}
    if not wishes.wants_details:
        return shown
    names = [each.name for each in fields_of(world, shape)]
    return shown | {name: row[name] for name in names if row.get(name) is not None}
