"""The lead endpoints: read by id or filter, write, delete, merge, describe."""

from collections.abc import Callable

from sandbox.marketo import people
from sandbox.marketo.calls import Call
from sandbox.marketo.envelope import MarketoError, RecordError, answer, skipped
from sandbox.marketo.schema import FIELDS, INDEXED, Field
from sandbox.wire import Json, Response
from sandbox.world import Row, World

MOST_VALUES, PAGE, MOST_MATCHES = 300, 300, 1000
USUAL = ("id", "email", "updatedAt", "createdAt", "lastName", "firstName")
FILTERS = (*INDEXED, "id", "sfdcAccountId", "sfdcLeadOwnerId", "leadPartitionId")


def one(call: Call) -> Response:
    """GET lead/{id}."""
    row = call.world.table(people.PERSON).get(call.path[0])
    if row is None:
        raise MarketoError("1004", f"Lead with id {call.path[0]} not found")
    return answer(call.world, [shown(row, call.texts("fields"))])


def by_filter(call: Call) -> Response:
    """GET leads, or POST with `_method=GET`: up to 300 values, 300 persons a page."""
    kind, values = call.text("filterType"), call.texts("filterValues")
    field = FIELDS.get(kind)
    if field is None or field.type not in ("string", "email", "integer"):
        raise MarketoError("1011", f"Field '{kind}' not supported as filterType")
    if not values or len(values) > MOST_VALUES:
        raise MarketoError("1003", f"filterValues must be between 1 and {MOST_VALUES}")
    fields = call.texts("fields")
    check_fields(fields)
    found = _matching(call.world, kind, values)
    if len(found) > MOST_MATCHES:
        raise MarketoError("1003", "Too many results match the filter")
    start = call.number("nextPageToken", 0)
    end = start + min(call.number("batchSize", PAGE), PAGE)
    more: Row = {"nextPageToken": str(end)} if end < len(found) else {}
    return answer(call.world, [shown(row, fields) for row in found[start:end]], **more)


def _matching(world: World, kind: str, values: list[str]) -> list[Row]:
    table = world.table(people.PERSON)
    if kind == "id":
        return [table[value] for value in dict.fromkeys(values) if value in table]
    if kind in INDEXED:
        ids = [key for value in values for key in people.with_value(world, kind, value)]
        return [table[key] for key in dict.fromkeys(ids)]
    wanted = {value.lower() for value in values}
    return [row for row in table.values() if str(row[kind] or "").lower() in wanted]


def check_fields(fields: list[str]) -> None:
    """Refuse names that are no fields, as the real thing does."""
    for name in fields:
        if name not in FIELDS:
            raise MarketoError("1006", f"Field '{name}' not found")


def shown(row: Row, fields: list[str]) -> Row:
    """A person as answered: the fields asked for; one without a value is null."""
    return {"id": row["id"]} | {name: row[name] for name in fields or USUAL}


def sync(call: Call) -> Response:
    """POST leads: create or update up to 300, each with its own result."""
    body, rows = call.body(), call.records()
    action = str(body.get("action", "createOrUpdate"))
    lookup = str(body.get("lookupField", "email"))
    if action not in ("createOrUpdate", "createOnly", "updateOnly", "createDuplicate"):
        raise MarketoError("1003", f"Invalid action '{action}'")
    if lookup == "id" and action != "updateOnly":
        raise MarketoError("1003", "The lookup field id is only for updateOnly")
    results: list[Row] = []
    for row in rows:
        try:
            results.append(_write(call.world, row, action, lookup))
        except RecordError as error:
            results.append(skipped(error, **({"id": row["id"]} if row.get("id") else {})))
    return answer(call.world, results)


