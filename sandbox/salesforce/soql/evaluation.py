"""Answering a SOQL statement from the world's rows."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sandbox.http.message import Json
from sandbox.salesforce.org.schema import TOOLING, SObject, object_named
from sandbox.salesforce.soql.aggregation import grouped
from sandbox.salesforce.soql.conditions import IDS, Sought, compile_condition
from sandbox.salesforce.soql.order import ordered
from sandbox.salesforce.soql.parser import parse
from sandbox.salesforce.soql.scope import HINT, Scope, reach
from sandbox.salesforce.soql.selection import Plan, plan_of
from sandbox.salesforce.soql.syntax import (
    Aggregate,
    Column,
    Comparison,
    Junction,
    Literal,
    Path,
    Query,
    mistake,
)
from sandbox.state.table import Table
from sandbox.state.world import Row, World


@dataclass(frozen=True, slots=True)
class Asker:
    """On whose behalf, and how, a statement is run."""

    timezone: str = "UTC"
    version: str = "66.0"
    includes_deleted: bool = False
    is_tooling: bool = False


class Found(NamedTuple):
    """What a statement finds: how many rows, and their records or a way to make them."""

    total: int
    ids: Sequence[str]
    """Of plain queries: the rows, in order, to be made records page by page."""
    records: Sequence[Row]
    """Of aggregate queries, whose records are of no row."""
    record: Callable[[str], Row | None]
    """The record of one of the ids; None once its row is gone."""


def run(world: World, text: str, asker: Asker) -> Found:
    """Find what a statement asks for. Raises `SalesforceError` as Salesforce would answer it."""
    query = parse(text)
    shape = _shape(text, query.sobject, asker)
    scope = Scope(world, text, shape, asker.timezone, asker.includes_deleted)
    rows = _rows(scope, query)
    if _is_count(query):
        return Found(len(_cut(rows, query)), (), (), _no_record)
    if query.groups or any(isinstance(item, Aggregate) for item in query.items):
        records = grouped(scope, query, rows, _values)
        return Found(len(records), (), records, _no_record)
    record = _recorder(scope, query, asker)
    cut = _cut(ordered(scope, query.orders, rows), query)
    return Found(len(cut), [row["Id"] for row in cut], (), record)


def explain(world: World, text: str, asker: Asker) -> list[Row]:
    """The plans for a statement, the cheapest first: by an index, and by a scan.

    Raises `SalesforceError`.
    """
    query = parse(text)
    shape = _shape(text, query.sobject, asker)
    table = world.table(shape.table)
    scope = Scope(world, text, shape, asker.timezone, asker.includes_deleted)
    sought = compile_condition(scope, query.where, _values).sought if query.where else ()
    fields = [each.field.name for each in sought if each.field.is_indexed]
    count = len(_rows(scope, query))
    plans = [_plan(shape, "Index", fields, count, len(table))] if fields else []
    return [*plans, _plan(shape, "TableScan", [], count, len(table))]


def _plan(shape: SObject, kind: str, fields: list[str], count: int, size: int) -> Row:
    return {
        "cardinality": count,
        "fields": fields,
        "leadingOperationType": kind,
        "notes": [],
        "relativeCost": round(count / max(size, 1), 3) if kind == "Index" else 1.0,
        "sobjectCardinality": size,
        "sobjectType": shape.name,
    }


def recording(world: World, text: str, asker: Asker) -> Callable[[str], Row | None]:
    """How the rows of a statement that was run before become records, for its next pages."""
    query = parse(text)
    return _recorder(Scope(world, text, _shape(text, query.sobject, asker), ""), query, asker)


def _no_record(_: str) -> None:
    """Counts and groups are of no one row."""


def _recorder(scope: Scope, query: Query, asker: Asker) -> Callable[[str], Row | None]:
    world = scope.world
    plan = plan_of(scope, query, asker.version, _nested(asker))
    table = world.table(scope.shape.table)

    def record(record_id: str) -> Row | None:
        row = table.get(record_id)
        return None if row is None else plan.record(world, row)

    return record


def _is_count(query: Query) -> bool:
    first = query.items[0]
    return (
        len(query.items) == 1
        and isinstance(first, Aggregate)
        and first.path is None
        and first.alias is None
        and not query.groups
    )


def _shape(text: str, named: Path, asker: Asker) -> SObject:
    shape = object_named(named.text)
    if shape is None or (shape.name in TOOLING) != asker.is_tooling:
        message = f"sObject type '{named.text}' is not supported."
        advice = HINT.format("object", "__c", "entity")
        raise mistake(text, named.at, message + advice, "INVALID_TYPE")
    return shape


def _rows(scope: Scope, query: Query) -> list[Row]:
    """The rows that the WHERE clause lets through."""
    table = scope.world.table(scope.shape.table)
    if query.where is None:
        rows: Iterable[Row] = table.values()
    else:
        test, sought = compile_condition(scope, query.where, _values)
        rows = [row for row in _candidates(table, sought) if test(row)]
    if scope.includes_deleted:
        return list(rows)
    return [row for row in rows if not row.get("IsDeleted")]


def _candidates(table: Table, sought: Sequence[Sought]) -> Iterable[Row]:
    """The rows that may pass: those of an id or of an index, all when neither helps."""
    for field, values in sought:
        if field.type == "id":
            return [table[each] for each in sorted(values) if each in table]
    found = [table.holding(field.name, values) for field, values in sought if field.is_indexed]
    return min(found, key=len) if found else table.values()


def _values(scope: Scope, query: Query) -> set[str]:
    """The values of a nested query's one column, for a semi-join."""
    shape = object_named(query.sobject.text)
    if shape is None:
        message = f"sObject type '{query.sobject.text}' is not supported."
        raise scope.mistake(query.sobject.at, message, "INVALID_TYPE")
    if shape is scope.shape:
        message = (
            f"The inner and outer selects should not be on the same object type '{shape.name}'"
        )
        raise scope.mistake(query.sobject.at, message, "MALFORMED_QUERY")
    if query.orders or query.limit is not None:
        message = "ORDER BY and LIMIT are not allowed in a semi join sub-select"
        raise scope.mistake(query.sobject.at, message, "MALFORMED_QUERY")
    inner = scope.of(shape)
    column = query.items[0]
    if len(query.items) != 1 or not isinstance(column, Column):
        message = "A semi join sub-select must select exactly one column"
        raise scope.mistake(query.sobject.at, message, "MALFORMED_QUERY")
    field, read = reach(inner, column.path)
    if field.type not in IDS:
        message = f"The selected field '{field.name}' in the subquery must be an ID"
        raise scope.mistake(column.path.at, message, "MALFORMED_QUERY")
    found = (read(row) for row in _rows(inner, query))
    return {value for value in found if value is not None}


def _nested(asker: Asker) -> Callable[[Scope, Query, str, str], Json]:
    plans: dict[int, Plan] = {}

    def children(scope: Scope, query: Query, link: str, above: str) -> Json:
        own = Comparison(Path(link, 0), "=", Literal("string", above, 0))
        where = own if query.where is None else Junction(is_all=True, parts=(own, query.where))
        only = Query(query.items, query.sobject, where)
        rows = _cut(ordered(scope, query.orders, _rows(scope, only)), query)
        if not rows:
            return None
        plan = plans.get(id(query)) or plan_of(scope, query, asker.version, children)
        plans[id(query)] = plan
        records = [plan.record(scope.world, row) for row in rows]
        return {"totalSize": len(records), "done": True, "records": records}

    return children


def _cut(rows: list[Row], query: Query) -> list[Row]:
    end = None if query.limit is None else query.offset + query.limit
    return rows[query.offset : end]


def all_records(found: Found) -> list[Row]:
    """Every record of what was found, whatever its kind."""
    if found.records:
        return list(found.records)
    made = (found.record(each) for each in found.ids)
    return [record for record in made if record is not None]
