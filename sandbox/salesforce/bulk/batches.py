"""The first Bulk API: jobs of batches, under `/services/async/{version}/job`.

A job's own answers are JSON when it is spoken to in JSON, XML otherwise; those about its batches
are JSON when its data are. A batch is worked off when it comes in. Data in XML are not taken, and
data are not split by primary keys. Source: Salesforce, Bulk API.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import NamedTuple, cast

from sandbox.http.message import Json, Request, Response
from sandbox.salesforce.bulk.csv_format import Table, read_table, written
from sandbox.salesforce.bulk.operations import (
    OPERATIONS,
    QUERIES,
    Outcome,
    Work,
    as_table,
    check_key,
    error_text,
    fields_named,
    find,
    read_cell,
    write,
)
from sandbox.salesforce.login import sessions
from sandbox.salesforce.org.errors import SalesforceError
from sandbox.salesforce.org.ids import BATCH, BULK_JOB, RESULT, full_id, new_id
from sandbox.salesforce.org.schema import SObject, object_named
from sandbox.salesforce.org.values import timestamp
from sandbox.salesforce.rest import api_usage
from sandbox.salesforce.rest.call import Answer, Asked, Call, objects_in
from sandbox.salesforce.soap.envelope import element, read_document
from sandbox.state.world import Row, World

JOB, BATCHES = "salesforce.AsyncJob", "salesforce.AsyncBatch"
NAMESPACE = "http://www.force.com/2009/06/asyncapi/dataload"
MOST_RECORDS = 10_000
"""Of one batch."""
_PATH = re.compile(r"/services/async/(\d\d)\.0/job((?:/\w+)*)/?")
_JSON, _CSV = "JSON", "CSV"


class _Told(NamedTuple):
    """What is answered: the name of its element, its value, and whether as JSON."""

    name: str
    value: Json
    is_json: bool


class _Ask(NamedTuple):
    """What is asked for."""

    call: Call
    names: tuple[str, ...]
    """The ids in the path."""
    is_json: bool
    """Whether it is in JSON."""


def answer_batches(world: World, request: Request) -> Response | None:
    """Answer a call of the first Bulk API; None for any other path."""
    path = _PATH.fullmatch(request.path)
    if path is None:
        return None
    is_json = request.content_type == "application/json"
    user = sessions.user_of(world, request.headers.get("x-sfdc-session"))
    user = user or sessions.session_user(world, request)
    try:
        if user is None:
            return _refused("InvalidSessionId", "Invalid session id", is_json=is_json)
        api_usage.count(world)
        call = Call(world, user, f"{path[1]}.0", _asked(request), {}, _alone)
        told = _resource(call, request, tuple(path[2].split("/")[1:]))
        return told if isinstance(told, Response) else _written(told)
    except SalesforceError as error:
        return _refused(error.status_code, error.message, is_json=is_json)


def _asked(request: Request) -> Asked:
    return Asked(request.method, (), request.query, {}, request.body.decode("utf-8", "replace"))


def _alone(_: Asked) -> Answer:
    raise SalesforceError("InvalidJob", "a batch holds no requests")


def _resource(call: Call, request: Request, path: tuple[str, ...]) -> "_Told | Response":
    is_json = request.content_type == "application/json"
    parts = tuple("{}" if place % 2 == 0 else each for place, each in enumerate(path))
    resource = _RESOURCES.get((request.method, "/".join(parts)))
    if resource is None:
        raise SalesforceError("InvalidUrl", f"no resource at {request.method} {request.path}")
    return resource(_Ask(call, path[::2], is_json))


def _written(told: _Told) -> Response:
    if told.is_json:
        return Response.of(told.value)
    inner = element(told.name, told.value).replace(">", f' xmlns="{NAMESPACE}">', 1)
    body = f'<?xml version="1.0" encoding="UTF-8"?>{inner}'
    return Response(200, body.encode(), {"content-type": "application/xml"})


def _refused(code: str, message: str, *, is_json: bool) -> Response:
    told = {"exceptionCode": code, "exceptionMessage": message}
    response = _written(_Told("error", told, is_json))
    headers = {**response.headers, "content-type": "application/json"} if is_json else None
    return Response(400, response.body, headers or response.headers)


def _given(call: Call, *, is_json: bool) -> Row:
    """A job's description."""
    text = str(call.asked.body)
    try:
        told: Json = json.loads(text) if is_json else read_document(text.encode())
    except ValueError as error:
        raise SalesforceError("InvalidJob", f"Unable to parse Job: {error}") from None
    if not isinstance(told, dict):
        raise SalesforceError("InvalidJob", "Unable to parse Job")
    return cast("Row", told)


