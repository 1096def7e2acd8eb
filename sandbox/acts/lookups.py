"""Whom an e-mail address or a name stands for at each vendor."""

from sandbox.http.message import Json
from sandbox.marketo.lead_database import people
from sandbox.slack import user_by_email
from sandbox.slack.conversations.channels import open_dm
from sandbox.state.world import Row, World


class ActError(Exception):
    """The deed cannot be done: nobody of that name, no such record, or the vendor refuses."""


def user_id(world: World, email: str) -> str:
    """The Salesforce Id of the user with this address. Raises `ActError`."""
    return newest(world, "User", Email=email)


def queue_id(world: World, developer_name: str) -> str:
    """The Salesforce Id of a queue. Raises `ActError`."""
    return newest(world, "Group", DeveloperName=developer_name)


def newest(world: World, sobject: str, **equals: Json) -> str:
    """The Id of the newest record with these values that is not deleted. Raises `ActError`."""
    name, value = next(iter(equals.items()))
    for row in reversed(world.table(f"salesforce.{sobject}").holding(name, [value])):
        is_it = all(row.get(field) == wanted for field, wanted in equals.items())
        if is_it and not row.get("IsDeleted"):
            return str(row["Id"])
    raise ActError(f"Salesforce has no {sobject} with {equals}")


def record_id(world: World, sobject: str, deed: Row) -> str:
    """The Id of the record that a deed is about: its `id`, or whom its `where` names."""
    if deed.get("id"):
        return str(deed["id"])
    return newest(world, sobject, **deed["where"])


def person_id(world: World, email: str) -> int:
    """The Marketo id of the newest person with this address. Raises `ActError`."""
    found = people.with_value(world, "email", email)
    if not found:
        raise ActError(f"Marketo knows nobody with the address {email}")
    return int(found[-1])


def member(world: World, email: str) -> str:
    """The Slack id of the member with this address. Raises `ActError`."""
    user = user_by_email(world, email)
    if user is None:
        raise ActError(f"Slack knows nobody with the address {email}")
    return str(user["id"])


def conversation(world: World, user: str, named: str) -> str:
    """The id of a conversation: `dm`, `#name` or an id. Raises `ActError`."""
    if named == "dm":
        return str(open_dm(world, user)[0]["id"])
    for key, row in world.table("slack.channel").items():
        if named in (key, f"#{row.get('name')}"):
            return key
    raise ActError(f"Slack has no conversation {named}")
