"""Programs, channels and tags as assets (Adobe: Assets, Programs, Channels, Tags)."""

from sandbox.http.message import Json, Response
from sandbox.marketo.access.call import Call, instant
from sandbox.marketo.access.envelope import asset_answer
from sandbox.marketo.lead_database.people import PROGRAM, stamp
from sandbox.marketo.programs.programs import CHANNELS, NOT_IN
from sandbox.state.world import Row

TAGS = (("Region", True, ("AMER", "EMEA", "APAC")), ("Owner", False, ("Marketing", "Sales")))


def asset(call: Call) -> Response:
    """GET asset/v1/program/{id}."""
    row = call.world.table(PROGRAM).get(call.path[0])
    return asset_answer(call.world, [_asset(row, tags=True)] if row else [])


def asset_by_name(call: Call) -> Response:
    """GET asset/v1/program/byName."""
    name, tags = call.text("name"), call.text("includeTags", "false") == "true"
    found = [row for row in call.world.table(PROGRAM).values() if row["name"] == name]
    return asset_answer(call.world, [_asset(row, tags=tags) for row in found])


def asset_by_tag(call: Call) -> Response:
    """GET asset/v1/program/byTag."""
    kind, value = call.text("tagType"), call.text("tagValue")
    found = [row for row in call.world.table(PROGRAM).values() if row["tags"].get(kind) == value]
    start, end = call.asset_window()
    return asset_answer(call.world, [_asset(row, tags=True) for row in found[start:end]])


def assets(call: Call) -> Response:
    """GET asset/v1/programs, optionally of those changed between two instants."""
    first, last = call.instant("earliestUpdatedAt"), call.instant("latestUpdatedAt")
    found = [
        row
        for row in call.world.table(PROGRAM).values()
        if (first is None or instant(row["updatedAt"]) >= first)
        and (last is None or instant(row["updatedAt"]) <= last)
    ]
    start, end = call.asset_window()
    return asset_answer(call.world, [_asset(row) for row in found[start:end]])


def _asset(row: Row, *, tags: bool = False) -> Json:
    shown = {
        "id": row["id"],
        "name": row["name"],
        "description": row["description"],
        "createdAt": f"{row['createdAt']}+0000",
        "updatedAt": f"{row['updatedAt']}+0000",
        "url": f"https://app-sandbox.marketo.com/#PG{row['id']}A1",
        "type": row["type"],
        "channel": row["channel"],
        "folder": {"type": "Folder", "value": 1, "folderName": "Marketing Activities"},
        "status": "",
        "workspace": row["workspace"],
        "headStart": False,
    }
    told = [{"tagType": kind, "tagValue": value} for kind, value in row["tags"].items()]
    return shown | ({"tags": told, "costs": None} if tags else {})


def channels(call: Call) -> Response:
    """GET asset/v1/channels, and channel/byName."""
    name = call.text("name", "")
    start, end = call.asset_window()
    at = f"{stamp(call.world)}+0000"
    found = [
        {
            "id": number,
            "name": channel,
            "applicableProgramType": "event" if channel == "Webinar" else "program",
            "progressionStatuses": [
                {"name": status, "step": step, "description": None, "hidden": False, "success": ok}
                for status, step, ok in ((NOT_IN, 0, False), *statuses)
            ],
            "createdAt": at,
            "updatedAt": at,
        }
        for number, (channel, statuses) in enumerate(CHANNELS, 1)
        if not name or channel == name
    ]
    return asset_answer(call.world, found[start:end])


def tag_types(call: Call) -> Response:
    """GET asset/v1/tagTypes."""
    start, end = call.asset_window()
    return asset_answer(call.world, [_tag(name, required) for name, required, _ in TAGS][start:end])


def tag_type(call: Call) -> Response:
    """GET asset/v1/tagType/byName, with the values that are allowed."""
    name = call.text("name")
    found = [
        _tag(tag, required) | {"allowableValues": f"[{', '.join(values)}]"}
        for tag, required, values in TAGS
        if tag == name
    ]
    return asset_answer(call.world, found)


def _tag(name: str, required: bool) -> Row:  # noqa: FBT001  (a column of TAGS)
    kinds = "[program,email_batch,nurture,event,webinar]"
    return {"tagType": name, "applicableProgramTypes": kinds, "required": required}


def nothing(call: Call) -> Response:
    """An asset of a kind that no world has: segmentations, e-mails, tokens of programs."""
    return asset_answer(call.world, [])
