"""Several requests in one: `composite`, `composite/graph` and `composite/batch`.

Source: Salesforce, Send Multiple Requests Using Composite. A subrequest inherits none of the outer
request's headers but Accept, Authorization and Content-Type, which it may not name itself: without
an own `Sforce-Auto-Assign` it runs assignment rules.
"""

import json
import re
from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import cast
from urllib.parse import parse_qs, unquote, urlsplit

from sandbox.http.message import Json
from sandbox.salesforce.org.errors import SalesforceError
from sandbox.salesforce.org.transaction import transaction
from sandbox.salesforce.rest.call import Answer, Asked, Call, error_body, objects_in
from sandbox.state.world import Row

MOST_SUBREQUESTS = 25
MOST_QUERIES = 5
"""Subrequests that are queries or collections."""
MOST_GRAPHS, MOST_NODES = 75, 500
"""Of one call, and subrequests of all its graphs together."""
INHERITED = frozenset({"accept", "authorization", "content-type"})
HALTED = "PROCESSING_HALTED"
ROLLED_BACK = (
    "The transaction was rolled back since another operation in the same transaction failed."
)
_URL = re.compile(r"/?(?:services/data/)?v\d\d\.\d/(.+)")
_REFERENCE = re.compile(r"@\{(\w+)((?:[.\[][\w\]]+)*)\}")
_STEP = re.compile(r"\w+")


def perform(call: Call) -> Answer:
    """POST composite: subrequests one after the other, later ones may refer to earlier ones."""
    subrequests = _subrequests(call.body.get("compositeRequest"), MOST_SUBREQUESTS)
    asked = [_parsed(each, "body") for each in subrequests]
    _check_queries(asked)
    named = {
        str(subrequest.get("referenceId")): one
        for subrequest, one in zip(subrequests, asked, strict=True)
    }
    is_all_or_none = call.body.get("allOrNone") is True
    answers = _all_or_none(call, named) if is_all_or_none else _one_by_one(call, named)
    return Answer(body=_told(answers), records=_records(answers.values()))


def perform_graphs(call: Call) -> Answer:
    """POST composite/graph: each graph all or none; its nodes in the order of their references."""
    graphs = objects_in(call.body.get("graphs"))
    nodes = [_subrequests(each.get("compositeRequest"), MOST_NODES) for each in graphs]
    if len(graphs) > MOST_GRAPHS or sum(len(each) for each in nodes) > MOST_NODES:
        message = f"The maximum is {MOST_GRAPHS} graphs with {MOST_NODES} nodes in all"
        raise SalesforceError("LIMIT_EXCEEDED", message)
    ids = [str(each.get("graphId") or "") for each in graphs]
    if len(set(ids)) < len(ids) or "" in ids:
        raise SalesforceError("INVALID_INPUT", "Each graph needs a graphId of its own")
    results: list[Row] = []
    written = 0
    for graph, subrequests in zip(graphs, nodes, strict=True):
        answers = _all_or_none(call, _sorted(subrequests))
        written += _records(answers.values())
        is_successful = all(each.is_success for each in answers.values())
        results.append(
            {
                "graphId": graph["graphId"],
                "graphResponse": _told(answers),
                "isSuccessful": is_successful,
            }
        )
    return Answer(body={"graphs": results}, records=written)


def _sorted(subrequests: list[Row]) -> dict[str, Asked]:
    """Subrequests by their references, none before what it refers to."""
    by_reference = {str(each.get("referenceId")): each for each in subrequests}
    sorter = TopologicalSorter[str]()
    for reference, subrequest in by_reference.items():
        found = (name for name, _ in _REFERENCE.findall(json.dumps(subrequest)))
        sorter.add(reference, *(name for name in found if name in by_reference))
    try:
        order = list(sorter.static_order())
    except CycleError:
        raise SalesforceError("INVALID_INPUT", "The graph's references form a circle") from None
    asked = {name: _parsed(by_reference[name], "body") for name in order}
    for name, one in asked.items():
        if one.path[0] != "sobjects":
            message = f"{name}: a graph's node must be a request of one record"
            raise SalesforceError("INVALID_INPUT", message)
    return asked


def _one_by_one(call: Call, asked: Mapping[str, Asked]) -> dict[str, Answer]:
    answers: dict[str, Answer] = {}
    for reference, one in asked.items():
        answers[reference] = _answer(call, one, answers)
    return answers


def _all_or_none(call: Call, asked: Mapping[str, Asked]) -> dict[str, Answer]:
    answers: dict[str, Answer] = {}
    with transaction(call.world) as roll_back:
        is_halted = False
        for reference, one in asked.items():
            answers[reference] = _halted(ROLLED_BACK) if is_halted else _answer(call, one, answers)
            is_halted |= not answers[reference].is_success
        if not is_halted:
            return answers
        roll_back()
    return {
        reference: _halted(ROLLED_BACK) if answer.is_success else answer
        for reference, answer in answers.items()
    }


