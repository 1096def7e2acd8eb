"""Marketo's identity: custom services, their users, and tokens that live for an hour.

A row of the table `marketo.service`, by client id, is one custom service: its `secret`, its API
`user`, and optionally the `permissions` of that user's role and whether it was `revoked`.
"""

import uuid
from datetime import datetime, timedelta

from sandbox.http.message import Request, Response
from sandbox.marketo.access.envelope import MarketoError
from sandbox.state.world import Row, World

CLIENT_ID, CLIENT_SECRET = "sandbox-client", "sandbox-secret"
USER = "routeready@meridian.example"
TOKEN, SERVICE = "marketo.token", "marketo.service"
LIFE = timedelta(seconds=3600)


def settle(world: World) -> None:
    """The custom service that every world has."""
    world.table(SERVICE).setdefault(CLIENT_ID, {"secret": CLIENT_SECRET, "user": USER})


def sign_in(world: World, request: Request) -> Response:
    """GET or POST identity/oauth/token: the same token until it expires, never a longer life."""
    given = {name: values[-1] for name, values in {**request.query, **request.form}.items()}
    if given.get("grant_type", "client_credentials") != "client_credentials":
        return _refused("unsupported_grant_type", "Unsupported grant type")
    client = given.get("client_id", "")
    service = world.table(SERVICE).get(client)
    if service is None:
        return _refused("invalid_client", f"No client with requested id: {client}")
    if given.get("client_secret") != service["secret"]:
        return _refused("invalid_client", "Bad client credentials")
    if service.get("revoked"):
        return _refused("unauthorized", "The service is not authorized")
    token = _live(world, client) or _issue(world, client, service)
    left = int((_until(world.table(TOKEN)[token]["until"]) - world.now).total_seconds())
    return Response.of(
        {
            "access_token": token,
            "token_type": "bearer",
            "expires_in": max(left - 1, 0),
            "scope": service["user"],
        }
    )


def _refused(error: str, description: str) -> Response:
    return Response.of({"error": error, "error_description": description}, 401)


def _live(world: World, client: str) -> str | None:
    for token, row in reversed(world.table(TOKEN).items()):
        if row.get("client", CLIENT_ID) == client and _until(row["until"]) > world.now:
            return token
    return None


def _issue(world: World, client: str, service: Row) -> str:
    token = f"{uuid.UUID(int=world.rng.getrandbits(128))}:int"
    until = (world.now + LIFE).isoformat()
    world.table(TOKEN)[token] = {"until": until, "client": client, "user": service["user"]}
    return token


def user_of(world: World, request: Request) -> str:
    """The API user of a request's token; raises 600, 601 or 602. Only the header counts."""
    return str(_token(world, request).get("user", USER))


def permissions_of(world: World, request: Request) -> frozenset[str] | None:
    """What the role of a request's user may do; None for everything."""
    client = _token(world, request).get("client", CLIENT_ID)
    allowed = world.table(SERVICE).get(client, {}).get("permissions")
    return None if allowed is None else frozenset(allowed)


def _token(world: World, request: Request) -> Row:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise MarketoError("600", "Access token not specified")
    row = world.table(TOKEN).get(token)
    if row is None or world.table(SERVICE).get(row.get("client", CLIENT_ID), {}).get("revoked"):
        raise MarketoError("601", "Access token invalid")
    if _until(row["until"]) <= world.now:
        raise MarketoError("602", "Access token expired")
    return row


def _until(text: str) -> datetime:
    return datetime.fromisoformat(text)
