"""Salesforce's records: making, changing, finding, converting, merging and deleting them.

This is what both the API's faces and the simulated people and the sync call. Values are given by
API field names; `by` is the id of the user who does it, or a word such as `setup` for nobody.
A row is replaced when it changes, never altered, so that a transaction can be undone.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sandbox.http.message import Json
from sandbox.salesforce.org import setup
from sandbox.salesforce.org.errors import SalesforceError
from sandbox.salesforce.org.ids import full_id, new_id
from sandbox.salesforce.org.owners import author, check_owner
from sandbox.salesforce.org.schema import SObject, custom_fields, object_named
from sandbox.salesforce.org.values import clean, timestamp
from sandbox.salesforce.rules.assignment import Assign, chosen_owner
from sandbox.salesforce.rules.validation import validate
from sandbox.salesforce.store.derived_fields import derive, note_activity
from sandbox.salesforce.store.field_history import remember, track
from sandbox.state.world import Row, World

__all__ = [
    "Conversion",
    "SalesforceError",
    "convert_lead",
    "delete",
    "find",
    "insert",
    "merge_leads",
    "update",
]

LOCKED = "sandbox.locked"
CONVERTED_STATUS = "Closed - Converted"


class Conversion(NamedTuple):
    """What a lead became."""

    account_id: str
    contact_id: str


def insert(
    world: World, sobject: str, values: Mapping[str, Json], *, by: str, assign: Assign
) -> str:
    """Create a record and return its id.

    `assign` is what the header `Sforce-Auto-Assign` says: whether the active assignment rule
    chooses the owner of a lead, or the id of the rule that does. Raises `SalesforceError`.
    """
    setup.set_up(world)
    shape = _shape(sobject)
    given = clean(world, shape, values)
    row = _blank(world, shape) | given
    _check_required(shape, row)
    _stamp(world, shape, row, author(world, by), creates=True)
    derive(shape.name, row)
    validate(world, shape.name, None, row)
    row["Id"] = new_id(world, shape.prefix)
    _own(world, shape, row, assign, author(world, by))
    _check_unique(world, shape, row)
    world.table(shape.table)[row["Id"]] = row
    remember(world, shape.name, row["Id"], "created", by=author(world, by))
    note_activity(world, shape.name, row)
    owner = {"OwnerId": row["OwnerId"]} if row.get("OwnerId") else {}
    world.record(
        "effect", "salesforce", f"{shape.name}.insert", id=row["Id"], values=given | owner, by=by
    )
    return row["Id"]


def update(
    world: World,
    sobject: str,
    record_id: str,
    values: Mapping[str, Json],
    *,
    by: str,
    assign: Assign,
) -> None:
    """Change a record; nothing changes when it is refused.

    `assign` as for `insert`; a rule that no entry of takes leaves the owner. Raises
    `SalesforceError`: NOT_FOUND, ENTITY_IS_DELETED, UNABLE_TO_LOCK_ROW, ...
    """
    shape = _shape(sobject)
    before = existing(world, shape, record_id)
    _check_open(world, before)
    given = clean(world, shape, values)
    after = before | given
    _check_required(shape, after)
    _stamp(world, shape, after, author(world, by), creates=False)
    derive(shape.name, after)
    validate(world, shape.name, before, after)
    if shape.name == "Lead":
        chosen = chosen_owner(world, after, assign, creates=False)
        after["OwnerId"] = chosen or after["OwnerId"]
    _pass_on(world, shape, before, after, author(world, by))
    _check_unique(world, shape, after)
    _replace(world, shape, before, after, by)


def find(world: World, sobject: str, **equals: Json) -> list[Row]:
    """The rows with these very values, deleted ones too, in order of creation."""
    shape = _shape(sobject)
    table = world.table(shape.table)
    keys = [name for name in equals if (field := shape.fields.get(name)) and field.is_indexed]
    if "Id" in equals:
        row = table.get(equals["Id"])
        rows = [] if row is None else [row]
    else:
        rows = table.holding(keys[0], [equals[keys[0]]]) if keys else table.values()
    return [row for row in rows if all(row.get(name) == value for name, value in equals.items())]


def delete(world: World, sobject: str, record_id: str, *, by: str) -> None:
    """Put a record into the recycle bin, or away for good where there is none for its object."""
    shape = _shape(sobject)
    row = existing(world, shape, record_id)
    _check_lock(world, row)
    if "IsDeleted" in shape.fields:
        _discard(world, shape, row, by)
    else:
        del world.table(shape.table)[row["Id"]]
    world.record("effect", "salesforce", f"{shape.name}.delete", id=row["Id"], by=by)


def convert_lead(
    world: World, lead_id: str, account_id: str | None = None, *, by: str
) -> Conversion:
    """Make a lead a contact of an account; of a new account when none is given.

    The contact's owner is the lead's, or who converts it when that is a queue.
    """
    lead_shape, contact_shape = _shape("Lead"), _shape("Contact")
    lead = existing(world, lead_shape, lead_id)
    _check_open(world, lead)
    is_users = lead["OwnerId"] in world.table("salesforce.User")
    owner = {"OwnerId": lead["OwnerId"] if is_users else author(world, by)}
    if account_id is None:
        company = {"Name": lead["Company"], "Website": lead["Website"]} | owner
        account_id = insert(world, "Account", company, by=by, assign=False)
    same = [name for name in _CARRIED if lead.get(name) is not None]
    carried = {name: lead[name] for name in same}
    carried |= {f"Mailing{name}": lead[name] for name in _ADDRESS}
    both = {each.name for each in custom_fields(world, contact_shape.name)}
    carried |= {name: lead[name] for name in sorted(both & lead.keys()) if lead[name] is not None}
    contact_id = insert(
        world, "Contact", {**carried, **owner, "AccountId": account_id}, by=by, assign=False
    )
    after = lead | {
        "IsConverted": True,
        "ConvertedDate": world.now.date().isoformat(),
        "ConvertedAccountId": account_id,
        "ConvertedContactId": contact_id,
        "Status": CONVERTED_STATUS,
    }
    _stamp(world, lead_shape, after, author(world, by), creates=False)
    remember(world, "Lead", lead["Id"], "leadConverted", by=author(world, by))
    _replace(world, lead_shape, lead, after, by)
    return Conversion(account_id, contact_id)


_CARRIED = (
    "FirstName",
    "LastName",
    "Salutation",
    "Title",
    "Phone",
    "MobilePhone",
    "Email",
    "Description",
    "LeadSource",
    "HasOptedOutOfEmail",
    "DoNotCall",
)
_ADDRESS = ("Street", "City", "State", "PostalCode", "Country")


def merge_leads(world: World, master_id: str, loser_ids: Sequence[str], *, by: str) -> None:
    """Merge leads into one: the others are deleted and name it as their master.

    What belonged to them belongs to it from now on.
    """
    shape = _shape("Lead")
    master = existing(world, shape, master_id)
    losers = [existing(world, shape, each) for each in loser_ids]
    for row in (master, *losers):
        _check_open(world, row)
    for loser in losers:
        merged = loser | {"MasterRecordId": master["Id"]}
        _discard(world, shape, merged, by)
        _adopt(world, loser["Id"], master["Id"])
        remember(world, "Lead", master["Id"], "leadMerged", by=author(world, by))
    after = dict(master)
    _stamp(world, shape, after, author(world, by), creates=False)
    world.table(shape.table)[master["Id"]] = after
    lost = [loser["Id"] for loser in losers]
    world.record("effect", "salesforce", "Lead.merge", id=master["Id"], merged=lost, by=by)


def existing(world: World, shape: SObject, record_id: str) -> Row:
    """The row of an id with 15 or 18 characters.

    Raises `SalesforceError`: MALFORMED_ID, NOT_FOUND, ENTITY_IS_DELETED.
    """
    table = world.table(shape.table)
    row = table.get(record_id)
    if row is None:
        found = full_id(record_id)
        if found is None:
            raise SalesforceError("MALFORMED_ID", f"malformed id {record_id}")
        row = table.get(found)
    if row is None:
        message = "Provided external ID field does not exist or is not accessible: " + record_id
        raise SalesforceError("NOT_FOUND", message)
    if row.get("IsDeleted"):
        raise SalesforceError("ENTITY_IS_DELETED", "entity is deleted")
    return row


def _shape(sobject: str) -> SObject:
    shape = object_named(sobject)
    if shape is None:
        raise SalesforceError("INVALID_TYPE", f"sObject type '{sobject}' is not supported.")
    return shape


def _blank(world: World, shape: SObject) -> Row:
    custom = custom_fields(world, shape.name)
    return {**shape.blank, **{each.name: each.default for each in custom}}


def _check_required(shape: SObject, row: Row) -> None:
    missing = [
        field.name for field in shape.fields.values() if field.required and row[field.name] is None
    ]
    if missing:
        message = f"Required fields are missing: [{', '.join(missing)}]"
        raise SalesforceError("REQUIRED_FIELD_MISSING", message, missing)


def _stamp(world: World, shape: SObject, row: Row, user: str, *, creates: bool) -> None:
    now = timestamp(world.now)
    stamps = {"LastModifiedDate": now, "LastModifiedById": user, "SystemModstamp": now}
    if creates:
        stamps |= {"CreatedDate": now, "CreatedById": user}
    row.update((name, value) for name, value in stamps.items() if name in shape.fields)


def _own(world: World, shape: SObject, row: Row, assign: Assign, user: str) -> None:
    if "OwnerId" not in shape.fields:
        return
    if shape.name == "Lead":
        row["OwnerId"] = chosen_owner(world, row, assign, creates=True) or row["OwnerId"]
    row["OwnerId"] = row["OwnerId"] or user
    if shape.fields["OwnerId"].createable:
        check_owner(world, shape.name, row["OwnerId"])
    if "IsUnreadByOwner" in shape.fields:
        row["IsUnreadByOwner"] = row["OwnerId"] != user


def _pass_on(world: World, shape: SObject, before: Row, after: Row, user: str) -> None:
    if "OwnerId" not in shape.fields:
        return
    is_changed = after["OwnerId"] != before["OwnerId"]
    if is_changed:
        check_owner(world, shape.name, after["OwnerId"] or "")
    if "IsUnreadByOwner" in shape.fields and (is_changed or after["OwnerId"] == user):
        after["IsUnreadByOwner"] = after["OwnerId"] != user


def _check_open(world: World, row: Row) -> None:
    _check_lock(world, row)
    if row.get("IsConverted"):
        raise SalesforceError("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")


def _check_lock(world: World, row: Row) -> None:
    lock = world.table(LOCKED).get(row["Id"])
    if lock is not None and world.now < datetime.fromisoformat(lock["until"]):
        message = f"unable to obtain exclusive access to this record or 1 records: {row['Id']}"
        raise SalesforceError("UNABLE_TO_LOCK_ROW", message)


def _check_unique(world: World, shape: SObject, row: Row) -> None:
    for field in custom_fields(world, shape.name):
        value = row.get(field.name)
        if not field.unique or value is None:
            continue
        for other in world.table(shape.table).holding(field.name, [value]):
            if other["Id"] != row["Id"] and not other.get("IsDeleted"):
                message = (
                    f"duplicate value found: {field.name} duplicates value on record with id: "
                    f"{other['Id']}"
                )
                raise SalesforceError("DUPLICATE_VALUE", message, [field.name])


def _replace(world: World, shape: SObject, before: Row, after: Row, by: str) -> None:
    """Put the changed row in place, with its history, and tell the journal what changed."""
    world.table(shape.table)[after["Id"]] = after
    track(world, shape.name, before, after, by=author(world, by))
    note_activity(world, shape.name, after)
    changes = {
        name: {"old": before.get(name), "new": value}
        for name, value in after.items()
        if value != before.get(name) and name not in _STAMPS
    }
    world.record(
        "effect", "salesforce", f"{shape.name}.update", id=after["Id"], changes=changes, by=by
    )


_STAMPS = frozenset({"LastModifiedDate", "LastModifiedById", "SystemModstamp"})


def _discard(world: World, shape: SObject, row: Row, by: str) -> None:
    gone = row | {"IsDeleted": True}
    _stamp(world, shape, gone, author(world, by), creates=False)
    world.table(shape.table)[row["Id"]] = gone


def _adopt(world: World, loser_id: str, master_id: str) -> None:
    for name, field in (("Task", "WhoId"), ("Event", "WhoId"), ("CampaignMember", "LeadId")):
        table = world.table(f"salesforce.{name}")
        for row_id, row in list(table.items()):
            if row[field] == loser_id:
                table[row_id] = row | {field: master_id}
