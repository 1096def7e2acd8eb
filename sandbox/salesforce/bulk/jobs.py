"""Bulk API 2.0: jobs that write records from CSV, and jobs that answer a query with CSV.

Jobs are rows of `salesforce.BulkJob`. A job's work is done when its data are complete, within that
call; only from the next look on it is told as done. Source: Salesforce, Bulk API 2.0.
"""

from datetime import timedelta

from sandbox.http.message import Json
from sandbox.salesforce.bulk.csv_format import Table, read_table, written
from sandbox.salesforce.bulk.operations import (
    OPERATIONS,
    QUERIES,
    Work,
    as_table,
    check_key,
    error_text,
    fields_named,
    find,
    read_cell,
    write,
)
from sandbox.salesforce.org.errors import SalesforceError
from sandbox.salesforce.org.ids import BULK_JOB, full_id, new_id
from sandbox.salesforce.org.schema import object_named
from sandbox.salesforce.org.values import instant, timestamp
from sandbox.salesforce.rest.call import Answer, Call, asker_of
from sandbox.salesforce.rest.sobjects import CREATED, DONE
from sandbox.salesforce.soql.evaluation import recording
from sandbox.salesforce.soql.parser import parse
from sandbox.state.world import Row, World

TABLE = "salesforce.BulkJob"
DELIMITERS = {
    "BACKQUOTE": "`",
    "CARET": "^",
    "COMMA": ",",
    "PIPE": "|",
    "SEMICOLON": ";",
    "TAB": "\t",
}
LINE_ENDS = {"LF": "\n", "CRLF": "\r\n"}
MOST_QUERIES = 10_000
"""Jobs of queries within 24 hours."""
PAGE = 50_000
LARGEST = 150_000_000
DAY = timedelta(hours=24)


def jobs_of_today(world: World, kind: str) -> int:
    """How many `ingest` or `query` jobs were made within the last 24 hours."""
    jobs = world.table(TABLE).values()
    return sum(
        job["kind"] == kind and world.now - instant(job["createdDate"]) < DAY for job in jobs
    )


def create_ingest(call: Call) -> Answer:
    """POST jobs/ingest."""
    told = call.body
    operation, name = str(told.get("operation")), str(told.get("object") or "")
    if operation not in OPERATIONS:
        raise SalesforceError("INVALIDJOB", f"InvalidJob : Invalid operation: {operation}")
    shape = object_named(name)
    if shape is None:
        message = f"InvalidJob : Entity '{name}' is not supported by the Bulk API."
        raise SalesforceError("INVALIDENTITY", message)
    key = told.get("externalIdFieldName")
    if operation == "upsert":
        check_key(call, shape, key)
    job = _new_job(call, "ingest", operation, shape.name)
    job |= {
        "assignmentRuleId": told.get("assignmentRuleId"),
        "externalIdFieldName": key,
        "state": "Open",
    }
    job["contentUrl"] = f"{call.root[1:]}/jobs/ingest/{job['id']}/batches"
    call.world.table(TABLE)[job["id"]] = job
    return Answer(body=_shown(job))


def create_query(call: Call) -> Answer:
    """POST jobs/query."""
    operation, text = str(call.body.get("operation")), str(call.body.get("query") or "")
    if operation not in QUERIES:
        raise SalesforceError("INVALIDJOB", f"InvalidJob : Invalid operation: {operation}")
    query, found = find(call, text, includes_deleted=operation == "queryAll")
    job = _new_job(call, "query", operation, query.sobject.text)
    job |= {
        "ids": list(found.ids),
        "numberRecordsProcessed": found.total,
        "query": text,
        "state": "UploadComplete",
    }
    call.world.table(TABLE)[job["id"]] = job
    shown = _shown(job)
    job["state"] = "JobComplete"
    return Answer(body=shown)


def _new_job(call: Call, kind: str, operation: str, sobject: str) -> Row:
    told, now = call.body, timestamp(call.world.now)
    delimiter = str(told.get("columnDelimiter", "COMMA"))
    end = str(told.get("lineEnding", "LF"))
    if delimiter not in DELIMITERS or end not in LINE_ENDS:
        message = f"InvalidJob : Invalid columnDelimiter or lineEnding: {delimiter}, {end}"
        raise SalesforceError("INVALIDJOB", message)
    return {
        "id": new_id(call.world, BULK_JOB),
        "kind": kind,
        "operation": operation,
        "object": sobject,
        "createdById": call.user,
        "createdDate": now,
        "systemModstamp": now,
        "concurrencyMode": "Parallel",
        "contentType": "CSV",
        "apiVersion": float(call.version),
        "lineEnding": end,
        "columnDelimiter": delimiter,
    }


_HIDDEN = frozenset({"kind", "ids", "data", "successful", "failed", "unprocessed", "query"})


def _shown(job: Row) -> Row:
    told = {name: each for name, each in job.items() if name not in _HIDDEN and each is not None}
    return told | {"createdDate": job["createdDate"], "systemModstamp": job["systemModstamp"]}


def _job(call: Call, kind: str) -> Row:
    job = call.world.table(TABLE).get(full_id(call.names["id"]) or "")
    if job is None or job["kind"] != kind:
        raise SalesforceError("NOT_FOUND", "The requested resource does not exist")
    return job


def upload(call: Call) -> Answer:
    """PUT jobs/ingest/{id}/batches: the data, once."""
    job, data = _job(call, "ingest"), call.asked.body
    if job["state"] != "Open" or "data" in job:
        message = f"Found multiple contents for job: <{job['id']}>, please 'Close' / 'Abort' it"
        raise SalesforceError("INVALIDJOBSTATE", message)
    if not isinstance(data, str):
        raise SalesforceError("UNSUPPORTED_MEDIA_TYPE", "The data of a job are text/csv")
    if len(data) > LARGEST:
        raise SalesforceError("EXCEEDED_ID_LIMIT", f"The data are longer than {LARGEST} bytes")
    job["data"] = data
    return Answer(CREATED)


