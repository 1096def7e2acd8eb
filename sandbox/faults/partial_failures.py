"""Requests with many records of which some fail.

They are Marketo's `input`, Salesforce's collections and composite requests. The struck records are
taken out before the vendor sees the request, and their failures are put into its answer.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, cast

from sandbox.faults.model import Partial
from sandbox.http.message import Handler, Json, Request, Response
from sandbox.marketo.access import envelope
from sandbox.state.world import Row, World


def perform_partly(
    world: World, vendor: str, fault: Partial, request: Request, face: Handler
) -> Response:
    """Perform a request without the struck records. One without records is performed whole."""
    perform = _VENDORS.get(vendor)
    try:
        body: Json = request.json()
    except ValueError:
        body = None
    if perform is None or not isinstance(body, dict):
        return face(request)
    return perform(world, fault, cast("Row", body), request, face)


def _with_body(request: Request, body: Row) -> Request:
    return replace(request, body=json.dumps(body).encode())


def _without(rows: list[Json], struck: set[int]) -> list[Json]:
    return [row for number, row in enumerate(rows) if number not in struck]


def _woven(count: int, failed: Mapping[int, Json], others: list[Json]) -> list[Json]:
    """Failures at their places, the answers to the other records between them, in order."""
    rest = iter(others)
    return [failed[number] if number in failed else next(rest) for number in range(count)]


def _marketo(world: World, fault: Partial, body: Row, request: Request, face: Handler) -> Response:
    rows: Json = body.get("input")
    if not isinstance(rows, list):
        return face(request)
    records = cast("list[Json]", rows)
    struck = {one for one in fault.records if one < len(records)}
    why = "errors" if "activities/external" in request.path else "reasons"
    told = {"status": "skipped", why: [{"code": fault.code, "message": fault.message}]}
    failed = dict.fromkeys(struck, told)
    if len(struck) == len(records):
        return envelope.answer(world, list(failed.values()))
    response = face(_with_body(request, body | {"input": _without(records, struck)}))
    answer: Row = json.loads(response.body)
    if not answer.get("success"):
        return response
    answer["result"] = _woven(len(records), failed, answer["result"])
    return Response.of(answer, response.status)


def _salesforce(
    _world: World, fault: Partial, body: Row, request: Request, face: Handler
) -> Response:
    if "compositeRequest" in body:
        return _composite(fault, body, request, face)
    if not isinstance(body.get("records"), list):
        return face(request)
    records: list[Json] = body["records"]
    struck = {one for one in fault.records if one < len(records)}
    response = face(_with_body(request, body | {"records": _without(records, struck)}))
    answer: Json = json.loads(response.body)
    failed = dict.fromkeys(struck, _failed_record(fault))
    return Response.of(_woven(len(records), failed, answer), response.status)


def _failed_record(fault: Partial) -> Row:
    error = {"statusCode": fault.code, "message": fault.message, "fields": list[str]()}
    return {"success": False, "errors": [error]}


def _composite(fault: Partial, body: Row, request: Request, face: Handler) -> Response:
    """Records are counted through all subrequests: each of a collection, or the single row."""
    told: list[Row] = body["compositeRequest"]
    subrequests: list[Row] = []
    rejected: dict[int, Json] = {}
    thinned: dict[int, tuple[int, dict[int, Json]]] = {}
    first = 0
    for place, subrequest in enumerate(told):
        records = _records_of(subrequest)
        struck = {
            one - first for one in fault.records if first <= one < first + max(1, len(records))
        }
        first += max(1, len(records))
        if not records and struck:
            rejected[place] = _failed_subrequest(fault, subrequest)
            continue
        if struck:
            thinned[len(subrequests)] = (len(records), dict.fromkeys(struck, _failed_record(fault)))
            kept = subrequest["body"] | {"records": _without(records, struck)}
            subrequests.append(subrequest | {"body": kept})
        else:
            subrequests.append(subrequest)
    response = face(_with_body(request, body | {"compositeRequest": subrequests}))
    answer: Any = json.loads(response.body)
    parts: list[Json] = answer["compositeResponse"]
    for place, (count, failed) in thinned.items():
        parts[place]["body"] = _woven(count, failed, parts[place]["body"])
    answer["compositeResponse"] = _woven(len(told), rejected, parts)
    return Response.of(answer, response.status)


def _records_of(subrequest: Row) -> list[Json]:
    body: Json = subrequest.get("body")
    return cast("Row", body).get("records") or [] if isinstance(body, dict) else []


def _failed_subrequest(fault: Partial, subrequest: Row) -> Row:
    return {
        "body": [{"message": fault.message, "errorCode": fault.code}],
        "httpHeaders": {},
        "httpStatusCode": 400,
        "referenceId": subrequest.get("referenceId"),
    }


_VENDORS: Mapping[str, Callable[[World, Partial, Row, Request, Handler], Response]] = {
    "marketo": _marketo,
    "salesforce": _salesforce,
}
