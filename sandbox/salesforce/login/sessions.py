"""Getting in: the endpoints of OAuth, and the sessions that they open.

`salesforce.Session` holds the sessions by token. They last until they are revoked or expired.
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from urllib.parse import urlencode

from sandbox.http.message import Json, Request, Response
from sandbox.salesforce.login.grants import (
    CONSUMER_KEY,
    REFRESH,
    LoginError,
    authorized_code,
    check_client,
    new_refresh_token,
    user_by_grant,
)
from sandbox.salesforce.org.ids import SHORT
from sandbox.state.world import Row, World

SESSION = "salesforce.Session"
SESSION_SECONDS = 7_200
SCOPES = "api refresh_token"
_TOKEN = re.compile(r"(?:Bearer|OAuth)\s+(\S+)", re.IGNORECASE)
_IDENTITY = re.compile(r"/id/(\w{15,18})/(\w{15,18})/?")


def expire_sessions(world: World) -> None:
    """Let every session end now; the next call of each gets a 401."""
    world.table(SESSION).clear()


def open_session(world: World, user: str) -> str:
    """A new session's token."""
    digest = hashlib.sha256(f"session {world.next_serial()}".encode()).hexdigest()
    token = f"{org_id(world)[:SHORT]}!AQ{digest}"
    world.table(SESSION)[token] = {"user": user}
    return token


def close_session(world: World, token: str) -> None:
    """End a session, if there is one."""
    world.table(SESSION).pop(token, None)


def user_of(world: World, token: str | None) -> str | None:
    """The user of a session; None when it isn't open or the user isn't active."""
    session = world.table(SESSION).get(token or "")
    if session is None:
        return None
    user = world.table("salesforce.User").get(session["user"], {"IsActive": True})
    return session["user"] if user["IsActive"] else None


def session_user(world: World, request: Request) -> str | None:
    """The user of a request's session; None when it has none that is still open."""
    return user_of(world, _bearer(request))


def _bearer(request: Request) -> str | None:
    found = _TOKEN.fullmatch(request.headers.get("authorization", "").strip())
    return found[1] if found else None


def issue_token(world: World, request: Request) -> Response:
    """POST /services/oauth2/token."""
    form = _last(request.form)
    try:
        user = user_by_grant(world, request, form)
    except LoginError as refused:
        return _refused(refused)
    token = open_session(world, user)
    told: Row = {
        "access_token": token,
        "instance_url": address(request),
        "id": f"{address(request)}/id/{org_id(world)}/{user}",
        "token_type": "Bearer",
        "issued_at": str(int(world.now.timestamp() * 1000)),
        "signature": base64.b64encode(hashlib.sha256(token.encode()).digest()).decode(),
        "scope": SCOPES,
    }
    if form["grant_type"] == "authorization_code":
        told["refresh_token"] = new_refresh_token(world, user, token)
    return Response.of(told)


def authorize(world: World, request: Request) -> Response:
    """GET /services/oauth2/authorize: back to the app with a code, as if somebody had agreed."""
    asked = _last(request.query)
    back, state = asked.get("redirect_uri"), asked.get("state")
    if back is None:
        return _refused(LoginError("redirect_uri_missing", "must provide redirect_uri"))
    try:
        told = {"code": authorized_code(world, asked)}
    except LoginError as refused:
        told = {"error": refused.error, "error_description": refused.description}
        if refused.error == "invalid_client_id":
            return _refused(refused)
    query = urlencode(told | ({"state": state} if state else {}))
    return Response(302, b"", {"location": f"{back}{'&' if '?' in back else '?'}{query}"})


def revoke_token(world: World, request: Request) -> Response:
    """POST or GET /services/oauth2/revoke: an access or a refresh token."""
    tokens = request.form.get("token", []) + request.query.get("token", [])
    known = [
        each for each in tokens if each in world.table(SESSION) or each in world.table(REFRESH)
    ]
    for token in known:
        close_session(world, token)
        world.table(REFRESH).pop(token, None)
    if known:
        return Response()
    return _refused(LoginError("unsupported_token_type", "this token type is not supported"))


