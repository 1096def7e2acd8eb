"""Programs, their members, channels and tags.

A row of `marketo.program` holds a program and its `members`: by lead id, what is known of the
membership. The channel says which statuses there are, in which order.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta

from sandbox.http.message import Response
from sandbox.marketo.access.call import Call, instant
from sandbox.marketo.access.envelope import MarketoError, RecordError, answer, skipped
from sandbox.marketo.lead_database import people
from sandbox.marketo.lead_database.people import PROGRAM, stamp
from sandbox.marketo.lead_database.schema import LENGTHS, Field
from sandbox.marketo.leads import lead_query
from sandbox.marketo.leads.lead_fields import FLAGS, checked_fields, described, schema_field
from sandbox.state.world import Row, World

MEMBER_FIELD = "marketo.member_field"
MOST_FIELDS = 20
SPAN = timedelta(days=7)
"""Of a filter by `updatedAt` (Adobe: Program Members)."""
NOT_IN = "Not in Program"
CHANNELS: tuple[tuple[str, tuple[tuple[str, int, bool], ...]], ...] = (
    (
        "Online Advertising",
        (("Invited", 10, False), ("Registered", 20, False), ("Engaged", 30, True)),
    ),
    ("Webinar", (("Invited", 10, False), ("Registered", 20, False), ("Attended", 30, True))),
)
"""Name of a channel; name, step and success of its statuses beyond `NOT_IN`."""
SEARCHABLE = ("leadId", "reachedSuccess", "statusName")
USUAL = ("acquiredBy", "leadId", "membershipDate", "programId", "reachedSuccess")
FIELDS: Mapping[str, Field] = {
    name: Field(kind, name, LENGTHS.get(kind, 0), is_writable=False)
    for kind, names in (
        ("boolean", "acquiredBy isExhausted reachedSuccess"),
        ("datetime", "createdAt membershipDate reachedSuccessDate updatedAt"),
        ("integer", "leadId programId waitlistPriority"),
        ("string", "nurtureCadence program statusName statusReason trackName"),
    )
    for name in names.split()
} | {
    name: Field("string", name, LENGTHS["string"], is_custom=True)
    for name in ("registrationCode", "webinarUrl")
}


def settle(world: World) -> None:
    """The programs that every world has, unless it has some already."""
    if world.table(PROGRAM):
        return
    for number, (name, channel) in enumerate(
        (("Routing", "Online Advertising"), ("Launch Webinar", "Webinar")), 1000
    ):
        world.table(PROGRAM)[str(number)] = {
            "id": number,
            "name": name,
            "description": "",
            "channel": channel,
            "type": "Event" if channel == "Webinar" else "Default",
            "tags": {"Region": "AMER"},
            "workspace": "Default",
            "createdAt": stamp(world),
            "updatedAt": stamp(world),
            "members": {},
        }


def existing(world: World, program_id: str) -> Row:
    """A program by id; raises 1013."""
    row = world.table(PROGRAM).get(program_id)
    if row is None:
        raise MarketoError("1013", f"Program with id {program_id} not found")
    return row


def named(world: World, name: str) -> Row:
    """A program by its name; raises 1013."""
    for row in world.table(PROGRAM).values():
        if row["name"] == name:
            return row
    raise MarketoError("1013", f"Program '{name}' not found")


def _steps(program: Row) -> dict[str, tuple[int, bool]]:
    statuses = dict(CHANNELS).get(program["channel"], ())
    return {NOT_IN: (0, False)} | {name: (step, success) for name, step, success in statuses}


def first_status(program: Row) -> str:
    """The status of who has just become a member."""
    return next(name for name, (step, _) in _steps(program).items() if step)


def check_status(program: Row, status: str) -> None:
    """Raises 701 for none, 1025 for a status that the program's channel doesn't have."""
    if not status:
        raise MarketoError("701", "statusName cannot be blank")
    if status not in _steps(program):
        raise MarketoError("1025", f"Program status '{status}' not found")


def set_status(world: World, program: Row, lead: int, status: str) -> str:
    """Give a member a status, or make somebody a member; returns `created` or `updated`.

    Logs Change Status in Progression. Raises `MarketoError` 1025 and `RecordError` 1037.
    """
    check_status(program, status)
    steps = _steps(program)
    held = program["members"].get(str(lead))
    before = held["statusName"] if held else NOT_IN
    if held and steps[before][0] >= steps[status][0]:
        raise RecordError("1037", "Lead skipped because it is already in or past this status")
    step, success = steps[status]
    now = stamp(world)
    if step == 0:
        program["members"].pop(str(lead), None)
    else:
        fresh: Row = {"leadId": lead, "programId": program["id"], "program": program["name"]}
        fresh |= {"acquiredBy": False, "isExhausted": False, "membershipDate": now}
        row = (held or fresh | {"createdAt": now}) | {"statusName": status, "updatedAt": now}
        row["reachedSuccess"] = success or bool(held and held["reachedSuccess"])
        program["members"][str(lead)] = row
    people.log_activity(
        world,
        lead,
        "Change Status in Progression",
        primary=program["name"],
        primary_id=program["id"],
        attributes={"New Status": status, "Old Status": before, "Success": success},
    )
    return "updated" if held else "created"


def move(world: World, program: Row, lead: int, status: str) -> None:
    """Give a member a status unless they are past it already. Raises `MarketoError` 1025."""
    with suppress(RecordError):
        set_status(world, program, lead, status)


def members_of(program: Row) -> Mapping[str, Row]:
    """What is known of each membership of a program, by lead id."""
    return program["members"]


def leads_of(call: Call) -> Response:
    """GET leads/programs/{id}: its members as leads, each with its membership."""
    program, fields = (
        existing(call.world, call.path[0]),
        lead_query.checked(call, call.texts("fields")),
    )
    start, end = call.window()
    held = list(members_of(program).values())
    table = call.world.table(people.PERSON)
    rows = [
        lead_query.shown(call.world, table[str(row["leadId"])], fields)
        | {"membership": _membership(program, row)}
        for row in held[start:end]
    ]
    return call.slice(rows, end if end < len(held) else None)


def _membership(program: Row, row: Row) -> Row:
    shown = {name: row[name] for name in ("acquiredBy", "isExhausted", "reachedSuccess")}
    shown |= {"membershipDate": row["membershipDate"], "updatedAt": row["updatedAt"]}
    status = row["statusName"]
    told = {"progressionStatus": status, "progressionStatusType": status}
    return {"id": program["id"]} | told | shown


def memberships(call: Call) -> Response:
    """GET leads/{id}/programMembership."""
    lead_query.existing(call.world, call.path[0])
    wanted = set(call.texts("filterValues"))
    rows = [
        _membership(program, members_of(program)[call.path[0]])
        for key, program in call.world.table(PROGRAM).items()
        if call.path[0] in members_of(program) and (not wanted or key in wanted)
    ]
    return call.page(rows, says_more=True)


def change_status(call: Call) -> Response:
    """POST leads/programs/{id}/status: the older of the two endpoints."""
    status = str(call.body().get("status") or "")
    results = _each(call, "id", status)
    for row in results:
        row.pop("seq")
        row["id"] = row.pop("leadId", row.get("id"))
        row["status"] = "updated" if row["status"] == "created" else row["status"]
    return answer(call.world, results)


def sync_status(call: Call) -> Response:
    """POST programs/{id}/members/status."""
    return answer(call.world, _each(call, "leadId", str(call.body().get("statusName") or "")))


def _each(call: Call, key: str, status: str) -> list[Row]:
    program = existing(call.world, call.path[0])
    check_status(program, status)

    def change(lead: int, _: Row) -> str:
        return set_status(call.world, program, lead, status)

    return _for_each_lead(call, key, change)


def _for_each_lead(call: Call, key: str, work: Callable[[int, Row], str]) -> list[Row]:
    """Do something for each lead of `input`; results in the same order, with their places."""
    results: list[Row] = []
    missing = RecordError("1004", "Lead not found")
    for place, row in enumerate(call.records()):
        lead = call.integer(row.get(key))
        if str(lead) not in call.world.table(people.PERSON):
            results.append(skipped(missing, seq=place, leadId=lead))
            continue
        try:
            results.append({"seq": place, "status": work(lead, row), "leadId": lead})
        except RecordError as error:
            results.append(skipped(error, seq=place, leadId=lead))
    return results


def member_fields(world: World) -> Mapping[str, Field]:
    """All fields of a program member in this world, by API name."""
    return dict(FIELDS) | {
        name: Field(
            row["dataType"], row["displayName"], LENGTHS.get(row["dataType"], 0), is_custom=True
        )
        for name, row in world.table(MEMBER_FIELD).items()
        if name not in FIELDS
    }


def members(call: Call) -> Response:
    """GET programs/{id}/members, by a searchable field or by when they changed."""
    program, kind = existing(call.world, call.path[0]), call.text("filterType")
    fields = call.texts("fields") or USUAL
    known = member_fields(call.world)
    unknown = [name for name in fields if name not in known]
    if unknown:
        raise MarketoError("1006", f"Field '{unknown[0]}' not found")
    wanted = _between(call) if kind == "updatedAt" else _equal(call, kind, known)
    rows = [row for row in members_of(program).values() if wanted(row)]
    start, end = call.window()
    shown = [
        {"seq": place} | {name: row.get(name) for name in fields}
        for place, row in enumerate(rows[start:end])
    ]
    return call.slice(shown, end if end < len(rows) else None, says_more=True)


def _between(call: Call) -> Callable[[Row], bool]:
    first, last = call.instant("startAt"), call.instant("endAt")
    if first is None or last is None:
        raise MarketoError("701", "startAt and endAt cannot be blank")
    if last - first > SPAN:
        raise MarketoError("1003", f"Date range exceeds {SPAN.days} days")
    return lambda row: first <= instant(row["updatedAt"]) <= last


def _equal(call: Call, kind: str, known: Mapping[str, Field]) -> Callable[[Row], bool]:
    field = known.get(kind)
    if field is None or (kind not in SEARCHABLE and not field.is_custom):
        raise MarketoError("1011", f"Field '{kind}' not supported as filterType")
    values = {value.lower() for value in call.texts("filterValues")}
    if not values:
        raise MarketoError("701", "filterValues cannot be blank")
    return lambda row: str(row.get(kind, "")).lower() in values


def sync_members(call: Call) -> Response:
    """POST programs/{id}/members: fields of those who are members already."""
    program = existing(call.world, call.path[0])
    known = member_fields(call.world)

    def change(lead: int, row: Row) -> str:
        held = program["members"].get(str(lead))
        if held is None:
            raise RecordError("1013", "Membership not found")
        values = {name: value for name, value in row.items() if name != "leadId"}
        for name in values:
            if name not in known:
                raise RecordError("1006", f"Field '{name}' not found")
            if not known[name].is_writable:
                raise RecordError("1003", f"Field '{name}' is not updateable")
        program["members"][str(lead)] = held | values | {"updatedAt": stamp(call.world)}
        for name, value in values.items():
            told = {"New Value": value, "Old Value": held.get(name)}
            people.log_activity(
                call.world, lead, "Change Program Member Data", primary=name, attributes=told
            )
        return "updated"

    return answer(call.world, _for_each_lead(call, "leadId", change))


def delete_members(call: Call) -> Response:
    """POST programs/{id}/members/delete."""
    program = existing(call.world, call.path[0])

    def remove(lead: int, _: Row) -> str:
        if program["members"].pop(str(lead), None) is None:
            raise RecordError("1037", "Lead not in program")
        return "deleted"

    return answer(call.world, _for_each_lead(call, "leadId", remove))


def describe(call: Call) -> Response:
    """GET programs/members/describe."""
    known = member_fields(call.world)
    ours = [name for name, field in known.items() if field.is_custom]
    row: Row = {
        "name": "API Program Membership",
        "description": "Map for API program membership fields",
        "createdAt": stamp(call.world),
        "updatedAt": stamp(call.world),
        "dedupeFields": ["leadId", "programId"],
        "searchableFields": [[name] for name in (*SEARCHABLE, *ours)],
        "fields": [described(name, field) for name, field in known.items()],
    }
    return answer(call.world, [row])


def describe_older(call: Call) -> Response:
    """GET program/members/describe: the same fields, without what they are for."""
    known = member_fields(call.world)
    fields = [described(name, field) for name, field in known.items()]
    return answer(call.world, [{"name": "API Program Membership", "fields": fields}])


def schema_fields(call: Call) -> Response:
    """GET programs/members/schema/fields."""
    table, known = call.world.table(MEMBER_FIELD), member_fields(call.world)
    rows = [schema_field(name, field, table.get(name, {})) for name, field in known.items()]
    return call.page(rows, says_more=True)


def schema_one(call: Call) -> Response:
    """GET programs/members/schema/fields/{name}."""
    name, known = call.path[0], member_fields(call.world)
    if name not in known:
        raise MarketoError("1006", f"Field '{name}' not found")
    told = call.world.table(MEMBER_FIELD).get(name, {})
    return answer(call.world, [schema_field(name, known[name], told)])


def create_fields(call: Call) -> Response:
    """POST programs/members/schema/fields: at most 20."""
    table, known = call.world.table(MEMBER_FIELD), member_fields(call.world)
    made = checked_fields(
        call.records(), known=known, labels=[field.label for field in known.values()]
    )
    if len(table) + len(made) > MOST_FIELDS:
        raise MarketoError("1003", f"At most {MOST_FIELDS} custom fields can be created")
    table.update(made)
    return answer(call.world, [{"name": name, "status": "created"} for name in made])


def update_field(call: Call) -> Response:
    """POST programs/members/schema/fields/{name}: of those that were made here."""
    name, change = call.path[0], call.records(most=1)[0]
    held = call.world.table(MEMBER_FIELD).get(name)
    if held is None:
        raise MarketoError("1006", f"Field '{name}' not found")
    refused = sorted(set(change) - {"displayName", *FLAGS})
    if refused:
        raise MarketoError("1003", f"'{refused[0]}' of field '{name}' cannot be updated")
    held |= change
    return answer(call.world, [{"name": name, "status": "updated"}])
