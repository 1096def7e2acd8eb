"""WHERE and HAVING as a function of a row or a group, and what an index can find for them."""

import operator
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from sandbox.http.message import Json
from sandbox.salesforce.org.ids import full_id
from sandbox.salesforce.org.schema import NUMBERS, Field
from sandbox.salesforce.org.values import instant, timestamp
from sandbox.salesforce.soql.dates import days_of
from sandbox.salesforce.soql.scope import Read, Scope, Step, reach
from sandbox.salesforce.soql.syntax import (
    Comparison,
    Condition,
    Junction,
    Literal,
    Membership,
    Negation,
    Path,
    Query,
)
from sandbox.salesforce.soql.tokens import like_pattern, unescaped
from sandbox.state.world import Row

Test = Callable[[Row], bool]
Select = Callable[[Scope, Query], set[str]]
"""Runs a nested query for its one column's values."""

Reach = Callable[[Scope, Path], Step]
"""Finds what a path of the condition means."""

IDS = frozenset({"id", "reference"})
MOST_SEMI_JOINS = 2
"""Salesforce: Comparison Operators, Semi-Joins and Anti-Joins."""
DATES = frozenset({"date", "datetime"})
_ORDERED: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_KINDS = {"boolean": "boolean", "date": "date", "datetime": "dateTime", "int": "int"}


class Sought(NamedTuple):
    """A field of the rows themselves that must hold one of these values."""

    field: Field
    values: frozenset[Json]


class Compiled(NamedTuple):
    """A condition, ready to be applied."""

    test: Test
    sought: tuple[Sought, ...]
    """Of which every one holds for each row that passes the test."""


def compile_condition(
    scope: Scope, condition: Condition, select: Select, reach: Reach = reach
) -> Compiled:
    """A test of rows. Raises `SalesforceError`."""
    compiler = _Compiler(scope, select, reach)
    test = compiler.test(condition, is_top=True)
    return Compiled(test, tuple(compiler.sought))


