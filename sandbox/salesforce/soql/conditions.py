"""WHERE as a function of a row."""

import operator
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.salesforce.ids import full_id
from sandbox.salesforce.schema import NUMBERS, Field
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
from sandbox.salesforce.values import instant, timestamp
from sandbox.wire import Json
from sandbox.world import Row

Test = Callable[[Row], bool]
Select = Callable[[Scope, Query], set[str]]
"""Runs a nested query for its one column's values."""

IDS = frozenset({"id", "reference"})
DATES = frozenset({"date", "datetime"})
_ORDERED: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_KINDS = {"boolean": "boolean", "date": "date", "datetime": "dateTime", "int": "int"}


def compile_condition(scope: Scope, condition: Condition, select: Select) -> Test:
    """A test of rows. Raises `SalesforceError`."""
    return _Compiler(scope, select).test(condition, is_top=True)


class _Compiler:
    def __init__(self, scope: Scope, select: Select) -> None:
        self._scope = scope
        self._select = select

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
                return self._comparison(condition)

    def _step(self, path: Path) -> Step:
        step = reach(self._scope, path)
        if not step.field.filterable:
            message = f"field '{step.field.name}' can not be filtered in a query call"
            raise self._scope.mistake(path.at, message)
        return step

    def _membership(self, node: Membership, *, is_top: bool) -> Test:
        field, read = self._step(node.path)
        members: set[Json]
        if isinstance(node.members, Query):
            if not is_top:
                message = (
                    "Semi join sub-selects are only allowed at the top level WHERE expressions "
                    "and not in nested WHERE expressions."
                )
                raise self._scope.mistake(node.path.at, message, "MALFORMED_QUERY")
            if field.type not in IDS:
                message = f"The left operand of a semi join must be an ID, not '{field.name}'"
                raise self._scope.mistake(node.path.at, message, "MALFORMED_QUERY")
            members = set(self._select(self._scope, node.members))
        else:
            members = {self._operand(field, each) for each in node.members}
        if node.is_negated:
            return _not(_in(read, members, is_text=field.is_text))
        return _in(read, members, is_text=field.is_text)

    def _comparison(self, node: Comparison) -> Test:
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


def wanted_ids(condition: Condition | None) -> list[str] | None:
    """The ids to which a condition limits the rows; None when it does not name them."""
    match condition:
        case Comparison() if condition.path.text.lower() == "id" and condition.operator == "=":
            return _ids((condition.literal,))
        case Membership() if condition.path.text.lower() == "id" and not condition.is_negated:
            return None if isinstance(condition.members, Query) else _ids(condition.members)
        case Junction() if condition.is_all:
            named = (wanted_ids(part) for part in condition.parts)
            return next((ids for ids in named if ids is not None), None)
        case _:
            return None


def _ids(literals: tuple[Literal, ...]) -> list[str]:
    full = (full_id(literal.text) for literal in literals)
    return list(dict.fromkeys(each for each in full if each is not None))
