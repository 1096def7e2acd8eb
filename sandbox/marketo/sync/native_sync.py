"""The native sync between Marketo and Salesforce.

A cycle moves what changed since the last one, both ways; then it pauses five minutes and begins
again (Adobe: Salesforce Sync). A person is synced once it has a last name and a company. On the
same field changed on both sides Marketo wins for leads and Salesforce for contacts.

What changed is read from the journal and waits in `marketo.sync_queue`, by `up/<person>` or
`down/<record>`. The world's setting `sync` may say `lag_seconds`, how long a change waits at
least, and `per_cycle`, how many of them one cycle moves: the others are its backlog.
"""

from collections.abc import Mapping
from datetime import timedelta

from sandbox.marketo.lead_database import people
from sandbox.salesforce.store import records
from sandbox.state.journal import Entry
from sandbox.state.world import Row, World

CYCLE = "marketo.sync_cycle"
PAUSE = timedelta(minutes=5)
PER_RUN, PER_CALL = timedelta(seconds=1), 200
USER = "marketo.sync@meridian.example"
STATE, SETTING, QUEUE = "marketo.sync", "sandbox.setting", "marketo.sync_queue"
AGREED = "marketo.agreed"
"""What each side held after the last sync, by the Salesforce record's id: `ours`, `theirs`."""
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
LINKS = {"Lead": "sfdcLeadId", "Contact": "sfdcContactId"}
"""The person field that holds the id of a record of an object."""
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


def skip_past(world: World) -> None:
    """Take both sides to be in step: what has changed until now is not carried over any more."""
    world.table(STATE)["journal"] = {"read": len(world.journal)}
    world.table(QUEUE).clear()


