"""GROUP BY and aggregates: one record for each group of rows."""

from collections.abc import Callable, Mapping, Sequence

from sandbox.salesforce.errors import SalesforceError
from sandbox.salesforce.soql.scope import Read, Scope, reach
from sandbox.salesforce.soql.syntax import Aggregate, Column, Query
from sandbox.wire import Json
from sandbox.world import Row

MOST_GROUPS = 2_000
Fold = Callable[[Sequence[Row]], Json]


def grouped(scope: Scope, query: Query, rows: Sequence[Row]) -> list[Row]:
    """The records of an aggregate query. Raises `SalesforceError`."""
    keys = [reach(scope, path).read for path in query.groups]
    named = {path.text.lower() for path in query.groups}
    folds = _folds(scope, query, named)
    groups: dict[tuple[Json, ...], list[Row]] = {}
    if not keys:
        groups[()] = list(rows)
    for row in rows if keys else ():
        groups.setdefault(tuple(key(row) for key in keys), []).append(row)
    found = [
        {
            "attributes": {"type": "AggregateResult"},
            **{name: fold(group) for name, fold in folds.items()},
        }
        for group in groups.values()
    ]
    if query.limit is not None:
        found = found[query.offset : query.offset + query.limit]
    if len(found) > MOST_GROUPS:
        message = (
            "Aggregate query does not support queryMore(), use LIMIT to restrict the results to "
            "a single batch"
        )
        raise SalesforceError("EXCEEDED_ID_LIMIT", message)
    return found


def _folds(scope: Scope, query: Query, named: set[str]) -> dict[str, Fold]:
    folds: dict[str, Fold] = {}
    unnamed = 0
    for item in query.items:
        if isinstance(item, Column):
            if item.path.text.lower() not in named:
                message = f"Field must be grouped or aggregated: {item.path.text}"
                raise scope.mistake(item.path.at, message, "MALFORMED_QUERY")
            step = reach(scope, item.path)
            folds[item.alias or step.field.name] = _first(step.read)
        elif isinstance(item, Aggregate):
            name = item.alias or f"expr{unnamed}"
            unnamed += item.alias is None
            folds[name] = _fold(scope, item)
    return folds


def _first(read: Read) -> Fold:
    return lambda rows: read(rows[0]) if rows else None


def _fold(scope: Scope, item: Aggregate) -> Fold:
    if item.path is None:
        if item.function != "COUNT":
            raise scope.mistake(item.at, "unexpected token: ')'", "MALFORMED_QUERY")
        return len
    field, read = reach(scope, item.path)
    if not field.filterable or (item.function in ("SUM", "AVG") and field.is_text):
        message = f"field {field.name} does not support aggregate operator {item.function}"
        raise scope.mistake(item.at, message, "MALFORMED_QUERY")
    fold = _FUNCTIONS[item.function]
    return lambda rows: fold([value for row in rows if (value := read(row)) is not None])


_FUNCTIONS: Mapping[str, Callable[[Sequence[Json]], Json]] = {
    "COUNT": len,
    "COUNT_DISTINCT": lambda values: len(set(values)),
    "MAX": lambda values: max(values, default=None),
    "MIN": lambda values: min(values, default=None),
    "SUM": lambda values: sum(values) if values else None,
    "AVG": lambda values: sum(values) / len(values) if values else None,
}
