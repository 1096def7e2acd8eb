"""Bulk import: a file of leads, members or custom objects becomes a job (Adobe: Bulk Import).

A row of `marketo.import`, by batch id, is a job. Two run at a time, ten may wait or run.
"""

import csv
import io
from datetime import timedelta
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import HTTP

from sandbox.http.message import Json, Request, Response
from sandbox.marketo.access.call import Call, instant, stamp
from sandbox.marketo.access.envelope import MarketoError, answer
from sandbox.marketo.bulk.import_rows import LEADS, MEMBERS, OBJECTS, writer
from sandbox.marketo.leads import lead_query
from sandbox.marketo.lists import static_lists
from sandbox.marketo.objects import objects
from sandbox.marketo.programs import programs
from sandbox.state.world import Row, World

JOB = "marketo.import"
STEP = "marketo.import_step"
RUNNING, QUEUED = 2, 10
BEAT = timedelta(seconds=20)
"""Between the states of a job."""
KEPT = timedelta(days=7)
DELIMITER = {"csv": ",", "tsv": "\t", "ssv": ";"}
FAILURE, WARNING = "Import Failure Reason", "Import Warning Reason"
TOLD = "batchId status numOfRowsFailed numOfRowsWithWarning message".split()
MISSING = 404


def begin(world: World) -> None:
    """Let jobs run."""
    world.on(STEP, lambda _: _step(world))


class _Upload:
    """A file as it was sent, and what was said of it: in the query, or as further parts."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._parts = _parts(call.request)
        self.format = self.text("format", "csv").lower()
        if "file" not in self._parts:
            raise MarketoError("1003", "The file is missing or empty")
        if self.format not in DELIMITER:
            raise MarketoError("1003", f"Invalid format '{self.format}'")

    def text(self, name: str, default: str) -> str:
        """What was said of the file."""
        return self._call.text(name, self._parts.get(name, default))

    def queue(self, kind: str, **more: Json) -> int:
        """Make a job of it; returns its batch id."""
        world = self._call.world
        _check_queue(world, str(more.get("list") or ""))
        number = 1000 + world.next_serial()
        row: Row = {
            "batchId": number,
            "status": "Queued",
            "kind": kind,
            "createdAt": stamp(world.now),
            "format": self.format,
            "text": self._parts["file"],
        }
        world.table(JOB)[str(number)] = row | more
        world.schedule(world.now + BEAT, STEP)
        return number


def create(call: Call) -> Response:
    """POST bulk/v1/leads: a file as multipart/form-data."""
    upload = _Upload(call)
    lookup = upload.text("lookupField", "email")
    list_id = upload.text("listId", "")
    partition = upload.text("partitionName", "")
    lead_query.check_lookup(call.world, lookup)
    if list_id:
        static_lists.existing(call.world, list_id)
    number = upload.queue(
        LEADS,
        lookup=lookup,
        list=list_id,
        partition=lead_query.partition_named(partition) if partition else 1,
    )
    return _queued(call, number, importId=str(number))


def create_members(call: Call) -> Response:
    """POST bulk/v1/program/{id}/members/import."""
    upload = _Upload(call)
    program = programs.existing(call.world, call.path[0])
    status = upload.text("programMemberStatus", "")
    programs.check_status(program, status)
    told = {"program": call.path[0], "member_status": status}
    number = upload.queue(MEMBERS, lookup="email", partition=1, **told)
    return _queued(call, number, importId=str(number))


def create_objects(call: Call) -> Response:
    """POST bulk/v1/customobjects/{name}/import."""
    upload, name = _Upload(call), call.path[0]
    objects.custom_kind(call.world, name)
    number = upload.queue(f"{OBJECTS}{name}")
    return _queued(call, number, operation="import", objectApiName=name)


def _queued(call: Call, number: int, **more: Json) -> Response:
    return answer(call.world, [{"batchId": number, "status": "Queued"} | more])


def _check_queue(world: World, list_id: str) -> None:
    open_jobs = [
        row for row in world.table(JOB).values() if row["status"] in ("Queued", "Importing")
    ]
    if len(open_jobs) >= QUEUED:
        raise MarketoError("1016", f"Too many imports ({QUEUED}) in queue")
    if list_id and any(row.get("list") == list_id for row in open_jobs):
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


def _existing(call: Call, kind: str) -> Row:
    row = call.world.table(JOB).get(call.path[-1])
    asked = f"{OBJECTS}{call.path[0]}" if kind == OBJECTS else kind
    is_old = row is not None and instant(row["createdAt"]) < call.world.now - KEPT
    if row is None or is_old or row["kind"] != asked:
        raise MarketoError("1013", f"Import with id {call.path[-1]} not found")
    return row


def status(call: Call, kind: str) -> Response:
    """GET .../batch/{id}, or .../import/{id}/status."""
    row = _existing(call, kind)
    told = {name: row[name] for name in TOLD if name in row}
    processed = row.get("processed", 0)
    if kind == OBJECTS:
        more = {"operation": "import", "objectApiName": call.path[0]}
        told |= more | {"numOfObjectsProcessed": processed}
        if row["status"] == "Complete":
            told["importTime"] = f"{int(BEAT.total_seconds())} second(s)"
    else:
        told |= {"importId": str(row["batchId"]), "numOfLeadsProcessed": processed}
    return answer(call.world, [told])


def failures(call: Call, kind: str) -> Response:
    """GET .../{id}/failures: the lines that failed, each with why."""
    return _file(call, kind, "failures", FAILURE)


def warnings(call: Call, kind: str) -> Response:
    """GET .../{id}/warnings: the lines that were written and look wrong, each with why."""
    return _file(call, kind, "warnings", WARNING)


def _file(call: Call, kind: str, name: str, reason: str) -> Response:
    row = _existing(call, kind)
    lines: list[list[str]] = row.get(name, [])
    if not lines:
        return Response(MISSING, b"File not found", {"content-type": "text/plain"})
    text = io.StringIO()
    writes = csv.writer(text, delimiter=DELIMITER[row["format"]], lineterminator="\n")
    writes.writerows([[*row["header"], reason], *lines])
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
    lines = list(csv.reader(io.StringIO(job.pop("text")), delimiter=DELIMITER[job["format"]]))
    job["header"] = header = lines[0] if lines else []
    if not header:
        job |= {"status": "Failed", "message": "Import failed: the file is empty"}
        return
    write = writer(world, job)
    failed: list[list[str]] = []
    warned: list[list[str]] = []
    for line in lines[1:]:
        written = write(dict(zip(header, line, strict=False)))
        if written.failure:
            failed.append([*line, written.failure])
        elif written.warning:
            warned.append([*line, written.warning])
    count = len(lines) - 1 - len(failed)
    job |= {"status": "Complete", "processed": count, "failures": failed, "warnings": warned}
    job |= {"numOfRowsFailed": len(failed), "numOfRowsWithWarning": len(warned)}
    job["message"] = _message(count, len(failed), len(warned))


def _message(count: int, failed: int, warned: int) -> str:
    told = f"{count} records imported ({count} members)"
    if failed:
        return f"Import completed with errors, {told}, {failed} failed"
    return f"Import succeeded, {told}" + (f", {warned} warning." if warned else "")
