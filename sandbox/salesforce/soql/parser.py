"""From the text of a SOQL statement to its parts, by recursive descent."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar

from sandbox.salesforce.org.errors import SalesforceError
from sandbox.salesforce.soql.dates import DATE_FUNCTIONS
from sandbox.salesforce.soql.syntax import (
    Aggregate,
    Children,
    Column,
    Comparison,
    Condition,
    Everything,
    Item,
    Junction,
    Literal,
    Membership,
    Negation,
    Order,
    Path,
    Query,
    TypeOf,
    mistake,
)
from sandbox.salesforce.soql.tokens import Token, tokens

T = TypeVar("T")

FUNCTIONS = frozenset({"COUNT", "COUNT_DISTINCT", "MAX", "MIN", "SUM", "AVG"})
LARGEST_OFFSET = 2_000
_SHOWN_AS = frozenset({"TOLABEL", "FORMAT", "CONVERTCURRENCY"})
"""Functions of a selected field that change how it is shown."""
_MODES = ("SECURITY_ENFORCED", "USER_MODE", "SYSTEM_MODE")
_TAIL = frozenset(
    {"WHERE", "GROUP", "ORDER", "LIMIT", "OFFSET", "FOR", "WITH", "HAVING", "ALL", "USING"}
)
_WORDS: Mapping[str, str] = {"TRUE": "boolean", "FALSE": "boolean", "NULL": "null"}


def parse(text: str) -> Query:
    """The statement's parts. Raises `SalesforceError` with MALFORMED_QUERY and the place."""
    parser = _Parser(text)
    query = parser.query()
    parser.expect_end()
    return query


