"""Faults at work: every request passes those that stand, the oldest first.

Each that strikes wraps what comes after it, so that a late answer can also be a lost one.
"""

import json
import pickle
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from email.utils import format_datetime
from functools import partial

from sandbox.acts import ActError, act
from sandbox.faults import refusals
from sandbox.faults.alterations import reordered, without
from sandbox.faults.model import (
    Act,
    Delay,
    Double,
    Drip,
    Error,
    Fault,
    FaultError,
    Hide,
    Partial,
    Quota,
    Reorder,
    Repeat,
    Replay,
    Reset,
    Stale,
    Status,
    Truncate,
    parse,
)
from sandbox.faults.partial_failures import perform_partly
from sandbox.faults.profiles import PROFILES
from sandbox.http.message import Handler, Json, Request, Response
from sandbox.salesforce.org.schema import OBJECTS
from sandbox.slack.events.envelopes import SOCKET, Delivery
from sandbox.state.world import Row, World

FAULT = "sandbox.fault"
"""A row holds the fault as JSON under `fault`, and how many requests it has `seen`, `struck`."""
REPLICA = "sandbox.replica"
"""By the fault's id, the tables that a stale read sees."""
REPLICATED: Mapping[str, tuple[str, ...]] = {
    "marketo": ("marketo.person", "marketo.activity", "marketo.list", "marketo.index"),
    "salesforce": tuple(sorted(shape.table for shape in OBJECTS.values())),
    "slack": ("slack.message", "slack.channel"),
}
"""Names of the tables that lag behind, or what they begin with."""


def add(world: World, fault: Fault) -> str:
    """Let a fault stand from now on; returns its id. Raises `FaultError`."""
    if isinstance(fault, Stale):
        if fault.vendor not in REPLICATED:
            raise FaultError(f"vendor: stale reads are for {', '.join(REPLICATED)}")
        held = _replicated(world, fault.vendor)
    else:
        held = None
    if isinstance(fault, Quota) and fault.vendor == "marketo" and fault.until is None:
        fault = fault.model_copy(update={"until": refusals.central_midnight(world.now)})
    fault_id = f"fault{world.next_serial()}"
    row = {"fault": fault.model_dump(mode="json"), "seen": 0, "struck": 0}
    world.table(FAULT)[fault_id] = row
    if held is not None:
        world.table(REPLICA)[fault_id] = pickle.loads(pickle.dumps(held))  # noqa: S301  (a copy)
    return fault_id


def add_profile(world: World, name: str) -> list[str]:
    """Let the faults of a named profile stand; returns their ids. Raises `FaultError`."""
    profile = PROFILES.get(name)
    if profile is None:
        raise FaultError(f"there is no profile {name!r}; there are {', '.join(sorted(PROFILES))}")
    for setting, values in profile.settings.items():
        world.table("sandbox.setting").setdefault(setting, {}).update(values)
    for deed in profile.deeds:
        act(world, dict(deed))
    return [add(world, fault) for fault in profile.faults]


def standing(world: World) -> dict[str, Row]:
    """The faults that stand, by id, with what they have seen and struck."""
    return world.table(FAULT)


def remove(world: World, fault_id: str) -> None:
    """Let a fault stand no longer. Raises `FaultError` when none has this id."""
    if world.table(FAULT).pop(fault_id, None) is None:
        raise FaultError(f"there is no fault {fault_id!r}")
    world.table(REPLICA).pop(fault_id, None)


def clear(world: World) -> None:
    """No faults any more."""
    world.table(FAULT).clear()
    world.table(REPLICA).clear()


@dataclass(frozen=True, slots=True)
class Strike:
    """One fault at one request."""

    world: World
    vendor: str
    fault_id: str


Struck = tuple[Strike, Fault]


def through(world: World, vendor: str, request: Request, face: Handler) -> Response:
    """Let a request pass the faults on its way to a face, and its answer on the way back."""
    for strike, fault in reversed(_struck(world, vendor, request)):
        face = partial(_perform, strike, fault, face)
    return face(request)


def delivered(world: World, path: str, payload: Json, method: str = SOCKET) -> Delivery:
    """What the faults make of a delivery."""
    request = Request(method, path, {}, {}, json.dumps(payload).encode())
    found = [fault for _, fault in _struck(world, "slack", request)]
    resets = [fault.after for fault in found if isinstance(fault, Reset)]
    delays = [fault for fault in found if isinstance(fault, Delay)]
    return Delivery(
        copies=1 + sum(fault.copies for fault in found if isinstance(fault, Repeat)),
        late=timedelta(seconds=sum(fault.seconds for fault in delays)),
        hold_seconds=sum(fault.wall_seconds for fault in delays),
        is_lost=False in resets,
        is_unheard=True in resets,
    )


