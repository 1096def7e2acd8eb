"""Where a query looks: an object's rows, and from there to parents and children."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sandbox.http.message import Json
from sandbox.salesforce.org.errors import SalesforceError
from sandbox.salesforce.org.ids import sobject_of
from sandbox.salesforce.org.schema import NAME, OBJECTS, Field, SObject, field_named, fields_of
from sandbox.salesforce.soql.dates import DATE_FUNCTIONS, DAY_ONLY, part_of
from sandbox.salesforce.soql.syntax import Path, mistake
from sandbox.state.world import Row, World

Read = Callable[[Row], Json]
HINT = (
    " If you are attempting to use a custom {}, be sure to append the '{}' after the custom {} "
    "name. Please reference your WSDL or the describe call for the appropriate names."
)
DEEPEST = 5
"""Steps of a path. Salesforce: Understanding Relationship Query Limitations."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose statement it is, and which object its FROM names."""

    world: World
    text: str
    shape: SObject
    timezone: str
    includes_deleted: bool = False

    def mistake(self, at: int, message: str, code: str = "INVALID_FIELD") -> SalesforceError:
        """The error for a place of the statement."""
        return mistake(self.text, at, message, code)

    def of(self, shape: SObject) -> "Scope":
        """The same, for another object."""
        return replace(self, shape=shape)

    @property
    def today(self) -> date:
        """The asking user's day."""
        return self.world.now.astimezone(ZoneInfo(self.timezone)).date()


class Step(NamedTuple):
    """A field that was reached, and how to read it off a row of the scope's object."""

    field: Field
    read: Read


def reach(scope: Scope, path: Path) -> Step:
    """Find a field by its path. Raises `SalesforceError` with INVALID_FIELD and the place."""
    *relations, name = path.text.split(".")
    if relations and relations[0].lower() == scope.shape.name.lower() != "name":
        relations = relations[1:]
    if len(relations) > DEEPEST:
        message = f"only {DEEPEST} levels of parent relationships are allowed"
        raise scope.mistake(path.at, message)
    step = _reach(scope, scope.shape, relations, name, path.at)
    return step if path.function is None else _applied(scope, path, path.function, step)


def _applied(scope: Scope, path: Path, function: str, step: Step) -> Step:
    """A field seen through a function of dates."""
    if function not in DATE_FUNCTIONS:
        message = f"Aggregate expressions or functions not allowed here: {function.lower()}"
        raise scope.mistake(path.at, message, "MALFORMED_QUERY")
    if step.field.type not in ("date", "datetime"):
        message = f"field {step.field.name} does not support function {function.lower()}"
        raise scope.mistake(path.at, message, "MALFORMED_QUERY")
    kind = "date" if function == DAY_ONLY else "int"
    timezone = scope.timezone if path.is_local else "UTC"

    def read(row: Row) -> Json:
        held = step.read(row)
        return None if held is None else part_of(function, held, timezone)

    return Step(replace(step.field, type=kind), read)


def _reach(scope: Scope, shape: SObject, relations: list[str], name: str, at: int) -> Step:
    if not relations:
        field = field_named(scope.world, shape, name)
        if field is None:
            message = f"No such column '{name}' on entity '{shape.name}'."
            raise scope.mistake(at, message + HINT.format("field", "__c", "field"))
        return Step(field, reader(shape, field))
    reference = relation(scope.world, shape, relations[0])
    if reference is None:
        message = f"Didn't understand relationship '{relations[0]}' in field path."
        raise scope.mistake(at, message + HINT.format("relationship", "__r", "relationship"))
    beyond = _reach(scope, target(reference), relations[1:], name, at)
    world, source, read_parent = scope.world, reference.name, beyond.read

    def read(row: Row) -> Json:
        above = parent(world, row.get(source))
        return None if above is None else read_parent(above)

    return Step(beyond.field, read)


def relation(world: World, shape: SObject, name: str) -> Field | None:
    """The reference field that a step of a path, such as `Owner`, goes through."""
    lower = name.lower()
    for field in fields_of(world, shape):
        if field.relationship is not None and field.relationship.lower() == lower:
            return field
    return None


def target(reference: Field) -> SObject:
    """The object behind a reference; `NAME` when there may be several."""
    return OBJECTS[reference.targets[0]] if len(reference.targets) == 1 else NAME


def parent(world: World, record_id: str | None) -> Row | None:
    """The row of an id; None when there is none. Only EntityDefinition's ids are plain names."""
    if not record_id:
        return None
    sobject = sobject_of(record_id) or "EntityDefinition"
    return world.table(f"salesforce.{sobject}").get(record_id)


def reader(shape: SObject, field: Field) -> Read:
    """How to read a field off a row of an object."""
    name = field.name
    if shape is not NAME:
        if field.default is not None:
            return lambda row: row.get(name, field.default)
        return lambda row: row.get(name)
    if name == "Type":
        return _kind
    if name == "IsActive":
        return lambda row: row.get(name, False)
    return lambda row: row.get(name)


def _kind(row: Row) -> str | None:
    sobject = sobject_of(row["Id"])
    return row["Type"] if sobject == "Group" else sobject
