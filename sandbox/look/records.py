"""Records: Salesforce's with their history and activities, Marketo's persons with their log."""

from collections.abc import Iterable
from typing import Any

from sandbox.http.message import Json
from sandbox.look.web import MOUNT, Asked, LookError
from sandbox.marketo.lead_database.schema import TYPE_IDS
from sandbox.state.table import Table
from sandbox.state.world import Row, World

OBJECTS = {"Lead": "00Q", "Contact": "003", "Account": "001", "Opportunity": "006"}
"""What can be looked at, and how its ids begin."""
FIRST = ("Name", "Title", "Company", "Email", "Status", "OwnerId")
"""Fields that stand first; the others follow by name."""
SHORT = 15
"""Characters of an id without its three check characters."""
HIDDEN = frozenset({"Id", "IsDeleted"})
PAGE = 50
LONGEST_LOG = 200
PERSON, ACTIVITY = "marketo.person", "marketo.activity"


def known_record(world: World, record_id: str) -> str | None:
    """The page of a record here; None when there is no such record."""
    for name, prefix in OBJECTS.items():
        if record_id.startswith(prefix):
            rows = world.table(f"salesforce.{name}")
            whole = record_id if record_id in rows else _full_id(rows, record_id)
            return f"{MOUNT}/records/{name}/{whole}" if whole else None
    return None


def _full_id(rows: Iterable[str], short: str) -> str | None:
    """The id of 18 characters that begins with one of 15; None where there is none."""
    return (
        next((one for one in rows if one.startswith(short)), None) if len(short) == SHORT else None
    )


def salesforce(world: World, asked: Asked) -> dict[str, Any]:
    """A list of records, or one with its history."""
    _, _, rest = asked.path.strip("/").partition("/")
    name, _, record_id = rest.partition("/")
    name = name or "Lead"
    if name not in OBJECTS:
        raise LookError(f"records of {name!r} are not shown", 404)
    table = world.table(f"salesforce.{name}")
    shown: dict[str, Any] = {"objects": list(OBJECTS), "object": name, "record": None}
    if not record_id:
        found = _found(table, asked, ("Name", "Company", "Email", "Website"))
        page = _page(table, found, asked)
        return shown | page | {"rows": [_line(world, row) for row in page["rows"]]}
    if record_id not in table:
        raise LookError(f"there is no {name} {record_id}", 404)
    row = table[record_id]
    return shown | {
        "record": row,
        "title": row.get("Name") or record_id,
        "fields": [(field, _worded(world, row[field])) for field in _fields(row)],
        "history": _history(world, name, record_id),
        "activities": _activities(world, record_id),
        "person": _person_of(world, record_id),
    }


def marketo(world: World, asked: Asked) -> dict[str, Any]:
    """A list of persons, or one with what they did."""
    person_id = asked.path.strip("/").partition("/")[2]
    table = world.table(PERSON)
    if not person_id:
        names = ("firstName", "lastName", "company", "email")
        return {"person": None} | _page(table, _found(table, asked, names), asked)
    if person_id not in table:
        raise LookError(f"there is no person {person_id}", 404)
    row = table[person_id]
    record = known_record(world, str(row.get("sfdcId") or ""))
    return {
        "person": row,
        "title": f"{row.get('firstName') or ''} {row.get('lastName') or ''}".strip() or person_id,
        "fields": sorted((key, value) for key, value in row.items() if value not in (None, "")),
        "log": _log(world, person_id),
        "record": record,
    }


def _found(table: Table, asked: Asked, names: tuple[str, ...]) -> list[str]:
    """Ids of the rows of which one of these fields holds what is searched for, the newest first.

    Without a search no row is looked into, as there can be very many.
    """
    wanted = asked.query.get("q", "").strip().lower()
    newest = list(table)[::-1]
    if not wanted:
        return newest
    return [
        key
        for key in newest
        if any(wanted in str(table[key].get(name) or "").lower() for name in names)
    ]


def _page(table: Table, found: list[str], asked: Asked) -> dict[str, Any]:
    text = asked.query.get("from", "0")
    start = int(text) if text.isdecimal() else 0
    rows = [table[key] for key in found[start : start + PAGE]]
    more = asked.with_(**{"from": str(start + PAGE)}) if start + PAGE < len(found) else ""
    return {"rows": rows, "count": len(found), "more": more}


def _line(world: World, row: Row) -> Row:
    return row | {"owner": _worded(world, row.get("OwnerId"))}


def _fields(row: Row) -> list[str]:
    """The fields that hold something, the main ones first."""
    held = {name for name, value in row.items() if value not in (None, "", False)}
    rest = sorted(held - set(FIRST) - HIDDEN)
    return [name for name in FIRST if name in held] + rest


def _worded(world: World, value: Json) -> str:
    """A value as people read it: the name of a user or a queue for its id."""
    text = str(value)
    for table in ("salesforce.User", "salesforce.Group"):
        row = world.table(table).get(text)
        if row is not None:
            return str(row.get("Name") or row.get("DeveloperName"))
    return text


def _history(world: World, name: str, record_id: str) -> list[dict[str, Any]]:
    """Tracked changes, the latest first; of a change of owner's two rows the one with names."""
    rows = world.table(f"salesforce.{name}History").holding(f"{name}Id", [record_id])
    return [
        {
            "at": row["CreatedDate"],
            "field": row["Field"],
            "old": row["OldValue"],
            "new": row["NewValue"],
            "by": _worded(world, row["CreatedById"]),
        }
        for row in reversed(rows)
        if not _is_of_ids(row)
    ]


def _is_of_ids(row: Row) -> bool:
    return row["Field"] == "Owner" and str(row["NewValue"]).startswith(("005", "00G"))


def _activities(world: World, record_id: str) -> list[dict[str, Any]]:
    """Calls, mails and meetings, the latest first."""
    found = [
        {
            "at": str(row["CreatedDate"]),
            "subject": row.get("Subject") or "",
            "kind": row.get("TaskSubtype") or name,
            "status": row.get("Status") or "",
            "by": _worded(world, row.get("OwnerId")),
            "note": row.get("Description") or "",
        }
        for name in ("Task", "Event")
        for field in ("WhoId", "WhatId")
        for row in world.table(f"salesforce.{name}").holding(field, [record_id])
        if not row.get("IsDeleted")
    ]
    return sorted(found, key=lambda one: one["at"], reverse=True)


def _person_of(world: World, record_id: str) -> str | None:
    """The page of the Marketo person that is synced with a record."""
    ids = world.table("marketo.index.sfdcId").get(record_id.lower(), {}).get("ids")
    return f"{MOUNT}/persons/{ids[-1]}" if ids else None


def _log(world: World, person_id: str) -> list[dict[str, Any]]:
    """What a person did and what was done with them, the latest first."""
    names = {number: name for name, number in TYPE_IDS.items()}
    rows = world.table(ACTIVITY).holding("leadId", [int(person_id)])
    rows.sort(key=lambda row: int(row["id"]))
    return [
        {
            "at": row["activityDate"],
            "type": names.get(row["activityTypeId"], str(row["activityTypeId"])),
            "about": row.get("primaryAttributeValue") or "",
            "details": row.get("attributes") or [],
        }
        for row in reversed(rows[-LONGEST_LOG:])
    ]
