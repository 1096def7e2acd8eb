"""The grants of OAuth: how an app and what it brings become a user.

`salesforce.App` holds the external client apps by consumer key. Every active user's password is
`PASSWORD`, with or without `SECURITY_TOKEN` behind it.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import cast
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from sandbox.http.message import Json, Request
from sandbox.salesforce.org.ids import SYSTEM_USER
from sandbox.salesforce.org.values import instant, timestamp
from sandbox.state.world import Row, World

APP = "salesforce.App"
CODE = "salesforce.AuthorizationCode"
REFRESH = "salesforce.RefreshToken"
CONSUMER_KEY = "3MVG9sandbox.routeready"
CONSUMER_SECRET = "sandbox-consumer-secret"
RUN_AS = "routeready@meridian.example"
"""The user as whom the first app's client credentials sign in."""
PASSWORD = "sandbox-password"
SECURITY_TOKEN = "sandboxtoken"
REFRESH_TOKEN = "5Aep861sandbox.refresh"
"""Of the first app and its user, from the start."""
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
CODE_LIFE = timedelta(minutes=15)
VENDOR = ".salesforce.com"


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


def user_by_grant(world: World, request: Request, form: Mapping[str, str]) -> str:
    """The user whom a token request is for. Raises `LoginError`."""
    return _GRANTS.get(form.get("grant_type", ""), _by_nothing)(world, request, form)


def authorized_code(world: World, asked: Mapping[str, str]) -> str:
    """A code for the web server flow; whoever asks is taken to have logged in and agreed.

    The user is the one that `login_hint` names, or the app's own. Raises `LoginError`.
    """
    app = _app(world, asked.get("client_id"))
    if asked.get("response_type") != "code":
        raise LoginError("unsupported_response_type", "response type not supported")
    user = _active_user(world, asked.get("login_hint") or app["run_as"])
    serial = world.next_serial()
    code = f"aPrx{hashlib.sha256(f'code {serial}'.encode()).hexdigest()}"
    world.table(CODE)[code] = {
        "user": user,
        "app": asked["client_id"],
        "redirect_uri": asked.get("redirect_uri"),
        "challenge": asked.get("code_challenge"),
        "until": timestamp(world.now + CODE_LIFE),
    }
    return code


def new_refresh_token(world: World, user: str, seed: str) -> str:
    """A token that opens sessions of a user for ever."""
    token = f"5Aep861{hashlib.sha256(f'refresh {seed}'.encode()).hexdigest()}"
    world.table(REFRESH)[token] = {"user": user}
    return token


def check_client(world: World, request: Request, form: Mapping[str, str]) -> None:
    """Raise `LoginError` unless an app proves itself."""
    _proved_app(world, request, form)


def _app(world: World, key: str | None) -> Row:
    apps = world.table(APP)
    if CONSUMER_KEY not in apps:
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
        key, secret = _basic_parts(basic)
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
    return user_with_password(world, form.get("username", ""), form.get("password", ""))


def user_with_password(world: World, username: str, password: str) -> str:
    """The user with this name and password. Raises `LoginError`."""
    if password not in (PASSWORD, PASSWORD + SECURITY_TOKEN):
        raise LoginError("invalid_grant", "authentication failure")
    return _active_user(world, username)


def _by_refresh_token(world: World, request: Request, form: Mapping[str, str]) -> str:
    _app(world, form.get("client_id") or _basic_name(request))
    token = form.get("refresh_token", "")
    if token == REFRESH_TOKEN:
        return _active_user(world, RUN_AS)
    kept = world.table(REFRESH).get(token)
    if kept is None:
        raise LoginError("invalid_grant", "expired access/refresh token")
    return kept["user"]


def _by_code(world: World, request: Request, form: Mapping[str, str]) -> str:
    """A code of the web server flow is good once, for a while, for whom it was made."""
    kept = world.table(CODE).pop(form.get("code", ""), None)
    if kept is None or instant(kept["until"]) <= world.now:
        raise LoginError("invalid_grant", "expired authorization code")
    if kept["app"] != form.get("client_id"):
        raise LoginError("invalid_client_id", "client identifier invalid")
    if kept["redirect_uri"] != form.get("redirect_uri"):
        raise LoginError("redirect_uri_mismatch", "redirect_uri must match configuration")
    if kept["challenge"] is None:
        _proved_app(world, request, form)
    elif kept["challenge"] != _challenge(form.get("code_verifier", "")):
        raise LoginError("invalid_grant", "invalid code verifier")
    return kept["user"]


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _basic_name(request: Request) -> str | None:
    basic = request.headers.get("authorization", "")
    return _basic_parts(basic)[0] if basic else None


def _basic_parts(header: str) -> tuple[str, str]:
    """Key and secret of a Basic header. Raises `LoginError`."""
    try:
        key, _, secret = base64.b64decode(header[6:]).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise LoginError("invalid_client", "invalid client credentials") from None
    return key, secret


def _by_assertion(world: World, request: Request, form: Mapping[str, str]) -> str:
    """A JWT; simple-salesforce writes its `exp` as a text.

    It is not held against a clock: the world's may be far from the client's.
    """
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
    if not _is_audience(claims.get("aud"), request):
        raise LoginError("invalid_grant", "audience is invalid")
    user = _user_named(world, subject)
    if user is None or not user["IsActive"]:
        raise LoginError("invalid_grant", "user hasn't approved this consumer")
    return user["Id"]


def _is_audience(told: Json, request: Request) -> bool:
    """Whether a claim names the vendor's login host, or the one that was called."""
    host = urlsplit(str(told)).netloc
    return host.endswith(VENDOR) or host == request.headers.get("host")


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
    "authorization_code": _by_code,
    "client_credentials": _by_client_credentials,
    "password": _by_password,
    "refresh_token": _by_refresh_token,
    JWT_BEARER: _by_assertion,
}