def _struck(world: World, vendor: str, request: Request) -> list[Struck]:
    """The faults that strike this request, each counted and told to the journal."""
    found: list[Struck] = []
    for fault_id, row in world.table(FAULT).items():
        fault = parse(row["fault"])
        if not fault.matches(vendor, request):
            continue
        if fault.strikes(world.now, row["seen"], row["struck"]):
            row["struck"] += 1
            name = f"{request.method} {request.path}"
            world.record("fault", vendor, fault.do, fault=fault_id, request=name)
            found.append((Strike(world, vendor, fault_id), fault))
        elif isinstance(fault, Replay):
            row["last"] = _written(request)
        row["seen"] += 1
    return found


def _perform(strike: Strike, fault: Fault, face: Handler, request: Request) -> Response:
    """One fault's part in one exchange."""
    match fault:
        case Status() | Error() | Quota():
            return _instead(strike, fault, face, request)
        case Reset(after=False):
            return Response(is_reset=True)
        case Reset() | Truncate() | Reorder() | Hide() | Drip() | Double():
            return _altered(fault, face(request))
        case Delay() | Repeat() | Replay():
            return _otherwise(strike, fault, face, request)
        case Stale():
            return _from_replica(strike, face, request)
        case Partial():
            return perform_partly(strike.world, strike.vendor, fault, request, face)
        case Act():
            return _with_deed(strike.world, fault, face, request)


def _altered(
    fault: Reset | Truncate | Reorder | Hide | Drip | Double, response: Response
) -> Response:
    """What is left of an answer."""
    match fault:
        case Reset():
            return replace(response, is_reset=True)
        case Truncate():
            return replace(response, cut_at=fault.keep)
        case Reorder():
            return reordered(response)
        case Hide():
            return without(response, fault.fields)
        case Drip():
            return replace(response, drip_seconds=fault.wall_seconds)
        case Double():
            return replace(response, is_doubled=True)


def _otherwise(
    strike: Strike, fault: Delay | Repeat | Replay, face: Handler, request: Request
) -> Response:
    """A request that is performed later, more often, or another one instead."""
    match fault:
        case Delay():
            strike.world.advance(timedelta(seconds=fault.seconds))
            return replace(face(request), hold_seconds=fault.wall_seconds)
        case Repeat():
            for _ in range(fault.copies):
                face(request)
            return face(request)
        case Replay():
            last = strike.world.table(FAULT)[strike.fault_id].get("last")
            return face(request if last is None else _read(last))


def _written(request: Request) -> Row:
    row = {each.name: getattr(request, each.name) for each in fields(request)}
    return {**row, "body": request.body.decode("latin-1"), "headers": dict(request.headers)}


def _read(row: Row) -> Request:
    return Request(**{**row, "body": row["body"].encode("latin-1")})


def _instead(
    strike: Strike, fault: Status | Error | Quota, face: Handler, request: Request
) -> Response:
    if isinstance(fault, Quota):
        return refusals.refusal(strike.world, strike.vendor, *refusals.QUOTAS[strike.vendor])
    if fault.after:
        face(request)
    if isinstance(fault, Status):
        headers = {"content-type": "text/html", **fault.headers}
        return Response(fault.status, fault.text.encode(), headers)
    response = refusals.refusal(strike.world, strike.vendor, fault.code, fault.message)
    wait = {} if fault.retry_after is None else {"retry-after": fault.retry_after}
    if fault.retry_at_seconds is not None:
        at = strike.world.now + timedelta(seconds=fault.retry_at_seconds)
        wait = {"retry-after": format_datetime(at, usegmt=True)}
    headers = {**response.headers, **wait}
    return replace(response, status=fault.status or response.status, headers=headers)


def _from_replica(strike: Strike, face: Handler, request: Request) -> Response:
    """Answer a request from the tables as they were; what it counts and logs is of now."""
    records = strike.world.state.records
    held = strike.world.table(REPLICA)[strike.fault_id]
    fresh = {name: records[name] for name in held}
    records.update(held)
    try:
        return face(request)
    finally:
        records.update(fresh)


def _replicated(world: World, vendor: str) -> Row:
    names = REPLICATED[vendor]
    return {
        name: rows
        for name, rows in world.state.records.items()
        if name in names or name.startswith(tuple(f"{one}." for one in names))
    }


def _with_deed(world: World, fault: Act, face: Handler, request: Request) -> Response:
    response = face(request) if fault.after else None
    named = _LEAD.search(request.body)
    written = json.dumps(dict(fault.deed)).replace("{record}", named[0].decode() if named else "")
    deed: Row = json.loads(written)
    try:
        act(world, deed)
    except ActError as error:
        world.record("effect", "sandbox", "act.impossible", deed=deed, why=str(error))
    return face(request) if response is None else response


_LEAD = re.compile(rb"00Q\w{12,15}")
