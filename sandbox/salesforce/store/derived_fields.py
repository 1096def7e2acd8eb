"""What records hold that nobody writes: names, what is closed, what was last done."""

from collections.abc import Callable, Mapping

from sandbox.salesforce.org.ids import sobject_of
from sandbox.state.world import Row, World


def derive(sobject: str, row: Row) -> None:
    """Fill in the fields that follow from the row's others."""
    derivation = _DERIVATIONS.get(sobject)
    if derivation is not None:
        derivation(row)


def _person(row: Row) -> None:
    row["Name"] = " ".join(part for part in (row["FirstName"], row["LastName"]) if part)


def _opportunity(row: Row) -> None:
    stage = row["StageName"] or ""
    row["IsClosed"] = stage.startswith("Closed")
    row["IsWon"] = stage == "Closed Won"


def _task(row: Row) -> None:
    row["IsClosed"] = row["Status"] == "Completed"
    row["IsHighPriority"] = row["Priority"] == "High"
    if row["IsClosed"]:
        row["CompletedDateTime"] = row["CompletedDateTime"] or row["LastModifiedDate"]
    else:
        row["CompletedDateTime"] = None


def _event(row: Row) -> None:
    row["ActivityDateTime"] = row["ActivityDateTime"] or row["StartDateTime"]
    if row["ActivityDateTime"]:
        row["ActivityDate"] = row["ActivityDateTime"][:10]


_DERIVATIONS: Mapping[str, Callable[[Row], None]] = {
    "Contact": _person,
    "Event": _event,
    "Lead": _person,
    "Opportunity": _opportunity,
    "Task": _task,
    "User": _person,
}


def note_activity(world: World, sobject: str, row: Row) -> None:
    """Let a completed task or an event be the last activity of whom it is about.

    LastActivityDate is set by the system, so that it leaves the record's own stamps as they are.
    """
    if not (sobject == "Event" or (sobject == "Task" and row["IsClosed"])):
        return
    day = row["ActivityDate"] or row["LastModifiedDate"][:10]
    for related in (row["WhoId"], row["WhatId"]):
        if not related:
            continue
        table = world.table(f"salesforce.{sobject_of(related)}")
        about = table.get(related)
        if about is not None:
            latest = max(about["LastActivityDate"] or day, day)
            table[related] = {**about, "LastActivityDate": latest}
