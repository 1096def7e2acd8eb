"""The control face, mounted at `/_control`: look at the world, move its clock, act in it.

JSON in and out; an error is `{"error": "..."}` with 400, 404 or 405.

    GET    /state                    now, size of each table, length and hash of the journal
    GET    /clock                    now, mode, factor, when something happens next
    POST   /clock                    {"advance_seconds": 90} | {"to": "2026-11-24T09:00:00Z"}
                                     | {"mode": "real" | "stepped" | "paused" | "resumed"}
                                     | {"mode": "fast", "factor": 60}, as `sandbox.state.clock` says
    GET    /journal                  ?after=<seq>&limit=&vendor=&kind=&name=&text=&since=&until=
                                     oldest first; `seq` begins at 0; `more` says whether to go on
                                     after the last `seq`; `hash` is the chain's at its end
    GET    /table/<name>             {"rows": {id: row}}; ?id=<id> for one of them
    POST   /table/<name>             {"rows": {id: row, id: null}}: put these, remove the nulls
    GET    /faults                   {"faults": {id: {"fault": {...}, "seen": 3, "struck": 1}}}
    POST   /fault                    one fault, as `sandbox.faults.model` documents; {"id": ...}
                                     | {"profile": "salesforce.lost_answer"}; {"ids": [...]}
    DELETE /fault                    ?id=<id>
    DELETE /faults                   no faults any more
    GET    /profiles                 {"profiles": {name: what goes wrong}}
    POST   /snapshot                 {"snapshot": 1}: kept as long as the server runs
    POST   /restore                  {"snapshot": 1}; later ones are forgotten
    GET    /people                   who they are, their habits, whether they are at work now
    POST   /people                   {"on": true, "kinds": ["reps", "prospects", "admin"]}
    POST   /act                      one deed of a person, as `sandbox.acts` documents

Control calls are not in the journal: they are not of this world.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import cast

from sandbox import faults, people
from sandbox.acts import ActError, act
from sandbox.http.message import Handler, Json, Request, Response
from sandbox.state.world import Row, World

MOST_ENTRIES = 10_000
SELECTED = ("vendor", "kind", "name")
"""Columns of the journal that a question may give a value for."""


class ControlError(Exception):
    """The call makes no sense; carries the HTTP status."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def face(world: World) -> Handler:
    """Serve the control calls of one world."""

    def answer(request: Request) -> Response:
        try:
            return Response.of(_call(request)(world, request))
        except ControlError as error:
            return Response.of({"error": str(error)}, error.status)
        except (ActError, faults.FaultError) as error:
            return Response.of({"error": str(error)}, 400)

    return answer


def _call(request: Request) -> Callable[[World, Request], Json]:
    place = "/table/" if request.path.startswith("/table/") else request.path
    methods = CALLS.get(place)
    if methods is None:
        raise ControlError(f"no control call {request.path}; there are {', '.join(CALLS)}", 404)
    if request.method not in methods:
        raise ControlError(f"{place} takes {' and '.join(methods)}", 405)
    return methods[request.method]


def _body(request: Request) -> Row:
    try:
        body: Json = request.json()
    except ValueError as error:
        raise ControlError(f"the body is not JSON: {error}") from None
    if body is None:
        return {}
    if not isinstance(body, dict):
        raise ControlError("the body is not a JSON object")
    return cast("Row", body)


def _state(world: World, _: Request | None = None) -> Json:
    state = world.state
    return {
        "now": world.now.isoformat(),
        "tables": {name: len(rows) for name, rows in sorted(state.records.items())},
        "journal": len(world.journal),
        "hash": world.journal.digest(),
        "future": len(state.future),
        "next_at": _clock(world)["next_at"],
    }


def _clock(world: World, _: Request | None = None) -> Json:
    future, clock = world.state.future, world.clock
    return {
        "now": world.now.isoformat(),
        "mode": clock.mode,
        "factor": clock.factor,
        "next_at": future[0][0].isoformat() if future else None,
    }


def _move(world: World, request: Request) -> Json:
    body = _body(request)
    if "advance_seconds" in body:
        world.advance(timedelta(seconds=_number(body, "advance_seconds")))
    elif "to" in body:
        world.advance_to(instant(str(body["to"])))
    elif "mode" in body:
        _pace(world, str(body["mode"]), body)
    else:
        raise ControlError("give advance_seconds, to, or mode")
    return _clock(world)


def _pace(world: World, mode: str, body: Row) -> None:
    clock = world.clock
    paces: Mapping[str, Callable[[], None]] = {
        "real": clock.run,
        "fast": lambda: clock.run(_number(body, "factor")),
        "stepped": lambda: clock.run(0),
        "paused": clock.pause,
        "resumed": clock.resume,
    }
    if mode not in paces:
        raise ControlError(f"there is no mode {mode!r}; there are {', '.join(paces)}")
    paces[mode]()


