"""Describing person fields, and making new ones (Adobe: Leads, Fields)."""

import re
from collections.abc import Iterable

from sandbox.http.message import Response
from sandbox.marketo.access.call import Call
from sandbox.marketo.access.envelope import MarketoError, answer
from sandbox.marketo.lead_database.schema import (
    CREATED_FIELD,
    FIELDS,
    Field,
    field_named,
    fields_of,
    soap_name,
)
from sandbox.marketo.leads.lead_query import FILTER_TYPES, FILTERS
from sandbox.state.world import Row, World

MOST_CREATED = 100
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
DATA_TYPES = frozenset(
    "boolean currency date datetime email float integer percent phone score string url text".split()
)
FLAGS = ("description", "isHidden", "isHtmlEncodingInEmail", "isSensitive")
_TEXTS = frozenset("string email phone url text".split())


def describe(call: Call) -> Response:
    """GET leads/describe."""
    rows = [
        {
            "id": number,
            "displayName": field.label,
            "dataType": field.type,
            **({"length": field.length} if field.length else {}),
            "rest": {"name": name, "readOnly": not field.is_writable},
            "soap": {"name": soap_name(name, field), "readOnly": not field.is_writable},
        }
        for number, (name, field) in enumerate(fields_of(call.world).items(), 1)
    ]
    return answer(call.world, rows)


def describe2(call: Call) -> Response:
    """GET leads/describe2."""
    known = {
        name: field
        for name, field in fields_of(call.world).items()
        if name not in call.world.table("marketo.missing_field")
    }
    ours = [name for name, field in known.items() if field.is_custom and field.type in FILTER_TYPES]
    fields = [described(name, field) for name, field in known.items()]
    searchable = [[name] for name in (*FILTERS, *ours)]
    row = {"name": "API Lead", "searchableFields": searchable, "fields": fields}
    return answer(call.world, [row])


def described(name: str, field: Field) -> Row:
    """A field as the newer descriptions tell it."""
    return {
        "name": name,
        "displayName": field.label,
        "dataType": field.type,
        **({"length": field.length} if field.length else {}),
        "updateable": field.is_writable,
        "crmManaged": field.is_crm_managed,
    }


def schema_field(name: str, field: Field, more: Row) -> Row:
    """A field as the schema endpoints tell it; `more` is what was said of it by the API."""
    told: Row = {
        "displayName": field.label,
        "name": name,
        "description": None,
        "dataType": field.type,
        **({"length": field.length} if field.length else {}),
        "isHidden": False,
        "isHtmlEncodingInEmail": field.type in _TEXTS,
        "isSensitive": False,
        "isCustom": field.is_custom,
        "isApiCreated": False,
    }
    return told | {one: more[one] for one in (*FLAGS, "displayName", "isApiCreated") if one in more}


def _told(world: World, name: str, field: Field) -> Row:
    return schema_field(name, field, world.table(CREATED_FIELD).get(name, {}))


def fields(call: Call) -> Response:
    """GET leads/schema/fields."""
    rows = [_told(call.world, name, field) for name, field in fields_of(call.world).items()]
    return call.page(rows, says_more=True)


def one(call: Call) -> Response:
    """GET leads/schema/fields/{name}."""
    name = call.path[0]
    return answer(call.world, [_told(call.world, name, _existing(call.world, name))])


def _existing(world: World, name: str) -> Field:
    field = field_named(world, name)
    if field is None:
        raise MarketoError("1006", f"Field '{name}' not found")
    return field


def create(call: Call) -> Response:
    """POST leads/schema/fields: up to 100 custom fields, all or none of them."""
    table, rows = call.world.table(CREATED_FIELD), call.records()
    labels = {field.label for field in fields_of(call.world).values()}
    made = checked_fields(rows, known=fields_of(call.world), labels=labels)
    created = sum(bool(row.get("isApiCreated")) for row in table.values())
    if created + len(made) > MOST_CREATED:
        raise MarketoError("1003", f"At most {MOST_CREATED} custom fields can be created")
    table.update(made)
    return answer(call.world, [{"name": name, "status": "created"} for name in made])


def checked_fields(
    rows: Iterable[Row], *, known: Iterable[str], labels: Iterable[str]
) -> dict[str, Row]:
    """New fields by name; raises 701, 1003 or 1017 when one of them cannot be made."""
    names, taken, made = set(known), set(labels), dict[str, Row]()
    for row in rows:
        for needed in ("displayName", "name", "dataType"):
            if not row.get(needed):
                raise MarketoError("701", f"{needed} cannot be blank")
        name = str(row["name"])
        if NAME.fullmatch(name) is None:
            raise MarketoError("1003", f"Invalid field name '{name}'")
        if row["dataType"] not in DATA_TYPES:
            raise MarketoError("1003", f"Invalid dataType '{row['dataType']}'")
        if name in names or name in made or row["displayName"] in taken:
            raise MarketoError("1017", f"Field '{name}' already exists")
        taken.add(row["displayName"])
        kept = {one: row[one] for one in ("displayName", "dataType", *FLAGS) if one in row}
        made[name] = kept | {"isApiCreated": True}
    return made


def update(call: Call) -> Response:
    """POST leads/schema/fields/{name}; what may change depends on who made the field."""
    name, change = call.path[0], call.records(most=1)[0]
    field, table = _existing(call.world, name), call.world.table(CREATED_FIELD)
    held = table.get(name, {})
    allowed = {"description", "isHtmlEncodingInEmail", "isSensitive"}
    allowed |= {"displayName"} if field.is_custom and name not in FIELDS else set()
    allowed |= {"isHidden"} if held.get("isApiCreated") else set()
    refused = sorted(set(change) - allowed)
    if refused:
        raise MarketoError("1003", f"'{refused[0]}' of field '{name}' cannot be updated")
    table[name] = held | change
    return answer(call.world, [{"name": name, "status": "updated"}])
