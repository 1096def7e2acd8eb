"""Smart campaigns: list, request, schedule, and their Asset API."""

from datetime import timedelta
from typing import cast

from sandbox.http.message import Json, Response
from sandbox.marketo.access.call import Call, instant, stamp
from sandbox.marketo.access.envelope import MarketoError, answer, asset_answer
from sandbox.marketo.campaigns import flows
from sandbox.marketo.campaigns.flows import CAMPAIGN
from sandbox.marketo.lead_database import people
from sandbox.marketo.leads import lead_query
from sandbox.marketo.lists import smart_lists
from sandbox.state.world import Row, World

MOST_LEADS = MOST_TOKENS = 100
SOONEST, LATEST = timedelta(minutes=5), timedelta(days=2 * 365)
CLONES = "marketo.clones"
MOST_CLONES = 20
"""A day, for `cloneToProgramName`."""
BATCH = "marketo.batch_run"
INSIDE = ("flow", "members", "smart_list", "runs")


def settle(world: World) -> None:
    """The campaigns that every world has, unless it has some already; let batches run."""
    world.on(BATCH, lambda payload: _run(world, cast("Row", payload)))
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
            "description": "",
            "type": kind,
            "active": active,
            "programId": 1000,
            "programName": "Routing",
            "workspaceName": "Default",
            "createdAt": people.stamp(world),
            "updatedAt": people.stamp(world),
        }


def campaigns(call: Call) -> Response:
    """GET campaigns: by id, name, program, workspace, or those that can be requested."""
    wanted = {
        column: set(call.texts(column)) for column in ("id", "name", "programName", "workspaceName")
    }
    only = call.text("isTriggerable", "false") == "true"
    rows = [
        _shown(row)
        for row in call.world.table(CAMPAIGN).values()
        if all(not given or str(row.get(name)) in given for name, given in wanted.items())
        and (not only or (row["type"] == "trigger" and row["active"]))
    ]
    return call.page(rows)


def _shown(row: Row) -> Row:
    return {name: value for name, value in row.items() if name not in INSIDE and value != ""}


def _existing(call: Call) -> Row:
    row = call.world.table(CAMPAIGN).get(call.path[0])
    if row is None:
        raise MarketoError("1013", f"Campaign with id {call.path[0]} not found")
    return row


def one(call: Call) -> Response:
    """GET campaigns/{id}."""
    return answer(call.world, [_shown(_existing(call))])


def trigger(call: Call) -> Response:
    """POST campaigns/{id}/trigger: queued, not done; twice is twice."""
    row = _existing(call)
    if row["type"] != "trigger" or not row["active"]:
        raise MarketoError("1003", "Campaign is not an active trigger campaign")
    asked: Json = call.body().get("input") or {}
    given = asked.get("leads", [])
    if not 1 <= len(given) <= MOST_LEADS:
        raise MarketoError("1003", f"leads must be between 1 and {MOST_LEADS}")
    tokens = _tokens(asked)
    persons = [_person(lead) for lead in given]
    for person in persons:
        lead_query.existing(call.world, str(person))
    for person in persons:
        people.log_activity(
            call.world,
            person,
            "Request Campaign",
            primary=row["name"],
            primary_id=row["id"],
            campaign=row["id"],
            attributes={"Source": "Web service API"},
        )
    flows.start(call.world, row, persons, tokens)
    call.world.record("effect", "marketo", "campaign.request", campaign=row["name"], leads=persons)
    return answer(call.world, [{"id": row["id"]}])


def _person(lead: Json) -> int:
    """A lead of the body; node-marketo-rest sends bare numbers instead of objects."""
    return Call.integer(cast("Row", lead).get("id") if isinstance(lead, dict) else lead)


def _tokens(asked: Row) -> dict[str, str]:
    given: list[Row] = asked.get("tokens") or []
    if len(given) > MOST_TOKENS:
        raise MarketoError("1003", f"At most {MOST_TOKENS} tokens")
    tokens: dict[str, str] = {}
    for each in given:
        name = str(each.get("name"))
        if not (name.startswith("{{my.") and name.endswith("}}")):
            raise MarketoError("1003", f"Invalid token name '{name}'")
        tokens[name[5:-2]] = str(each.get("value", ""))
    return tokens


def schedule(call: Call) -> Response:
    """POST campaigns/{id}/schedule: a batch campaign, five minutes from now at the soonest."""
    row, now = _existing(call), call.world.now
    if row["type"] != "batch":
        raise MarketoError("1003", "Campaign is not a batch campaign")
    asked: Row = (call.body().get("input") or {}) if call.request.body else {}
    at = instant(str(asked["runAt"])) if asked.get("runAt") else now + SOONEST
    if at > now + LATEST:
        raise MarketoError("1042", "Invalid runAt date")
    tokens = _tokens(asked)
    if asked.get("cloneToProgramName"):
        row = _clone(call, row, str(asked["cloneToProgramName"]))
    payload = {"campaign": str(row["id"]), "tokens": tokens}
    call.world.schedule(max(at, now + SOONEST), BATCH, payload)
    call.world.record("effect", "marketo", "campaign.schedule", campaign=row["name"])
    return answer(call.world, [{"id": row["id"]}])


