"""Deeds of simulated people: reps in Salesforce, visitors of the website, colleagues in Slack.

A deed is a JSON row with a `do`; an act that is scheduled in a world is the event `act` with
the deed as its payload. E-mail addresses stand for people, whatever the vendor calls them.

    {"do": "salesforce.insert", "object": "Task", "values": {...}, "by": "ana.torres@..."}
    {"do": "salesforce.update", "object": "Lead", "id": "00Q..." | "where": {"Email": "..."},
     "values": {...}, "by": "ana.torres@..."}
    {"do": "marketo.form", "form": "Demo Request", "values": {"email": "...", ...}}
    {"do": "marketo.visit", "email": "...", "page": "/pricing"}
    {"do": "marketo.change", "email": "...", "values": {...}, "reason": "...", "source": "..."}
    {"do": "marketo.score", "email": "...", "score": 110, "reason": "..."}
    {"do": "marketo.sync", "email": "..."}: the flow step Sync Person to SFDC
    {"do": "slack.status", "user": "...@...", "text": "...", "emoji": ":palm_tree:",
     "until": "2026-11-27T18:00:00Z"}
    and what else people do in Slack, and what is done with the model: `sandbox.slack.deeds`,
    `sandbox.openai.deeds`

In `values` of a Salesforce deed, `{"user": "<e-mail>"}` and `{"queue": "<DeveloperName>"}`
stand for an Id. A `where` names the newest record of those that fit and are not deleted.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import cast

from sandbox.marketo import people, sync
from sandbox.openai import deeds as openai_deeds
from sandbox.salesforce import records
from sandbox.slack import deeds as slack_deeds
from sandbox.slack import set_status, user_by_email
from sandbox.slack.doings import DoingError
from sandbox.slack.filling import FormError
from sandbox.wire import Json
from sandbox.world import Row, World

EVENT = "act"
"""The scheduled event whose payload is a deed."""


class ActError(Exception):
    """The deed cannot be done: nobody of that name, no such record, or the vendor refuses."""


def act(world: World, deed: Row) -> Json:
    """Do one deed now; returns the id of what it made, where it made something.

    Raises `ActError`.
    """
    name = str(deed.get("do"))
    if name not in DEEDS:
        raise ActError(f"unknown deed {name!r}; there are {', '.join(sorted(DEEDS))}")
    try:
        return DEEDS[name](world, deed)
    except KeyError as error:
        raise ActError(f"the deed {name} lacks {error}") from None
    except records.SalesforceError as error:
        raise ActError(f"Salesforce refuses: {error}") from error
    except (DoingError, FormError) as error:
        raise ActError(f"in Slack: {error}") from error


def live(world: World) -> None:
    """Let scheduled deeds be done. One that turns out impossible is journaled, not raised."""

    def perform(payload: Json) -> None:
        try:
            act(world, payload)
        except ActError as error:
            world.record("effect", "sandbox", "act.impossible", deed=payload, why=str(error))

    world.on(EVENT, perform)


def plan(world: World, at: datetime, deed: Row) -> None:
    """Let a deed be done at `at`."""
    world.schedule(at, EVENT, deed)


def user_id(world: World, email: str) -> str:
    """The Salesforce Id of the user with this address. Raises `ActError`."""
    return _only(world, "User", Email=email)


def queue_id(world: World, developer_name: str) -> str:
    """The Salesforce Id of a queue. Raises `ActError`."""
    return _only(world, "Group", DeveloperName=developer_name)


def person_id(world: World, email: str) -> int:
    """The Marketo id of the newest person with this address. Raises `ActError`."""
    found = people.with_value(world, "email", email)
    if not found:
        raise ActError(f"Marketo knows nobody with the address {email}")
    return int(found[-1])


def _only(world: World, sobject: str, **equals: Json) -> str:
    found = records.find(world, sobject, **equals)
    if not found:
        raise ActError(f"Salesforce has no {sobject} with {equals}")
    return found[-1]["Id"]


def _resolved(world: World, values: Mapping[str, Json]) -> Row:
    resolved: Row = {}
    for name, value in values.items():
        named = cast("Row", value) if isinstance(value, dict) else {}
        if "user" in named:
            resolved[name] = user_id(world, named["user"])
        elif "queue" in named:
            resolved[name] = queue_id(world, named["queue"])
        else:
            resolved[name] = value
    return resolved


def _insert(world: World, deed: Row) -> Json:
    values = _resolved(world, deed["values"])
    by = user_id(world, deed["by"])
    return records.insert(world, deed["object"], values, by=by, assign=False)


def _update(world: World, deed: Row) -> Json:
    record_id = deed.get("id") or _only(world, deed["object"], IsDeleted=False, **deed["where"])
    values = _resolved(world, deed["values"])
    by = user_id(world, deed["by"])
    records.update(world, deed["object"], record_id, values, by=by, assign=False)
    return record_id


def _fill_form(world: World, deed: Row) -> Json:
    return people.fill_out_form(world, deed["form"], deed["values"])


def _visit(world: World, deed: Row) -> Json:
    person = person_id(world, deed["email"])
    people.log_activity(world, person, "Visit Webpage", primary=deed["page"])
    return person


def _change(world: World, deed: Row) -> Json:
    person = person_id(world, deed["email"])
    people.change_person(
        world,
        person,
        deed["values"],
        reason=deed.get("reason", "Changed by hand"),
        source=deed.get("source", "Marketo user"),
    )
    return person


def _score(world: World, deed: Row) -> Json:
    person = person_id(world, deed["email"])
    reason = deed.get("reason", "Scoring")
    change = {"leadScore": deed["score"]}
    people.change_person(world, person, change, reason=reason, source="Smart Campaign")
    return person


def _sync(world: World, deed: Row) -> Json:
    person = person_id(world, deed["email"])
    sync.sync_person(world, person)
    return person


def _set_status(world: World, deed: Row) -> Json:
    user = user_by_email(world, deed["user"])
    if user is None:
        raise ActError(f"Slack knows nobody with the address {deed['user']}")
    until = datetime.fromisoformat(deed["until"]) if deed.get("until") else None
    set_status(world, user["id"], text=deed["text"], emoji=deed.get("emoji", ""), until=until)
    return user["id"]


DEEDS: Mapping[str, Callable[[World, Row], Json]] = {
    "salesforce.insert": _insert,
    "salesforce.update": _update,
    "marketo.form": _fill_form,
    "marketo.visit": _visit,
    "marketo.change": _change,
    "marketo.score": _score,
    "marketo.sync": _sync,
    "slack.status": _set_status,
    **slack_deeds.DEEDS,
    **openai_deeds.DEEDS,
}
"""What people can do, by name."""
