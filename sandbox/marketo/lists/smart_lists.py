"""Smart lists: who they name at a moment, and their Asset API.

A row of `marketo.smart_list`, by id, holds `id`, `name` and the `rule`.
"""

from sandbox.http.message import Json, Response
from sandbox.marketo.access.call import Call
from sandbox.marketo.access.envelope import asset_answer
from sandbox.marketo.lead_database import people
from sandbox.marketo.leads import lead_query
from sandbox.state.world import Row, World

SMART_LIST = "marketo.smart_list"


def chosen(world: World, rule: Row) -> list[int]:
    """Whom a rule names: {"list": name} | {"field": ..., "is": value} | {} for nobody."""
    if "list" in rule:
        lists = world.table(people.LIST).values()
        return [int(key) for row in lists if row["name"] == rule["list"] for key in row["members"]]
    if "field" in rule:
        return [
            int(row["id"]) for row in lead_query.matching(world, rule["field"], [str(rule["is"])])
        ]
    return []


def assets(call: Call) -> Response:
    """GET asset/v1/smartLists."""
    start, end = call.asset_window()
    rows = list(call.world.table(SMART_LIST).values())
    return asset_answer(call.world, [_asset(call.world, row) for row in rows[start:end]])


def asset(call: Call) -> Response:
    """GET asset/v1/smartList/{id}."""
    row = call.world.table(SMART_LIST).get(call.path[0])
    return asset_answer(call.world, [_asset(call.world, row)] if row else [])


def asset_by_name(call: Call) -> Response:
    """GET asset/v1/smartList/byName."""
    name = call.text("name")
    found = [row for row in call.world.table(SMART_LIST).values() if row["name"] == name]
    return asset_answer(call.world, [_asset(call.world, row) for row in found])


def _asset(world: World, row: Row) -> Json:
    at = f"{row.get('createdAt') or people.stamp(world)}+0000"
    return {
        "id": row["id"],
        "name": row["name"],
        "description": row.get("description", ""),
        "createdAt": at,
        "updatedAt": at,
        "folder": {"id": 1, "type": "Folder"},
        "workspace": "Default",
        "url": f"https://app-sandbox.marketo.com/#SL{row['id']}A1",
    }
