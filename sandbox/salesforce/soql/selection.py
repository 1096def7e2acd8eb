"""SELECT as a function of a row: the record that a query answers with."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sandbox.salesforce.ids import sobject_of
from sandbox.salesforce.schema import NAME, OBJECTS, SObject, fields_of
from sandbox.salesforce.soql.scope import (
    HINT,
    Read,
    Scope,
    parent,
    reader,
    relation,
    target,
)
from sandbox.salesforce.soql.syntax import Aggregate, Children, Column, Everything, Item, Query
from sandbox.wire import Json
from sandbox.world import Row, World

Nested = Callable[[Scope, Query, str, str], Json]
"""Runs a subquery for the children of one record: by which field of theirs, and its id."""

MOST_UNBOUNDED = 200
"""Rows of a query for FIELDS(ALL)."""


@dataclass(slots=True)
class Plan:
    """What to take from a row, and from the rows that it points to."""

    shape: SObject
    version: str
    fields: dict[str, Read] = field(default_factory=dict[str, Read])
    parents: "dict[str, tuple[str, Plan]]" = field(default_factory=dict[str, "tuple[str, Plan]"])
    """By relationship: the reference field, and what to take beyond."""
    children: dict[str, Callable[[str], Json]] = field(
        default_factory=dict[str, Callable[[str], Json]]
    )

    def record(self, world: World, row: Row) -> Row:
        """A row as a record of the answer."""
        sobject = sobject_of(row["Id"]) if self.shape is NAME else self.shape.name
        url = f"/services/data/v{self.version}/sobjects/{sobject}/{row['Id']}"
        record: Row = {"attributes": {"type": self.shape.name, "url": url}}
        for name, read in self.fields.items():
            record[name] = read(row)
        for name, (source, plan) in self.parents.items():
            above = parent(world, row.get(source))
            record[name] = None if above is None else plan.record(world, above)
        for name, fetch in self.children.items():
            record[name] = fetch(row["Id"])
        return record


def plan_of(scope: Scope, query: Query, version: str, nested: Nested) -> Plan:
    """What a query's SELECT takes. Raises `SalesforceError`."""
    plan = Plan(scope.shape, version)
    for item in query.items:
        _add(scope, plan, item, query, nested)
    return plan


def _add(scope: Scope, plan: Plan, item: Item, query: Query, nested: Nested) -> None:
    match item:
        case Column():
            _add_path(scope, plan, item.path.text.split("."), item.path.at)
        case Children():
            _add_children(scope, plan, item.query, nested)
        case Everything():
            _add_everything(scope, plan, item, query)
        case Aggregate():
            message = "Grouped query cannot mix with plain fields"
            raise scope.mistake(item.at, message, "MALFORMED_QUERY")


def _add_path(scope: Scope, plan: Plan, path: Sequence[str], at: int) -> None:
    *relations, name = path
    if relations and relations[0].lower() == scope.shape.name.lower():
        relations = relations[1:]
    for step in relations:
        reference = relation(scope.world, plan.shape, step)
        if reference is None or reference.relationship is None:
            message = f"Didn't understand relationship '{step}' in field path."
            raise scope.mistake(at, message + HINT.format("relationship", "__r", "relationship"))
        beyond = plan.parents.get(reference.relationship)
        if beyond is None:
            beyond = (reference.name, Plan(target(reference), plan.version))
            plan.parents[reference.relationship] = beyond
        plan = beyond[1]
    found = next(
        (each for each in fields_of(scope.world, plan.shape) if each.name.lower() == name.lower()),
        None,
    )
    if found is None:
        message = f"No such column '{name}' on entity '{plan.shape.name}'."
        raise scope.mistake(at, message + HINT.format("field", "__c", "field"))
    if found.name in plan.fields:
        raise scope.mistake(at, f"duplicate field selected: {name}")
    plan.fields[found.name] = reader(plan.shape, found)


def _add_children(scope: Scope, plan: Plan, query: Query, nested: Nested) -> None:
    wanted = query.sobject.text.lower()
    for shape in OBJECTS.values():
        for each in shape.fields.values():
            is_ours = each.children is not None and scope.shape.name in each.targets
            if is_ours and each.children is not None and each.children.lower() == wanted:
                inner, link = scope.of(shape), each.name
                plan.children[each.children] = lambda above, inner=inner, link=link: nested(
                    inner, query, link, above
                )
                return
    message = f"Didn't understand relationship '{query.sobject.text}' in FROM part of query call."
    raise scope.mistake(
        query.sobject.at,
        message + HINT.format("relationship", "__r", "relationship"),
        "INVALID_TYPE",
    )


def _add_everything(scope: Scope, plan: Plan, item: Everything, query: Query) -> None:
    if item.kind not in ("ALL", "STANDARD", "CUSTOM"):
        raise scope.mistake(item.at, f"Unknown field set: {item.kind}", "MALFORMED_QUERY")
    if item.kind != "STANDARD" and (query.limit is None or query.limit > MOST_UNBOUNDED):
        message = (
            "The SOQL FIELDS function must have a LIMIT of at most 200 when it includes "
            "custom fields"
        )
        raise scope.mistake(item.at, message, "MALFORMED_QUERY")
    for each in fields_of(scope.world, scope.shape):
        if item.kind == "ALL" or each.custom == (item.kind == "CUSTOM"):
            plan.fields[each.name] = reader(scope.shape, each)
