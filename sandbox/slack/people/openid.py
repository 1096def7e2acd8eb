"""Sign in with Slack: OpenID Connect's three steps, and a page on which one says who one is.

Source: Slack, "Sign in with Slack", its discovery document, and the pages of the methods
`openid.connect.token` and `openid.connect.userInfo`. A request with `login_hint`, an e-mail
address, is approved at once as that person; Slack would ask. Rows of `slack.code`.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cache
from html import escape
from urllib.parse import urlencode

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from sandbox.http.message import Json, Request, Response
from sandbox.slack.web.app import TEAM_DOMAIN, TEAM_ID, TEAM_NAME
from sandbox.slack.web.call import SlackError
from sandbox.state.world import Row, World

CLIENT_ID, CLIENT_SECRET = "1000000000.2000000000", "sandbox-client-secret"
ISSUER = "https://slack.com"
CODE = "slack.code"
CODE_LASTS = timedelta(minutes=10)
TOKEN_LASTS = timedelta(minutes=5)
KEY_ID = "sandbox"


def answers(path: str) -> bool:
    """Whether a path is one of these."""
    return path in _ANSWERS


def answer(world: World, request: Request) -> Response:
    """Answer one of the steps; what is refused is refused by one of Slack's names."""
    try:
        response, error = _ANSWERS[request.path](world, request), None
    except SlackError as refusal:
        response = Response.of({"ok": False, "error": refusal.error})
        error = refusal.error
    name = request.path.rpartition("/")[2]
    is_ok = error is None
    world.record("request", "slack", name, status=response.status, ok=is_ok, error=error)
    return response


def _authorize(world: World, request: Request) -> Response:
    asked = {name: values[0] for name, values in request.query.items()}
    if asked.get("client_id") != CLIENT_ID:
        raise SlackError("invalid_client_id")
    if asked.get("response_type") != "code" or "openid" not in asked.get("scope", ""):
        raise SlackError("invalid_scope")
    if asked.get("team", TEAM_ID) != TEAM_ID:
        raise SlackError("invalid_team_for_non_distributed_app")
    members = [one for one in world.table("slack.user").values() if _can_sign_in(one)]
    user = next((one for one in members if _email(one) == asked.get("login_hint")), None)
    if user is None:
        return _page(members, asked)
    code = f"{world.next_serial():012x}"
    world.table(CODE)[code] = {
        "user": user["id"],
        "nonce": asked.get("nonce", ""),
        "redirect_uri": asked["redirect_uri"],
        "at": world.now.timestamp(),
        "is_used": False,
    }
    back = urlencode({"code": code, "state": asked.get("state", "")})
    return Response(302, b"", {"location": f"{asked['redirect_uri']}?{back}"})


def _can_sign_in(user: Row) -> bool:
    return not user["deleted"] and not user["is_bot"] and bool(_email(user))


def _email(user: Row) -> str:
    return str(user["profile"].get("email", ""))


def _page(members: list[Row], asked: Mapping[str, str]) -> Response:
    links = "".join(
        f'<li><a href="?{escape(urlencode({**asked, "login_hint": _email(one)}))}">'
        f"{escape(one['real_name'])}</a></li>"
        for one in members
    )
    html = (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>Sign in with Slack</title>'
        f"<h1>Sign in to {TEAM_NAME} as</h1><ul>{links}</ul></html>"
    )
    return Response(200, html.encode(), {"content-type": "text/html; charset=utf-8"})


def _token(world: World, request: Request) -> Response:
    given = _arguments(request)
    if given.get("client_id") != CLIENT_ID:
        raise SlackError("invalid_client_id")
    if given.get("client_secret") != CLIENT_SECRET:
        raise SlackError("bad_client_secret")
    row = world.table(CODE).get(str(given.get("code", "")))
    age = 0 if row is None else world.now.timestamp() - row["at"]
    if row is None or age > CODE_LASTS.total_seconds():
        raise SlackError("invalid_code")
    if row["is_used"]:
        raise SlackError("code_already_used")
    if given.get("redirect_uri") != row["redirect_uri"]:
        raise SlackError("bad_redirect_uri")
    row["is_used"] = True
    access = f"xoxp-{world.next_serial():012x}"
    world.table("slack.token")[access] = {
        "token": access,
        "kind": "user",
        "scopes": ["openid", "email", "profile"],
        "user_id": row["user"],
        "bot_id": "",
    }
    now = int(world.now.timestamp())
    claims = {
        "iss": ISSUER,
        "aud": CLIENT_ID,
        "iat": now,
        "exp": now + int(TOKEN_LASTS.total_seconds()),
        "nonce": row["nonce"],
        **_claims(world.table("slack.user")[row["user"]]),
    }
    signed = jwt.encode(claims, _key(), algorithm="RS256", headers={"kid": KEY_ID})
    body = {"ok": True, "access_token": access, "token_type": "Bearer", "id_token": signed}
    return Response.of(body)


def _user_info(world: World, request: Request) -> Response:
    bearer = request.headers.get("authorization", "").removeprefix("Bearer").strip()
    token = world.table("slack.token").get(bearer)
    if token is None or "openid" not in token["scopes"]:
        raise SlackError("invalid_auth" if token is None else "missing_scope")
    return Response.of({"ok": True, **_claims(world.table("slack.user")[token["user_id"]])})


def _keys(_: World, __: Request) -> Response:
    public: Json = RSAAlgorithm.to_jwk(_key().public_key(), as_dict=True)
    return Response.of({"keys": [{**public, "kid": KEY_ID, "alg": "RS256", "use": "sig"}]})


@cache
def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _claims(user: Row) -> Row:
    return {
        "sub": user["id"],
        "https://slack.com/user_id": user["id"],
        "https://slack.com/team_id": user["team_id"],
        "https://slack.com/team_name": TEAM_NAME,
        "https://slack.com/team_domain": TEAM_DOMAIN,
        "email": _email(user),
        "email_verified": user["profile"].get("email_verified", True),
        "name": user["real_name"],
    }


def _arguments(request: Request) -> Row:
    if request.content_type == "application/json":
        return dict(request.json())
    return {name: values[0] for name, values in request.form.items()}


_ANSWERS: Mapping[str, Callable[[World, Request], Response]] = {
    "/openid/connect/authorize": _authorize,
    "/openid/connect/keys": _keys,
    "/api/openid.connect.token": _token,
    "/api/openid.connect.userInfo": _user_info,
}
