"""Bulk import of leads: a file becomes a job (Adobe: Bulk Lead Import).

A row of `marketo.import`, by batch id, is a job. Two run at a time, ten may wait or run.
"""

import csv
import io
from datetime import timedelta
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import HTTP

from sandbox.marketo import leads, people, static_lists
from sandbox.marketo.calls import Call, instant, stamp
from sandbox.marketo.envelope import MarketoError, answer
from sandbox.marketo.lead_writes import Sync, fits
from sandbox.marketo.schema import field_named
from sandbox.wire import Request, Response
from sandbox.world import Row, World

JOB = "marketo.import"
STEP = "marketo.import_step"
RUNNING, QUEUED = 2, 10
BEAT = timedelta(seconds=20)
"""Between the states of a job."""
KEPT = timedelta(days=7)
DELIMITER = {"csv": ",", "tsv": "\t", "ssv": ";"}
FAILURE, WARNING = "Import Failure Reason", "Import Warning Reason"
TOLD = (
    "batchId importId status numOfLeadsProcessed numOfRowsFailed numOfRowsWithWarning message"
).split()
MISSING = 404


def begin(world: World) -> None:
    """Let jobs run."""
    world.on(STEP, lambda _: _step(world))


def create(call: Call) -> Response:
    """POST bulk/v1/leads: a file as multipart/form-data."""
    parts = _parts(call.request)
    given = {name: part for name, part in parts.items() if name != "file"}
    form = call.text("format", given.get("format", "csv")).lower()
    lookup = call.text("lookupField", given.get("lookupField", "email"))
    list_id = call.text("listId", given.get("listId", ""))
    partition = call.text("partitionName", given.get("partitionName", ""))
    if "file" not in parts:
        raise MarketoError("1003", "The file is missing or empty")
    if form not in DELIMITER:
        raise MarketoError("1003", f"Invalid format '{form}'")
    leads.lookup(call.world, lookup)
    if list_id:
        static_lists.existing(call.world, list_id)
    _check_queue(call.world, list_id)
    number = 1000 + call.world.next_serial()
    row: Row = {
        "batchId": number,
        "importId": str(number),
        "status": "Queued",
        "createdAt": stamp(call.world.now),
        "format": form,
        "lookup": lookup,
        "list": list_id,
        "partition": leads.partition_named(partition) if partition else 1,
        "text": parts["file"],
    }
    call.world.table(JOB)[str(number)] = row
    call.world.schedule(call.world.now + BEAT, STEP)
    told = {name: row[name] for name in ("batchId", "importId", "status")}
    return answer(call.world, [told])


def _check_queue(world: World, list_id: str) -> None:
    open_jobs = [
        row for row in world.table(JOB).values() if row["status"] in ("Queued", "Importing")
    ]
    if len(open_jobs) >= QUEUED:
        raise MarketoError("1016", f"Too many imports ({QUEUED}) in queue")
    if list_id and any(row["list"] == list_id for row in open_jobs):
        raise MarketoError("1019", "Import in progress")


def _parts(request: Request) -> dict[str, str]:
    """The parts of a form by name; raises 612 or 613."""
    if request.content_type != "multipart/form-data":
        raise MarketoError("612", "Invalid Content Type")
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
    message: EmailMessage = BytesParser(EmailMessage, policy=HTTP).parsebytes(head + request.body)
    if not message.is_multipart() or message.defects:
        raise MarketoError("613", "Invalid Multipart Request")
    parts: dict[str, str] = {}
    for part in message.iter_parts():
        name, content = (
            part.get_param("name", header="content-disposition"),
            part.get_payload(decode=True),
        )
        if not isinstance(name, str) or not isinstance(content, bytes):
            raise MarketoError("613", "Invalid Multipart Request")
        if content:
            parts[name] = content.decode("utf-8-sig", "replace")
    return parts


def _existing(call: Call) -> Row:
    row = call.world.table(JOB).get(call.path[0])
    if row is None or instant(row["createdAt"]) < call.world.now - KEPT:
        raise MarketoError("1013", f"Import with id {call.path[0]} not found")
    return row


