"""Who may own which record."""

from sandbox.salesforce.org.errors import SalesforceError
from sandbox.salesforce.org.ids import QUEUE, SYSTEM_USER
from sandbox.state.world import World

USER_TABLE = "salesforce.User"


def author(world: World, by: str) -> str:
    """The user who does something: the id itself, or the system when `by` is no user's id."""
    return by if by in world.table(USER_TABLE) else SYSTEM_USER


def check_owner(world: World, sobject: str, owner_id: str) -> None:
    """Raise `SalesforceError` when a record of this object can't be given to this owner."""
    if owner_id == SYSTEM_USER:
        return
    if owner_id.startswith(QUEUE):
        _check_queue(world, sobject, owner_id)
        return
    user = world.table(USER_TABLE)[owner_id]
    if not user["IsActive"]:
        message = f"operation performed with inactive user [{owner_id}] as owner of {sobject}"
        raise SalesforceError("INACTIVE_OWNER_OR_USER", message, ["OwnerId"])
    if user["UserType"] != "Standard":
        raise SalesforceError(
            "OP_WITH_INVALID_USER_TYPE_EXCEPTION",
            "Operation not valid for this user type",
            ["OwnerId"],
        )


def _check_queue(world: World, sobject: str, queue_id: str) -> None:
    served = world.table("salesforce.QueueSobject").values()
    if not any(row["QueueId"] == queue_id and row["SobjectType"] == sobject for row in served):
        raise SalesforceError(
            "INVALID_OPERATION", "Queue not associated with this SObject type", ["OwnerId"]
        )


def owner_name(world: World, owner_id: str | None) -> str | None:
    """The name of a user or queue."""
    if owner_id is None:
        return None
    table = "salesforce.Group" if owner_id.startswith(QUEUE) else USER_TABLE
    row = world.table(table).get(owner_id)
    return "Automated Process" if row is None else row["Name"]
