"""Bulk extract: jobs for leads, activities, program members, custom objects (Adobe: Bulk Extract).

A row of `marketo.export`, by export id, is a job; its file is in `marketo.export_file`. Two jobs
run at a time, ten may wait or run, and what was written today counts against a daily number of
megabytes. A world's setting `marketo` may say `export_megabytes`, `exports_fail`, and
`{"corona": false}` for a subscription that can't filter by `updatedAt` or smart list.
"""

import hashlib
import re
import uuid
from datetime import datetime, timedelta
from typing import cast

from sandbox.http.message import Response
from sandbox.marketo.access import limits
from sandbox.marketo.access.call import Call, instant, stamp
from sandbox.marketo.access.envelope import MarketoError, answer
from sandbox.marketo.bulk import export_rows
from sandbox.state.world import Row, World

JOB, FILE = "marketo.export", "marketo.export_file"
START, FINISH = "marketo.export_start", "marketo.export_finish"
RUNNING, QUEUED = 2, 10
MEGABYTE, MEGABYTES = 1_000_000, 500
BEAT = timedelta(seconds=60)
"""How often a job's state moves (Adobe: a status is updated once in 60 seconds)."""
ROWS_A_BEAT = 100_000
LISTED, KEPT = timedelta(days=7), timedelta(days=7)
TOLD = (
    "exportId format status createdAt queuedAt startedAt finishedAt numberOfRecords fileSize "
    "fileChecksum errorMsg"
).split()
FORMATS = {"CSV": "text/csv", "TSV": "text/tab-separated-values", "SSV": "text/csv"}
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
PARTIAL, UNSATISFIABLE, MISSING = 206, 416, 404


def begin(world: World) -> None:
    """Let jobs run."""
    world.on(START, lambda _: _start(world))
    world.on(FINISH, lambda export_id: _finish(world, str(export_id)))


def create(call: Call) -> Response:
    """POST bulk/v1/{type}/export/create."""
    kind, body = call.path[0], call.body()
    _check_quota(call.world)
    form = str(body.get("format") or "CSV").upper()
    if form not in FORMATS:
        raise MarketoError("1003", f"Invalid format '{form}'")
    asked = export_rows.checked(call.world, kind, body)
    export_id = str(uuid.UUID(int=call.world.rng.getrandbits(128), version=4))
    row = {
        "exportId": export_id,
        "format": form,
        "status": "Created",
        "createdAt": stamp(call.world.now),
        "kind": kind,
        "user": call.user,
        "asked": asked,
    }
    call.world.table(JOB)[export_id] = row
    return answer(call.world, [_told(row)])


def _told(row: Row) -> Row:
    return {name: row[name] for name in TOLD if row.get(name) is not None}


def _existing(call: Call) -> Row:
    kind, export_id = call.path
    row = call.world.table(JOB).get(export_id)
    if row is None or (row["kind"], row["user"]) != (kind, call.user):
        raise MarketoError("1013", f"Export with id {export_id} not found")
    return row


def enqueue(call: Call) -> Response:
    """POST bulk/v1/{type}/export/{id}/enqueue."""
    row, world = _existing(call), call.world
    _check_quota(world)
    if row["status"] != "Created":
        raise MarketoError("1029", "Job already queued")
    jobs = world.table(JOB).values()
    if sum(one["status"] in ("Queued", "Processing") for one in jobs) >= QUEUED:
        raise MarketoError("1029", f"Too many jobs ({QUEUED}) in queue")
    row |= {"status": "Queued", "queuedAt": stamp(world.now)}
    world.schedule(world.now + BEAT, START)
    return answer(world, [_told(row)])


def _check_quota(world: World) -> None:
    most = float(limits.setting(world).get("export_megabytes", MEGABYTES))
    today = limits.day(world.now)
    used = sum(
        row["fileSize"]
        for row in world.table(JOB).values()
        if row.get("fileSize") and limits.day(instant(row["finishedAt"])) == today
    )
    if used >= most * MEGABYTE:
        raise MarketoError("1029", f"Export daily quota {most:g}MB exceeded")


def cancel(call: Call) -> Response:
    """POST bulk/v1/{type}/export/{id}/cancel."""
    row = _existing(call)
    if row["status"] not in ("Created", "Queued", "Processing"):
        raise MarketoError("1003", f"Job is {row['status']}")
    row["status"] = "Cancelled"
    return answer(call.world, [_told(row)])