def status(call: Call) -> Response:
    """GET bulk/v1/leads/batch/{id}."""
    row = _existing(call)
    told = {name: row[name] for name in TOLD if name in row}
    return answer(call.world, [{"numOfLeadsProcessed": 0} | told])


def failures(call: Call) -> Response:
    """GET bulk/v1/leads/batch/{id}/failures: the rows that failed, each with why."""
    return _file(call, "failures", FAILURE)


def warnings(call: Call) -> Response:
    """GET bulk/v1/leads/batch/{id}/warnings: the rows that were written in part."""
    return _file(call, "warnings", WARNING)


def _file(call: Call, name: str, reason: str) -> Response:
    row = _existing(call)
    rows: list[list[str]] = row.get(name, [])
    if not rows:
        return Response(MISSING, b"File not found", {"content-type": "text/plain"})
    text = io.StringIO()
    writer = csv.writer(text, delimiter=DELIMITER[row["format"]], lineterminator="\n")
    writer.writerows([[*row["header"], reason], *rows])
    return Response(200, text.getvalue().encode(), {"content-type": "text/csv;charset=UTF-8"})


def _step(world: World) -> None:
    """Finish what is being imported long enough, and begin what waits."""
    rows = list(world.table(JOB).values())
    for row in rows:
        is_due = row["status"] == "Importing" and instant(row["startedAt"]) <= world.now - BEAT
        if is_due:
            _perform(world, row)
            world.record("effect", "marketo", "import.finish", id=row["batchId"])
    free = RUNNING - sum(row["status"] == "Importing" for row in rows)
    for row in [row for row in rows if row["status"] == "Queued"][: max(free, 0)]:
        row |= {"status": "Importing", "startedAt": stamp(world.now)}
        world.schedule(world.now + BEAT, STEP)


def _perform(world: World, job: Row) -> None:
    table = list(csv.reader(io.StringIO(job.pop("text")), delimiter=DELIMITER[job["format"]]))
    job["header"] = header = [name.strip() for name in table[0]] if table else []
    unknown = [name for name in header if field_named(world, name) is None]
    if unknown or not header:
        why = f"Field '{unknown[0]}' not found" if unknown else "The file is empty"
        job |= {"status": "Failed", "message": f"Import failed: {why}"}
        return
    action = "updateOnly" if job["lookup"] == "id" else "createOrUpdate"
    work = Sync(world, action=action, lookup=job["lookup"], partition=job["partition"])
    work.by = ("Import", "List import")
    failed: list[list[str]] = []
    warned: list[list[str]] = []
    count = 0
    for line in table[1:]:
        values, odd = _values(world, header, line)
        result = work.write(values)
        if result["status"] == "skipped":
            failed.append([*line, result["reasons"][0]["message"]])
            continue
        count += 1
        if odd:
            warned.append([*line, odd])
        if job["list"]:
            on = static_lists.existing(world, job["list"])
            people.add_to_list(world, int(result["id"]), on["name"])
    job |= {"status": "Complete", "numOfLeadsProcessed": count, "failures": failed}
    job |= {"numOfRowsFailed": len(failed), "numOfRowsWithWarning": len(warned), "warnings": warned}
    job["message"] = _message(count, len(failed))


def _message(count: int, failed: int) -> str:
    told = f"{count} records imported ({count} members)"
    if failed:
        return f"Import completed with errors, {told}, {failed} failed"
    return f"Import succeeded, {told}"


def _values(world: World, header: list[str], line: list[str]) -> tuple[Row, str]:
    """A line as a record, without what its fields don't take; and what that was."""
    values: Row = {}
    odd: list[str] = []
    for name, text in zip(header, line, strict=False):
        field = field_named(world, name)
        if field is None:
            continue
        if text and field.is_writable and name != "email" and not fits(field, text):
            odd.append(f"Invalid value '{text}' for field '{name}'")
        else:
            values[name] = _typed(field.type, text)
    return values, "; ".join(odd)


def _typed(kind: str, text: str) -> str | int | float | bool:
    if not text:
        return text
    if kind == "boolean":
        return text.lower() == "true"
    if kind in ("integer", "score", "percent"):
        return int(text)
    return float(text) if kind in ("currency", "float") else text