class _Parser:
    """Where we are in a statement."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = tokens(text)
        self._place = 0
        self._aliases: list[str | None] = []

    @property
    def _next(self) -> Token:
        return self._tokens[self._place]

    def _take(self) -> Token:
        token = self._tokens[self._place]
        self._place += 1
        return token

    def _unexpected(self, token: Token) -> SalesforceError:
        return mistake(self._text, token.at, f"unexpected token: '{token.text}'")

    def _is(self, *words: str) -> bool:
        return self._next.kind != "string" and self._next.text.upper() in words

    def _accept(self, *words: str) -> bool:
        if self._is(*words):
            self._place += 1
            return True
        return False

    def _expect(self, word: str) -> Token:
        if not self._is(word):
            raise self._unexpected(self._next)
        return self._take()

    def expect_end(self) -> None:
        """Refuse whatever follows."""
        if self._next.kind != "end":
            raise self._unexpected(self._next)

    def query(self) -> Query:
        """A SELECT at this place."""
        self._expect("SELECT")
        items = self._listed(self._item)
        self._expect("FROM")
        sobject = self._path()
        alias = None
        if self._next.kind == "word" and not self._is(*_TAIL):
            alias = self._take().text
        self._aliases.append(alias)
        self._scope()
        where = self._condition() if self._accept("WHERE") else None
        if self._accept("WITH") and not self._accept(*_MODES):
            raise self._unexpected(self._next)
        groups = self._by("GROUP", self._operand)
        having = self._condition() if groups and self._accept("HAVING") else None
        orders = self._by("ORDER", self._order)
        limit = self._whole() if self._accept("LIMIT") else None
        offset = self._offset() if self._accept("OFFSET") else 0
        self._purpose()
        self._aliases.pop()
        if alias is not None:
            items = tuple(_without_alias(item, alias) for item in items)
        return Query(items, sobject, where, groups, having, orders, limit, offset)

    def _scope(self) -> None:
        """USING SCOPE, of which only everything is there."""
        if self._accept("USING"):
            self._expect("SCOPE")
            self._expect("EVERYTHING")

    def _by(self, word: str, read: Callable[[], T]) -> tuple[T, ...]:
        """GROUP BY or ORDER BY and what follows it."""
        if not self._accept(word):
            return ()
        self._expect("BY")
        return self._listed(read)

    def _purpose(self) -> None:
        """FOR VIEW and FOR REFERENCE; what Apex alone may say is refused."""
        if self._accept("FOR") and not self._accept("VIEW", "REFERENCE"):
            raise self._unexpected(self._next)
        if self._is("ALL"):
            message = "ALL ROWS not allowed in this context"
            raise mistake(self._text, self._next.at, message)

    def _listed(self, read: Callable[[], T]) -> tuple[T, ...]:
        found = [read()]
        while self._accept(","):
            found.append(read())
        return tuple(found)

    def _path(self) -> Path:
        token = self._take()
        if token.kind != "word":
            raise self._unexpected(token)
        path = Path(token.text, token.at)
        alias = self._aliases[-1] if self._aliases else None
        return _stripped(path, alias)

    def _item(self) -> Item:
        if self._accept("("):
            self._aliases.append(None)
            children = Children(self.query())
            self._aliases.pop()
            self._expect(")")
            return children
        if self._accept("TYPEOF"):
            return self._typeof()
        path = self._operand()
        name = path.function
        if name == "FIELDS":
            return Everything(path.text.upper(), path.at)
        if name in FUNCTIONS:
            inner = Path(path.text, path.at) if path.text else None
            return Aggregate(name, inner, self._alias(), path.at)
        return Column(path, self._alias())

    def _typeof(self) -> TypeOf:
        relationship = self._path()
        branches: list[tuple[Path, tuple[Path, ...]]] = []
        others: tuple[Path, ...] = ()
        while self._accept("WHEN"):
            sobject = self._path()
            self._expect("THEN")
            branches.append((sobject, self._listed(self._path)))
        if not branches:
            raise self._unexpected(self._next)
        if self._accept("ELSE"):
            others = self._listed(self._path)
        self._expect("END")
        return TypeOf(relationship, tuple(branches), others)

    def _operand(self) -> Path:
        """A field, or a function of one."""
        path = self._path()
        if not self._is("("):
            return path
        name = path.text.upper()
        if name not in FUNCTIONS | _SHOWN_AS | DATE_FUNCTIONS | {"FIELDS"}:
            raise mistake(self._text, path.at, f"unexpected token: '{path.text}'")
        self._take()
        inner = Path("", path.at) if self._is(")") else self._path()
        is_local = name in DATE_FUNCTIONS and inner.text.upper() == "CONVERTTIMEZONE"
        if is_local:
            self._expect("(")
            inner = self._path()
            self._expect(")")
        self._expect(")")
        return replace(inner, function=name, is_local=is_local)

    def _alias(self) -> str | None:
        if self._next.kind == "word" and not self._is("FROM"):
            return self._take().text
        return None

    def _condition(self) -> Condition:
        """Conditions joined by AND or by OR; a mixture needs parentheses."""
        parts = [self._simple()]
        for word in ("AND", "OR"):
            if self._is(word):
                while self._accept(word):
                    parts.append(self._simple())
                if self._is("AND", "OR"):
                    raise self._unexpected(self._next)
                return Junction(word == "AND", tuple(parts))
        return parts[0]

    def _simple(self) -> Condition:
        if self._accept("NOT"):
            return Negation(self._simple())
        if self._accept("("):
            inner = self._condition()
            self._expect(")")
            return inner
        path = self._operand()
        if self._is("NOT", "IN"):
            is_negated = self._accept("NOT")
            self._expect("IN")
            return Membership(path, is_negated, self._members())
        operator = self._take()
        if operator.kind != "operator" and operator.text.upper() != "LIKE":
            raise self._unexpected(operator)
        name = operator.text.upper()
        return Comparison(path, "!=" if name == "<>" else name, self._literal())

    def _members(self) -> tuple[Literal, ...] | Query:
        self._expect("(")
        if self._is("SELECT"):
            self._aliases.append(None)
            members: tuple[Literal, ...] | Query = self.query()
            self._aliases.pop()
        else:
            members = self._listed(self._literal)
        self._expect(")")
        return members

    def _literal(self) -> Literal:
        token = self._take()
        if token.kind == "string":
            return Literal("string", token.text[1:-1], token.at)
        if token.kind in ("number", "date", "datetime"):
            return Literal(token.kind, token.text, token.at)
        if token.kind == "word":
            upper = token.text.upper()
            return Literal(_WORDS.get(upper, "function"), upper, token.at)
        raise self._unexpected(token)

    def _order(self) -> Order:
        path = self._operand()
        is_descending = self._accept("DESC")
        if not is_descending:
            self._accept("ASC")
        has_nulls_last = False
        if self._accept("NULLS"):
            has_nulls_last = self._accept("LAST")
            if not has_nulls_last:
                self._expect("FIRST")
        return Order(path, is_descending, has_nulls_last)

    def _whole(self) -> int:
        token = self._take()
        if token.kind != "number" or not token.text.isdigit():
            raise self._unexpected(token)
        return int(token.text)

    def _offset(self) -> int:
        offset = self._whole()
        if offset > LARGEST_OFFSET:
            message = f"Maximum SOQL offset allowed is {LARGEST_OFFSET}"
            raise SalesforceError("NUMBER_OUTSIDE_VALID_RANGE", message)
        return offset


def _stripped(path: Path, alias: str | None) -> Path:
    """The path without the object's alias in front of it."""
    start = f"{alias}.".lower()
    if alias is None or not path.text.lower().startswith(start):
        return path
    return replace(path, text=path.text[len(start) :], at=path.at + len(start))


def _without_alias(item: Item, alias: str) -> Item:
    if isinstance(item, Column):
        return Column(_stripped(item.path, alias), item.alias)
    if isinstance(item, Aggregate) and item.path is not None:
        return Aggregate(item.function, _stripped(item.path, alias), item.alias, item.at)
    return item
