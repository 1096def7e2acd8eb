"""Activity types: the standard ones, and custom ones with their drafts (Adobe: Activities).

A row of `marketo.activity_type`, by API name, holds the `live` version and the `draft`, each None
when there is none.
"""

import re
from collections.abc import Callable, Mapping
from typing import cast

from sandbox.http.message import Json, Response
from sandbox.marketo.access.call import Call
from sandbox.marketo.access.envelope import MarketoError, answer
from sandbox.marketo.lead_database.people import stamp
from sandbox.marketo.lead_database.schema import ACTIVITY_TYPES, CUSTOM_API_NAMES, CUSTOM_FROM
from sandbox.state.world import Row, World

TYPE = "marketo.activity_type"
MOST_TYPES, MOST_ATTRIBUTES = 10, 20
ENDS = ("success", "reason", "errorCode")
"""What every call of a Self-Service Flow Step tells."""
NAMES = ("name", "triggerName", "filterName", "primaryAttribute")
API_NAME = re.compile(r"[A-Za-z0-9_]{1,255}")
DATA_TYPES = frozenset(
    "string boolean integer float link email currency date datetime phone text".split()
)


def settle(world: World) -> None:
    """The custom types that every world has, approved long ago."""
    for number, api_name in CUSTOM_API_NAMES.items():
        if api_name in world.table(TYPE):
            continue
        name, primary, attributes = ACTIVITY_TYPES[number]
        world.table(TYPE)[api_name] = {
            "id": number,
            "createdAt": stamp(world),
            "draft": None,
            "live": {
                "apiName": api_name,
                "name": name,
                "description": name,
                "triggerName": name,
                "filterName": name,
                "primaryAttribute": _attribute({"apiName": primary.lower(), "name": primary}),
                "attributes": [_attribute({"apiName": one, "name": one}) for one in attributes],
                "updatedAt": stamp(world),
            },
        }


def register(world: World, definition: Row) -> int:
    """The type of what a Self-Service Flow Step leaves on a person; returns its id.

    Its attributes are those of the service's definition, and how each call ended.
    """
    api_name, table = str(definition["apiName"]), world.table(TYPE)
    if api_name in table:
        return int(table[api_name]["id"])
    told: Row = definition["i18n"].get("en_US") or {}
    sent: list[Row] = definition["invocationPayloadDef"].get("flowAttributes") or []
    received: list[Row] = definition["callbackPayloadDef"].get("attributes") or []
    attributes = {
        one["apiName"]: {"apiName": one["apiName"], "name": _label(one), "dataType": "string"}
        for one in (*sent, *received)
    }
    primary = str(definition["primaryAttribute"])
    ends = [{"apiName": one, "name": one, "dataType": "string"} for one in ENDS]
    name = str(told.get("name") or api_name)
    live: Row = {
        "apiName": api_name,
        "name": name,
        "description": name,
        "triggerName": told.get("triggerName") or name,
        "filterName": told.get("filterName") or name,
        "primaryAttribute": attributes.pop(primary, {"apiName": primary, "name": primary}),
        "attributes": [*attributes.values(), *ends],
        "updatedAt": stamp(world),
    }
    number = _next_id(world)
    row: Row = {"id": number, "createdAt": stamp(world), "draft": None, "live": live}
    table[api_name] = row | {"isService": True}
    return number


def _label(one: Row) -> str:
    told: Row = one.get("i18n", {}).get("en_US") or {}
    return str(told.get("name") or one["apiName"])


def _next_id(world: World) -> int:
    return max([CUSTOM_FROM, *(row["id"] for row in world.table(TYPE).values())]) + 1


def standard() -> list[Row]:
    """The standard types, as the list of types shows them."""
    return [
        {
            "id": number,
            "name": name,
            "description": name,
            **({"primaryAttribute": {"name": primary, "dataType": "string"}} if primary else {}),
            "attributes": [{"name": one, "dataType": "string"} for one in attributes],
        }
        for number, (name, primary, attributes) in ACTIVITY_TYPES.items()
        if number < CUSTOM_FROM
    ]


def approved(world: World, number: Json) -> Row | None:
    """The live version of a custom type, with its id; None when there is none of that id."""
    for row in world.table(TYPE).values():
        if row["id"] == number and row["live"]:
            return row["live"] | {"id": row["id"]}
    return None


def approved_types(world: World) -> list[Row]:
    """The custom types with a live version, as the list of types shows them."""
    return [row["live"] | {"id": row["id"]} for row in world.table(TYPE).values() if row["live"]]


def custom_types(call: Call) -> Response:
    """GET activities/external/types."""
    rows = [_told(row, row["live"] or row["draft"]) for row in call.world.table(TYPE).values()]
    hidden = ("attributes", "primaryAttribute")
    return answer(
        call.world,
        [{name: value for name, value in row.items() if name not in hidden} for row in rows],
    )


def describe(call: Call) -> Response:
    """GET activities/external/type/{apiName}/describe: the live version unless `draft=true`."""
    row = _existing(call)
    wanted = "draft" if call.text("draft", "false") == "true" else "live"
    shown = row[wanted] or row["live"] or row["draft"]
    return answer(call.world, [_told(row, shown)])