def _clone(call: Call, row: Row, program: str) -> Row:
    world = call.world
    today = world.table(CLONES).setdefault(world.now.date().isoformat(), {"count": 0})
    if today["count"] >= MOST_CLONES:
        raise MarketoError("1020", "Too many clones to program")
    programs = world.table(people.PROGRAM)
    if any(each["name"] == program for each in programs.values()):
        raise MarketoError("709", f"Program '{program}' already exists")
    today["count"] += 1
    like = next((one for one in programs.values() if one["name"] == row["programName"]), Row())
    program_id = max(map(int, programs), default=999) + 1
    at = people.stamp(world)
    made: Row = {"id": program_id, "name": program, "createdAt": at, "updatedAt": at, "members": {}}
    programs[str(program_id)] = like | made
    number = max(map(int, world.table(CAMPAIGN))) + 1
    copy: Row = row | {"id": number, "programName": program, "programId": program_id}
    copy["members"] = Row()
    world.table(CAMPAIGN)[str(number)] = copy
    return copy


def _run(world: World, payload: Row) -> None:
    """A batch campaign begins: for whom its smart list names at this moment."""
    row = world.table(CAMPAIGN).get(payload["campaign"])
    if row is not None:
        persons = smart_lists.chosen(world, row.get("smart_list") or {})
        world.record("effect", "marketo", "campaign.run", campaign=row["name"], leads=persons)
        flows.start(world, row, persons, payload["tokens"], timedelta())


def memberships(call: Call) -> Response:
    """GET leads/{id}/smartCampaignMembership."""
    lead_query.existing(call.world, call.path[0])
    rows = [
        {"smartCampaignId": row["id"], **row["members"][call.path[0]]}
        for row in call.world.table(CAMPAIGN).values()
        if call.path[0] in row.get("members", {})
    ]
    return call.page(rows, says_more=True)


def asset(call: Call) -> Response:
    """GET asset/v1/smartCampaign/{id}."""
    row = call.world.table(CAMPAIGN).get(call.path[0])
    return asset_answer(call.world, [_asset(row)] if row else [])


def asset_by_name(call: Call) -> Response:
    """GET asset/v1/smartCampaign/byName."""
    name = call.text("name")
    found = [row for row in call.world.table(CAMPAIGN).values() if row["name"] == name]
    return asset_answer(call.world, [_asset(row) for row in found])


def assets(call: Call) -> Response:
    """GET asset/v1/smartCampaigns, optionally of those changed between two instants."""
    first, last = call.instant("earliestUpdatedAt"), call.instant("latestUpdatedAt")
    only = call.text("isActive", "false") == "true"
    found = [
        row
        for row in call.world.table(CAMPAIGN).values()
        if (first is None or instant(row["updatedAt"]) >= first)
        and (last is None or instant(row["updatedAt"]) <= last)
        and (not only or row["active"])
    ]
    start, end = call.asset_window()
    return asset_answer(call.world, [_asset(row) for row in found[start:end]])


def _asset(row: Row) -> Json:
    is_trigger = row["type"] == "trigger"
    return {
        "id": row["id"],
        "name": row["name"],
        "description": row.get("description", ""),
        "createdAt": f"{row['createdAt']}+0000",
        "updatedAt": f"{row['updatedAt']}+0000",
        "folder": {"id": 1, "type": "Folder"},
        "status": "Active" if row["active"] else "Inactive",
        "type": "trigger" if is_trigger else "batch",
        "isSystem": False,
        "isActive": row["active"],
        "isRequestable": is_trigger,
        "recurrence": {"weekdayOnly": False},
        "qualificationRuleType": "once" if row.get("runs") == "once" else "any",
        "qualificationRuleInterval": None,
        "qualificationRuleUnit": None,
        "maxMembers": 0,
        "isCommunicationLimitEnabled": False,
        "workspace": row.get("workspaceName", "Default"),
        "smartListId": row["id"],
        "flowId": row["id"],
        "computedUrl": f"https://app-sandbox.marketo.com/#SC{row['id']}A1",
    }


def activate(call: Call) -> Response:
    """POST asset/v1/smartCampaign/{id}/activate."""
    return _switch(call, on=True)


def deactivate(call: Call) -> Response:
    """POST asset/v1/smartCampaign/{id}/deactivate."""
    return _switch(call, on=False)


def _switch(call: Call, *, on: bool) -> Response:
    row = call.world.table(CAMPAIGN).get(call.path[0])
    if row is None:
        raise MarketoError("702", "Smart Campaign not found")
    if row["type"] != "trigger" or row["active"] is on:
        raise MarketoError("709", f"Campaign is {'' if row['active'] else 'not '}active")
    row["active"], row["updatedAt"] = on, stamp(call.world.now)
    return asset_answer(call.world, [{"id": row["id"]}])
