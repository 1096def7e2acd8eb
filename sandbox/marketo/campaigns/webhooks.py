"""Webhooks: a flow step calls a URL and writes what it answers to the person (Adobe: Webhooks).

A row of `marketo.webhook`, by name, holds `url`, `method`, `payload`, `encoding` (`JSON`, `FORM`
or None), `response` (`JSON` or `XML`), `headers`, and `mappings`: from a path such as
`orders[0].orderDate` to a field by its SOAP name.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import cast
from urllib.parse import quote_plus
from xml.etree import ElementTree as ET

from sandbox.http.message import Json
from sandbox.marketo.campaigns.outbound_calls import Outbound, Outcome, Outgoing
from sandbox.marketo.campaigns.tokens import Encode, Tokens, plain
from sandbox.marketo.lead_database import people
from sandbox.marketo.lead_database.schema import Field, fields_of, soap_name
from sandbox.marketo.leads.field_values import FRACTIONS, WHOLE, fits, typed
from sandbox.state.world import Row, World

WEBHOOK = "marketo.webhook"
IN_BATCH, EMPTY = "1000", "1001"
"""Marketo's own errors: called from a batch campaign; the body of the answer was empty."""
_STEP = re.compile(r"([A-Za-z0-9_:\- ]+)((?:\[\d+\])*)")
_TYPES = {"JSON": "application/json", "FORM": "application/x-www-form-urlencoded"}
_ENCODE: dict[str, Encode] = {
    "JSON": lambda value: json.dumps(value, ensure_ascii=False),
    "FORM": lambda value: quote_plus(plain(value)),
}


def call(
    world: World,
    outbound: Outbound,
    hook: Row,
    person: Row,
    tokens: Tokens,
    then: Callable[[], None],
) -> None:
    """Call a webhook for one person; `then` is called when that is over, however it ended."""
    encoding = str(hook.get("encoding") or "")
    payload = tokens.fill(hook.get("payload") or "", _ENCODE.get(encoding, plain))
    given: Mapping[str, str] = hook.get("headers") or {}
    headers = {name: tokens.fill(text, plain) for name, text in given.items()}
    if payload and encoding in _TYPES:
        headers = {"Content-Type": _TYPES[encoding]} | headers
    url = tokens.fill(hook["url"], plain)
    request = Outgoing(hook.get("method", "POST"), url, headers, payload.encode())

    def received(outcome: Outcome) -> None:
        _receive(world, hook, person["id"], payload, outcome)
        then()

    outbound.send("webhook.call", request, received)


def refuse_in_batch(world: World, hook: Row, person_id: int) -> None:
    """A batch campaign can't call webhooks."""
    _log(world, hook, person_id, "", Outcome(0, IN_BATCH, ""))


def _receive(world: World, hook: Row, person_id: int, payload: str, outcome: Outcome) -> None:
    if str(person_id) not in world.table(people.PERSON):
        return
    if outcome.is_success and not outcome.body:
        outcome = Outcome(outcome.status, EMPTY, "")
    _log(world, hook, person_id, payload, outcome)
    if not outcome.is_success or not outcome.body:
        return
    kind = str(hook.get("response") or "JSON")
    try:
        told = read(outcome.body, kind)
    except ValueError:
        return
    changes = mapped(world, told, hook.get("mappings") or {}, is_text=kind == "XML")
    source = f"Webhook {hook['name']}"
    people.change_person(world, person_id, changes, reason="Call Webhook", source=source)


def _log(world: World, hook: Row, person_id: int, payload: str, outcome: Outcome) -> None:
    told = {"Payload": payload, "Response": outcome.body, "Error Type": outcome.reason}
    people.log_activity(world, person_id, "Call Webhook", primary=hook["name"], attributes=told)


def read(text: str, kind: str) -> Json:
    """An answer as JSON, XML elements by their names; raises ValueError."""
    if kind != "XML":
        return json.loads(text)
    try:
        root = ET.fromstring(text)  # noqa: S314  (who answers is the user's own service)
    except ET.ParseError as error:
        raise ValueError(str(error)) from error
    return {root.tag: _element(root)}


def _element(element: ET.Element) -> Json:
    if not len(element):
        return (element.text or "").strip()
    held: dict[str, list[Json]] = {}
    for child in element:
        held.setdefault(child.tag, []).append(_element(child))
    return {tag: found[0] if len(found) == 1 else found for tag, found in held.items()}


def mapped(world: World, told: Json, mappings: Mapping[str, str], *, is_text: bool) -> Row:
    """The changes of a person that an answer means; what has another type is left out.

    `is_text` says that the answer has no types of its own, as XML.
    """
    fields = fields_of(world)
    names = {soap_name(name, field): name for name, field in fields.items()}
    changes: Row = {}
    for path, soap in mappings.items():
        name, value = names.get(soap), at_path(told, path)
        if name is None or value is None or not fields[name].is_writable:
            continue
        if is_text and isinstance(value, str) and fits(fields[name], value):
            changes[name] = typed(fields[name], value)
        elif not is_text and _is_of(fields[name], value):
            changes[name] = value
    return changes


def _is_of(field: Field, value: Json) -> bool:
    """Whether a JSON value has a field's type; a text that looks like a number is none."""
    if field.type == "boolean":
        return isinstance(value, bool)
    expected = int | float if field.type in (*WHOLE, *FRACTIONS) else str
    return isinstance(value, expected) and fits(field, value)


def at_path(told: Json, path: str) -> Json:
    """The value at `a.b[0].c`; None when there is none, or a key has letters that none may have."""
    for part in path.split("."):
        step = _STEP.fullmatch(part)
        if step is None or not isinstance(told, dict):
            return None
        told = cast("Row", told).get(step[1])
        for place in re.findall(r"\d+", step[2]):
            rows = cast("list[Json]", told) if isinstance(told, list) else []
            told = rows[int(place)] if int(place) < len(rows) else None
    return told
