"""The activity endpoints: paging tokens, activities, changes, deletions, custom activities."""

import json
from collections.abc import Callable, Iterable
from datetime import timedelta

from sandbox.http.message import Json, Response
from sandbox.marketo.access import limits
from sandbox.marketo.access.call import Call, instant, read_token, stamp, write_token
from sandbox.marketo.access.envelope import MarketoError, RecordError, answer
from sandbox.marketo.activities import activity_types
from sandbox.marketo.lead_database import activity_log, people
from sandbox.marketo.lead_database.schema import CHANGE_DATA, DELETE_LEAD, NEW_LEAD, fields_of
from sandbox.marketo.lists import static_lists
from sandbox.state.world import Row, World

PAGE, MOST_TYPES, MOST_LEADS = 300, 10, 30
LARGEST_LIST = 9_999
"""Of leads, for `listId` (Adobe: activities, from 2026-12-30 on)."""
LONGEST_ATTRIBUTES = 65_536


def paging_token(call: Call) -> Response:
    """GET activities/pagingtoken."""
    since = stamp(instant(call.text("sinceDatetime")))
    return answer(call.world, nextPageToken=write_token({"since": since, "after": 0}))


def activities(call: Call) -> Response:
    """GET activities: always a token; more may be there even after a short page."""
    types = {call.integer(one) for one in call.texts("activityTypeIds")}
    if not types:
        raise MarketoError("701", "activityTypeIds cannot be blank")
    if len(types) > MOST_TYPES:
        raise MarketoError("1003", f"More than {MOST_TYPES} activity types")
    assets = set(call.texts("assetIds"))
    if assets and len(types) > 1:
        raise MarketoError("1003", "assetIds needs exactly one activity type")

    def wanted(row: Row) -> bool:
        return not assets or str(row["primaryAttributeValueId"]) in assets

    return _page(call, types, wanted, _shown)


def changes(call: Call) -> Response:
    """GET activities/leadchanges: New Lead, and changes of the fields named."""
    fields = set(call.texts("fields"))
    if not fields:
        raise MarketoError("701", "fields cannot be blank")
    places = {name: number for number, name in enumerate(fields_of(call.world), 1)}
    unknown = sorted(fields - set(places))
    if unknown:
        raise MarketoError("1006", f"Field '{unknown[0]}' not found")

    def wanted(row: Row) -> bool:
        return row["activityTypeId"] == NEW_LEAD or row["field"] in fields

    return _page(call, (CHANGE_DATA, NEW_LEAD), wanted, lambda row: _shown_change(row, places))


def deleted(call: Call) -> Response:
    """GET activities/deletedleads."""
    return _page(call, (DELETE_LEAD,), lambda _: True, _shown)


def _page(
    call: Call, types: Iterable[int], wanted: Callable[[Row], bool], show: Callable[[Row], Row]
) -> Response:
    token = read_token(call.text("nextPageToken"))
    if not {"since", "after"} <= set(token):
        raise MarketoError("1003", "Invalid nextPageToken")
    leads = _leads(call)
    told = limits.setting(call.world)
    visible_until = _visible_until(call.world, told)
    size = min(call.number("batchSize", PAGE), PAGE)
    if told.get("short_pages") and token["after"] % 3 == 1 and not token.get("short"):
        size = 0
    found: list[Row] = []
    for row in activity_log.behind(call.world, types, token["since"], token["after"]):
        if activity_log.logged_at(row) > visible_until:
            break
        if wanted(row) and (leads is None or row["leadId"] in leads):
            if len(found) == size:
                return _answer(call, found, show, token, more=True)
            found.append(row)
    return _answer(call, found, show, token, more=False)


def _leads(call: Call) -> set[int] | dict[int, str] | None:
    """Whose activities are asked for; None for everybody's."""
    leads = {call.integer(one) for one in call.texts("leadIds")}
    if len(leads) > MOST_LEADS:
        raise MarketoError("1003", f"More than {MOST_LEADS} leadIds")
    list_id = call.text("listId", "")
    if not list_id:
        return leads or None
    members = static_lists.members_of(static_lists.existing(call.world, list_id))
    if len(members) > LARGEST_LIST:
        raise MarketoError("1003", f"List {list_id} has too many leads")
    return {int(lead) for lead in members}


def _visible_until(world: World, told: Row) -> str:
    lag = timedelta(seconds=float(told.get("activity_lag_seconds", 0)))
    return stamp(world.now - lag)


def _answer(
    call: Call, found: list[Row], show: Callable[[Row], Row], token: Row, *, more: bool
) -> Response:
    last = found[-1]["id"] if found else token["after"]
    state = write_token(token | {"after": last, "short": more and not found})
    rows = [show(row) for row in found]
    return answer(call.world, rows or None, nextPageToken=state, moreResult=more)


def _shown(row: Row) -> Row:
    return {
        name: value
        for name, value in row.items()
        if value is not None and name not in ("field", "loggedAt")
    }


def _shown_change(row: Row, places: dict[str, int]) -> Row:
    shown = {name: row[name] for name in ("id", "marketoGUID", "leadId", "activityDate")}
    shown["activityTypeId"] = row["activityTypeId"]
    told = {one["name"]: one["value"] for one in row["attributes"]}
    if row["field"] is not None:
        change = {"id": places[row["field"]], "name": row["field"]}
        change["newValue"], change["oldValue"] = told.get("New Value"), told.get("Old Value")
        shown["fields"] = [change]
    kept = [one for one in row["attributes"] if one["name"] in ("Reason", "Source")]
    shown["attributes"] = [*kept, {"name": "Lead ID", "value": row["leadId"]}]
    return shown


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
    for name in ("leadId", "activityDate", "activityTypeId", "primaryAttributeValue"):
        if row.get(name) in (None, ""):
            raise RecordError("1002", f"Missing value for required parameter '{name}'")
    kind = activity_types.approved(world, row["activityTypeId"])
    if kind is None:
        raise RecordError("1003", f"Invalid activity type '{row['activityTypeId']}'")
    if str(row["leadId"]) not in world.table(people.PERSON):
        raise RecordError("1004", f"Lead '{row['leadId']}' not found")
    given: list[Row] = row.get("attributes") or []
    if len(json.dumps(given).encode()) > LONGEST_ATTRIBUTES:
        raise RecordError("1049", "Attributes array too long")
    known: dict[str, str] = {}
    for one in kind["attributes"]:
        known |= {one["apiName"]: one["apiName"], one["name"]: one["apiName"]}
    values: Row = {}
    for one in given:
        name = one.get("apiName") or one.get("name")
        if name not in known:
            raise RecordError("1006", f"Field '{name}' not found")
        values[known[name]] = one.get("value")
    try:
        at = stamp(instant(str(row["activityDate"])))
    except MarketoError as error:
        raise RecordError("1001", error.message) from None
    primary = str(row["primaryAttributeValue"])
    guid = people.log_activity(
        world, row["leadId"], kind["id"], primary=primary, attributes=values, at=at
    )
    told = {"type": kind["name"], "values": values}
    world.record("effect", "marketo", "activity.add", id=row["leadId"], **told)
    return {"id": int(guid), "marketoGUID": guid, "status": "added"}


def types(call: Call) -> Response:
    """GET activities/types: the standard ones, then those approved ones that are our own."""
    rows: list[Json] = [*activity_types.standard(), *activity_types.approved_types(call.world)]
    return answer(call.world, rows)
