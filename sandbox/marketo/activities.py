"""The activity endpoints: paging tokens, activities, changes, types, custom activities."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sandbox.marketo import people
from sandbox.marketo.calls import Call
from sandbox.marketo.envelope import MarketoError, RecordError, answer
from sandbox.marketo.schema import (
    ACTIVITY_TYPES,
    CHANGE_DATA,
    CUSTOM_API_NAMES,
    CUSTOM_FROM,
    DELETE_LEAD,
    FIELDS,
    NEW_LEAD,
)
from sandbox.wire import Response
from sandbox.world import Row, World

PAGE, MOST_TYPES, MOST_LEADS = 300, 10, 30


def paging_token(call: Call) -> Response:
    """GET activities/pagingtoken."""
    text = call.text("sinceDatetime").replace(" ", "+")
    try:
        since = datetime.fromisoformat(text)
    except ValueError:
        raise MarketoError("704", f"Invalid date format '{text}'") from None
    since = since if since.tzinfo else since.replace(tzinfo=UTC)
    at = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return answer(call.world, nextPageToken=_write_token({"since": at, "after": 0}))


def _write_token(state: Row) -> str:
    return base64.b32encode(json.dumps(state).encode()).decode().rstrip("=") + "===="


def _read_token(call: Call) -> Row:
    text = call.text("nextPageToken").rstrip("=")
    try:
        return json.loads(base64.b32decode(text + "=" * (-len(text) % 8)))
    except ValueError:
        raise MarketoError("1003", "Invalid nextPageToken") from None


def activities(call: Call) -> Response:
    """GET activities: always a token; more may be there even after a short page."""
    types = {int(one) for one in call.texts("activityTypeIds") if one.isdigit()}
    if not types:
        raise MarketoError("701", "activityTypeIds cannot be blank")
    if len(types) > MOST_TYPES:
        raise MarketoError("1003", f"More than {MOST_TYPES} activity types")
    return _page(call, lambda row: row["activityTypeId"] in types, _shown)


def changes(call: Call) -> Response:
    """GET activities/leadchanges: New Lead, and changes of the fields named."""
    fields = set(call.texts("fields"))
    if not fields:
        raise MarketoError("701", "fields cannot be blank")

    def wanted(row: Row) -> bool:
        is_change = row["activityTypeId"] == CHANGE_DATA and row["field"] in fields
        return is_change or row["activityTypeId"] == NEW_LEAD

    return _page(call, wanted, _shown_change)


def deleted(call: Call) -> Response:
    """GET activities/deletedleads."""
    return _page(call, lambda row: row["activityTypeId"] == DELETE_LEAD, _shown)


def _page(call: Call, wanted: Callable[[Row], bool], show: Callable[[Row], Row]) -> Response:
    token = _read_token(call)
    leads = set(call.texts("leadIds"))
    if len(leads) > MOST_LEADS:
        raise MarketoError("1003", f"More than {MOST_LEADS} leadIds")
    setting = call.world.table("sandbox.setting").get("marketo", {})
    visible_until = _visible_until(call.world, setting)
    size = min(call.number("batchSize", PAGE), PAGE)
    if setting.get("short_pages") and token["after"] % 3 == 1:
        size = 0
    found: list[Row] = []
    for row in _after(call.world, token):
        if row["activityDate"] > visible_until:
            break
        if wanted(row) and (not leads or str(row["leadId"]) in leads):
            if len(found) == size:
                return _answer(call, found, show, token, more=True)
            found.append(row)
    return _answer(call, found, show, token, more=False)


def _visible_until(world: World, setting: Row) -> str:
    lag = timedelta(seconds=float(setting.get("activity_lag_seconds", 0)))
    return (world.now - lag).strftime("%Y-%m-%dT%H:%M:%SZ")


def _after(world: World, token: Row) -> list[Row]:
    """Activities behind a token, oldest first; they are kept in the order they happened."""
    rows = list(world.table(people.ACTIVITY).values())
    low, high = 0, len(rows)
    while low < high:
        middle = (low + high) // 2
        row = rows[middle]
        if row["id"] <= token["after"] or row["activityDate"] < token["since"]:
            low = middle + 1
        else:
            high = middle
    return rows[low:]


def _answer(
    call: Call, found: list[Row], show: Callable[[Row], Row], token: Row, *, more: bool
) -> Response:
    last = found[-1]["id"] if found else token["after"] + (1 if more else 0)
    state = _write_token(token | {"after": last})
    rows = [show(row) for row in found]
    return answer(call.world, rows or None, nextPageToken=state, moreResult=more)


def _shown(row: Row) -> Row:
    return {name: value for name, value in row.items() if value is not None and name != "field"}


def _shown_change(row: Row) -> Row:
    shown = {name: row[name] for name in ("id", "marketoGUID", "leadId", "activityDate")}
    shown["activityTypeId"] = row["activityTypeId"]
    told = {one["name"]: one["value"] for one in row["attributes"]}
    if row["field"] is not None:
        number = list(FIELDS).index(row["field"]) + 1
        change = {"id": number, "name": row["field"]}
        change["newValue"], change["oldValue"] = told.get("New Value"), told.get("Old Value")
        shown["fields"] = [change]
    shown["attributes"] = [one for one in row["attributes"] if one["name"] in ("Reason", "Source")]
    return shown


def types(call: Call) -> Response:
    """GET activities/types."""
    rows = [
        {
            "id": number,
            "name": name,
            "description": name,
            **({"primaryAttribute": {"name": primary, "dataType": "string"}} if primary else {}),
            "attributes": [{"name": one, "dataType": "string"} for one in attributes],
        }
        for number, (name, primary, attributes) in ACTIVITY_TYPES.items()
    ]
    return answer(call.world, rows)


def custom_types(call: Call) -> Response:
    """GET activities/external/types."""
    rows: list[Row] = []
    for number, api_name in CUSTOM_API_NAMES.items():
        name, primary, _ = ACTIVITY_TYPES[number]
        row = {"id": number, "apiName": api_name, "name": name, "status": "approved"}
        rows.append(row | {"primaryAttribute": {"apiName": primary.lower(), "name": primary}})
    return answer(call.world, rows)


def add_custom(call: Call) -> Response:
    """POST activities/external: each record's failure is under `errors`, not `reasons`."""
    results: list[Row] = []
    for row in call.records():
        try:
            results.append(_add(call.world, row))
        except RecordError as error:
            failed = [{"code": error.code, "message": error.message}]
            results.append({"status": "skipped", "errors": failed})
    return answer(call.world, results)


def _add(world: World, row: Row) -> Row:
    number = row.get("activityTypeId")
    if number not in ACTIVITY_TYPES or number < CUSTOM_FROM:
        raise RecordError("1003", f"Invalid activity type '{number}'")
    if str(row.get("leadId")) not in world.table(people.PERSON):
        raise RecordError("1004", f"Lead '{row.get('leadId')}' not found")
    name, _, known = ACTIVITY_TYPES[number]
    given = {one["apiName"]: one["value"] for one in row.get("attributes", [])}
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise RecordError("1006", f"Field '{unknown[0]}' not found")
    primary = str(row.get("primaryAttributeValue", ""))
    guid = people.log_activity(world, row["leadId"], name, primary=primary, attributes=given)
    world.record("effect", "marketo", "activity.add", id=row["leadId"], type=name, values=given)
    return {"id": int(guid), "marketoGUID": guid, "status": "added"}
