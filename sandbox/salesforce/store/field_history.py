"""Field history: what LeadHistory and ContactHistory keep of changes."""

from collections.abc import Mapping

from sandbox.http.message import Json
from sandbox.salesforce.org.ids import PREFIXES, new_id
from sandbox.salesforce.org.owners import owner_name
from sandbox.salesforce.org.values import timestamp
from sandbox.state.world import Row, World

TRACKED: Mapping[str, tuple[str, ...]] = {
    "Lead": ("OwnerId", "Status", "Do_Not_Route__c"),
    "Contact": ("OwnerId", "AccountId", "Do_Not_Route__c"),
    "Account": ("OwnerId",),
}
"""Fields whose history tracking is on."""

LONGEST = 255


def remember(  # noqa: PLR0913  (a history row has as many columns)
    world: World,
    sobject: str,
    record_id: str,
    field: str,
    *,
    by: str,
    old: Json = None,
    new: Json = None,
) -> None:
    """Write one history row, for objects that have a history."""
    if sobject not in TRACKED:
        return
    name = f"{sobject}History"
    row_id = new_id(world, PREFIXES[name])
    world.table(f"salesforce.{name}")[row_id] = {
        "Id": row_id,
        "IsDeleted": False,
        f"{sobject}Id": record_id,
        "Field": field,
        "OldValue": old,
        "NewValue": new,
        "CreatedById": by,
        "CreatedDate": timestamp(world.now),
    }


def track(world: World, sobject: str, before: Row, after: Row, *, by: str) -> None:
    """Write the history of an update. A change of owner is two rows: one of names, one of ids."""
    for field in TRACKED.get(sobject, ()):
        old, new = before.get(field), after.get(field)
        if old == new:
            continue
        record_id = after["Id"]
        if field.endswith("Id"):
            label = field.removesuffix("Id")
            if field == "OwnerId":
                names = owner_name(world, old), owner_name(world, new)
                remember(world, sobject, record_id, label, by=by, old=names[0], new=names[1])
            remember(world, sobject, record_id, label, by=by, old=old, new=new)
        else:
            remember(world, sobject, record_id, field, by=by, old=old, new=new)