def status(call: Call) -> Response:
    """GET bulk/v1/{type}/export/{id}/status."""
    return answer(call.world, [_told(_existing(call))])


def jobs(call: Call) -> Response:
    """GET bulk/v1/{type}/export: the user's jobs of the last seven days."""
    wanted = {one.replace("Canceled", "Cancelled") for one in call.texts("status")}
    rows = [
        _told(row)
        for row in call.world.table(JOB).values()
        if (row["kind"], row["user"]) == (call.path[0], call.user)
        and (not wanted or row["status"] in wanted)
        and instant(row["createdAt"]) > call.world.now - LISTED
    ]
    start, end = call.window()
    return call.slice(rows[start:end], end if end < len(rows) else None)


def file(call: Call) -> Response:
    """GET bulk/v1/{type}/export/{id}/file: the whole, or the bytes that `Range` asks for."""
    try:
        row = _existing(call)
    except MarketoError:
        row = {"status": "unknown"}
    if row["status"] != "Completed" or _is_old(call.world.now, row):
        plain = {"content-type": "text/plain"}
        return Response(MISSING, b"Export file not found or not ready", plain)
    text: str = call.world.table(FILE)[row["exportId"]]["text"]
    body = text.encode()
    headers = {"content-type": f"{FORMATS[row['format']]};charset=UTF-8", "accept-ranges": "bytes"}
    asked = call.request.headers.get("range")
    if asked is None:
        return Response(200, body, headers)
    span = _span(asked, len(body))
    if span is None:
        told = {"content-range": f"bytes */{len(body)}"}
        return Response(UNSATISFIABLE, b"", headers | told)
    first, last = span
    told = {"content-range": f"bytes {first}-{last}/{len(body)}"}
    return Response(PARTIAL, body[first : last + 1], headers | told)


def _is_old(now: datetime, row: Row) -> bool:
    return now - instant(row["finishedAt"]) > KEPT


def _span(asked: str, size: int) -> tuple[int, int] | None:
    """First and last byte of a range, None when nothing can be given for it (RFC 7233)."""
    found = _RANGE.fullmatch(asked.strip())
    if found is None or not any(found.groups()):
        return None
    if not found[1]:
        first, last = max(0, size - int(found[2])), size - 1
    else:
        first, last = int(found[1]), min(int(found[2] or size), size - 1)
    return (first, last) if first <= last else None


def _start(world: World) -> None:
    """Give free places to the jobs that wait longest."""
    rows = list(world.table(JOB).values())
    free = RUNNING - sum(row["status"] == "Processing" for row in rows)
    waiting = sorted(
        (row for row in rows if row["status"] == "Queued" and _is_due(world, row)),
        key=lambda row: str(row["queuedAt"]),
    )
    for row in waiting[: max(free, 0)]:
        count, text = export_rows.written(world, row["kind"], row["format"], row["asked"])
        row |= {"status": "Processing", "startedAt": stamp(world.now)}
        world.table(FILE)[row["exportId"]] = {"text": text, "count": count}
        run = BEAT * (1 + count // ROWS_A_BEAT)
        world.schedule(world.now + run, FINISH, row["exportId"])


def _is_due(world: World, row: Row) -> bool:
    return instant(row["queuedAt"]) <= world.now - BEAT


def _finish(world: World, export_id: str) -> None:
    row = world.table(JOB)[export_id]
    if row["status"] == "Processing":
        row["finishedAt"] = stamp(world.now)
        if limits.setting(world).get("exports_fail"):
            row |= {"status": "Failed", "errorMsg": "Internal error"}
        else:
            held = world.table(FILE)[export_id]
            data = cast("str", held["text"]).encode()
            row |= {"status": "Completed", "fileSize": len(data)}
            row["numberOfRecords"] = held["count"]
            row["fileChecksum"] = f"sha256:{hashlib.sha256(data).hexdigest()}"
        world.record("effect", "marketo", "export.finish", id=export_id, status=row["status"])
    _discard_old(world)
    world.schedule(world.now, START)


def _discard_old(world: World) -> None:
    """Files are kept for a week, jobs for ever."""
    files = world.table(FILE)
    for export_id, row in world.table(JOB).items():
        if row.get("finishedAt") and _is_old(world.now, row):
            files.pop(export_id, None)
