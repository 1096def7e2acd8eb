"""What people do in Salesforce."""

from collections.abc import Callable, Mapping
from typing import cast

from sandbox.acts.lookups import queue_id, record_id, user_id
from sandbox.http.message import Json
from sandbox.salesforce.rules import assignment
from sandbox.salesforce.store import records
from sandbox.state.world import Row, World


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
    record = record_id(world, deed["object"], deed)
    values = _resolved(world, deed["values"])
    by = user_id(world, deed["by"])
    records.update(world, deed["object"], record, values, by=by, assign=False)
    return record


def _delete(world: World, deed: Row) -> Json:
    record = record_id(world, deed["object"], deed)
    records.delete(world, deed["object"], record, by=user_id(world, deed["by"]))
    return record


def _convert(world: World, deed: Row) -> Json:
    lead, by = record_id(world, "Lead", deed), user_id(world, deed["by"])
    return records.convert_lead(world, lead, deed.get("account"), by=by).contact_id


def _merge(world: World, deed: Row) -> Json:
    records.merge_leads(world, deed["id"], deed["losers"], by=user_id(world, deed["by"]))
    return deed["id"]


def _assign(world: World, deed: Row) -> Json:
    return assignment.activate(world, deed["name"], deed["entries"])


DEEDS: Mapping[str, Callable[[World, Row], Json]] = {
    "salesforce.insert": _insert,
    "salesforce.update": _update,
    "salesforce.delete": _delete,
    "salesforce.convert": _convert,
    "salesforce.merge": _merge,
    "salesforce.assignment": _assign,
}
