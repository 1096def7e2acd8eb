"""Reading leads: by id, by filter, by program; their partitions."""

from collections.abc import Iterator

from sandbox.http.message import Response
from sandbox.marketo.access.call import Call
from sandbox.marketo.access.envelope import MarketoError, answer
from sandbox.marketo.lead_database import people
from sandbox.marketo.lead_database.schema import INDEXED, field_named
from sandbox.state.world import Row, World

MOST_VALUES, MOST_MATCHES = 300, 1000
USUAL = ("id", "email", "updatedAt", "createdAt", "lastName", "firstName")
FILTERS = (
    *INDEXED,
    *"id cookies leadPartitionId sfdcAccountId sfdcLeadOwnerId sfdcOpptyId facebookId".split(),
    *"linkedInId twitterId externalCompanyId externalSalesPersonId".split(),
)
"""Standard fields that leads can be filtered by (Adobe: Leads, Query); custom ones are more."""
FILTER_TYPES = ("string", "email", "integer")
PARTITIONS = (
    {"id": 1, "name": "Default", "description": "Initial system partition"},
    {"id": 2, "name": "Partner", "description": "Leads of partners"},
)


def one(call: Call) -> Response:
    """GET lead/{id}."""
    row = existing(call.world, call.path[0])
    return answer(call.world, [shown(call.world, row, checked(call, call.texts("fields")))])


def existing(world: World, key: str) -> Row:
    """A person by id; raises 1004."""
    row = world.table(people.PERSON).get(key)
    if row is None:
        raise MarketoError("1004", f"Lead with id {key} not found")
    return row


def by_filter(call: Call) -> Response:
    """GET leads, or POST with `_method=GET`: up to 300 values, 300 persons a page."""
    kind, values = call.text("filterType"), call.texts("filterValues")
    if not is_filter(call.world, kind):
        raise MarketoError("1011", f"Field '{kind}' not supported as filterType")
    if not values or len(values) > MOST_VALUES:
        raise MarketoError("1003", f"filterValues must be between 1 and {MOST_VALUES}")
    fields = checked(call, call.texts("fields"))
    found: list[Row] = []
    for row in matching(call.world, kind, values):
        found.append(row)
        if len(found) > MOST_MATCHES:
            raise MarketoError("1003", "Too many results match the filter")
    start, end = call.window()
    rows = [shown(call.world, row, fields) for row in found[start:end]]
    return call.slice(rows, end if end < len(found) else None)


def is_filter(world: World, kind: str) -> bool:
    """Whether leads can be filtered, and looked up, by a field."""
    field = field_named(world, kind)
    is_ours = field is not None and field.is_custom and field.type in FILTER_TYPES
    return kind in FILTERS or is_ours


def matching(world: World, kind: str, values: list[str]) -> Iterator[Row]:
    """The persons whose field has one of these values, each once; case is ignored."""
    table = world.table(people.PERSON)
    if kind == "id":
        return (table[value] for value in dict.fromkeys(values) if value in table)
    if kind in ("cookies", "mktToken"):
        cookies = world.table(people.COOKIE)
        ids = [str(cookies[value]["lead"]) for value in values if value in cookies]
        return (table[key] for key in dict.fromkeys(ids) if key in table)
    if kind in INDEXED:
        found = [key for value in values for key in people.with_value(world, kind, value)]
        return (table[key] for key in dict.fromkeys(found))
    wanted = {value.lower() for value in values}
    return (row for row in table.values() if str(row.get(kind) or "").lower() in wanted)


def checked(call: Call, fields: list[str]) -> list[str]:
    """Refuse names that are no fields, as the real thing does; raises 1006."""
    for name in fields:
        if field_named(call.world, name) is None and name not in ("cookies", "ecids"):
            raise MarketoError("1006", f"Field '{name}' not found")
    return fields


def shown(world: World, row: Row, fields: list[str]) -> Row:
    """A person as answered: the fields asked for; one without a value is null."""
    told = {"id": row["id"]} | {name: row.get(name) for name in fields or USUAL}
    if "cookies" in fields:
        cookies = world.table(people.COOKIE)
        told["cookies"] = [each for each, one in cookies.items() if one["lead"] == row["id"]]
    return told


def partitions(call: Call) -> Response:
    """GET leads/partitions."""
    return answer(call.world, PARTITIONS)


def partition_named(name: str) -> int:
    """The id of a partition; raises 1008, as for one that the user may not see."""
    for each in PARTITIONS:
        if each["name"] == name:
            return int(each["id"])
    raise MarketoError("1008", f"Access denied to partition '{name}'")


def check_lookup(world: World, name: str) -> None:
    """Raises 1006 or 1011 for what can't be a `lookupField`."""
    if field_named(world, name) is None:
        raise MarketoError("1006", f"Field '{name}' not found")
    if not is_filter(world, name):
        raise MarketoError("1011", f"Field '{name}' not supported")
