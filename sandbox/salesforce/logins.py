"""Getting in: OAuth tokens, SOAP login, and the sessions that they open.

`salesforce.App` holds the external client apps by consumer key, `salesforce.Session` the sessions
by token. Every active user's password is `PASSWORD`, with or without `SECURITY_TOKEN` behind it.
"""

import base64
import binascii
import hashlib
import html
import json
import re
from collections.abc import Callable, Mapping
from typing import cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from sandbox.salesforce.ids import SHORT, SYSTEM_USER
from sandbox.wire import Json, Request, Response
from sandbox.world import Row, World

APP = "salesforce.App"
SESSION = "salesforce.Session"
CONSUMER_KEY = "3MVG9sandbox.routeready"
CONSUMER_SECRET = "sandbox-consumer-secret"
RUN_AS = "routeready@meridian.example"
"""The user as whom the first app's client credentials sign in."""
PASSWORD = "sandbox-password"
SECURITY_TOKEN = "sandboxtoken"
NEWEST_SOAP_LOGIN = 64
"""Salesforce: login() is not there in later versions of the API."""
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"

_TOKEN = re.compile(r"(?:Bearer|OAuth)\s+(\S+)", re.IGNORECASE)
_SOAP_PATH = re.compile(r"/services/Soap/u/(\d+)\.\d/?.*")


class LoginError(Exception):
    """A refused login: OAuth's code and its sentence."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(f"{error}: {description}")
        self.error = error
        self.description = description


def add_app(
    world: World, key: str, secret: str, *, run_as: str = RUN_AS, public_key: str | None = None
) -> None:
    """Register an external client app; `public_key` (PEM) is what its assertions must fit."""
    world.table(APP)[key] = {"secret": secret, "run_as": run_as, "public_key": public_key}


def expire_sessions(world: World) -> None:
    """Let every session end now; the next call of each gets a 401."""
    world.table(SESSION).clear()


def session_user(world: World, request: Request) -> str | None:
    """The user of a request's session; None when it has none that is still open."""
    found = _TOKEN.fullmatch(request.headers.get("authorization", "").strip())
    session = world.table(SESSION).get(found[1]) if found else None
    if session is None:
        return None
    user = world.table("salesforce.User").get(session["user"], {"IsActive": True})
    return session["user"] if user["IsActive"] else None


def issue_token(world: World, request: Request) -> Response:
    """POST /services/oauth2/token."""
    form = {name: values[-1] for name, values in request.form.items()}
    grant = _GRANTS.get(form.get("grant_type", ""), _by_nothing)
    try:
        user = grant(world, request, form)
    except LoginError as refused:
        body = {"error": refused.error, "error_description": refused.description}
        return Response.of(body, 400)
    token = open_session(world, user)
    host = _address(request)
    told = {
        "access_token": token,
        "instance_url": host,
        "id": f"https://login.salesforce.com/id/{_org(world)}/{user}",
        "token_type": "Bearer",
        "issued_at": str(int(world.now.timestamp() * 1000)),
        "signature": base64.b64encode(hashlib.sha256(token.encode()).digest()).decode(),
        "scope": "api refresh_token",
    }
    if form["grant_type"] == "password":
        told["refresh_token"] = f"5Aep{token[SHORT + 1 :]}"
        world.table(SESSION)[token]["refresh"] = told["refresh_token"]
        world.table("salesforce.RefreshToken")[told["refresh_token"]] = {"user": user}
    return Response.of(told)


def revoke_token(world: World, request: Request) -> Response:
    """POST /services/oauth2/revoke."""
    for token in request.form.get("token", []):
        world.table(SESSION).pop(token, None)
    return Response()


def user_info(world: World, request: Request) -> Response:
    """GET /services/oauth2/userinfo."""
    user_id = session_user(world, request)
    if user_id is None:
        return Response(403, b"Bad_OAuth_Token")
    user = world.table("salesforce.User").get(user_id, {})
    return Response.of(
        {
            "sub": f"https://login.salesforce.com/id/{_org(world)}/{user_id}",
            "user_id": user_id,
            "organization_id": _org(world),
            "preferred_username": user.get("Username"),
            "name": user.get("Name"),
            "email": user.get("Email"),
            "zoneinfo": user.get("TimeZoneSidKey"),
        }
    )


def open_session(world: World, user: str) -> str:
    """A new session's token."""
    digest = hashlib.sha256(f"session {world.next_serial()}".encode()).hexdigest()
    token = f"{_org(world)[:SHORT]}!AQ{digest}"
    world.table(SESSION)[token] = {"user": user}
    return token


def _org(world: World) -> str:
    return next(iter(world.table("salesforce.Organization")))


def _address(request: Request) -> str:
    return f"https://{request.headers.get('host', 'localhost')}"


def _app(world: World, key: str | None) -> Row:
    apps = world.table(APP)
    if not apps:
        add_app(world, CONSUMER_KEY, CONSUMER_SECRET)
    app = apps.get(key or "")
    if app is None:
        raise LoginError("invalid_client_id", "client identifier invalid")
    return app


def _proved_app(world: World, request: Request, form: Mapping[str, str]) -> Row:
    """The app whose key and secret came in the Basic header or in the body."""
    key, secret = form.get("client_id"), form.get("client_secret")
    basic = request.headers.get("authorization", "")
    if basic.lower().startswith("basic "):
        try:
            key, _, secret = base64.b64decode(basic[6:]).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise LoginError("invalid_client", "invalid client credentials") from None
    app = _app(world, key)
    if app["secret"] != secret:
        raise LoginError("invalid_client", "invalid client credentials")
    return app


