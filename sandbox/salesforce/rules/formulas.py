"""Formulas of validation rules: a parser and an evaluator of the part that rules on records use.

`compiled("AND(ISCHANGED(Status), ISBLANK(Email))")` is a function of a record before and after.
Ids are seen with their first 15 characters, as in Salesforce's formulas; an empty text is blank.

Source: Salesforce, Formula Operators and Functions.
"""

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sandbox.http.message import Json
from sandbox.salesforce.org.ids import SHORT, full_id
from sandbox.state.world import Row


@dataclass(frozen=True, slots=True)
class Change:
    """A record as it is about to be saved, when, and as it was; None when it is new."""

    now: datetime
    before: Row | None
    after: Row


Formula = Callable[[Change], Json]


class FormulaError(Exception):
    """A formula that Salesforce would not save; the sentence is what it would say."""


@dataclass(frozen=True, slots=True)
class _Node:
    value: Formula
    field: str | None = None
    """The name, when it is nothing but a field."""


@cache
def compiled(text: str) -> Formula:
    """What a formula computes. Raises `FormulaError`."""
    parser = _Parser(text)
    node = parser.expression()
    parser.expect_end()
    return node.value


@cache
def fields_in(text: str) -> frozenset[str]:
    """The fields that a formula names. Raises `FormulaError`."""
    parser = _Parser(text)
    parser.expression()
    return frozenset(parser.fields)