class _Compiler:
    def __init__(self, scope: Scope, select: Select, reach: Reach) -> None:
        self._scope = scope
        self._select = select
        self._reach = reach
        self._semi_joins = 0
        self.sought: list[Sought] = []

    def test(self, condition: Condition, *, is_top: bool) -> Test:
        """A test of rows; nested queries may stand only where nothing but AND is above them."""
        match condition:
            case Junction():
                tests = [
                    self.test(part, is_top=is_top and condition.is_all) for part in condition.parts
                ]
                return _all(tests) if condition.is_all else _any(tests)
            case Negation():
                inner = self.test(condition.part, is_top=False)
                return lambda row: not inner(row)
            case Membership():
                return self._membership(condition, is_top=is_top)
            case Comparison():
                return self._comparison(condition, is_top=is_top)

    def _step(self, path: Path) -> Step:
        step = self._reach(self._scope, path)
        if not step.field.filterable:
            message = f"field '{step.field.name}' can not be filtered in a query call"
            raise self._scope.mistake(path.at, message)
        return step

    def _membership(self, node: Membership, *, is_top: bool) -> Test:
        field, read = self._step(node.path)
        members: set[Json]
        if isinstance(node.members, Query):
            self._check_semi_join(node, field, is_top=is_top)
            members = set(self._select(self._scope, node.members))
        else:
            members = {self._operand(field, each) for each in node.members}
        if node.is_negated:
            return _not(_in(read, members, is_text=field.is_text))
        self._seek(node.path, field, members, is_top=is_top)
        return _in(read, members, is_text=field.is_text)

    def _check_semi_join(self, node: Membership, field: Field, *, is_top: bool) -> None:
        self._semi_joins += 1
        message = ""
        if not is_top:
            message = (
                "Semi join sub-selects are only allowed at the top level WHERE expressions "
                "and not in nested WHERE expressions."
            )
        elif field.type not in IDS:
            message = f"The left operand of a semi join must be an ID, not '{field.name}'"
        elif self._semi_joins > MOST_SEMI_JOINS:
            message = f"maximum {MOST_SEMI_JOINS} semi join sub-selects are allowed"
        if message:
            raise self._scope.mistake(node.path.at, message, "MALFORMED_QUERY")

    def _seek(self, path: Path, field: Field, values: set[Json], *, is_top: bool) -> None:
        """Remember what an index may find, where nothing but AND is above."""
        if is_top and path.function is None and "." not in path.text and None not in values:
            self.sought.append(Sought(field, frozenset(values)))

    def _comparison(self, node: Comparison, *, is_top: bool) -> Test:
        field, read = self._step(node.path)
        name = node.operator
        if name == "LIKE":
            return self._like(node, field, read)
        if node.literal.kind == "function":
            return self._in_days(node, field, read)
        if name in _ORDERED and (field.type == "boolean" or node.literal.kind == "null"):
            code = "INVALID_QUERY_FILTER_OPERATOR"
            message = f"invalid operator on {field.type} field: {name}"
            raise self._scope.mistake(node.path.at, message, code)
        operand = self._operand(field, node.literal)
        if name == "=":
            self._seek(node.path, field, {operand}, is_top=is_top)
        if name in ("=", "!="):
            equal = _in(read, {operand}, is_text=field.is_text)
            return equal if name == "=" else _not(equal)
        compare = _ORDERED[name]
        if field.is_text:
            return lambda row: (held := read(row)) is not None and compare(held.lower(), operand)
        return lambda row: (held := read(row)) is not None and compare(held, operand)

    def _like(self, node: Comparison, field: Field, read: Read) -> Test:
        if not field.is_text or node.literal.kind != "string":
            message = f"invalid operator on {field.type} field"
            code = "INVALID_QUERY_FILTER_OPERATOR"
            raise self._scope.mistake(node.path.at, message, code)
        matches = like_pattern(node.literal.text).fullmatch
        return lambda row: (held := read(row)) is not None and matches(held) is not None

    def _in_days(self, node: Comparison, field: Field, read: Read) -> Test:
        days = days_of(node.literal.text, self._scope.today)
        if days is None or field.type not in DATES:
            message = f"unexpected token: '{node.literal.text}'"
            raise self._scope.mistake(node.literal.at, message, "MALFORMED_QUERY")
        start, end = days.start.isoformat(), days.end.isoformat()
        if field.type == "datetime":
            start, end = days.instants(self._scope.timezone)
        tests: Mapping[str, Callable[[str], bool]] = {
            "=": lambda held: start <= held < end,
            "!=": lambda held: not start <= held < end,
            "<": lambda held: held < start,
            "<=": lambda held: held < end,
            ">": lambda held: held >= end,
            ">=": lambda held: held >= start,
        }
        test = tests[node.operator]
        return lambda row: (held := read(row)) is not None and test(held)

    def _operand(self, field: Field, literal: Literal) -> Json:
        """The literal as values of this field compare."""
        if literal.kind == "null":
            return None
        if field.is_text or field.type in IDS:
            if literal.kind != "string":
                raise self._ill_typed(field, literal, "should be enclosed in quotes")
            text = unescaped(literal.text)
            return text.lower() if field.is_text else self._id(literal, text)
        if field.type in NUMBERS and literal.kind == "number":
            return float(literal.text)
        if field.type == "boolean" and literal.kind == "boolean":
            return literal.text == "TRUE"
        if field.type in DATES and literal.kind == field.type:
            return literal.text if field.type == "date" else timestamp(instant(literal.text))
        if field.type == "time" and literal.kind == "string":
            return literal.text
        raise self._ill_typed(field, literal, "should not be enclosed in quotes")

    def _id(self, literal: Literal, text: str) -> str:
        found = full_id(text)
        if found is None:
            code = "INVALID_QUERY_FILTER_OPERATOR"
            raise self._scope.mistake(literal.at, f"invalid ID field: {text}", code)
        return found

    def _ill_typed(self, field: Field, literal: Literal, advice: str) -> Exception:
        kind = _KINDS.get(field.type, "string" if field.is_text else field.type)
        message = (
            f"value of filter criterion for field '{field.name}' must be of type {kind} "
            f"and {advice}"
        )
        return self._scope.mistake(literal.at, message)


def _in(read: Read, members: set[Json], *, is_text: bool) -> Test:
    if is_text:
        return lambda row: (held if (held := read(row)) is None else held.lower()) in members
    return lambda row: read(row) in members


def _not(test: Test) -> Test:
    return lambda row: not test(row)


def _all(tests: list[Test]) -> Test:
    return lambda row: all(test(row) for test in tests)


def _any(tests: list[Test]) -> Test:
    return lambda row: any(test(row) for test in tests)