def _user_named(world: World, username: str) -> Row | None:
    users = world.table("salesforce.User").values()
    return next((each for each in users if each["Username"].lower() == username.lower()), None)


def _active_user(world: World, username: str) -> str:
    user = _user_named(world, username)
    if user is None or not user["IsActive"]:
        raise LoginError("invalid_grant", "authentication failure")
    return user["Id"]


def _by_client_credentials(world: World, request: Request, form: Mapping[str, str]) -> str:
    app = _proved_app(world, request, form)
    user = _user_named(world, app["run_as"])
    if user is None:
        return SYSTEM_USER
    if not user["IsActive"]:
        raise LoginError("invalid_grant", "no client credentials user enabled")
    return user["Id"]


def _by_password(world: World, request: Request, form: Mapping[str, str]) -> str:
    _proved_app(world, request, form)
    return _checked(world, form.get("username", ""), form.get("password", ""))


def _checked(world: World, username: str, password: str) -> str:
    if password not in (PASSWORD, PASSWORD + SECURITY_TOKEN):
        raise LoginError("invalid_grant", "authentication failure")
    return _active_user(world, username)


def _by_refresh_token(world: World, request: Request, form: Mapping[str, str]) -> str:
    _app(world, form.get("client_id") or _basic_name(request))
    kept = world.table("salesforce.RefreshToken").get(form.get("refresh_token", ""))
    if kept is None:
        raise LoginError("invalid_grant", "expired access/refresh token")
    return kept["user"]


def _basic_name(request: Request) -> str | None:
    basic = request.headers.get("authorization", "")
    return base64.b64decode(basic[6:]).decode().partition(":")[0] if basic else None


def _by_assertion(world: World, _request: Request, form: Mapping[str, str]) -> str:
    """A JWT; simple-salesforce writes its `exp` as a text."""
    head, _, signature = form.get("assertion", "").rpartition(".")
    claims = _claims(head)
    app = _app(world, claims.get("iss"))
    if app["public_key"] is not None:
        _check_signature(app["public_key"], head, signature)
    try:
        int(claims["exp"])
        subject = str(claims["sub"])
    except (KeyError, TypeError, ValueError):
        raise LoginError("invalid_grant", "invalid assertion") from None
    user = _user_named(world, subject)
    if user is None or not user["IsActive"]:
        raise LoginError("invalid_grant", "user hasn't approved this consumer")
    return user["Id"]


def _claims(head: str) -> Row:
    try:
        claims: Json = json.loads(_unpadded(head.partition(".")[2]))
    except ValueError:
        raise LoginError("invalid_grant", "invalid assertion") from None
    return cast("Row", claims) if isinstance(claims, dict) else {}


def _unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _check_signature(pem: str, head: str, signature: str) -> None:
    key = load_pem_public_key(pem.encode())
    try:
        if not isinstance(key, rsa.RSAPublicKey):
            raise LoginError("invalid_grant", "invalid assertion")
        key.verify(_unpadded(signature), head.encode(), padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, ValueError):
        raise LoginError("invalid_grant", "invalid assertion") from None


def _by_nothing(_world: World, _request: Request, _form: Mapping[str, str]) -> str:
    raise LoginError("unsupported_grant_type", "grant type not supported")


_GRANTS: Mapping[str, Callable[[World, Request, Mapping[str, str]], str]] = {
    "client_credentials": _by_client_credentials,
    "password": _by_password,
    "refresh_token": _by_refresh_token,
    JWT_BEARER: _by_assertion,
}


def soap_login(world: World, request: Request) -> Response | None:
    """POST /services/Soap/u/{version}: the old login(); None for any other path."""
    path = _SOAP_PATH.fullmatch(request.path)
    if path is None:
        return None
    if int(path[1]) > NEWEST_SOAP_LOGIN:
        return _fault("INVALID_OPERATION", "SOAP API login() is not available in this version.")
    body = request.body.decode("utf-8", "replace")
    username, password = _element(body, "username"), _element(body, "password")
    try:
        user = _checked(world, username, password)
    except LoginError:
        message = "INVALID_LOGIN: Invalid username, password, security token; or user locked out."
        return _fault("INVALID_LOGIN", message)
    server = f"{_address(request)}/services/Soap/u/{path[1]}.0/{_org(world)[:SHORT]}"
    return _xml(
        200,
        "<loginResponse><result>"
        f"<serverUrl>{server}</serverUrl>"
        f"<sessionId>{open_session(world, user)}</sessionId>"
        f"<userId>{user}</userId>"
        f"<userInfo><organizationId>{_org(world)}</organizationId><userId>{user}</userId>"
        "</userInfo></result></loginResponse>",
    )


def _element(body: str, name: str) -> str:
    found = re.search(rf"<(?:\w+:)?{name}>(.*?)</", body, re.DOTALL)
    return html.unescape(found[1]) if found else ""


def _fault(code: str, message: str) -> Response:
    return _xml(
        500,
        f"<soapenv:Fault><faultcode>sf:{code}</faultcode><faultstring>{message}</faultstring>"
        f"<detail><sf:LoginFault><sf:exceptionCode>{code}</sf:exceptionCode>"
        f"<sf:exceptionMessage>{message}</sf:exceptionMessage></sf:LoginFault></detail>"
        "</soapenv:Fault>",
    )


def _xml(status: int, inner: str) -> Response:
    body = (
        '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope '
        'xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
        'xmlns="urn:partner.soap.sforce.com" xmlns:sf="urn:fault.partner.soap.sforce.com">'
        f"<soapenv:Body>{inner}</soapenv:Body></soapenv:Envelope>"
    )
    return Response(status, body.encode(), {"content-type": "text/xml;charset=UTF-8"})
