"""Persons and what they do, from the inside: for the world's generator, the sync and the face."""

from collections.abc import Mapping
from typing import TypedDict, Unpack

from sandbox.http.message import Json
from sandbox.marketo.lead_database import activity_log
from sandbox.marketo.lead_database.schema import FIELDS, INDEXED, TYPE_IDS, field_named
from sandbox.state.world import Row, World

PERSON = "marketo.person"
ACTIVITY = activity_log.ACTIVITY
INDEX = "marketo.index"
LIST, PROGRAM = "marketo.list", "marketo.program"
COOKIE = "marketo.cookie"
"""Whose each Munchkin cookie, and each `mkt_tok` of a mail, is, by its value."""


class Details(TypedDict, total=False):
    """What else can be told of an activity."""

    at: str
    """When it happened, if not now."""
    primary_id: int
    """The asset that it is about."""
    campaign: int
    """The campaign that did it."""


def stamp(world: World) -> str:
    """This world's present as the lead API writes it."""
    return world.now.strftime("%Y-%m-%dT%H:%M:%SZ")


def with_value(world: World, field: str, value: str) -> list[str]:
    """The ids of persons whose indexed field has a value, oldest first; case is ignored."""
    return list(world.table(f"{INDEX}.{field}").get(value.lower(), {}).get("ids", ()))


def _index(world: World, person_id: str, field: str, old: Json, new: Json) -> None:
    table = world.table(f"{INDEX}.{field}")
    if old:
        table[str(old).lower()]["ids"].remove(person_id)
    if new:
        table.setdefault(str(new).lower(), {"ids": []})["ids"].append(person_id)


def create_person(world: World, values: Mapping[str, Json]) -> int:
    """A new person with these values, whoever else has the address; logs New Lead."""
    person_id = 300_000 + world.next_serial()
    row: Row = dict.fromkeys(FIELDS)
    row.update(
        {name: value for name, value in values.items() if value != ""},
        id=person_id,
        createdAt=stamp(world),
        updatedAt=stamp(world),
        leadPartitionId=1,
        isAnonymous=False,
    )
    world.table(PERSON)[str(person_id)] = row
    for field in INDEXED:
        _index(world, str(person_id), field, None, row[field])
    log_activity(world, person_id, "New Lead", attributes={"Source Type": "Web form"})
    world.record("effect", "marketo", "person.insert", id=person_id)
    return person_id


def change_person(
    world: World, person_id: int, values: Mapping[str, Json], *, reason: str, source: str
) -> None:
    """Change fields of a person; logs one Change Data Value for each that really changes."""
    row = world.table(PERSON)[str(person_id)]
    changes: Row = {}
    for name, value in values.items():
        old, new = row.get(name), None if value == "" else value
        if old == new:
            continue
        row[name] = new
        changes[name] = {"old": old, "new": new}
        if name in INDEXED:
            _index(world, str(person_id), name, old, new)
        told = {"New Value": _text(new), "Old Value": _text(old), "Reason": reason}
        log_activity(
            world,
            person_id,
            "Change Data Value",
            primary=_label(world, name),
            attributes=told | {"Source": source},
            field=name,
        )
        if name == "leadScore":
            moved = {"New Value": _text(new), "Old Value": _text(old), "Reason": reason}
            log_activity(world, person_id, "Change Score", primary="Lead Score", attributes=moved)
    if changes:
        row["updatedAt"] = stamp(world)
        world.record("effect", "marketo", "person.update", id=person_id, changes=changes, by=source)


def _label(world: World, name: str) -> str:
    field = field_named(world, name)
    return name if field is None else field.label


def _text(value: Json) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def log_activity(
    world: World,
    person_id: int,
    kind: str | int,
    *,
    primary: str | None = None,
    attributes: Mapping[str, Json] | None = None,
    field: str | None = None,
    **more: Unpack[Details],
) -> str:
    """Note that a person did something, or had it done; returns its marketoGUID.

    `kind` is a type's name, or its id where the type was made by the API.
    """
    serial = world.next_serial()
    guid = str(serial)
    row: Row = {
        "id": serial,
        "marketoGUID": guid,
        "leadId": person_id,
        "activityDate": more.get("at") or stamp(world),
        "activityTypeId": kind if isinstance(kind, int) else TYPE_IDS[kind],
        "campaignId": more.get("campaign"),
        "primaryAttributeValueId": more.get("primary_id"),
        "primaryAttributeValue": primary,
        "attributes": [
            {"name": name, "value": value}
            for name, value in (attributes or {}).items()
            if value not in (None, "")
        ],
        "field": field,
    }
    if more.get("at"):
        row["loggedAt"] = stamp(world)
    activity_log.append(world, row)
    return guid


def fill_out_form(world: World, form_name: str, values: Mapping[str, Json]) -> int:
    """Somebody fills out a form: the person with that address is updated, or a new one made."""
    found = with_value(world, "email", str(values.get("email", "")))
    if found:
        person_id = int(found[-1])
        change_person(world, person_id, values, reason=f"Form {form_name}", source="Web form fill")
    else:
        person_id = create_person(world, values)
    fields = {"Form Fields": ", ".join(sorted(values)), "Client IP Address": "203.0.113.7"}
    log_activity(world, person_id, "Fill Out Form", primary=form_name, attributes=fields)
    return person_id


def list_named(world: World, name: str) -> Row:
    """The static list of a name, made when it isn't there."""
    table = world.table(LIST)
    row: Row | None = next((one for one in table.values() if one["name"] == name), None)
    return row or create_list(world, name)


def create_list(world: World, name: str, *, description: str = "") -> Row:
    """A new, empty static list; `members` holds since when each person is on it."""
    table = world.table(LIST)
    number = max([999, *map(int, table)]) + 1
    row: Row = {
        "id": number,
        "name": name,
        "description": description,
        "programName": "Routing",
        "workspaceName": "Default",
        "createdAt": stamp(world),
        "updatedAt": stamp(world),
        "members": {},
    }
    table[str(number)] = row
    return row


def add_to_list(world: World, person_id: int, name: str) -> None:
    """Put a person on a static list, which is made when it isn't there; logs Add to List."""
    row = list_named(world, name)
    if str(person_id) not in row["members"]:
        row["members"][str(person_id)] = stamp(world)
        log_activity(world, person_id, "Add to List", primary=name, primary_id=row["id"])


def remove_from_list(world: World, person_id: int, name: str) -> None:
    """Take a person off a static list; logs Remove from List. A no-op for who isn't on it."""
    row = list_named(world, name)
    if row["members"].pop(str(person_id), None) is not None:
        log_activity(world, person_id, "Remove from List", primary=name, primary_id=row["id"])


def delete_person(world: World, person_id: int) -> None:
    """Remove a person; logs Delete Lead."""
    row = world.table(PERSON).pop(str(person_id))
    for field in INDEXED:
        _index(world, str(person_id), field, row[field], None)
    for each in (*world.table(LIST).values(), *world.table(PROGRAM).values()):
        each["members"].pop(str(person_id), None)
    name = " ".join(str(row[one]) for one in ("firstName", "lastName") if row[one])
    log_activity(world, person_id, "Delete Lead", primary=name or None, primary_id=person_id)
    world.record("effect", "marketo", "person.delete", id=person_id)