def _cycle(world: World) -> None:
    _queue_changes(world)
    queue, setting = world.table(QUEUE), world.table(SETTING).get("sync", {})
    lag = timedelta(seconds=float(setting.get("lag_seconds", 0)))
    ripe = (world.now - lag).isoformat()
    due = [key for key, row in queue.items() if row["at"] <= ripe]
    moved = due[: int(setting.get("per_cycle", len(due)))]
    for key in moved:
        del queue[key]
        _carry(world, *key.split("/"))
    world.record("effect", "marketo", "sync.cycle", moved=len(moved), waiting=len(queue))
    world.schedule(world.now + PER_RUN * (1 + len(moved) // PER_CALL) + PAUSE, CYCLE)


def _queue_changes(world: World) -> None:
    """Put what others than the sync have changed since the last cycle behind what waits."""
    state, queue = world.table(STATE).setdefault("journal", {"read": 0}), world.table(QUEUE)
    for entry in world.journal.select(after=state["read"] - 1, kind="effect"):
        for key in _changed(entry):
            queue.setdefault(key, {"at": entry.at})
    state["read"] = len(world.journal)


def _changed(entry: Entry) -> list[str]:
    """What is to be carried over; what the sync itself has told a person is not."""
    if entry.name in ("person.insert", "person.update"):
        return [] if entry.data.get("by") == SOURCE else [f"up/{entry.data['id']}"]
    if entry.vendor != "salesforce" or entry.name.partition(".")[0] not in LINKS:
        return []
    return [f"down/{each}" for each in (entry.data["id"], *entry.data.get("merged", ()))]


def _carry(world: World, way: str, key: str) -> None:
    """Bring one change over; a refusal is told in the person's activity log."""
    if way == "up":
        row = world.table(people.PERSON).get(key)
        if row is not None and _wants(row):
            sync_person(world, int(key))
        return
    for sobject, field in LINKS.items():
        record = world.table(f"salesforce.{sobject}").get(key)
        for person in people.with_value(world, field, key) if record is not None else ():
            try:
                _bring_back(world, int(person), sobject, record or {})
            except records.SalesforceError as error:
                _tell_refusal(world, int(person), error)


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
        else:
            _push_contact(world, row)
    except records.SalesforceError as error:
        _tell_refusal(world, person_id, error)


def _tell_refusal(world: World, person_id: int, error: records.SalesforceError) -> None:
    told = {"Reason": str(error), "Result": "failed"}
    people.log_activity(world, person_id, "Sync Lead to SFDC", attributes=told)


def _create(world: World, person_id: int, row: Row, owner: str | None) -> None:
    values = _mapped(row, FIELD_MAP) | ({"OwnerId": owner} if owner else {})
    lead_id = records.insert(world, "Lead", values, by=USER, assign=owner is None)
    link = {"sfdcType": "Lead", "sfdcId": lead_id, "sfdcLeadId": lead_id, "sfdcIsDeleted": False}
    people.change_person(world, person_id, link, reason="Sync Person to SFDC", source=SOURCE)
    people.log_activity(world, person_id, "Sync Lead to SFDC", attributes={"Result": "created"})
    _agree(world, row, world.table("salesforce.Lead")[lead_id], FIELD_MAP)


def _push_lead(world: World, row: Row, owner: str | None) -> None:
    record = world.table("salesforce.Lead").get(row["sfdcId"])
    if record is None or record["IsDeleted"]:
        return
    _merge(world, row, record, "Lead")
    if owner is not None and owner != record["OwnerId"]:
        change = {"OwnerId": owner}
        records.update(world, "Lead", record["Id"], change, by=USER, assign=False)


def _push_contact(world: World, row: Row) -> None:
    record = world.table("salesforce.Contact").get(row["sfdcId"])
    if record is not None and not record["IsDeleted"]:
        _merge(world, row, record, "Contact")


def _assign_contact(world: World, row: Row, owner: str) -> None:
    if owner in world.table("salesforce.User"):
        refused = "insufficient access rights on cross-reference id"
        code = "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY"
        raise records.SalesforceError(code, refused)
    values = _mapped(row, FIELD_MAP) | {"OwnerId": owner}
    records.insert(world, "Lead", values, by=USER, assign=False)
    told = {"Result": "created a second time, as a lead"}
    people.log_activity(world, row["id"], "Sync Lead to SFDC", attributes=told)


def _agree(world: World, row: Row, record: Row, names: Mapping[str, str]) -> None:
    """Remember what both sides hold now: what differs from it later was changed since."""
    world.table(AGREED)[record["Id"]] = {
        "ours": {ours: row[ours] for ours in names.values()},
        "theirs": {theirs: record.get(theirs) for theirs in names},
    }


def _merge(world: World, row: Row, record: Row, sobject: str) -> None:
    """Carry each field's change to the other side; changed on both, one side wins.

    Sides that have never agreed on anything count as both changed.
    """
    names, wins_here = (FIELD_MAP, True) if sobject == "Lead" else (CONTACT_MAP, False)
    agreed = world.table(AGREED).get(record["Id"])
    up: Row = {}
    down: Row = {}
    for theirs, ours in names.items():
        here, there = row[ours], record.get(theirs)
        if here == there or not (here or there):
            continue
        changed_here = here is not None and (agreed is None or here != agreed["ours"][ours])
        changed_there = agreed is None or there != agreed["theirs"][theirs]
        if changed_here and (wins_here or not changed_there):
            up[theirs] = here
        elif changed_there:
            down[ours] = there
    if down:
        people.change_person(world, row["id"], down, reason="Salesforce change", source=SOURCE)
    if up:
        records.update(world, sobject, record["Id"], up, by=USER, assign=False)
    _agree(world, row, world.table(f"salesforce.{sobject}")[record["Id"]], names)


def _mapped(row: Row, names: Mapping[str, str]) -> Row:
    return {theirs: row[ours] for theirs, ours in names.items() if row[ours] is not None}


def _bring_back(world: World, person_id: int, sobject: str, record: Row) -> None:
    row = world.table(people.PERSON)[str(person_id)]
    values: Row = _owner(world, row, record)
    if record["IsDeleted"]:
        values["sfdcIsDeleted"] = True
    elif sobject == "Lead" and record.get("IsConverted"):
        contact = record["ConvertedContactId"]
        values |= {"sfdcType": "Contact", "sfdcId": contact, "sfdcContactId": contact}
        values["sfdcAccountId"] = record["ConvertedAccountId"]
    else:
        _merge(world, row, record, sobject)
    if sobject == "Contact":
        values["sfdcAccountId"] = record.get("AccountId")
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
