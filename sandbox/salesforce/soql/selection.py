"""SELECT as a function of a row: the record that a query answers with."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sandbox.http.message import Json
from sandbox.salesforce.org.ids import sobject_of
from sandbox.salesforce.org.schema import NAME, TOOLING, SObject, child_of, fields_of, object_named
from sandbox.salesforce.soql.dates import DATE_FUNCTIONS
from sandbox.salesforce.soql.scope import (
    HINT,
    Read,
    Scope,
    parent,
    reach,
    reader,
    relation,
    target,
)
from sandbox.salesforce.soql.syntax import (
    Aggregate,
    Children,
    Column,
    Everything,
    Item,
    Path,
    Query,
    TypeOf,
)
from sandbox.state.world import Row, World

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
    typed: "dict[str, tuple[str, Mapping[str, Plan], Plan | None]]" = field(
        default_factory=dict[str, "tuple[str, Mapping[str, Plan], Plan | None]"]
    )
    """By relationship of a TYPEOF: the reference field, and what to take beyond by object."""

    def record(self, world: World, row: Row) -> Row:
        """A row as a record of the answer."""
        sobject = sobject_of(row["Id"]) if self.shape is NAME else self.shape.name
        place = "tooling/sobjects" if sobject in TOOLING else "sobjects"
        url = f"/services/data/v{self.version}/{place}/{sobject}/{row['Id']}"
        record: Row = {"attributes": {"type": self.shape.name, "url": url}}
        for name, read in self.fields.items():
            record[name] = read(row)
        for name, (source, plan) in self.parents.items():
            above = parent(world, row.get(source))
            record[name] = None if above is None else plan.record(world, above)
        for name, (source, plans, otherwise) in self.typed.items():
            above = parent(world, row.get(source))
            chosen = plans.get(sobject_of(above["Id"]) or "", otherwise) if above else None
            record[name] = chosen.record(world, above) if chosen and above else None
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
            _add_column(scope, plan, item)
        case TypeOf():
            _add_typeof(scope, plan, item)
        case Children():
            _add_children(scope, plan, item.query, nested)
        case Everything():
            _add_everything(scope, plan, item, query)
        case Aggregate():
            message = "Grouped query cannot mix with plain fields"
            raise scope.mistake(item.at, message, "MALFORMED_QUERY")


def _add_column(scope: Scope, plan: Plan, item: Column) -> None:
    """A field as it is; toLabel, FORMAT and convertCurrency show it as it is, too."""
    if item.path.function in DATE_FUNCTIONS:
        message = f"Field must be grouped or aggregated: {item.path.text}"
        raise scope.mistake(item.path.at, message, "MALFORMED_QUERY")
    if item.path.function is None and item.alias is not None:
        message = "only aggregate expressions use field aliasing"
        raise scope.mistake(item.path.at, message, "MALFORMED_QUERY")
    if item.alias is None:
        _add_path(scope, plan, item.path.text.split("."), item.path.at)
    else:
        plan.fields[item.alias] = reach(scope, Path(item.path.text, item.path.at)).read


def _add_typeof(scope: Scope, plan: Plan, item: TypeOf) -> None:
    at = item.relationship.at
    reference = relation(scope.world, plan.shape, item.relationship.text)
    if reference is None or reference.relationship is None or len(reference.targets) == 1:
        message = (
            f"Illegal TYPEOF on a relationship that is not polymorphic: {item.relationship.text}"
        )
        raise scope.mistake(at, message, "MALFORMED_QUERY")
    plans: dict[str, Plan] = {}
    for sobject, paths in item.branches:
        shape = object_named(sobject.text)
        if shape is None or shape.name not in reference.targets:
            message = f"{sobject.text} is not a type of relationship {reference.relationship}"
            raise scope.mistake(sobject.at, message, "MALFORMED_QUERY")
        plans[shape.name] = _taking(scope, Plan(shape, plan.version), paths)
    otherwise = _taking(scope, Plan(NAME, plan.version), item.others) if item.others else None
    plan.typed[reference.relationship] = (reference.name, plans, otherwise)


def _taking(scope: Scope, plan: Plan, paths: Sequence[Path]) -> Plan:
    for path in paths:
        _add_path(scope, plan, path.text.split("."), path.at)
    return plan


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
    found = child_of(scope.world, scope.shape, query.sobject.text)
    if found is not None:
        inner, link = scope.of(found[0]), found[1].name
        name = found[1].children or ""
        plan.children[name] = lambda above: nested(inner, query, link, above)
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