def change(call: Call) -> Answer:
    """PATCH jobs/ingest/{id} or jobs/query/{id}: UploadComplete or Aborted."""
    kind = call.asked.path[1]
    job, state = _job(call, kind), call.body.get("state")
    may_finish = state == "UploadComplete" and kind == "ingest" and job["state"] == "Open"
    may_abort = state == "Aborted" and job["state"] in ("Open", "UploadComplete")
    if not may_finish and not may_abort:
        message = f"Job state transition from {job['state']} to {state} is not allowed"
        raise SalesforceError("INVALIDJOBSTATE", message)
    job["state"] = state
    job["systemModstamp"] = timestamp(call.world.now)
    shown = _shown(job)
    written_records = _perform(call, job) if may_finish else 0
    return Answer(body=shown, records=written_records)


def look(call: Call) -> Answer:
    """GET jobs/ingest/{id} or jobs/query/{id}."""
    job = _job(call, call.asked.path[1])
    counts = {"numberRecordsProcessed": job.get("numberRecordsProcessed", 0)}
    if job["kind"] == "ingest":
        counts["numberRecordsFailed"] = job.get("numberRecordsFailed", 0)
    times = {"apexProcessingTime": 0, "apiActiveProcessingTime": 1, "totalProcessingTime": 1}
    kind = "V2Ingest" if job["kind"] == "ingest" else "V2Query"
    return Answer(body={**_shown(job), **counts, **times, "jobType": kind, "retries": 0})


def list_jobs(call: Call) -> Answer:
    """GET jobs/ingest or jobs/query."""
    jobs = [each for each in call.world.table(TABLE).values() if each["kind"] == call.asked.path[1]]
    return Answer(
        body={"done": True, "records": [_shown(each) for each in jobs], "nextRecordsUrl": None}
    )


def remove(call: Call) -> Answer:
    """DELETE jobs/ingest/{id} or jobs/query/{id}."""
    job = _job(call, call.asked.path[1])
    if job["state"] == "Open":
        raise SalesforceError("INVALIDJOBSTATE", "An open job can't be deleted: abort it first")
    del call.world.table(TABLE)[job["id"]]
    return Answer(DONE)


def results(call: Call) -> Answer:
    """GET jobs/query/{id}/results?locator=&maxRecords=."""
    job = _job(call, "query")
    if job["state"] != "JobComplete":
        raise SalesforceError("INVALIDJOBSTATE", "The job has no results")
    locator = call.option("locator", "0")
    most = call.option("maxRecords", str(PAGE))
    if not locator.isdigit() or not most.isdigit():
        raise SalesforceError("INVALID_QUERY_LOCATOR", "invalid query locator")
    start, end = int(locator), int(locator) + int(most)
    asker = asker_of(call, includes_deleted=job["operation"] == "queryAll")
    record = recording(call.world, job["query"], asker)
    found = [each for one in job["ids"][start:end] if (each := record(one)) is not None]
    table = as_table(call, parse(job["query"]), found)
    following = str(end) if end < len(job["ids"]) else "null"
    return _csv(
        job, table, {"sforce-locator": following, "sforce-numberofrecords": str(len(found))}
    )


def successful(call: Call) -> Answer:
    """GET jobs/ingest/{id}/successfulResults."""
    return _outcome(call, "successful")


def failed(call: Call) -> Answer:
    """GET jobs/ingest/{id}/failedResults."""
    return _outcome(call, "failed")


def unprocessed(call: Call) -> Answer:
    """GET jobs/ingest/{id}/unprocessedrecords."""
    return _outcome(call, "unprocessed")


def _outcome(call: Call, which: str) -> Answer:
    job = _job(call, "ingest")
    kept: Row = job.get(which) or {"names": [], "rows": []}
    return _csv(job, Table(kept["names"], kept["rows"]), {})


def _csv(job: Row, table: Table, headers: dict[str, str]) -> Answer:
    text = written(table, DELIMITERS[job["columnDelimiter"]], LINE_ENDS[job["lineEnding"]])
    return Answer(text=text, headers={"content-type": "text/csv", **headers})


def _perform(call: Call, job: Row) -> int:
    """Write a job's records; tells how many there were."""
    try:
        table = read_table(job.pop("data", ""), DELIMITERS[job["columnDelimiter"]])
        shape = call.shape(job["object"])
        names = fields_named(call, shape, table.names)
    except SalesforceError as error:
        job |= {"state": "Failed", "errorMessage": error.message}
        return 0
    given: list[Row] = [
        {
            name: read_cell(call, shape, name, cell)
            for name, cell in zip(names, cells, strict=False)
            if cell
        }
        for cells in table.rows
    ]
    work = Work(job["operation"], job["externalIdFieldName"], job["assignmentRuleId"])
    good: list[list[Json]] = []
    bad: list[list[Json]] = []
    for cells, outcome in zip(table.rows, write(call, shape, work, given), strict=True):
        if outcome.error is None:
            good.append([outcome.record_id, outcome.is_new, *cells])
        else:
            bad.append([outcome.record_id, error_text(outcome.error), *cells])
    job |= {
        "state": "JobComplete",
        "numberRecordsProcessed": len(table.rows),
        "numberRecordsFailed": len(bad),
        "successful": {"names": ["sf__Id", "sf__Created", *table.names], "rows": good},
        "failed": {"names": ["sf__Id", "sf__Error", *table.names], "rows": bad},
        "unprocessed": {"names": table.names, "rows": []},
    }
    return len(table.rows)
