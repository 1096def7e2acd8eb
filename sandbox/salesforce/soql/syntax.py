"""What a SOQL statement is made of, and how its mistakes are told."""

from dataclasses import dataclass

from sandbox.salesforce.org.errors import SalesforceError

SHOWN = 40
"""Characters of a statement that a message shows before a mistake, and as many behind it."""


@dataclass(frozen=True, slots=True)
class Path:
    """A field, a field of a parent such as `Owner.Name`, or a function of one."""

    text: str
    at: int
    function: str | None = None
    """In capitals: of a date such as CALENDAR_MONTH, of a group such as COUNT, or TOLABEL."""
    is_local: bool = False
    """Whether a function of a date sees it in the asking user's time zone."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A value as written: `string`, `number`, `date`, `datetime`, `boolean`, `null`, `function`."""

    kind: str
    text: str
    """Of a string: what is between its quotes, escapes and all."""
    at: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """`Email = 'a@b.example'`; LIKE counts as an operator."""

    path: Path
    operator: str
    literal: Literal


@dataclass(frozen=True, slots=True)
class Membership:
    """`Id IN (...)` or `NOT IN`, of literals or of a query's one column."""

    path: Path
    is_negated: bool
    members: "tuple[Literal, ...] | Query"


@dataclass(frozen=True, slots=True)
class Junction:
    """Conditions joined by AND, or by OR."""

    is_all: bool
    parts: "tuple[Condition, ...]"


@dataclass(frozen=True, slots=True)
class Negation:
    """NOT and a condition."""

    part: "Condition"


Condition = Comparison | Membership | Junction | Negation


@dataclass(frozen=True, slots=True)
class Column:
    """A selected field."""

    path: Path
    alias: str | None = None


@dataclass(frozen=True, slots=True)
class Aggregate:
    """A selected COUNT, COUNT_DISTINCT, MAX, MIN, SUM or AVG; COUNT() has no path."""

    function: str
    path: Path | None
    alias: str | None
    at: int


@dataclass(frozen=True, slots=True)
class Children:
    """A selected subquery for a record's children."""

    query: "Query"


@dataclass(frozen=True, slots=True)
class Everything:
    """FIELDS(ALL), FIELDS(STANDARD) or FIELDS(CUSTOM)."""

    kind: str
    at: int


@dataclass(frozen=True, slots=True)
class TypeOf:
    """TYPEOF Owner WHEN User THEN ... ELSE ... END: other fields for each object behind it."""

    relationship: Path
    branches: "tuple[tuple[Path, tuple[Path, ...]], ...]"
    """Each object with the fields to take from it."""
    others: "tuple[Path, ...]"


Item = Column | Aggregate | Children | Everything | TypeOf


@dataclass(frozen=True, slots=True)
class Order:
    """One key of ORDER BY."""

    path: Path
    is_descending: bool
    has_nulls_last: bool


@dataclass(frozen=True, slots=True)
class Query:
    """One SELECT, whole or nested."""

    items: tuple[Item, ...]
    sobject: Path
    where: Condition | None = None
    groups: tuple[Path, ...] = ()
    having: Condition | None = None
    orders: tuple[Order, ...] = ()
    limit: int | None = None
    offset: int = 0


def mistake(text: str, at: int, message: str, code: str = "MALFORMED_QUERY") -> SalesforceError:
    """The error for a place in a statement, shown as Salesforce does with a caret below it."""
    row = text.count("\n", 0, at) + 1
    column = at - (text.rfind("\n", 0, at) + 1) + 1
    start = max(0, at - SHOWN)
    shown = text[start : at + SHOWN].replace("\n", " ")
    caret = " " * (at - start) + "^"
    place = f"ERROR at Row:{row}:Column:{column}"
    return SalesforceError(code, f"\n{shown}\n{caret}\n{place}\n{message}")