def create(call: Call) -> Response:
    """POST activities/external/type: a draft."""
    body, table = call.body(), call.world.table(TYPE)
    for name in ("apiName", *NAMES):
        if not body.get(name):
            raise MarketoError("701", f"{name} cannot be blank")
    api_name = str(body["apiName"])
    if API_NAME.fullmatch(api_name) is None:
        raise MarketoError("1003", f"Invalid apiName '{api_name}'")
    if api_name in table:
        raise MarketoError("1017", "Object already exists")
    if sum(not row.get("isService") for row in table.values()) >= MOST_TYPES:
        raise MarketoError("1027", "Max Activity Type Limit Reached")
    number = _next_id(call.world)
    draft: Row = {"apiName": api_name, "attributes": [], "updatedAt": stamp(call.world)}
    draft |= _changes(body)
    row: Row = {"id": number, "createdAt": stamp(call.world), "live": None, "draft": draft}
    table[api_name] = row
    return answer(call.world, [_told(row, draft)])


def _changes(body: Row) -> Row:
    changes = {name: body[name] for name in (*NAMES, "description") if name in body}
    if "primaryAttribute" in changes:
        changes["primaryAttribute"] = _attribute(changes["primaryAttribute"])
    return changes


def update(call: Call) -> Response:
    """POST activities/external/type/{apiName}: changes the draft, which must be approved."""
    return _edit(call, lambda draft: draft.update(_changes(call.body())))


def approve(call: Call) -> Response:
    """POST activities/external/type/{apiName}/approve."""
    row = _existing(call)
    if row["draft"] is None:
        raise MarketoError("709", "There is no draft to approve")
    row["live"], row["draft"] = row["draft"], None
    return answer(call.world, [_told(row, row["live"])])


def discard_draft(call: Call) -> Response:
    """POST activities/external/type/{apiName}/discardDraft."""
    row = _existing(call)
    if row["draft"] is None or row["live"] is None:
        raise MarketoError("709", "There is no draft that could be discarded")
    row["draft"] = None
    return answer(call.world, [_told(row, row["live"])])


def delete(call: Call) -> Response:
    """POST activities/external/type/{apiName}/delete."""
    row = _existing(call)
    del call.world.table(TYPE)[call.path[0]]
    return answer(call.world, [_told(row, row["live"] or row["draft"]) | {"status": "deleted"}])


def create_attributes(call: Call) -> Response:
    """POST activities/external/type/{apiName}/attributes/create."""
    given = [_attribute(one) for one in call.records(name="attributes")]

    def add(draft: Row) -> None:
        known = {one["apiName"] for one in draft["attributes"]}
        taken = [one["apiName"] for one in given if one["apiName"] in known]
        if taken:
            raise MarketoError("1017", f"Attribute '{taken[0]}' already exists")
        if len(known) + len(given) > MOST_ATTRIBUTES:
            raise MarketoError("1028", "Max field limit reached")
        draft["attributes"] = [*draft["attributes"], *given]

    return _edit(call, add)


def update_attributes(call: Call) -> Response:
    """POST activities/external/type/{apiName}/attributes/update."""
    given = {str(one.get("apiName")): one for one in call.records(name="attributes")}

    def change(draft: Row) -> None:
        _check_known(draft, given)
        draft["attributes"] = [
            _attribute(one | given.get(one["apiName"], {})) for one in draft["attributes"]
        ]

    return _edit(call, change)


def delete_attributes(call: Call) -> Response:
    """POST activities/external/type/{apiName}/attributes/delete."""
    given = {str(one.get("apiName")): one for one in call.records(name="attributes")}

    def remove(draft: Row) -> None:
        _check_known(draft, given)
        draft["attributes"] = [one for one in draft["attributes"] if one["apiName"] not in given]

    return _edit(call, remove)


def _check_known(draft: Row, given: Mapping[str, Row]) -> None:
    unknown = sorted(set(given) - {one["apiName"] for one in draft["attributes"]})
    if unknown:
        raise MarketoError("1013", f"Attribute '{unknown[0]}' not found")


def _edit(call: Call, change: Callable[[Row], None]) -> Response:
    row = _existing(call)
    draft: Row = dict(row["draft"] or row["live"])
    change(draft)
    row["draft"] = draft | {"updatedAt": stamp(call.world)}
    return answer(call.world, [_told(row, row["draft"])])


def _attribute(given: Json) -> Row:
    one = cast("Row", given) if isinstance(given, dict) else {}
    for name in ("apiName", "name"):
        if not one.get(name):
            raise MarketoError("701", f"{name} cannot be blank")
    kind = one.get("dataType", "string")
    if kind not in DATA_TYPES:
        raise MarketoError("1003", f"Invalid dataType '{kind}'")
    told = {"apiName": one["apiName"], "name": one["name"], "dataType": kind}
    return told | ({"description": one["description"]} if one.get("description") else {})


def _existing(call: Call) -> Row:
    row = call.world.table(TYPE).get(call.path[0])
    if row is None:
        raise MarketoError("1013", f"Activity type '{call.path[0]}' not found")
    return row


def _told(row: Row, version: Row) -> Row:
    status = "draft" if row["live"] is None else "approved"
    if row["live"] is not None and row["draft"] is not None:
        status = "approved with draft"
    return version | {"id": row["id"], "createdAt": row["createdAt"], "status": status}
