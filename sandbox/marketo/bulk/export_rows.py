"""What a bulk extract is of: filters, columns and the file (Adobe: Bulk Lead Extract, ...)."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import cast

from sandbox.http.message import Json
from sandbox.marketo.access import limits
from sandbox.marketo.access.call import instant, stamp
from sandbox.marketo.access.envelope import MarketoError
from sandbox.marketo.lead_database import activity_log, people
from sandbox.marketo.lead_database.schema import DELETE_LEAD, field_named
from sandbox.marketo.lists import smart_lists, static_lists
from sandbox.marketo.objects import objects
from sandbox.marketo.programs import programs
from sandbox.state.world import Row, World

SPAN = timedelta(days=31)
MOST_PROGRAMS, MOST_VALUES = 10, 50
ACTIVITY_FIELDS = (
    "marketoGUID",
    "leadId",
    "activityDate",
    "activityTypeId",
    "campaignId",
    "primaryAttributeValueId",
    "primaryAttributeValue",
    "attributes",
)
_LISTS = ("staticListName", "staticListId", "smartListName", "smartListId")
_SOME_ONLY = frozenset({"updatedAt", "smartListName", "smartListId"})
_DELIMITER = {"CSV": ",", "TSV": "\t", "SSV": ";"}
NOTHING = "null"
"""How a file tells that a field is empty."""


def checked(world: World, kind: str, body: Row) -> Row:
    """What a job is asked for, once it makes sense: `fields`, `headers`, `filter`."""
    told: Json = body.get("filter")
    if not isinstance(told, dict) or not told:
        raise MarketoError("1003", "filter cannot be blank")
    asked = cast("Row", told)
    fields: list[str] = body.get("fields") or []
    known: Callable[[str], bool]
    if kind == "activities":
        fields = fields or list(ACTIVITY_FIELDS)
        known = {*ACTIVITY_FIELDS, "actionResult"}.__contains__
        _check_activities(asked)
    elif kind == "leads":
        known = lambda name: _is_lead_field(world, name)  # noqa: E731  (one of three)
        _check_leads(world, asked)
    elif kind == "program/members":
        members = programs.member_fields(world)
        known = lambda name: name in members or _is_lead_field(world, name)  # noqa: E731
        _check_members(world, asked)
    else:
        known = objects.custom_kind(world, _object(kind)).all_fields().__contains__
        _check_leads(world, asked)
    if not fields:
        raise MarketoError("1003", "fields cannot be blank")
    unknown = [name for name in fields if not known(name)]
    if unknown:
        raise MarketoError("1003", f"Field '{unknown[0]}' not found")
    return {"fields": fields, "headers": body.get("columnHeaderNames") or {}, "filter": asked}


def _object(kind: str) -> str:
    return kind.removeprefix("customobjects/")


def _is_lead_field(world: World, name: str) -> bool:
    return field_named(world, name) is not None or name in ("cookies", "ecids")


def _check_span(told: Json) -> None:
    span: Row = cast("Row", told) if isinstance(told, dict) else {}
    if not {"startAt", "endAt"} <= set(span):
        raise MarketoError("1003", "startAt and endAt cannot be blank")
    first, last = instant(str(span["startAt"])), instant(str(span["endAt"]))
    if first > last or last - first > SPAN:
        raise MarketoError("1003", f"The date range must be {SPAN.days} days or fewer")


def _check_leads(world: World, asked: Row) -> None:
    kinds = ("createdAt", "updatedAt", *_LISTS)
    named = [name for name in kinds if name in asked]
    if len(named) != 1 or len(asked) != 1:
        raise MarketoError("1003", "A job takes exactly one filter type")
    name = named[0]
    if name in _SOME_ONLY and not limits.setting(world).get("corona", True):
        raise MarketoError("1035", "Unsupported filter type for target subscription")
    if name in _LISTS:
        _members(world, name, asked[name])
    else:
        _check_span(asked[name])


def _check_activities(asked: Row) -> None:
    if "createdAt" not in asked:
        raise MarketoError("1003", "createdAt cannot be blank")
    _check_span(asked["createdAt"])
    types: list[Json] = asked.get("activityTypeIds") or []
    if DELETE_LEAD in types:
        raise MarketoError("1003", "Activity type 'Delete Lead' is not supported")
    narrow = [
        name for name in ("primaryAttributeValueIds", "primaryAttributeValues") if asked.get(name)
    ]
    if len(narrow) > 1 or (narrow and not types):
        raise MarketoError("1003", f"{narrow[0]} needs activityTypeIds, and stands alone")
    if narrow and len(asked[narrow[0]]) > MOST_VALUES:
        raise MarketoError("1003", f"At most {MOST_VALUES} {narrow[0]}")


def _check_members(world: World, asked: Row) -> None:
    if ("programId" in asked) == ("programIds" in asked):
        raise MarketoError("1003", "A job takes either programId or programIds")
    ids: list[Json] = asked.get("programIds") or [asked.get("programId")]
    if len(ids) > MOST_PROGRAMS:
        raise MarketoError("1003", f"At most {MOST_PROGRAMS} programs")
    for one in ids:
        programs.existing(world, str(one))
    if "updatedAt" in asked:
        _check_span(asked["updatedAt"])


def written(world: World, kind: str, form: str, asked: Row) -> tuple[int, str]:
    """How many rows a job's file has, and the file."""
    headers: Mapping[str, str] = asked["headers"]
    fields: Sequence[str] = asked["fields"]
    if kind == "activities":
        rows = _activities(world, asked["filter"])
    elif kind == "leads":
        rows = _leads(world, asked["filter"])
    elif kind == "program/members":
        rows, is_many = _members_of_programs(world, asked["filter"])
        fields = ["programId", *fields] if is_many else fields
    else:
        table = world.table(objects.custom_kind(world, _object(kind)).table)
        rows = _within(table.values(), asked["filter"])
    text = io.StringIO()
    writer = csv.writer(text, delimiter=_DELIMITER[form], lineterminator="\n")
    writer.writerow([headers.get(name, name) for name in fields])
    count = 0
    for row in rows:
        writer.writerow([_cell(row.get(name)) for name in fields])
        count += 1
    return count, text.getvalue()


