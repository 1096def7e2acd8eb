"""Signing in with Slack: to Slack and back, and in as who the policy knows by that address."""

import hmac
import re
import secrets
from urllib.parse import quote, unquote

from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse, Response

from agent.console.sign_in import entrance
from agent.console.visit import Office
from agent.logs import alert
from domain.errors import ToolError
from domain.ports import Identity, SignIn

BEGIN, BACK = "/enter/slack", "/enter/slack/back"
LASTS_SECONDS = 600
_NAME = re.compile(r"[a-z_]{1,60}")


def add(web: FastAPI, office: Office) -> None:
    """The entrance by Slack; nothing where it is not set up, or nobody signs in at all."""
    sign_in = office.app.sign_in
    if sign_in is None or office.door.address.is_open:
        return

    def begin(request: Request) -> Response:
        state, nonce = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        to = entrance.safe(request.query_params.get("to", ""))
        response = RedirectResponse(
            sign_in.address(state, nonce, _redirect(office)), status_code=303
        )
        response.set_cookie(
            _cookie(office),
            f"{state}.{nonce}.{quote(to, safe='')}",
            max_age=LASTS_SECONDS,
            httponly=True,
            samesite="lax",
            secure=office.door.address.is_https,
            path="/",
        )
        return response

    def back(request: Request) -> Response:
        response = _entered(office, sign_in, request)
        response.delete_cookie(_cookie(office), secure=office.door.address.is_https, path="/")
        return response

    web.add_api_route(BEGIN, begin, methods=["GET"], response_model=None)
    web.add_api_route(BACK, back, methods=["GET"], response_model=None)


def _entered(office: Office, sign_in: SignIn, request: Request) -> Response:
    state, _, rest = request.cookies.get(_cookie(office), "").partition(".")
    nonce, _, to = rest.partition(".")
    told = request.query_params.get("state", "")
    if not state or not hmac.compare_digest(state.encode(), told.encode()):
        said = "Sign-in expired or was started in another browser. Try again."
        return _refused(office, said, 400)
    error = request.query_params.get("error")
    if error is not None:
        name = error if _NAME.fullmatch(error) else "no reason given"
        return _refused(office, f"Slack refused the sign-in: {name}. Try again.", 401)
    try:
        found = sign_in.identity(request.query_params.get("code", ""), nonce, _redirect(office))
    except ToolError as failure:
        alert("sign_in_failed", f"A sign-in with Slack failed: {failure.discreet}")
        return _refused(office, "Slack didn't confirm who you are. Try again.", 502)
    email = _known(office, found)
    if email is None:
        return _refused(office, why_not(found), 403)
    entrance.note(office, email, "signed in", 303)
    return entrance.begin(office, request, email, entrance.safe(unquote(to)))


def _known(office: Office, found: Identity) -> str | None:
    """Whom the policy means; nobody from elsewhere, no guest, no unverified address."""
    if not (found.is_ours and found.is_verified and found.barred is None):
        return None
    wanted = found.email.casefold()
    return next((one for one in office.policy().users if one.casefold() == wanted), None)


def why_not(found: Identity) -> str:
    """Why somebody whom Slack knows can't sign in, and what to do about it."""
    if not found.is_ours:
        return "You signed in to another Slack workspace. Try again with your company's workspace."
    if not found.is_verified:
        return "Slack hasn't verified your email address. Confirm it in Slack, then try again."
    if found.barred is not None:
        return (
            f"Your Slack account {found.barred}. Ask a Slack admin, or a RevOps admin for a token."
        )
    return (
        "No user in the policy has the email address of your Slack account. Ask a RevOps admin to "
        "add you under users."
    )


def _refused(office: Office, said: str, status: int) -> Response:
    entrance.note(office, "", "signed in", status)
    return entrance.entrance(office, said, "/", status)


def _redirect(office: Office) -> str:
    return f"{office.door.address.url.rstrip('/')}{BACK}"


def _cookie(office: Office) -> str:
    """Beside the session's: of one sign-in, until it is through."""
    return f"{office.door.cookie}_slack"
