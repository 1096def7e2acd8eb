"""Merging leads, with what Salesforce has to say about it (Adobe: Leads, Merge)."""

from collections.abc import Sequence

from sandbox.http.message import Response
from sandbox.marketo.access import limits
from sandbox.marketo.access.call import Call
from sandbox.marketo.access.envelope import MarketoError, answer
from sandbox.marketo.lead_database import activity_log, people
from sandbox.marketo.lead_database.schema import fields_of
from sandbox.marketo.leads import lead_query
from sandbox.marketo.sync import native_sync
from sandbox.salesforce.store import records
from sandbox.state.world import Row, World

MOST_LOSERS = 25
REFUSALS = {"DUPLICATES_DETECTED": "1076", "STRING_TOO_LONG": "1077"}
"""Salesforce's error codes to Marketo's; everything else is 1078."""
_RANK = {"Lead": 1, "Contact": 2}


def merge(call: Call) -> Response:
    """POST leads/{id}/merge: the path's person wins, unless Salesforce knows another one better.

    A contact wins over a lead, and whom Salesforce knows over whom only Marketo does.
    """
    world = call.world
    others = list(dict.fromkeys([*call.texts("leadId"), *call.texts("leadIds")]))
    if not others:
        raise MarketoError("701", "leadId cannot be blank")
    if len(others) > MOST_LOSERS:
        raise MarketoError("1080", f"More than {MOST_LOSERS} leadIds")
    if call.path[0] in others:
        raise MarketoError("1003", "A lead cannot be merged with itself")
    rows = [lead_query.existing(world, key) for key in (call.path[0], *others)]
    if any(_is_person_account(world, row) for row in rows):
        raise MarketoError("712", "Merge to person Account operation is invalid")
    winner = rows[0]
    if limits.setting(world).get("crm", True):
        winner = max(rows, key=_rank)
    losers = [row for row in rows if row is not winner]
    if call.text("mergeInCRM", "false").lower() == "true":
        _merge_in_salesforce(world, winner, losers)
    _merge(world, winner, losers)
    return answer(world)


def _rank(row: Row) -> int:
    """How well Salesforce knows somebody; not at all when the record is deleted there."""
    return 0 if row["sfdcIsDeleted"] else _RANK.get(row["sfdcType"] or "", 0)


def _is_person_account(world: World, row: Row) -> bool:
    account = world.table("salesforce.Account").get(row["sfdcAccountId"] or "", {})
    return bool(account.get("IsPersonAccount"))


def _merge_in_salesforce(world: World, winner: Row, losers: Sequence[Row]) -> None:
    known = [row for row in losers if row["sfdcType"] == "Lead" and not row["sfdcIsDeleted"]]
    try:
        by = records.find(world, "User", Email=native_sync.USER)[0]["Id"]
        if winner["sfdcType"] == "Lead" and known:
            records.merge_leads(world, winner["sfdcId"], [row["sfdcId"] for row in known], by=by)
        for row in known if winner["sfdcType"] == "Contact" else ():
            records.convert_lead(world, row["sfdcId"], winner["sfdcAccountId"], by=by)
    except records.SalesforceError as error:
        raise MarketoError(REFUSALS.get(error.status_code, "1078"), str(error)) from error


def _merge(world: World, winner: Row, losers: Sequence[Row]) -> None:
    """Values, scores, memberships, cookies and the log of the losers become the winner's."""
    key, gone = int(winner["id"]), [int(row["id"]) for row in losers]
    changes = _values(world, winner, losers)
    _hand_over(world, key, gone)
    for one in gone:
        people.delete_person(world, one)
    people.change_person(world, key, changes, reason="Merge", source="REST API")
    told = {"Merge IDs": ",".join(str(one) for one in gone)}
    people.log_activity(world, key, "Merge Leads", attributes=told)


def _values(world: World, winner: Row, losers: Sequence[Row]) -> Row:
    """What changes of the winner: gaps that a loser fills, and the scores' sums."""
    fields, changes = fields_of(world), Row()
    for row in losers:
        for name, value in row.items():
            field = fields.get(name)
            if value is None or field is None or not field.is_writable:
                continue
            if field.type == "score":
                changes[name] = changes.get(name, winner.get(name) or 0) + value
            elif winner.get(name) is None:
                changes.setdefault(name, value)
    return changes


def _hand_over(world: World, key: int, gone: Sequence[int]) -> None:
    """Lists, programs, cookies and activities of the losers become the winner's."""
    for each in world.table(people.LIST).values():
        if any(str(one) in each["members"] for one in gone):
            people.add_to_list(world, key, each["name"])
    for program in world.table(people.PROGRAM).values():
        held = [program["members"][str(one)] for one in gone if str(one) in program["members"]]
        if held:
            program["members"].setdefault(str(key), held[0] | {"leadId": key})
    for cookie in world.table(people.COOKIE).values():
        cookie["lead"] = key if cookie["lead"] in gone else cookie["lead"]
    activity_log.hand_over(world, gone, key)
