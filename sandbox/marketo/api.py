"""Marketo's face: tokens, limits and permissions before the endpoints, errors in its envelope."""

import re
from dataclasses import replace
from urllib.parse import urlencode

from sandbox.http.message import Handler, Request, Response
from sandbox.marketo.access import identity, limits
from sandbox.marketo.access.call import Call, parameters
from sandbox.marketo.access.envelope import MarketoError, refusal
from sandbox.marketo.activities import activity_types
from sandbox.marketo.bulk import exports, imports
from sandbox.marketo.campaigns import flow_step_services, smart_campaigns
from sandbox.marketo.campaigns.flows import Flows
from sandbox.marketo.campaigns.outbound_calls import Outbound
from sandbox.marketo.programs import programs
from sandbox.marketo.routes import Route, Routes
from sandbox.marketo.sync import native_sync
from sandbox.state.world import World

LONGEST_URI, LARGEST_BODY, LARGEST_IMPORT = 8192, 1_048_576, 10_485_760
GROWTH = 12
"""How much longer percent-encoding makes a text at most."""
_UP = re.compile(r"/[^/]+/\.\.(?=/)")
_VARIABLE = re.compile(r"/([0-9]+|[0-9a-f]{8}-[0-9a-f-]{27})(?=[/.])")


def face(world: World) -> Handler:
    """Serve one subscription, and let its sync, campaigns and jobs run."""
    native_sync.begin(world)
    for module in (identity, activity_types, smart_campaigns, programs):
        module.settle(world)
    exports.begin(world)
    imports.begin(world)
    flows, routes = Flows(world, Outbound(world)), Routes()

    def serve(request: Request) -> Response:
        if "/../" in request.path:
            request = replace(request, path=_UP.sub("", request.path))
        if request.path == "/identity/oauth/token":
            return identity.sign_in(world, request)
        if request.path == flow_step_services.CALLBACK:
            response = flows.services.callback(request)
            name = f"{request.method} {flow_step_services.CALLBACK}"
            world.record("request", "marketo", name, status=response.status, code=None)
            return response
        name = f"{request.method} {_VARIABLE.sub('/{id}', request.path)}"
        code, response = _answer(world, request, routes)
        world.record("request", "marketo", name, status=response.status, code=code)
        return response

    return serve


def _answer(world: World, request: Request, routes: Routes) -> tuple[str | None, Response]:
    """The error code, if any, and what is answered; 611 for what no endpoint foresaw."""
    too_large = _too_large(request)
    if too_large is not None:
        return str(too_large.status), too_large
    user = ""
    try:
        user = identity.user_of(world, request)
        seconds = limits.admit(world, request.concurrent)
        limits.count(world, user)
        response = _dispatch(world, request, user, routes)
    except (AttributeError, KeyError, IndexError, TypeError, ValueError) as error:
        told = f"{type(error).__name__}: {error}"
        world.record("effect", "marketo", "system.error", path=request.path, why=told)
        return _refused(world, MarketoError("611", "System error"), user)
    except MarketoError as error:
        return _refused(world, error, user)
    return None, replace(response, hold_seconds=seconds) if seconds else response


def _refused(world: World, error: MarketoError, user: str) -> tuple[str, Response]:
    if user and error.code in limits.FREE:
        limits.take_back(world, user)
    limits.note_error(world, error.code)
    return error.code, refusal(world, error)


def _too_large(request: Request) -> Response | None:
    html = {"content-type": "text/html"}
    rough = len(request.path) + sum(len(v) for vs in request.query.values() for v in vs)
    if rough * GROWTH > LONGEST_URI:
        length = len(request.path) + 1 + len(urlencode(request.query, doseq=True))
        if length > LONGEST_URI:
            return Response(414, b"<html><body>Request-URI Too Long</body></html>", html)
    most = LARGEST_IMPORT if request.path.startswith("/bulk/") else LARGEST_BODY
    if len(request.body) > most:
        return Response(413, b"<html><body>Request Entity Too Large</body></html>", html)
    return None


def _dispatch(world: World, request: Request, user: str, routes: Routes) -> Response:
    verb = request.method
    if verb == "POST":
        asked = (request.query.get("_method") or request.form.get("_method") or [""])[-1]
        verb = asked.upper() if asked.upper() in ("GET", "DELETE") else verb
    found, path = routes.at(request.path)
    if not found:
        raise MarketoError("610", "Requested resource not found")
    route = found.get(verb)
    if route is None:
        raise MarketoError("605", f"HTTP Method '{request.method}' not supported")
    _check_permission(world, request, route, path)
    return route.run(Call(world, request, path, user, parameters(request, reads=verb == "GET")))


def _check_permission(world: World, request: Request, route: Route, path: tuple[str, ...]) -> None:
    """Raises 603 when the role of the token's user may not do this."""
    allowed = identity.permissions_of(world, request)
    if allowed is None or not route.group:
        return
    group = "Activity" if path[:1] == ("activities",) else route.group
    needed = {f"Read-Write {group}"}
    if route.path.endswith(("/trigger.json", "/schedule.json")):
        needed = {"Execute Campaign"}
    elif route.method == "GET" or route.path.startswith("/bulk/"):
        needed.add(f"Read-Only {group}")
    if not needed & allowed:
        raise MarketoError("603", "Access denied")