def _write(world: World, row: Row, action: str, lookup: str) -> Row:
    for name, value in row.items():
        _check_value(name, value, lookup)
    key = row.get(lookup)
    if key in (None, ""):
        raise RecordError("1002", f"Missing value for required parameter '{lookup}'")
    found = _matching(world, lookup, [str(key)])
    values = {name: value for name, value in row.items() if name != "id"}
    if len(found) > 1 and action != "createDuplicate":
        raise RecordError("1007", f"Multiple lead match lookup criteria '{lookup}'")
    if found and action == "createOnly":
        raise RecordError("1005", "Lead already exists")
    if found and action != "createDuplicate":
        person = int(found[0]["id"])
        people.change_person(world, person, values, reason="Web service API", source="REST API")
        return {"id": person, "status": "updated"}
    if action == "updateOnly":
        raise RecordError("1004", "Lead not found")
    return {"id": people.create_person(world, values), "status": "created"}


def _check_value(name: str, value: Json, lookup: str) -> None:
    field = FIELDS.get(name)
    if field is None:
        raise RecordError("1006", f"Field '{name}' not found")
    if name == lookup or value is None or value == "":
        return
    if not field.is_writable:
        raise RecordError("1003", f"Field '{name}' is not updateable")
    if not _fits(field, value):
        raise RecordError("1001", f"Invalid value '{value}'. Required of type '{field.type}'")


_FITS: dict[str, Callable[[Json], bool]] = {
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) or str(value).lstrip("-").isdigit(),
    "score": lambda value: isinstance(value, int) or str(value).lstrip("-").isdigit(),
    "email": lambda value: "@" in str(value) and str(value).isascii(),
}


def _fits(field: Field, value: Json) -> bool:
    if field.length and len(str(value)) > field.length:
        return False
    return _FITS.get(field.type, lambda _: True)(value)


def delete(call: Call) -> Response:
    """POST leads/delete."""
    results: list[Row] = []
    for row in call.records():
        if str(row.get("id")) in call.world.table(people.PERSON):
            people.delete_person(call.world, int(row["id"]))
            results.append({"id": row["id"], "status": "deleted"})
        else:
            results.append(skipped(RecordError("1004", "Lead not found"), id=row.get("id")))
    return answer(call.world, results)


def merge(call: Call) -> Response:
    """POST leads/{id}/merge: the path's person wins; its gaps are filled from the others."""
    world, winner = call.world, call.path[0]
    losers = [*call.texts("leadId"), *call.texts("leadIds")]
    table = world.table(people.PERSON)
    for key in (winner, *losers):
        if key not in table:
            raise MarketoError("1004", f"Lead with id {key} not found")
    row = table[winner]
    for key in losers:
        gaps = {
            name: value
            for name, value in table[key].items()
            if value is not None and row[name] is None and FIELDS[name].is_writable
        }
        people.delete_person(world, int(key))
        people.change_person(world, int(winner), gaps, reason="Merge", source="REST API")
    merged = {"Merge IDs": ",".join(losers)}
    people.log_activity(world, int(winner), "Merge Leads", attributes=merged)
    return answer(world)


def submit_form(call: Call) -> Response:
    """POST leads/submitForm: one form."""
    body = call.body()
    row: Row = call.records(most=1)[0]
    form = str(body.get("formId", ""))
    person = people.fill_out_form(call.world, form, row.get("leadFormFields") or {})
    return answer(call.world, [{"id": person, "status": "updated"}])


def describe(call: Call) -> Response:
    """GET leads/describe."""
    rows = [
        {
            "id": number,
            "displayName": field.label,
            "dataType": field.type,
            **({"length": field.length} if field.length else {}),
            "rest": {"name": name, "readOnly": not field.is_writable},
        }
        for number, (name, field) in enumerate(FIELDS.items(), 1)
    ]
    return answer(call.world, rows)


def describe2(call: Call) -> Response:
    """GET leads/describe2."""
    fields = [
        {
            "name": name,
            "displayName": field.label,
            "dataType": field.type,
            **({"length": field.length} if field.length else {}),
            "updateable": field.is_writable,
            "crmManaged": field.is_crm_managed,
        }
        for name, field in FIELDS.items()
        if name not in call.world.table("marketo.missing_field")
    ]
    searchable = [[name] for name in FILTERS]
    row = {"name": "API Lead", "searchableFields": searchable, "fields": fields}
    return answer(call.world, [row])