def _create_job(asked: _Ask) -> _Told:
    told = _given(asked.call, is_json=asked.is_json)
    operation, kind = str(told.get("operation")), str(told.get("contentType") or "XML")
    shape = object_named(str(told.get("object")))
    if shape is None:
        message = f"Unable to find object: {told.get('object')}"
        raise SalesforceError("InvalidJob", message)
    if operation not in OPERATIONS | QUERIES or kind not in (_JSON, _CSV):
        message = f"Operation {operation} with content type {kind} is not supported"
        raise SalesforceError("InvalidJob", message)
    if operation == "upsert":
        check_key(asked.call, shape, told.get("externalIdFieldName"))
    now = timestamp(asked.call.world.now)
    job: Row = {
        "apiVersion": float(asked.call.version),
        "assignmentRuleId": told.get("assignmentRuleId"),
        "concurrencyMode": told.get("concurrencyMode") or "Parallel",
        "contentType": kind,
        "createdById": asked.call.user,
        "createdDate": now,
        "externalIdFieldName": told.get("externalIdFieldName"),
        "id": new_id(asked.call.world, BULK_JOB),
        "object": shape.name,
        "operation": operation,
        "state": "Open",
        "systemModstamp": now,
    }
    asked.call.world.table(JOB)[job["id"]] = job
    return _Told("jobInfo", _job_info(asked.call, job), asked.is_json)


def _job_info(call: Call, job: Row) -> Row:
    batches = _batches(call, job)
    states = [each["state"] for each in batches]
    return {
        **{name: value for name, value in job.items() if value is not None},
        "apexProcessingTime": 0,
        "apiActiveProcessingTime": 0,
        "numberBatchesCompleted": states.count("Completed"),
        "numberBatchesFailed": states.count("Failed"),
        "numberBatchesInProgress": 0,
        "numberBatchesQueued": 0,
        "numberBatchesTotal": len(states),
        "numberRecordsFailed": sum(each["numberRecordsFailed"] for each in batches),
        "numberRecordsProcessed": sum(each["numberRecordsProcessed"] for each in batches),
        "numberRetries": 0,
        "totalProcessingTime": 0,
    }


def _batches(call: Call, job: Row) -> list[Row]:
    return [each for each in call.world.table(BATCHES).values() if each["jobId"] == job["id"]]


def _job(call: Call, job_id: str) -> Row:
    job = call.world.table(JOB).get(full_id(job_id) or "")
    if job is None:
        raise SalesforceError("InvalidJob", f"Unable to find job: {job_id}")
    return job


def _look(asked: _Ask) -> _Told:
    return _Told("jobInfo", _job_info(asked.call, _job(asked.call, asked.names[0])), asked.is_json)


def _change_job(asked: _Ask) -> _Told:
    job = _job(asked.call, asked.names[0])
    state = _given(asked.call, is_json=asked.is_json).get("state")
    if state not in ("Closed", "Aborted") or job["state"] != "Open":
        message = f"Job can't go from {job['state']} to {state}"
        raise SalesforceError("InvalidJobState", message)
    job["state"] = state
    return _Told("jobInfo", _job_info(asked.call, job), asked.is_json)


def _add(asked: _Ask) -> _Told:
    job = _job(asked.call, asked.names[0])
    if job["state"] != "Open":
        raise SalesforceError("InvalidJobState", f"Job is {job['state']}")
    now = timestamp(asked.call.world.now)
    batch: Row = {
        "apexProcessingTime": 0,
        "apiActiveProcessingTime": 0,
        "createdDate": now,
        "id": new_id(asked.call.world, BATCH),
        "jobId": job["id"],
        "numberRecordsFailed": 0,
        "numberRecordsProcessed": 0,
        "state": "Queued",
        "systemModstamp": now,
        "totalProcessingTime": 0,
    }
    shown = dict(batch)
    try:
        batch |= _worked(asked.call, job, str(asked.call.asked.body))
    except SalesforceError as error:
        batch |= {"state": "Failed", "stateMessage": f"{error.status_code} : {error.message}"}
    asked.call.world.table(BATCHES)[batch["id"]] = {**batch, "request": asked.call.asked.body}
    return _Told("batchInfo", shown, job["contentType"] == _JSON)


def _worked(call: Call, job: Row, body: str) -> Row:
    """Do a batch's work: what it adds to the batch."""
    if job["operation"] in QUERIES:
        includes_deleted = job["operation"] == "queryAll"
        query, found = find(call, body, includes_deleted=includes_deleted)
        records = [each for one in found.ids if (each := found.record(one)) is not None]
        result: Json = records
        if job["contentType"] == _CSV:
            result = written(as_table(call, query, records), ",", "\n")
        total = {"numberRecordsProcessed": found.total}
        return {
            "state": "Completed",
            **total,
            "resultId": new_id(call.world, RESULT),
            "result": result,
        }
    shape = call.shape(job["object"])
    given = _records(call, shape, job, body)
    if len(given) > MOST_RECORDS:
        message = f"Records not processed: more than {MOST_RECORDS} in a batch"
        raise SalesforceError("InvalidBatch", message)
    work = Work(job["operation"], job["externalIdFieldName"], job["assignmentRuleId"])
    outcomes = write(call, shape, work, given)
    failed = sum(each.error is not None for each in outcomes)
    return {
        "state": "Completed",
        "numberRecordsProcessed": len(outcomes),
        "numberRecordsFailed": failed,
        "result": [_outcome(each) for each in outcomes],
    }


