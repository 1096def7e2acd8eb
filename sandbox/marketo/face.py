"""Marketo's REST face: identity, tokens, endpoints, envelopes."""

import re
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

from sandbox.marketo import activities, leads, limits, others, sync
from sandbox.marketo.calls import Call
from sandbox.marketo.envelope import MarketoError, refusal
from sandbox.wire import Handler, Request, Response
from sandbox.world import World

CLIENT_ID, CLIENT_SECRET = "sandbox-client", "sandbox-secret"
TOKEN = "marketo.token"
LIFE = timedelta(seconds=3600)
LONGEST_URI, LARGEST_BODY = 8192, 1_048_576

Endpoint = Callable[[Call], Response]

_ROUTES: tuple[tuple[str, str, Endpoint], ...] = (
    ("GET", r"lead/(\d+)", leads.one),
    ("GET", r"leads", leads.by_filter),
    ("POST", r"leads", leads.sync),
    ("POST", r"leads/delete", leads.delete),
    ("POST", r"leads/submitForm", leads.submit_form),
    ("POST", r"leads/(\d+)/merge", leads.merge),
    ("GET", r"leads/describe", leads.describe),
    ("GET", r"leads/describe2", leads.describe2),
    ("GET", r"activities/pagingtoken", activities.paging_token),
    ("GET", r"activities", activities.activities),
    ("GET", r"activities/leadchanges", activities.changes),
    ("GET", r"activities/deletedleads", activities.deleted),
    ("GET", r"activities/types", activities.types),
    ("GET", r"activities/external/types", activities.custom_types),
    ("POST", r"activities/external", activities.add_custom),
    ("GET", r"campaigns", others.campaigns),
    ("POST", r"campaigns/(\d+)/trigger", others.trigger),
    ("GET", r"lists", others.lists),
    ("GET", r"lists/(\d+)", others.lists),
    ("GET", r"lists?/(\d+)/leads", others.members),
    ("POST", r"lists/(\d+)/leads", others.add_members),
    ("DELETE", r"lists/(\d+)/leads", others.remove_members),
    ("GET", r"stats/usage", others.usage),
    ("GET", r"stats/errors", others.errors),
)
_COMPILED = tuple((verb, re.compile(f"/rest/v1/{path}\\.json"), do) for verb, path, do in _ROUTES)


def face(world: World) -> Handler:
    """Serve one subscription, and let its sync run."""
    sync.begin(world)
    others.settle_campaigns(world)

    def serve(request: Request) -> Response:
        if request.path == "/identity/oauth/token":
            return _identity(world, request)
        name, code, response = _answer(world, request)
        world.record("request", "marketo", name, status=response.status, code=code)
        return response

    return serve


def _identity(world: World, request: Request) -> Response:
    given = {name: values[-1] for name, values in {**request.query, **request.form}.items()}
    if (given.get("client_id"), given.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
        told = {"error": "invalid_client", "error_description": "Bad client credentials"}
        return Response.of(told, 401)
    table = world.table(TOKEN)
    live = [key for key, row in table.items() if _until(row["until"]) > world.now]
    if live:
        token = live[-1]
    else:
        token = f"{uuid.UUID(int=world.rng.getrandbits(128))}:int"
        table[token] = {"until": (world.now + LIFE).isoformat()}
    left = int((_until(table[token]["until"]) - world.now).total_seconds())
    return Response.of(
        {
            "access_token": token,
            "token_type": "bearer",
            "expires_in": max(left - 1, 0),
            "scope": "routeready@meridian.example",
        }
    )


def _until(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _answer(world: World, request: Request) -> tuple[str, str | None, Response]:
    """The endpoint's name for the journal, its error code, and what is answered."""
    name = f"{request.method} {re.sub(r'/[0-9]+', '/{id}', request.path)}"
    if len(request.path) + sum(len(v) for vs in request.query.values() for v in vs) > LONGEST_URI:
        return (
            name,
            "414",
            Response(414, b"<html>URI too long</html>", {"content-type": "text/html"}),
        )
    if len(request.body) > LARGEST_BODY:
        return name, "413", Response(413, b"<html>too large</html>", {"content-type": "text/html"})
    try:
        _check_token(world, request)
        limits.count(world)
        return name, None, _dispatch(world, request)
    except MarketoError as error:
        return name, error.code, refusal(world, error)


def _check_token(world: World, request: Request) -> None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise MarketoError("600", "Access token not specified")
    row = world.table(TOKEN).get(token)
    if row is None:
        raise MarketoError("601", "Access token invalid")
    if _until(row["until"]) <= world.now:
        raise MarketoError("602", "Access token expired")


def _dispatch(world: World, request: Request) -> Response:
    verb = request.method
    asked = (request.query.get("_method") or request.form.get("_method") or [""])[-1]
    if verb == "POST" and asked.upper() in ("GET", "DELETE"):
        verb = asked.upper()
    known = False
    for method, pattern, endpoint in _COMPILED:
        found = pattern.fullmatch(request.path)
        if found is None:
            continue
        known = True
        if method == verb:
            return endpoint(Call(world, request, found.groups()))
    if known:
        raise MarketoError("605", f"HTTP Method '{request.method}' not supported")
    raise MarketoError("610", "Requested resource not found")
