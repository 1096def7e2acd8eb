"""The native sync between Marketo and Salesforce.

A cycle moves what changed since the last one, both ways; then it pauses five minutes and begins
again (Adobe: Salesforce Sync). A person is synced once it has a last name and a company. On the
same field changed on both sides Marketo wins for leads and Salesforce for contacts.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sandbox.marketo import people
from sandbox.salesforce import records
from sandbox.wire import Json
from sandbox.world import Row, World

CYCLE = "marketo.sync_cycle"
PAUSE = timedelta(minutes=5)
PER_RUN, PER_CALL = timedelta(seconds=1), 200
USER = "marketo.sync@meridian.example"
STATE, SETTING = "marketo.sync", "sandbox.setting"
AGREED = "marketo.agreed"
"""What both sides held after the last sync, by the Salesforce record's id."""
SOURCE = "Salesforce sync"

FIELD_MAP = {
    "FirstName": "firstName",
    "LastName": "lastName",
    "Email": "email",
    "Company": "company",
    "Title": "title",
    "Phone": "phone",
    "Website": "website",
    "Industry": "industry",
    "NumberOfEmployees": "numberOfEmployees",
    "City": "city",
    "State": "state",
    "Country": "country",
    "PostalCode": "postalCode",
    "LeadSource": "leadSource",
    "Status": "leadStatus",
    "HasOptedOutOfEmail": "unsubscribed",
    "DoNotCall": "doNotCall",
}
"""Salesforce Lead field to Marketo person field (Adobe: Default Field Mapping)."""
CONTACT_MAP = {
    {"Country": "MailingCountry", "City": "MailingCity", "State": "MailingState"}.get(ours, ours): m
    for ours, m in FIELD_MAP.items()
    if ours not in ("Company", "Website", "Industry", "NumberOfEmployees", "Status", "PostalCode")
}


def begin(world: World) -> None:
    """Let cycles run from now on."""
    world.on(CYCLE, lambda _: _cycle(world))
    if not any(event == CYCLE for _, _, event, _ in world.state.future):
        world.schedule(world.now + PAUSE, CYCLE)


