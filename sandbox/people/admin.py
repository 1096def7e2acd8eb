"""What the ops admin does: edits territories, moves accounts, changes who is in a queue.

Colleagues leave the company, too: the admin deactivates them, and what they own stays theirs
until somebody notices.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from random import Random

from sandbox.acts import plan, queue_id, user_id
from sandbox.people.calendars import SATURDAY, user_of
from sandbox.people.roster import COLLEAGUES, Colleague, colleagues
from sandbox.state.world import Row, World

EVERY = timedelta(hours=6)
EDITS = 0.3
"""Chance that something is edited when the admin looks up."""
MOST_GONE = 3
"""Reps who leave in the life of one world, so that somebody is left to work."""
REGIONS = ("AMER", "EMEA", "APAC")


def tidy(world: World) -> None:
    """Let the admin edit something, on working days."""
    chance = Random(f"{world.seed}/admin/{world.now.isoformat()}")
    if world.now.weekday() >= SATURDAY or chance.random() >= EDITS:
        return
    (edit,) = chance.choices(list(EDITINGS), list(EDITINGS.values()))
    admin = colleagues("ops")[0].address
    for deed in edit(world, chance):
        plan(world, world.now, deed | {"by": admin})


def _account(world: World, chance: Random) -> Row | None:
    accounts = list(world.table("salesforce.Account").values())
    return chance.choice(accounts) if accounts else None


def _edit_territory(world: World, chance: Random) -> list[Row]:
    """Move an account to another territory, and to somebody who sells there."""
    account = _account(world, chance)
    if account is None:
        return []
    region = chance.choice([each for each in REGIONS if each != account["Territory__c"]])
    owners = [each for each in colleagues("account_owner", region) if _is_active(world, each)]
    owner: Row = {"OwnerId": {"user": chance.choice(owners).address}} if owners else {}
    return [_update("Account", account["Id"], Territory__c=region, **owner)]


def _name_account(world: World, chance: Random) -> list[Row]:
    account = _account(world, chance)
    if account is None:
        return []
    return [_update("Account", account["Id"], Named_Account__c=not account["Named_Account__c"])]


def _edit_queue(world: World, chance: Random) -> list[Row]:
    """Put a rep into their region's queue, or take them out of it."""
    rep = chance.choice(colleagues("rep"))
    queue, user = queue_id(world, f"{rep.region}_Inbound"), user_id(world, rep.address)
    members = world.table("salesforce.GroupMember").holding("GroupId", [queue])
    held = [row["Id"] for row in members if row["UserOrGroupId"] == user]
    if held:
        return [{"do": "salesforce.delete", "object": "GroupMember", "id": held[0]}]
    values = {"GroupId": queue, "UserOrGroupId": user}
    return [{"do": "salesforce.insert", "object": "GroupMember", "values": values}]


def _part_with(world: World, chance: Random) -> list[Row]:
    """Deactivate a rep who has left, in Salesforce and in Slack."""
    reps = [each for each in COLLEAGUES if each.role == "rep"]
    staying = [each for each in reps if _is_active(world, each)]
    if len(reps) - len(staying) >= MOST_GONE:
        return []
    gone = chance.choice(staying).address
    deactivate = _update("User", user_id(world, gone), IsActive=False)
    return [deactivate, {"do": "slack.leave", "user": gone}]


def _is_active(world: World, colleague: Colleague) -> bool:
    user = user_of(world, colleague)
    return user is not None and bool(user["IsActive"])


def _update(sobject: str, record_id: str, **values: object) -> Row:
    return {"do": "salesforce.update", "object": sobject, "id": record_id, "values": values}


EDITINGS: Mapping[Callable[[World, Random], list[Row]], int] = {
    _edit_territory: 8,
    _name_account: 4,
    _edit_queue: 4,
    _part_with: 1,
}
"""What is edited, and how often in proportion."""
