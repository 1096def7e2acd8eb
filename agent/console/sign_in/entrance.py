"""Signing in and out: the only pages that nobody must be signed in for."""

from collections.abc import AsyncIterator
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException

from agent.console import door as ways
from agent.console.visit import Office
from agent.ledger.stores.visits import Look
from agent.run.holder import os_user

READS = frozenset({"GET", "HEAD"})


async def read_form(request: Request) -> AsyncIterator[FormData | None]:
    """The form that was sent, its files open until it is answered; None for a look."""
    if request.method in READS:
        yield None
        return
    async with request.form(max_files=2, max_fields=50) as form:
        if any(isinstance(value, str) and "\0" in value for value in form.values()):
            raise HTTPException(400, "This form holds a character that no text has.")
        yield form


Form = Annotated[FormData | None, Depends(read_form)]


def add(web: FastAPI, office: Office) -> None:
    """The entrance of an application."""
    door = office.door

    def ask(request: Request) -> Response:
        return entrance(office, "", safe(request.query_params.get("to", "")))

    def enter(request: Request, form: Form) -> Response:
        email, to = door.enter_with(field(form, "token")), safe(field(form, "to"))
        note(office, email or "", "signed in", 303 if email else 401)
        if email is None:
            said = "This token is invalid, already used, or more than 10 minutes old."
            return entrance(office, said, to, 401)
        return begin(office, request, email, to)

    def start(request: Request) -> Response:
        return _by_link(office, request)

    def leave(request: Request, form: Form) -> Response:
        session = request.cookies.get(door.cookie) or ""
        if not ways.is_form_of(session, field(form, "csrf")):
            return refusal(office, "This form has expired. Reload the page and try again.", 403)
        note(office, door.visitor(session) or "", "signed out", 303)
        door.leave(session)
        response = RedirectResponse("/enter", status_code=303)
        response.delete_cookie(door.cookie, secure=door.address.is_https)
        return response

    def become(request: Request, form: Form) -> Response:
        session, email = request.cookies.get(door.cookie) or "", field(form, "email")
        is_ours = ways.is_form_of(session, field(form, "csrf"))
        is_starter = door.may_become_others(session)
        if not (is_starter and is_ours and email in office.policy().users):
            return refusal(office, "You can't switch users on this console.", 403)
        note(office, email, "signed in", 303, os_user())
        return begin(office, request, email, "/", started=True)

    web.add_api_route("/enter", ask, methods=["GET"], response_model=None)
    web.add_api_route("/enter", enter, methods=["POST"], response_model=None)
    web.add_api_route(f"{ways.START}{{secret}}", start, methods=["GET"], response_model=None)
    web.add_api_route("/leave", leave, methods=["POST"], response_model=None)
    web.add_api_route("/become", become, methods=["POST"], response_model=None)


def _by_link(office: Office, request: Request) -> Response:
    """In by the link that the console printed; once more by a used one, from the history, too."""
    door = office.door
    email = door.enter_by_link(str(request.path_params["secret"]))
    if email is None and door.visitor(request.cookies.get(door.cookie)) is not None:
        return RedirectResponse("/", status_code=303)
    note(office, email or "", "signed in", 303 if email else 401, os_user() if email else None)
    if email is None:
        said = "This link was already used, is more than an hour old, or its console has ended."
        return entrance(office, said, "/", 401)
    return begin(office, request, email, "/", started=True)


def field(form: FormData | None, name: str) -> str:
    """A field of a form; empty when it is not there."""
    value = None if form is None else form.get(name)
    return "" if value is None or isinstance(value, UploadFile) else value.strip()


def begin(
    office: Office, request: Request, email: str, to: str, *, started: bool = False
) -> Response:
    """A session of its own for each entry; an older one of this browser ends."""
    office.door.leave(request.cookies.get(office.door.cookie))
    response = RedirectResponse(to, status_code=303)
    set_cookie(office, response, office.door.let_in(email, started=started))
    return response


def set_cookie(office: Office, response: Response, session: str) -> None:
    """Tell the browser its session; no script can read it."""
    response.set_cookie(
        office.door.cookie,
        session,
        max_age=int(ways.SESSION_LASTS.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=office.door.address.is_https,
        path="/",
    )


def entrance(office: Office, said: str, to: str, status: int = 200) -> Response:
    """The page that asks who somebody is."""
    page = office.templates.get_template("stranger.html")
    html = page.render(
        said=said,
        is_entrance=True,
        to=to,
        with_slack=office.app.sign_in is not None and not office.door.address.is_open,
        is_open=office.door.address.is_open,
    )
    return HTMLResponse(html, status_code=status)


def refusal(office: Office, said: str, status: int) -> Response:
    """A page for somebody whom we don't know, or for an address that leads nowhere."""
    html = office.templates.get_template("stranger.html").render(said=said, is_entrance=False)
    return HTMLResponse(html, status_code=status)


def safe(path: str) -> str:
    """A path of our own to go to; anything else leads to the first page."""
    is_ours = path.startswith("/") and not path.startswith("//") and "\\" not in path
    return path if is_ours and path.isprintable() and not urlsplit(path).netloc else "/"


def note(office: Office, email: str, did: str, status: int, asserted_by: str | None = None) -> None:
    """Keep on record who came in or didn't."""
    look = Look(office.app.clock.now(), email, "/enter", "", did, status, asserted_by)
    office.ledger.visits.keep(look)
