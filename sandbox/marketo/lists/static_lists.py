"""Static lists: the lists themselves, who is on them, and their Asset API."""

import json
from collections.abc import Mapping
from typing import cast

from sandbox.http.message import Json, Response
from sandbox.marketo.access.call import Call
from sandbox.marketo.access.envelope import MarketoError, RecordError, answer, asset_answer, skipped
from sandbox.marketo.lead_database import people
from sandbox.marketo.lead_database.people import LIST, PERSON
from sandbox.marketo.leads.lead_query import checked, shown
from sandbox.marketo.leads.lead_query import existing as existing_lead
from sandbox.state.world import Row, World


def existing(world: World, list_id: str) -> Row:
    """A list by its id; raises 1013."""
    row = world.table(LIST).get(list_id)
    if row is None:
        raise MarketoError("1013", f"List with id {list_id} not found")
    return row


def members_of(row: Row) -> Mapping[str, str]:
    """Since when each person is on a list."""
    return row["members"]


def lists(call: Call) -> Response:
    """GET lists: by id, name, program or workspace."""
    wanted = {
        column: set(call.texts(column)) for column in ("id", "name", "programName", "workspaceName")
    }
    rows = [
        _shown(row)
        for row in call.world.table(LIST).values()
        if all(not given or str(row.get(name)) in given for name, given in wanted.items())
    ]
    return call.page(rows)


def one(call: Call) -> Response:
    """GET lists/{id}."""
    return answer(call.world, [_shown(existing(call.world, call.path[0]))])


def _shown(row: Row) -> Row:
    return {name: value for name, value in row.items() if name != "members" and value != ""}


def members(call: Call) -> Response:
    """GET lists/{id}/leads, 300 a page."""
    row, fields = existing(call.world, call.path[0]), checked(call, call.texts("fields"))
    start, end = call.window()
    table = call.world.table(PERSON)
    ids = list(members_of(row))
    found = [shown(call.world, table[lead], fields) for lead in ids[start:end]]
    return call.slice(found, end if end < len(ids) else None)


def _each(call: Call) -> tuple[Row, list[tuple[int, bool]]]:
    """The list, and the leads asked about: each with whether there is one."""
    row, table = existing(call.world, call.path[0]), call.world.table(PERSON)
    return row, [(lead, str(lead) in table) for lead in call.lead_ids()]


def add_members(call: Call) -> Response:
    """POST lists/{id}/leads."""
    row, leads = _each(call)
    results: list[Row] = []
    for lead, is_there in leads:
        if is_there:
            people.add_to_list(call.world, lead, row["name"])
            results.append({"id": lead, "status": "added"})
        else:
            results.append(skipped(RecordError("1004", "Lead not found"), id=lead))
    return answer(call.world, results)


def remove_members(call: Call) -> Response:
    """DELETE lists/{id}/leads."""
    row, leads = _each(call)
    results: list[Row] = []
    for lead, is_there in leads:
        if not is_there:
            results.append(skipped(RecordError("1004", "Lead not found"), id=lead))
        elif str(lead) not in members_of(row):
            results.append(skipped(RecordError("1015", "Lead not in list"), id=lead))
        else:
            people.remove_from_list(call.world, lead, row["name"])
            results.append({"id": lead, "status": "removed"})
    return answer(call.world, results)


def are_members(call: Call) -> Response:
    """GET lists/{id}/leads/ismember."""
    row, leads = _each(call)
    results: list[Row] = []
    for lead, is_there in leads:
        if is_there:
            is_member = str(lead) in members_of(row)
            results.append({"id": lead, "status": "memberof" if is_member else "notmemberof"})
        else:
            results.append(skipped(RecordError("1004", "Lead not found"), id=lead))
    return answer(call.world, results)


def memberships(call: Call) -> Response:
    """GET leads/{id}/listMembership."""
    existing_lead(call.world, call.path[0])
    rows = [
        {"listId": row["id"], "createdAt": since, "updatedAt": since}
        for row in call.world.table(LIST).values()
        if (since := members_of(row).get(call.path[0])) is not None
    ]
    return call.page(rows, says_more=True)


def assets(call: Call) -> Response:
    """GET asset/v1/staticLists."""
    start, end = call.asset_window()
    rows = list(call.world.table(LIST).values())
    return asset_answer(call.world, [_asset(row) for row in rows[start:end]])


def asset(call: Call) -> Response:
    """GET asset/v1/staticList/{id}."""
    row = call.world.table(LIST).get(call.path[0])
    return asset_answer(call.world, [_asset(row)] if row else [])


def asset_by_name(call: Call) -> Response:
    """GET asset/v1/staticList/byName."""
    name = call.text("name")
    found = [row for row in call.world.table(LIST).values() if row["name"] == name]
    return asset_answer(call.world, [_asset(row) for row in found])


def _existing_asset(call: Call) -> Row:
    row = call.world.table(LIST).get(call.path[0])
    if row is None:
        raise MarketoError("702", "Static List not found")
    return row


def _check_folder(call: Call) -> None:
    """Raises 710 or 711 for a parent that isn't there, or can't have lists."""
    try:
        folder: Json = json.loads(call.text("folder"))
    except ValueError:
        folder = None
    if not isinstance(folder, dict):
        raise MarketoError("709", "folder must be an object with id and type")
    told = cast("Row", folder)
    if told.get("type") not in ("Folder", "Program"):
        raise MarketoError("711", "Incompatible Folder Type")
    if told["type"] == "Program" and str(told.get("id")) not in call.world.table(people.PROGRAM):
        raise MarketoError("710", "Parent Folder Not Found")


def create_asset(call: Call) -> Response:
    """POST asset/v1/staticLists: a name that nothing else has."""
    name = call.text("name")
    _check_folder(call)
    if any(row["name"] == name for row in call.world.table(LIST).values()):
        raise MarketoError("709", f"List with name '{name}' already exists")
    row = people.create_list(call.world, name, description=call.text("description", ""))
    return asset_answer(call.world, [_asset(row)])


def update_asset(call: Call) -> Response:
    """POST asset/v1/staticList/{id}: its name or description."""
    row = _existing_asset(call)
    row["name"] = call.text("name", row["name"])
    row["description"] = call.text("description", row.get("description", ""))
    row["updatedAt"] = people.stamp(call.world)
    return asset_answer(call.world, [_asset(row)])


def delete_asset(call: Call) -> Response:
    """POST asset/v1/staticList/{id}/delete; not while a campaign or an import needs it."""
    row = _existing_asset(call)
    if _is_used(call.world, row):
        raise MarketoError("1022", "Object in use")
    del call.world.table(LIST)[call.path[0]]
    return asset_answer(call.world, [{"id": row["id"]}])


def _is_used(world: World, row: Row) -> bool:
    jobs, name = world.table("marketo.import").values(), row["name"]
    is_open = ("Queued", "Importing")
    if any(job["list"] == str(row["id"]) and job["status"] in is_open for job in jobs):
        return True
    for one in world.table("marketo.campaign").values():
        steps: list[Row] = [one.get("smart_list") or {}, *(one.get("flow") or ())]
        if any(step.get("list") == name for step in steps):
            return True
    return False


def _asset(row: Row) -> Json:
    url = f"https://app-sandbox.marketo.com/#ST{row['id']}A1"
    return {
        "id": row["id"],
        "name": row["name"],
        "description": row.get("description", ""),
        "createdAt": f"{row['createdAt']}+0000",
        "updatedAt": f"{row['updatedAt']}+0000",
        "folder": {"id": 1, "type": "Folder"},
        "workspace": row["workspaceName"],
        "url": url,
        "computedUrl": url,
    }