def _cycle(world: World) -> None:
    moved = _to_salesforce(world) + _to_marketo(world)
    run = PER_RUN * (1 + moved // PER_CALL)
    setting = world.table(SETTING).get("sync", {})
    lag = timedelta(seconds=float(setting.get("lag_seconds", 0)))
    world.record("effect", "marketo", "sync.cycle", moved=moved)
    world.schedule(world.now + run + PAUSE + lag, CYCLE)


def _since(world: World, way: str) -> str:
    state = world.table(STATE).setdefault(way, {"at": ""})
    before = state["at"]
    state["at"] = world.now.isoformat()
    return str(before)


def _to_salesforce(world: World) -> int:
    since, moved = _since(world, "up"), 0
    for key, row in list(world.table(people.PERSON).items()):
        if _at(row["updatedAt"]) >= since and _wants(row):
            sync_person(world, int(key))
            moved += 1
    return moved


def _at(text: Json) -> str:
    return datetime.fromisoformat(str(text)).isoformat()


def _wants(row: Row) -> bool:
    """Whether a person is due for Salesforce at all: known, and with what a Lead needs."""
    return bool(row["sfdcId"] or (row["lastName"] and row["company"] and row["email"]))


def sync_person(world: World, person_id: int, owner: str | None = None) -> None:
    """The flow step Sync Person to SFDC: bring one person over at once.

    `owner` is the user or queue that it is assigned to, by id; None for the assignment rules. A
    contact that is to be a queue's becomes a lead there once more, and one that is to be a user's
    stays whose it is (Adobe: Sync Person to SFDC).
    """
    row = world.table(people.PERSON).get(str(person_id))
    if row is None:
        return
    kind = row["sfdcType"]
    try:
        if kind is None or row["sfdcIsDeleted"]:
            _create(world, person_id, row, owner)
        elif kind == "Lead":
            _push_lead(world, row, owner)
        elif owner is not None:
            _assign_contact(world, row, owner)
    except records.SalesforceError as error:
        told = {"Reason": str(error), "Result": "failed"}
        people.log_activity(world, person_id, "Sync Lead to SFDC", attributes=told)


def _create(world: World, person_id: int, row: Row, owner: str | None) -> None:
    values = _mapped(row, FIELD_MAP) | ({"OwnerId": owner} if owner else {})
    lead_id = records.insert(world, "Lead", values, by=USER, assign=owner is None)
    link = {"sfdcType": "Lead", "sfdcId": lead_id, "sfdcLeadId": lead_id, "sfdcIsDeleted": False}
    people.change_person(world, person_id, link, reason="Sync Person to SFDC", source=SOURCE)
    people.log_activity(world, person_id, "Sync Lead to SFDC", attributes={"Result": "created"})
    _agree(world, world.table("salesforce.Lead")[lead_id], FIELD_MAP)


def _push_lead(world: World, row: Row, owner: str | None) -> None:
    record = world.table("salesforce.Lead").get(row["sfdcId"])
    if record is None or record["IsDeleted"]:
        return
    _merge(world, row, record, "Lead")
    if owner is not None and owner != record["OwnerId"]:
        change = {"OwnerId": owner}
        records.update(world, "Lead", record["Id"], change, by=USER, assign=False)


def _assign_contact(world: World, row: Row, owner: str) -> None:
    if owner in world.table("salesforce.User"):
        refused = "insufficient access rights on cross-reference id"
        code = "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY"
        raise records.SalesforceError(code, refused)
    values = _mapped(row, FIELD_MAP) | {"OwnerId": owner}
    records.insert(world, "Lead", values, by=USER, assign=False)
    told = {"Result": "created a second time, as a lead"}
    people.log_activity(world, row["id"], "Sync Lead to SFDC", attributes=told)


def _agree(world: World, record: Row, names: Mapping[str, str]) -> None:
    """Remember what both sides hold now: what differs from it later was changed since."""
    world.table(AGREED)[record["Id"]] = {theirs: record.get(theirs) for theirs in names}


def _merge(world: World, row: Row, record: Row, sobject: str) -> None:
    """Carry each field's change to the other side; changed on both, one side wins."""
    names = FIELD_MAP if sobject == "Lead" else CONTACT_MAP
    agreed = world.table(AGREED).get(record["Id"])
    up: Row = {}
    down: Row = {}
    for theirs, ours in names.items():
        here, there = row[ours], record.get(theirs)
        if here == there or not (here or there):
            continue
        before = there if agreed is None and sobject == "Lead" else (agreed or {}).get(theirs)
        changed_here, changed_there = here is not None and here != before, there != before
        if changed_here and not (changed_there and sobject == "Contact"):
            up[theirs] = here
        elif changed_there:
            down[ours] = there
    if down:
        people.change_person(world, row["id"], down, reason="Salesforce change", source=SOURCE)
    if up:
        records.update(world, sobject, record["Id"], up, by=USER, assign=False)
    _agree(world, world.table(f"salesforce.{sobject}")[record["Id"]], names)


def _mapped(row: Row, names: Mapping[str, str]) -> Row:
    return {theirs: row[ours] for theirs, ours in names.items() if row[ours] is not None}


def _to_marketo(world: World) -> int:
    since, moved = _since(world, "down"), 0
    for sobject, field in (("Lead", "sfdcLeadId"), ("Contact", "sfdcContactId")):
        for record in list(world.table(f"salesforce.{sobject}").values()):
            if _at(record["SystemModstamp"]) < since:
                continue
            for person in people.with_value(world, field, record["Id"]):
                moved += 1
                _bring_back(world, int(person), sobject, record)
    return moved


def _bring_back(world: World, person_id: int, sobject: str, record: Row) -> None:
    row = world.table(people.PERSON)[str(person_id)]
    values: Row = _owner(world, row, record)
    if record["IsDeleted"]:
        values["sfdcIsDeleted"] = True
    elif sobject == "Lead" and record.get("IsConverted"):
        contact = record["ConvertedContactId"]
        values |= {"sfdcType": "Contact", "sfdcId": contact, "sfdcContactId": contact}
        values["sfdcAccountId"] = record["ConvertedAccountId"]
    elif sobject == "Contact":
        values |= {ours: record.get(theirs) for theirs, ours in CONTACT_MAP.items()}
        values["sfdcAccountId"] = record.get("AccountId")
    else:
        _merge(world, row, record, "Lead")
    people.change_person(world, person_id, values, reason="Salesforce change", source=SOURCE)


def _owner(world: World, row: Row, record: Row) -> Row:
    """Sales Owner fields, empty while a queue owns the record; logs a change of owner."""
    owner_id = record["OwnerId"]
    owner = world.table("salesforce.User").get(owner_id, {})
    if row["sfdcLeadOwnerId"] not in (None, owner_id):
        told = {"New Owner": owner.get("Name", ""), "Old Owner": row["leadOwnerLastName"]}
        people.log_activity(world, row["id"], "Change Owner", attributes=told)
    return {
        "sfdcLeadOwnerId": owner_id,
        "leadOwnerFirstName": owner.get("FirstName"),
        "leadOwnerLastName": owner.get("LastName"),
        "leadOwnerEmailAddress": owner.get("Email"),
    }