def _number(body: Row, name: str) -> float:
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise ControlError(f"{name} must be a number that is not negative, not {value!r}")
    return value


def _people(world: World, _: Request) -> Json:
    return {"living": people.are_living(world), "people": people.everybody(world)}


def _switch_people(world: World, request: Request) -> Json:
    body = _body(request)
    kinds: list[str] = body.get("kinds") or list(people.KINDS)
    unknown = sorted(set(kinds) - people.KINDS.keys())
    if unknown or not isinstance(body.get("on"), bool):
        raise ControlError(f"give on: true or false, and kinds among {', '.join(people.KINDS)}")
    (people.live if body["on"] else people.rest)(world, *kinds)
    return {"living": people.are_living(world)}


def _restore(world: World, request: Request) -> Json:
    body = _body(request)
    try:
        world.restore(int(body["snapshot"]))
    except KeyError:
        raise ControlError("give the snapshot's number") from None
    except LookupError as error:
        raise ControlError(str(error), 404) from None
    return _state(world)


def instant(text: str) -> datetime:
    """Read an ISO 8601 instant with its offset. Raises `ControlError`."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise ControlError(f"{text!r} is not an ISO 8601 instant") from None
    if read.tzinfo is None:
        raise ControlError(f"{text!r} has no offset; write for example 2026-11-24T09:00:00Z")
    return read.astimezone(UTC)


def _journal(world: World, request: Request) -> Json:
    asked = {name: values[-1] for name, values in request.query.items()}
    unknown = sorted(asked.keys() - {*SELECTED, "after", "limit", "since", "until", "text"})
    if unknown:
        raise ControlError(f"the journal can't be asked by {', '.join(unknown)}")
    limit = min(_place(asked, "limit", MOST_ENTRIES), MOST_ENTRIES)
    after = _place(asked, "after", -1)
    equals = {name: asked[name] for name in (*SELECTED, "text") if name in asked}
    equals |= {
        name: instant(asked[name]).isoformat() for name in ("since", "until") if name in asked
    }
    selected = world.journal.select(after=after, **equals)
    found = [asdict(entry) for entry in islice(selected, limit)]
    more = next(selected, None) is not None
    return {
        "entries": found,
        "more": more,
        "last": len(world.journal) - 1,
        "hash": world.journal.digest(),
    }


def _place(asked: Mapping[str, str], name: str, default: int) -> int:
    text = asked.get(name, str(default))
    if not text.removeprefix("-").isdecimal():
        raise ControlError(f"{name} must be a whole number, not {text!r}")
    return int(text)


def _rows(world: World, request: Request) -> Json:
    table = world.table(request.path.removeprefix("/table/"))
    ids = request.query.get("id", list(table))
    return {"rows": {each: table[each] for each in ids if each in table}}


def _put_rows(world: World, request: Request) -> Json:
    table = world.table(request.path.removeprefix("/table/"))
    rows: dict[str, Row | None] = _body(request).get("rows") or {}
    for row_id, row in rows.items():
        if row is None:
            table.pop(row_id, None)
        else:
            table[row_id] = row
    return {"count": len(table)}


def _add_fault(world: World, request: Request) -> Json:
    body = _body(request)
    if "profile" in body:
        return {"ids": faults.add_profile(world, str(body["profile"]))}
    return {"id": faults.add(world, faults.parse(body))}


def _standing(world: World, _: Request) -> Json:
    return {"faults": faults.standing(world)}


def _lift(world: World, request: Request) -> Json:
    faults.remove(world, request.query.get("id", [""])[-1])
    return {"count": len(faults.standing(world))}


def _clear_faults(world: World, _: Request) -> Json:
    faults.clear(world)
    return {"count": 0}


def _profiles(_world: World, _: Request) -> Json:
    return {"profiles": {name: profile.says for name, profile in faults.PROFILES.items()}}


def _snapshot(world: World, _: Request) -> Json:
    return {"snapshot": world.snapshot()}


def _act(world: World, request: Request) -> Json:
    return {"result": act(world, _body(request))}


CALLS: Mapping[str, Mapping[str, Callable[[World, Request], Json]]] = {
    "/state": {"GET": _state},
    "/clock": {"GET": _clock, "POST": _move},
    "/journal": {"GET": _journal},
    "/table/": {"GET": _rows, "POST": _put_rows},
    "/fault": {"POST": _add_fault, "DELETE": _lift},
    "/faults": {"GET": _standing, "DELETE": _clear_faults},
    "/profiles": {"GET": _profiles},
    "/snapshot": {"POST": _snapshot},
    "/restore": {"POST": _restore},
    "/people": {"GET": _people, "POST": _switch_people},
    "/act": {"POST": _act},
}
"""Who answers each path and method."""
