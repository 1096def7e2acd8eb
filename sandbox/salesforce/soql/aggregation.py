"""GROUP BY, HAVING and aggregates: one record for each group of rows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from sandbox.http.message import Json
from sandbox.salesforce.org.errors import SalesforceError
from sandbox.salesforce.org.schema import Field
from sandbox.salesforce.soql.conditions import Select, compile_condition
from sandbox.salesforce.soql.order import ordered
from sandbox.salesforce.soql.parser import FUNCTIONS
from sandbox.salesforce.soql.scope import Read, Scope, Step, reach
from sandbox.salesforce.soql.syntax import Aggregate, Column, Path, Query
from sandbox.state.world import Row

MOST_GROUPS = 2_000
MEMBERS = "rows"
"""A group is a row with its rows under this name."""
_COUNT = Field("COUNT", "int")


def grouped(scope: Scope, query: Query, rows: Sequence[Row], select: Select) -> list[Row]:
    """The records of an aggregate query. Raises `SalesforceError`."""
    keys = [reach(scope, path).read for path in query.groups]
    named = {_name(path) for path in query.groups}

    def of_group(scope: Scope, path: Path) -> Step:
        return _of_group(scope, path, named)

    columns = _columns(scope, query, of_group)
    held: dict[tuple[Json, ...], list[Row]] = {} if keys else {(): list(rows)}
    for row in rows if keys else ():
        held.setdefault(tuple(_folded(key(row)) for key in keys), []).append(row)
    groups: list[Row] = [{MEMBERS: each} for each in held.values()]
    if query.having is not None:
        test = compile_condition(scope, query.having, select, of_group).test
        groups = [each for each in groups if test(each)]
    groups = ordered(scope, query.orders, groups, of_group)
    end = None if query.limit is None else query.offset + query.limit
    groups = groups[query.offset : end]
    if len(groups) > MOST_GROUPS:
        message = (
            "Aggregate query does not support queryMore(), use LIMIT to restrict the results to "
            "a single batch"
        )
        raise SalesforceError("EXCEEDED_ID_LIMIT", message)
    return [
        {
            "attributes": {"type": "AggregateResult"},
            **{name: read(each) for name, read in columns.items()},
        }
        for each in groups
    ]


def _folded(value: Json) -> Json:
    return value.lower() if isinstance(value, str) else value


def _name(path: Path) -> tuple[str | None, str]:
    return path.function, path.text.lower()


def _columns(
    scope: Scope, query: Query, of_group: Callable[[Scope, Path], Step]
) -> dict[str, Read]:
    columns: dict[str, Read] = {}
    unnamed = 0
    for item in query.items:
        if isinstance(item, Column):
            step, is_named = of_group(scope, item.path), item.path.function is None
            name = item.alias or (step.field.name if is_named else "")
        elif isinstance(item, Aggregate):
            text = item.path.text if item.path else ""
            step, name = of_group(scope, Path(text, item.at, item.function)), item.alias
        else:
            message = "Grouped query cannot have subqueries or field sets"
            raise scope.mistake(query.sobject.at, message, "MALFORMED_QUERY")
        if not name:
            name, unnamed = f"expr{unnamed}", unnamed + 1
        if name in columns:
            raise scope.mistake(query.sobject.at, f"duplicate alias: {name}", "MALFORMED_QUERY")
        columns[name] = step.read
    return columns


def _of_group(scope: Scope, path: Path, named: set[tuple[str | None, str]]) -> Step:
    """What a path means for a group: an aggregate, or what its rows have in common."""
    if path.function in FUNCTIONS:
        return _aggregate(scope, path, path.function)
    if _name(path) not in named:
        message = f"Field must be grouped or aggregated: {path.text}"
        raise scope.mistake(path.at, message, "MALFORMED_QUERY")
    field, read = reach(scope, path)

    def common(group: Row) -> Json:
        return read(group[MEMBERS][0])

    return Step(field, common)


def _size(group: Row) -> int:
    return len(group[MEMBERS])


def _aggregate(scope: Scope, path: Path, function: str) -> Step:
    if not path.text:
        if function != "COUNT":
            raise scope.mistake(path.at, "unexpected token: ')'", "MALFORMED_QUERY")
        return Step(_COUNT, _size)
    field, read = reach(scope, Path(path.text, path.at))
    if not field.filterable or (function in ("SUM", "AVG") and field.is_text):
        message = f"field {field.name} does not support aggregate operator {function}"
        raise scope.mistake(path.at, message, "MALFORMED_QUERY")
    fold = _FUNCTIONS[function]

    def value(group: Row) -> Json:
        return fold([held for row in group[MEMBERS] if (held := read(row)) is not None])

    if function.startswith("COUNT"):
        return Step(_COUNT, value)
    return Step(replace(field, type="double") if function == "AVG" else field, value)


_FUNCTIONS: Mapping[str, Callable[[Sequence[Json]], Json]] = {
    "COUNT": len,
    "COUNT_DISTINCT": lambda values: len({_folded(each) for each in values}),
    "MAX": lambda values: max(values, default=None),
    "MIN": lambda values: min(values, default=None),
    "SUM": lambda values: sum(values) if values else None,
    "AVG": lambda values: sum(values) / len(values) if values else None,
}