def _cell(value: Json) -> str:
    if value is None or value == "":
        return NOTHING
    return str(value).lower() if isinstance(value, bool) else str(value)


def _within(rows: Iterable[Row], asked: Row) -> Iterator[Row]:
    """Rows created, or last changed, in the span that a filter names; the end is outside."""
    for name in ("createdAt", "updatedAt"):
        if name in asked:
            first, last = (stamp(instant(asked[name][one])) for one in ("startAt", "endAt"))
            return (row for row in rows if first <= row[name] < last)
    return iter(rows)


def _leads(world: World, asked: Row) -> Iterator[Row]:
    table = world.table(people.PERSON)
    for name in _LISTS:
        if name in asked:
            ids = _members(world, name, asked[name])
            return (table[key] for key in ids if key in table)
    return _within(table.values(), asked)


def _members(world: World, name: str, value: Json) -> list[str]:
    """Who is on a list; raises 1013 for one that isn't there."""
    column = "id" if name.endswith("Id") else "name"
    table = people.LIST if name.startswith("static") else smart_lists.SMART_LIST
    for row in world.table(table).values():
        if str(row[column]) == str(value):
            if table == people.LIST:
                return list(static_lists.members_of(row))
            return [str(one) for one in smart_lists.chosen(world, row["rule"])]
    raise MarketoError("1013", f"List '{value}' not found")


def _activities(world: World, asked: Row) -> Iterator[Row]:
    first, last = (stamp(instant(asked["createdAt"][one])) for one in ("startAt", "endAt"))
    ids = {str(one) for one in asked.get("primaryAttributeValueIds") or ()}
    values = set(asked.get("primaryAttributeValues") or ())
    types = [int(one) for one in asked.get("activityTypeIds") or ()]
    for row in activity_log.of_types(world, types):
        if not first <= row["activityDate"] < last or row["activityTypeId"] == DELETE_LEAD:
            continue
        if ids and str(row["primaryAttributeValueId"]) not in ids:
            continue
        if values and row["primaryAttributeValue"] not in values:
            continue
        told = {one["name"]: one["value"] for one in row["attributes"]}
        yield row | {"attributes": json.dumps(told), "actionResult": "succeeded"}


def _members_of_programs(world: World, asked: Row) -> tuple[Iterator[Row], bool]:
    is_many = "programIds" in asked
    chosen: list[Json] = asked["programIds"] if is_many else [asked["programId"]]
    statuses = set(asked.get("statusNames") or ())
    table = world.table(people.PERSON)

    def rows() -> Iterator[Row]:
        for one in chosen:
            members = programs.members_of(programs.existing(world, str(one))).values()
            span = {"updatedAt": asked["updatedAt"]} if "updatedAt" in asked else {}
            for member in _within(members, span):
                if not statuses or member["statusName"] in statuses:
                    yield table[str(member["leadId"])] | member

    return rows(), is_many