def _records(call: Call, shape: SObject, job: Row, body: str) -> list[Row]:
    if job["contentType"] == _JSON:
        try:
            told: Json = json.loads(body)
        except ValueError as error:
            raise SalesforceError("InvalidBatch", f"Failed to parse: {error}") from None
        return objects_in(told)
    table = read_table(body, ",")
    names = fields_named(call, shape, table.names)
    return [
        {
            name: read_cell(call, shape, name, cell)
            for name, cell in zip(names, cells, strict=False)
            if cell
        }
        for cells in table.rows
    ]


def _outcome(outcome: Outcome) -> Row:
    error = outcome.error
    told = {"success": error is None, "created": outcome.is_new, "id": outcome.record_id}
    if error is None:
        return told | {"errors": []}
    problem = {"extendedErrorDetails": None, "fields": list(error.fields)}
    problem |= {"message": error.message, "statusCode": error.status_code}
    return told | {"id": None, "errors": [problem], "text": error_text(error)}


def _batch(call: Call, names: tuple[str, ...]) -> tuple[Row, Row]:
    job = _job(call, names[0])
    batch = call.world.table(BATCHES).get(full_id(names[1]) or "")
    if batch is None or batch["jobId"] != job["id"]:
        raise SalesforceError("InvalidBatch", f"Unable to find batch: {names[1]}")
    return job, batch


_HIDDEN = frozenset({"request", "result", "resultId"})


def _batch_info(batch: Row) -> Row:
    return {name: value for name, value in batch.items() if name not in _HIDDEN}


def _look_batch(asked: _Ask) -> _Told:
    job, batch = _batch(asked.call, asked.names)
    return _Told("batchInfo", _batch_info(batch), job["contentType"] == _JSON)


def _list_batches(asked: _Ask) -> _Told:
    job = _job(asked.call, asked.names[0])
    batches = [
        each for each in asked.call.world.table(BATCHES).values() if each["jobId"] == job["id"]
    ]
    told = {"batchInfo": [_batch_info(each) for each in batches]}
    return _Told("batchInfoList", told, job["contentType"] == _JSON)


def _request(asked: _Ask) -> Response:
    job, batch = _batch(asked.call, asked.names)
    return _data(job, batch["request"])


def _data(job: Row, text: str) -> Response:
    kind = "application/json" if job["contentType"] == _JSON else "text/csv"
    return Response(200, text.encode(), {"content-type": kind})


def _results(asked: _Ask) -> "_Told | Response":
    """The results of records, or the ids of a query's results."""
    job, batch = _batch(asked.call, asked.names)
    is_json = job["contentType"] == _JSON
    if batch["state"] != "Completed":
        raise SalesforceError("InvalidBatch", f"Batch is {batch['state']}")
    if job["operation"] in QUERIES:
        ids: list[str] = [batch["resultId"]]
        return _Told("result-list", ids if is_json else {"result": ids}, is_json)
    outcomes = cast("list[Row]", batch["result"])
    if is_json:
        return _Told("results", [_without_text(each) for each in outcomes], is_json=True)
    cells = [[each["id"], each["success"], each["created"], each.get("text")] for each in outcomes]
    return _data(job, written(Table(["Id", "Success", "Created", "Error"], cells), ",", "\n"))


def _without_text(outcome: Row) -> Row:
    return {name: value for name, value in outcome.items() if name != "text"}


def _result(asked: _Ask) -> Response:
    job, batch = _batch(asked.call, asked.names[:2])
    if batch.get("resultId", "") != full_id(asked.names[2]):
        raise SalesforceError("InvalidBatch", f"Unable to find result: {asked.names[2]}")
    result: Json = batch["result"]
    return _data(job, result if isinstance(result, str) else json.dumps(result))


_RESOURCES: Mapping[tuple[str, str], Callable[[_Ask], _Told | Response]] = {
    ("POST", ""): _create_job,
    ("GET", "{}"): _look,
    ("POST", "{}"): _change_job,
    ("GET", "{}/batch"): _list_batches,
    ("POST", "{}/batch"): _add,
    ("GET", "{}/batch/{}"): _look_batch,
    ("GET", "{}/batch/{}/request"): _request,
    ("GET", "{}/batch/{}/result"): _results,
    ("GET", "{}/batch/{}/result/{}"): _result,
}
"""By method and what follows `job`; ids stand for themselves, in order."""
