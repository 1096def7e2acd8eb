"""Salesforce's face: logins, then REST resources by their paths."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import cast
from urllib.parse import unquote, urlencode

from sandbox.http.message import Handler, Json, Request, Response
from sandbox.salesforce import routes
from sandbox.salesforce.bulk import batches
from sandbox.salesforce.login import sessions
from sandbox.salesforce.metadata import api
from sandbox.salesforce.org import setup
from sandbox.salesforce.org.errors import SalesforceError
from sandbox.salesforce.rest import api_usage, describe
from sandbox.salesforce.rest.call import Answer, Asked, Call, error_body, refusal
from sandbox.salesforce.soap import partner
from sandbox.state.world import World

LONGEST_URI = 16_384
"""Bytes of a URI; headers together with it may be as long. Salesforce: article 000386264."""

REST = "/services/data/v"
_DATA = re.compile(r"/services/data/v(\d\d)\.0(/.*)?")
_JSON = frozenset({"", "application/json"})
_TEXTS = frozenset({"text/csv"})


def face(world: World) -> Handler:
    """Answer as an org at its own address does."""

    def answer(request: Request) -> Response:
        setup.set_up(world)
        response = _elsewhere(world, request) or _data(world, request)
        if not request.path.startswith(REST):
            name = f"{request.method} {request.path}"
            world.record("request", "salesforce", name, status=response.status)
        return response

    return answer


_LOGINS: Mapping[tuple[str, str], Callable[[World, Request], Response]] = {
    ("GET", "/services/oauth2/authorize"): sessions.authorize,
    ("GET", "/services/oauth2/revoke"): sessions.revoke_token,
    ("GET", "/services/oauth2/userinfo"): sessions.user_info,
    ("POST", "/services/oauth2/introspect"): sessions.introspect,
    ("POST", "/services/oauth2/revoke"): sessions.revoke_token,
    ("POST", "/services/oauth2/token"): sessions.issue_token,
    ("POST", "/services/oauth2/userinfo"): sessions.user_info,
}
_OTHERS: Sequence[Callable[[World, Request], Response | None]] = (
    partner.answer_soap,
    api.answer_soap,
    batches.answer_batches,
    sessions.identity,
)


def _elsewhere(world: World, request: Request) -> Response | None:
    """Whatever is not a resource of the REST API."""
    if request.path.startswith(REST):
        return None
    path = request.path.rstrip("/")
    if path == "/services/data":
        return Response.of(describe.versions())
    resource = _LOGINS.get((request.method, path))
    if resource is not None:
        return resource(world, request)
    answers = (answer(world, request) for answer in _OTHERS)
    return next((each for each in answers if each is not None), None)


def _data(world: World, request: Request) -> Response:
    too_long = _too_long(request)
    if too_long is not None:
        return too_long
    path = _DATA.fullmatch(request.path)
    version = int(path[1]) if path else 0
    if path is None or not describe.OLDEST <= version <= describe.NEWEST:
        message = "The requested resource does not exist"
        return _written(world, refusal(SalesforceError("NOT_FOUND", message)))
    segments = tuple(unquote(each) for each in (path[2] or "").split("/") if each)
    method = _method(request)
    user = sessions.session_user(world, request)
    if user is None:
        error = SalesforceError("INVALID_SESSION_ID", "Session expired or invalid")
        answer = refusal(error)
        _journal(world, Asked(method, segments, {}, {}), answer, "")
        return _written(world, answer)
    try:
        api_usage.count(world)
        asked = Asked(method, segments, request.query, request.headers, _body(request))
    except SalesforceError as error:
        answer = refusal(error)
        _journal(world, Asked(method, segments, {}, {}), answer, user)
        return _written(world, answer)
    return _written(world, _perform(world, user, f"{version}.0", asked, within=False))


def _method(request: Request) -> str:
    """What is meant: HEAD asks what GET does; a POST may say which method it stands for."""
    if request.method == "HEAD":
        return "GET"
    told = request.query.get("_HttpMethod", []) if request.method == "POST" else []
    return told[-1].upper() if told else request.method


def _body(request: Request) -> Json:
    if request.method in ("GET", "HEAD") or not request.body:
        return None
    if request.content_type in _TEXTS:
        return request.body.decode("utf-8", "replace")
    if request.content_type not in _JSON:
        message = f"The content type {request.content_type} is not supported"
        raise SalesforceError("UNSUPPORTED_MEDIA_TYPE", message)
    try:
        return request.json()
    except ValueError as error:
        raise SalesforceError("JSON_PARSER_ERROR", f"Unexpected character: {error}") from None


def _perform(world: World, user: str, version: str, asked: Asked, *, within: bool) -> Answer:
    """Answer one request, alone or `within` another, and tell the journal."""

    def perform(inner: Asked) -> Answer:
        return _perform(world, user, version, inner, within=True)

    try:
        resource, names = _resource(asked)
        answer = resource(Call(world, user, version, asked, names, perform))
    except SalesforceError as error:
        answer = refusal(error)
    _journal(world, asked, answer, user, within=within)
    return answer


def _resource(asked: Asked) -> tuple[routes.Resource, Mapping[str, str]]:
    found = routes.named(asked.path)
    if found is None:
        raise SalesforceError("NOT_FOUND", "The requested resource does not exist")
    template, names = found
    methods = routes.RESOURCES[template]
    resource = methods.get(asked.method)
    if resource is None:
        message = f"HTTP Method '{asked.method}' not allowed. Allowed are {','.join(methods)}"
        raise SalesforceError("METHOD_NOT_ALLOWED", message)
    return resource, names


def _journal(
    world: World, asked: Asked, answer: Answer, user: str, *, within: bool = False
) -> None:
    found = routes.named(asked.path)
    template = f"/{found[0]}" if found else "/" + "/".join(asked.path)
    sobject = {"sobject": found[1]["sobject"]} if found and "sobject" in found[1] else {}
    name = f"{'subrequest ' if within else ''}{asked.method} {template}"
    written = {} if answer.records is None else {"records": answer.records}
    world.record(
        "request",
        "salesforce",
        name,
        status=answer.status,
        user=user,
        error=_code(answer),
        **sobject,
        **written,
    )


def _code(answer: Answer) -> str | None:
    """The first error's code, when the whole request failed."""
    if answer.is_success or not isinstance(answer.body, list) or not answer.body:
        return None
    first: Json = cast("list[Json]", answer.body)[0]
    return cast("dict[str, str]", first).get("errorCode") if isinstance(first, dict) else None


def _written(world: World, answer: Answer) -> Response:
    headers = {"sforce-limit-info": api_usage.info(world), **answer.headers}
    if answer.text is not None:
        return Response(answer.status, answer.text.encode(), headers)
    if answer.body is None:
        return Response(answer.status, b"", headers)
    response = Response.of(answer.body, answer.status)
    return Response(response.status, response.body, {**response.headers, **headers})


def _too_long(request: Request) -> Response | None:
    uri = len(request.path) + len(urlencode(request.query, doseq=True)) + 1
    headers = sum(len(name) + len(value) + 4 for name, value in request.headers.items())
    for status, length, words in (
        (414, uri, "URI Too Long"),
        (431, uri + headers, "Request Header Fields Too Large"),
    ):
        if length > LONGEST_URI:
            error = SalesforceError("URI_TOO_LONG", words)
            return Response.of([error_body(error)], status)
    return None
