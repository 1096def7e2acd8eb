"""The control face, mounted at `/_control`: look at the world, move its clock, act in it.

JSON in and out; an error is `{"error": "..."}` with 400 or 404.

    GET    /state                    now, size of each table, length of journal and future
    POST   /clock                    {"advance_seconds": 90} | {"to": "2026-11-24T09:00:00Z"}
                                     | {"follow": true}: from here on as the wall clock does
    GET    /journal                  ?after=<seq>&vendor=&kind=&name=&limit=; `seq` begins at 0
    GET    /table/<name>             {"rows": {id: row}}; ?id=<id> for one of them
    POST   /table/<name>             {"rows": {id: row, id: null}}: put these, remove the nulls
    GET    /faults                   {"faults": {id: {"fault": {...}, "seen": 3, "struck": 1}}}
    POST   /fault                    one fault, as `sandbox.faults.model` documents; {"id": ...}
                                     | {"profile": "salesforce.lost_answer"}; {"ids": [...]}
    DELETE /fault                    ?id=<id>
    DELETE /faults                   no faults any more
    GET    /profiles                 {"profiles": {name: what goes wrong}}
    POST   /snapshot                 {"snapshot": 1}: kept as long as the server runs
    POST   /restore                  {"snapshot": 1}
    POST   /act                      one deed of a person, as `sandbox.acts` documents

Control calls are not in the journal: they are not of this world.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import cast

from sandbox import faults
from sandbox.acts import ActError, act
from sandbox.wire import Handler, Json, Request, Response
from sandbox.world import Row, World

MOST_ENTRIES = 10_000


class ControlError(Exception):
    """The call makes no sense; carries the HTTP status."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def face(world: World) -> Handler:
    """Serve the control calls of one world."""
    calls: Mapping[tuple[str, str], Callable[[Row], Json]] = {
        ("GET", "/state"): lambda _: _state(world),
        ("POST", "/clock"): lambda body: _move(world, body),
        ("POST", "/fault"): lambda body: _add_fault(world, body),
        ("GET", "/faults"): lambda _: {"faults": faults.standing(world)},
        ("DELETE", "/faults"): lambda _: _clear_faults(world),
        ("GET", "/profiles"): lambda _: {
            "profiles": {name: profile.says for name, profile in faults.PROFILES.items()}
        },
        ("POST", "/snapshot"): lambda _: {"snapshot": world.snapshot()},
        ("POST", "/restore"): lambda body: _restore(world, body),
        ("POST", "/act"): lambda body: {"result": act(world, body)},
    }

    def answer(request: Request) -> Response:
        try:
            body = _body(request)
            call = calls.get((request.method, request.path))
            if call is not None:
                return Response.of(call(body))
            return Response.of(_look(world, request, body))
        except ControlError as error:
            return Response.of({"error": str(error)}, error.status)
        except (ActError, faults.FaultError) as error:
            return Response.of({"error": str(error)}, 400)

    return answer


def _look(world: World, request: Request, body: Row) -> Json:
    if request.path == "/journal" and request.method == "GET":
        return _journal(world, request)
    if (request.method, request.path) == ("DELETE", "/fault"):
        faults.remove(world, request.query.get("id", [""])[-1])
        return {"count": len(faults.standing(world))}
    if request.path.startswith("/table/"):
        return _table(world, request, body)
    raise ControlError(f"no control call {request.method} {request.path}", 404)


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


def _state(world: World) -> Json:
    state = world.state
    return {
        "now": world.now.isoformat(),
        "tables": {name: len(rows) for name, rows in sorted(state.records.items())},
        "journal": len(world.journal),
        "future": len(state.future),
        "next_at": state.future[0][0].isoformat() if state.future else None,
    }


def _move(world: World, body: Row) -> Json:
    if "advance_seconds" in body:
        world.advance(timedelta(seconds=body["advance_seconds"]))
    elif "to" in body:
        world.advance_to(instant(body["to"]))
    elif body.get("follow") is True:
        world.follow_wall_clock()
    else:
        raise ControlError("give advance_seconds, to, or follow: true")
    return {"now": world.now.isoformat()}


def _restore(world: World, body: Row) -> Json:
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
    wanted = {name: values[-1] for name, values in request.query.items()}
    after = int(wanted.get("after", -1))
    limit = min(int(wanted.get("limit", MOST_ENTRIES)), MOST_ENTRIES)
    found: list[Row] = []
    for entry in world.journal[after + 1 :]:
        row = asdict(entry)
        if all(row[name] == wanted[name] for name in ("vendor", "kind", "name") if name in wanted):
            found.append(row)
            if len(found) == limit:
                break
    return {"entries": found, "last": len(world.journal) - 1}


def _table(world: World, request: Request, body: Row) -> Json:
    table = world.table(request.path.removeprefix("/table/"))
    if request.method == "GET":
        ids = request.query.get("id", list(table))
        return {"rows": {each: table[each] for each in ids if each in table}}
    if request.method != "POST":
        raise ControlError("a table takes GET and POST", 405)
    rows: dict[str, Row | None] = body.get("rows") or {}
    for row_id, row in rows.items():
        if row is None:
            table.pop(row_id, None)
        else:
            table[row_id] = row
    return {"count": len(table)}


def _add_fault(world: World, body: Row) -> Json:
    if "profile" in body:
        return {"ids": faults.add_profile(world, str(body["profile"]))}
    return {"id": faults.add(world, faults.parse(body))}


def _clear_faults(world: World) -> Json:
    faults.clear(world)
    return {"count": 0}