def introspect(world: World, request: Request) -> Response:
    """POST /services/oauth2/introspect."""
    form = _last(request.form)
    try:
        check_client(world, request, form)
    except LoginError as refused:
        return _refused(refused)
    user = user_of(world, form.get("token"))
    if user is None:
        return Response.of({"active": False})
    now = int(world.now.timestamp())
    return Response.of(
        {
            "active": True,
            "scope": SCOPES,
            "client_id": form.get("client_id", CONSUMER_KEY),
            "username": world.table("salesforce.User").get(user, {}).get("Username"),
            "sub": f"{address(request)}/id/{org_id(world)}/{user}",
            "token_type": "access_token",
            "exp": now + SESSION_SECONDS,
            "iat": now,
            "nbf": now,
        }
    )


def user_info(world: World, request: Request) -> Response:
    """GET /services/oauth2/userinfo."""
    user_id = session_user(world, request)
    if user_id is None:
        return _bad_token(request)
    user = world.table("salesforce.User").get(user_id, {})
    language = str(user.get("LanguageLocaleKey") or "en_US")
    return Response.of(
        {
            "sub": f"{address(request)}/id/{org_id(world)}/{user_id}",
            "user_id": user_id,
            "organization_id": org_id(world),
            "preferred_username": user.get("Username"),
            "nickname": user.get("Alias"),
            "name": user.get("Name"),
            "given_name": user.get("FirstName"),
            "family_name": user.get("LastName"),
            "email": user.get("Email"),
            "email_verified": True,
            "zoneinfo": user.get("TimeZoneSidKey"),
            "locale": user.get("LocaleSidKey"),
            "language": language,
            "active": user.get("IsActive", True),
            "user_type": str(user.get("UserType") or "Standard").upper(),
            "is_app_installed": True,
            "urls": _urls(address(request), org_id(world)),
        }
    )


def identity(world: World, request: Request) -> Response | None:
    """GET /id/{org}/{user}, the identity URL; None for any other path."""
    path = _IDENTITY.fullmatch(request.path)
    if path is None:
        return None
    told = request.query.get("oauth_token", [])
    asker = session_user(world, request) or user_of(world, told[-1] if told else None)
    if asker is None:
        return _bad_token(request)
    if path[1][:SHORT] != org_id(world)[:SHORT]:
        return Response(403, b"Wrong_Org")
    user = world.table("salesforce.User").get(path[2])
    if user is None:
        return Response(404, b"Bad_Id")
    return Response.of(
        {
            "id": f"{address(request)}{request.path}",
            "asserted_user": asker == path[2],
            "user_id": path[2],
            "organization_id": org_id(world),
            "username": user["Username"],
            "nick_name": user["Alias"],
            "display_name": user["Name"],
            "email": user["Email"],
            "email_verified": True,
            "first_name": user["FirstName"],
            "last_name": user["LastName"],
            "timezone": user["TimeZoneSidKey"],
            "active": user["IsActive"],
            "user_type": str(user["UserType"]).upper(),
            "language": user["LanguageLocaleKey"],
            "locale": user["LocaleSidKey"],
            "last_modified_date": user["LastModifiedDate"],
            "is_app_installed": True,
            "urls": _urls(address(request), org_id(world)),
        }
    )


def _urls(host: str, org: str) -> Json:
    rest = f"{host}/services/data/v{{version}}/"
    soap = {"enterprise": "c", "metadata": "m", "partner": "u"}
    return {
        **{name: f"{host}/services/Soap/{kind}/{{version}}/{org}" for name, kind in soap.items()},
        "rest": rest,
        "sobjects": f"{rest}sobjects/",
        "search": f"{rest}search/",
        "query": f"{rest}query/",
        "custom_domain": host,
    }


def _bad_token(request: Request) -> Response:
    is_missing = "authorization" not in request.headers and "oauth_token" not in request.query
    return Response(403, b"Missing_OAuth_Token" if is_missing else b"Bad_OAuth_Token")


def _refused(refused: LoginError) -> Response:
    return Response.of({"error": refused.error, "error_description": refused.description}, 400)


def _last(values: Mapping[str, list[str]]) -> dict[str, str]:
    return {name: each[-1] for name, each in values.items()}


def org_id(world: World) -> str:
    """The org's id."""
    return next(iter(world.table("salesforce.Organization")))


def address(request: Request) -> str:
    """The address that was called, so that clients stay where they are."""
    return f"https://{request.headers.get('host', 'localhost')}"