def _told(answers: Mapping[str, Answer]) -> Row:
    return {
        "compositeResponse": [
            {
                "body": answer.body,
                "httpHeaders": dict(answer.headers),
                "httpStatusCode": answer.status,
                "referenceId": reference,
            }
            for reference, answer in answers.items()
        ]
    }


def perform_batch(call: Call) -> Answer:
    """POST composite/batch: independent subrequests."""
    subrequests = _subrequests(call.body.get("batchRequests"), MOST_SUBREQUESTS)
    halts = call.body.get("haltOnError") is True
    results: list[Row] = []
    has_errors = False
    for subrequest in subrequests:
        if halts and has_errors:
            halted = SalesforceError("BATCH_PROCESSING_HALTED", "Batch processing halted")
            results.append({"statusCode": 412, "result": [error_body(halted)]})
            continue
        answer = call.perform(_parsed(subrequest, "richInput"))
        has_errors |= not answer.is_success
        results.append({"statusCode": answer.status, "result": answer.body})
    return Answer(body={"hasErrors": has_errors, "results": results})


def _records(answers: Iterable[Answer]) -> int:
    return sum(each.records or 0 for each in answers)


def _subrequests(told: Json, most: int) -> list[Row]:
    subrequests = objects_in(told)
    if len(subrequests) > most:
        message = f"The maximum number of subrequests allowed is {most}"
        raise SalesforceError("LIMIT_EXCEEDED", message)
    references = [str(each["referenceId"]) for each in subrequests if each.get("referenceId")]
    if len(set(references)) < len(references):
        raise SalesforceError("INVALID_INPUT", "Each referenceId must be unique")
    return subrequests


def _parsed(subrequest: Row, body: str) -> Asked:
    parts = urlsplit(str(subrequest.get("url")))
    path = _URL.fullmatch(parts.path)
    if path is None:
        raise SalesforceError("INVALID_INPUT", f"The url {parts.path} is not a REST resource")
    told: Json = subrequest.get("httpHeaders")
    given = cast("Row", told) if isinstance(told, dict) else {}
    headers = {name.lower(): str(value) for name, value in given.items()}
    if headers.keys() & INHERITED:
        names = ", ".join(sorted(headers.keys() & INHERITED))
        raise SalesforceError("INVALID_INPUT", f"A subrequest may not have the headers {names}")
    segments = tuple(unquote(each) for each in path[1].split("/") if each)
    query = parse_qs(parts.query, keep_blank_values=True)
    method = str(subrequest.get("method", "GET")).upper()
    return Asked(method, segments, query, headers, subrequest.get(body))


def _check_queries(asked: list[Asked]) -> None:
    counted = [
        each
        for each in asked
        if each.path[0] in ("query", "queryAll") or each.path[:2] == ("composite", "sobjects")
    ]
    if len(counted) > MOST_QUERIES:
        message = f"At most {MOST_QUERIES} subrequests may be queries or sObject collections"
        raise SalesforceError("LIMIT_EXCEEDED", message)


def _answer(call: Call, asked: Asked, answers: Mapping[str, Answer]) -> Answer:
    try:
        resolved = Asked(
            asked.method,
            tuple(_resolved_text(each, answers) for each in asked.path),
            {
                name: [_resolved_text(each, answers) for each in values]
                for name, values in asked.query.items()
            },
            asked.headers,
            _resolved(asked.body, answers),
        )
    except SalesforceError as error:
        return Answer(400, [error_body(error)])
    return call.perform(resolved)


def _resolved(value: Json, answers: Mapping[str, Answer]) -> Json:
    if isinstance(value, str):
        return _resolved_text(value, answers)
    if isinstance(value, list):
        return [_resolved(each, answers) for each in cast("list[Json]", value)]
    if isinstance(value, dict):
        return {name: _resolved(each, answers) for name, each in cast("Row", value).items()}
    return value


def _resolved_text(text: str, answers: Mapping[str, Answer]) -> str:
    if "@{" not in text:
        return text
    return _REFERENCE.sub(lambda found: _referred(found[1], found[2], answers), text)


def _referred(reference: str, path: str, answers: Mapping[str, Answer]) -> str:
    answer = answers.get(reference)
    value: Json = answer.body if answer is not None and answer.is_success else None
    for step in _STEP.findall(path):
        if isinstance(value, list) and step.isdigit():
            members = cast("list[Json]", value)
            value = members[int(step)] if int(step) < len(members) else None
        else:
            value = cast("Row", value).get(step) if isinstance(value, dict) else None
    if value is None:
        message = f"Invalid reference specified. No value for {reference}{path} found"
        raise SalesforceError(HALTED, message)
    return str(value)


def _halted(message: str) -> Answer:
    return Answer(400, [error_body(SalesforceError(HALTED, message))])