_TOKEN = re.compile(
    r"""
    (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
  | (?P<number>\d+(?:\.\d+)?)
  | (?P<word>[A-Za-z_$][\w.]*)
  | (?P<mark><=|>=|<>|!=|==|&&|\|\||[-+*/&=<>!(),])
  | (?P<blank>\s+|/\*.*?\*/)
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_END = ("end", "")


def _tokens(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise FormulaError(f"Syntax error. Found '{text[at]}'")
        if match.lastgroup != "blank":
            found.append((match.lastgroup, match.group()))
        at = match.end()
    return [*found, _END]


class _Parser:
    """Where we are in a formula; operators bind as in Salesforce, comparisons less than sums."""

    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._place = 0
        self.fields: set[str] = set()

    def _accept(self, *marks: str) -> str | None:
        kind, text = self._tokens[self._place]
        if kind != "mark" or text not in marks:
            return None
        self._place += 1
        return text

    def _expect(self, mark: str) -> None:
        if self._accept(mark) is None:
            found = self._tokens[self._place][1]
            raise FormulaError(f"Syntax error. Missing '{mark}'" + (f" at '{found}'" * bool(found)))

    def expect_end(self) -> None:
        """Refuse whatever follows."""
        if self._tokens[self._place] != _END:
            raise FormulaError(f"Syntax error. Extra '{self._tokens[self._place][1]}'")

    def expression(self, level: int = 0) -> _Node:
        """An expression at this place, of operators that bind at least as `level` does."""
        if level == len(_LEVELS):
            return self._unary()
        left = self.expression(level + 1)
        while (mark := self._accept(*_LEVELS[level])) is not None:
            left = _Node(_binary(_OPERATORS[mark], left.value, self.expression(level + 1).value))
        return left

    def _unary(self) -> _Node:
        if self._accept("-"):
            inner = self._unary().value
            return _Node(lambda change: -_number(inner(change)))
        if self._accept("!"):
            inner = self._unary().value
            return _Node(lambda change: not inner(change))
        if self._accept("("):
            node = self.expression()
            self._expect(")")
            return node
        return self._atom()

    def _atom(self) -> _Node:
        kind, text = self._tokens[self._place]
        self._place += 1
        if kind == "string":
            literal = _ESCAPE.sub(r"\1", text[1:-1])
            return _Node(lambda _: literal)
        if kind == "number":
            number = float(text)
            return _Node(lambda _: number)
        if kind != "word":
            raise FormulaError(f"Syntax error. Found '{text}'" if text else "Syntax error")
        if self._accept("("):
            return self._call(text.upper())
        if text.upper() in _CONSTANTS:
            constant = _CONSTANTS[text.upper()]
            return _Node(lambda _: constant)
        self.fields.add(text)
        return _Node(lambda change: _seen(change.after.get(text)), text)

    def _call(self, name: str) -> _Node:
        arguments: list[_Node] = []
        if not self._accept(")"):
            arguments.append(self.expression())
            while self._accept(","):
                arguments.append(self.expression())
            self._expect(")")
        if name in _OF_FIELDS:
            return _Node(_of_field(name, arguments))
        function = _FUNCTIONS.get(name)
        if function is None:
            raise FormulaError(f"Unknown function {name}. Check spelling.")
        fewest, most, evaluate = function
        if not fewest <= len(arguments) <= most:
            raise FormulaError(
                f"Incorrect number of parameters for function '{name}()'. Expected {fewest}, "
                f"received {len(arguments)}"
            )
        values = [each.value for each in arguments]
        return _Node(lambda change: evaluate(change, values))


def _of_field(name: str, arguments: Sequence[_Node]) -> Formula:
    """ISNEW(), ISCHANGED(field) and PRIORVALUE(field): what only the record before can tell."""
    if name == "ISNEW":
        return lambda change: change.before is None
    if len(arguments) != 1 or arguments[0].field is None:
        raise FormulaError(f"Function {name} may only be used with a field")
    field = arguments[0].field
    if name == "ISCHANGED":
        return lambda change: (
            change.before is not None and change.before.get(field) != change.after.get(field)
        )
    return lambda change: _seen((change.before or change.after).get(field))


def _seen(held: Json) -> Json:
    """A record's value as a formula sees it."""
    return held[:SHORT] if full_id(held) else held


def _binary(combine: Callable[[Json, Json], Json], left: Formula, right: Formula) -> Formula:
    return lambda change: combine(left(change), right(change))


def _number(value: Json) -> float:
    return float(value) if value not in (None, "") else 0.0


def _text(value: Json) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _is_blank(value: Json) -> bool:
    return value is None or value == ""


def _same(left: Json, right: Json) -> bool:
    return left == right or (_is_blank(left) and _is_blank(right))


def _ordered(compare: Callable[[Json, Json], bool]) -> Callable[[Json, Json], bool]:
    def both(left: Json, right: Json) -> bool:
        return not (_is_blank(left) or _is_blank(right)) and compare(left, right)

    return both


_LEVELS = (
    ("||",),
    ("&&",),
    ("=", "==", "<>", "!=", "<", "<=", ">", ">="),
    ("&", "+", "-"),
    ("*", "/"),
)
_OPERATORS: Mapping[str, Callable[[Json, Json], Json]] = {
    "||": lambda left, right: bool(left) or bool(right),
    "&&": lambda left, right: bool(left) and bool(right),
    "=": _same,
    "==": _same,
    "<>": lambda left, right: not _same(left, right),
    "!=": lambda left, right: not _same(left, right),
    "<": _ordered(operator.lt),
    "<=": _ordered(operator.le),
    ">": _ordered(operator.gt),
    ">=": _ordered(operator.ge),
    "&": lambda left, right: _text(left) + _text(right),
    "+": lambda left, right: (
        left + right if isinstance(left, str) else _number(left) + _number(right)
    ),
    "-": lambda left, right: _number(left) - _number(right),
    "*": lambda left, right: _number(left) * _number(right),
    "/": lambda left, right: _number(left) / _number(right) if _number(right) else None,
}
_CONSTANTS: Mapping[str, Json] = {"TRUE": True, "FALSE": False, "NULL": None}
_OF_FIELDS = frozenset({"ISNEW", "ISCHANGED", "PRIORVALUE"})
_MANY = 100

Evaluate = Callable[[Change, Sequence[Formula]], Json]


def _one(function: Callable[[Json], Json]) -> Evaluate:
    return lambda change, values: function(values[0](change))


def _two(function: Callable[[Json, Json], Json]) -> Evaluate:
    return lambda change, values: function(values[0](change), values[1](change))


def _if(change: Change, values: Sequence[Formula]) -> Json:
    condition, then, otherwise = values
    return then(change) if condition(change) else otherwise(change)


def _case(change: Change, values: Sequence[Formula]) -> Json:
    held = values[0](change)
    for when, then in zip(values[1:-1:2], values[2:-1:2], strict=True):
        if _same(held, when(change)):
            return then(change)
    return values[-1](change)


_FUNCTIONS: Mapping[str, tuple[int, int, Evaluate]] = {
    "AND": (1, _MANY, lambda change, values: all(each(change) for each in values)),
    "OR": (1, _MANY, lambda change, values: any(each(change) for each in values)),
    "NOT": (1, 1, _one(lambda value: not value)),
    "IF": (3, 3, _if),
    "CASE": (4, _MANY, _case),
    "ISBLANK": (1, 1, _one(_is_blank)),
    "ISNULL": (1, 1, _one(_is_blank)),
    "ISPICKVAL": (2, 2, _two(_same)),
    "BLANKVALUE": (2, 2, _two(lambda value, other: other if _is_blank(value) else value)),
    "NULLVALUE": (2, 2, _two(lambda value, other: other if _is_blank(value) else value)),
    "TEXT": (1, 1, _one(_text)),
    "VALUE": (1, 1, _one(_number)),
    "LEN": (1, 1, _one(lambda value: float(len(_text(value))))),
    "LEFT": (2, 2, _two(lambda value, count: _text(value)[: int(count)])),
    "RIGHT": (2, 2, _two(lambda value, count: _text(value)[-int(count) :] if count else "")),
    "UPPER": (1, 1, _one(lambda value: _text(value).upper())),
    "LOWER": (1, 1, _one(lambda value: _text(value).lower())),
    "TRIM": (1, 1, _one(lambda value: _text(value).strip())),
    "CONTAINS": (2, 2, _two(lambda value, part: _text(part) in _text(value))),
    "BEGINS": (2, 2, _two(lambda value, part: _text(value).startswith(_text(part)))),
    "REGEX": (2, 2, _two(lambda value, pattern: bool(re.fullmatch(pattern, _text(value))))),
    "CASESAFEID": (1, 1, _one(lambda value: full_id(value) or value)),
    "TODAY": (0, 0, lambda change, _: change.now.date().isoformat()),
    "NOW": (0, 0, lambda change, _: change.now.strftime("%Y-%m-%dT%H:%M:%S.000+0000")),
}
"""How few and how many arguments, and what it computes."""
