"""Lists, campaigns and statistics."""

from datetime import timedelta
from typing import cast

from sandbox.marketo import limits, people, sync
from sandbox.marketo.calls import Call
from sandbox.marketo.envelope import MarketoError, RecordError, answer, skipped
from sandbox.marketo.leads import shown
from sandbox.wire import Json, Response
from sandbox.world import Row, World

CAMPAIGN = "marketo.campaign"
PAGE, MOST_LEADS = 300, 100
FLOW_DELAY = timedelta(seconds=5)
"""Between a campaign's request and its flow step; success only means that it was queued."""


def settle_campaigns(world: World) -> None:
    """The campaigns that every world has, unless it has some already."""
    table = world.table(CAMPAIGN)
    if table:
        return
    for number, (name, kind, active) in enumerate(
        (
            ("Sync to Salesforce", "trigger", True),
            ("Old sync", "trigger", False),
            ("Nightly", "batch", False),
        ),
        1000,
    ):
        table[str(number)] = {
            "id": number,
            "name": name,
            "type": kind,
            "active": active,
            "programName": "Routing",
            "workspaceName": "Default",
            "createdAt": people.stamp(world),
            "updatedAt": people.stamp(world),
        }


def campaigns(call: Call) -> Response:
    """GET campaigns."""
    rows = list(call.world.table(CAMPAIGN).values())
    names, ids = call.texts("name"), call.texts("id")
    if names:
        rows = [row for row in rows if row["name"] in names]
    if ids:
        rows = [row for row in rows if str(row["id"]) in ids]
    if call.text("isTriggerable", "false") == "true":
        rows = [row for row in rows if row["type"] == "trigger"]
    return answer(call.world, rows)


def trigger(call: Call) -> Response:
    """POST campaigns/{id}/trigger: queued, not done; twice is twice."""
    row = call.world.table(CAMPAIGN).get(call.path[0])
    if row is None:
        raise MarketoError("1013", f"Campaign with id {call.path[0]} not found")
    if row["type"] != "trigger" or not row["active"]:
        raise MarketoError("1003", "Campaign is not an active trigger campaign")
    asked: Json = call.body().get("input") or {}
    leads = asked.get("leads", [])
    if not 1 <= len(leads) <= MOST_LEADS:
        raise MarketoError("1003", f"leads must be between 1 and {MOST_LEADS}")
    persons = [_person(lead) for lead in leads]
    for person in persons:
        if str(person) not in call.world.table(people.PERSON):
            raise MarketoError("1004", f"Lead with id {person} not found")
        people.log_activity(call.world, person, "Request Campaign", primary=row["name"])
        call.world.schedule(call.world.now + FLOW_DELAY, sync.FLOW, person)
    call.world.record("effect", "marketo", "campaign.request", campaign=row["name"], leads=persons)
    return answer(call.world, [{"id": row["id"]}])


def _person(lead: Json) -> int:
    """A lead of the body; node-marketo-rest sends bare numbers instead of objects."""
    return int(cast("Row", lead)["id"]) if isinstance(lead, dict) else int(lead)


def lists(call: Call) -> Response:
    """GET lists, and GET lists/{id}."""
    rows = list(call.world.table(people.LIST).values())
    wanted = set(call.path) or set(call.texts("id"))
    names = call.texts("name")
    found = [
        {name: value for name, value in row.items() if name != "members"}
        for row in rows
        if (not wanted or str(row["id"]) in wanted) and (not names or row["name"] in names)
    ]
    return answer(call.world, found)


def _list(call: Call) -> Row:
    row = call.world.table(people.LIST).get(call.path[0])
    if row is None:
        raise MarketoError("1013", f"List with id {call.path[0]} not found")
    return row


def members(call: Call) -> Response:
    """GET lists/{id}/leads, 300 a page."""
    row, fields = _list(call), call.texts("fields")
    start = call.number("nextPageToken", 0)
    end = start + min(call.number("batchSize", PAGE), PAGE)
    table = call.world.table(people.PERSON)
    found = [shown(table[str(one)], fields) for one in row["members"][start:end]]
    more: Row = {"nextPageToken": str(end)} if end < len(row["members"]) else {}
    return answer(call.world, found, **more)


def _asked(call: Call) -> list[int]:
    ids = [int(one) for one in call.texts("id")]
    return ids or [int(row["id"]) for row in call.records()]


def add_members(call: Call) -> Response:
    """POST lists/{id}/leads."""
    row, results = _list(call), list[Row]()
    for person in _asked(call):
        if str(person) not in call.world.table(people.PERSON):
            results.append(skipped(RecordError("1004", "Lead not found"), id=person))
            continue
        people.add_to_list(call.world, person, row["name"])
        results.append({"id": person, "status": "added"})
    return answer(call.world, results)


def remove_members(call: Call) -> Response:
    """DELETE lists/{id}/leads."""
    row, results = _list(call), list[Row]()
    for person in _asked(call):
        if person not in row["members"]:
            results.append(skipped(RecordError("1015", "Lead not in list"), id=person))
            continue
        row["members"].remove(person)
        people.log_activity(call.world, person, "Remove from List", primary=row["name"])
        results.append({"id": person, "status": "removed"})
    return answer(call.world, results)


def usage(call: Call) -> Response:
    """GET stats/usage."""
    day = limits.day(call.world.now)
    total = call.world.table(limits.USAGE).get(day, {"total": 0})["total"]
    users = [{"userId": "routeready@meridian.example", "count": total}]
    return answer(call.world, [{"date": day, "total": total, "users": users}])


def errors(call: Call) -> Response:
    """GET stats/errors."""
    return answer(call.world, [{"date": limits.day(call.world.now), "total": 0, "errors": []}])
