"""The console as a web application: every request passes the same checks, in the same order.

Our own name, our own form, a session, a role that reaches so far; then the page; then the record
of who looked at what or did what. A page or an act that is not in `plan.PAGES` does not exist.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

from agent.console import door as ways
from agent.console import labels
from agent.console.sign_in import entrance, slack
from agent.console.sign_in.entrance import READS, Form
from agent.console.visit import NotAllowedError, NotThereError, Office, Visit, reaches
from agent.console.web.site_map import PAGES, Page
from agent.ledger.stores.visits import Look
from agent.run.holder import os_user
from domain.conversation.permissions import Principal, principal
from domain.errors import RoutereadyError, ToolError

LARGEST = 2_000_000
"""Bytes of a form; a policy with its territories is far smaller."""
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
}
STRICT_TRANSPORT = "max-age=31536000"
Next = Callable[[Request], Awaitable[Response]]


def build(office: Office) -> FastAPI:
    """The application; nothing listens yet."""
    web = FastAPI(title="routeready", docs_url=None, redoc_url=None, openapi_url=None)
    _guard(web, office)
    for page in PAGES:
        web.add_api_route(
            page.path, _endpoint(office, page), methods=[page.method], response_model=None
        )
    entrance.add(web, office)
    slack.add(web, office)
    web.mount("/static", StaticFiles(directory=Path(__file__).parents[1] / "static"))

    def lost(_: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        said = "Page not found." if status == 404 else str(error)  # noqa: PLR2004
        return entrance.refusal(office, said, status)

    def failed(_: Request, __: Exception) -> Response:  # it goes on to the log
        response = entrance.refusal(
            office, "Something went wrong on our side. The error is in the log.", 500
        )
        response.headers.update(HEADERS)
        return response

    web.add_exception_handler(HTTPException, lost)
    web.add_exception_handler(Exception, failed)
    return web


def _guard(web: FastAPI, office: Office) -> None:
    door = office.door

    @web.middleware("http")
    async def guard(request: Request, go_on: Next) -> Response:  # pyright: ignore[reportUnusedFunction]
        headers = request.headers
        if not door.is_for_us(headers.get("host", ""), headers):
            response: Response = PlainTextResponse(
                "Open this console at its own address.", status_code=421
            )
        elif request.method not in READS and not door.is_own(
            headers.get("origin"), headers.get("sec-fetch-site")
        ):
            response = PlainTextResponse(
                "This form was sent from another site. Open the console and try again.",
                status_code=403,
            )
        elif "\0" in request.scope["path"] or b"%00" in request.scope["query_string"]:
            response = PlainTextResponse("There is no such address.", status_code=400)
        else:
            response = await go_on(request)
        response.headers.update(HEADERS)
        if request.url.path.startswith(ways.START):
            response.headers["Referrer-Policy"] = "no-referrer"  # its path is a secret
        if door.address.is_https:
            response.headers["Strict-Transport-Security"] = STRICT_TRANSPORT
        if not request.url.path.startswith("/static/"):
            response.headers["Cache-Control"] = "no-store"
        return response


@dataclass(frozen=True)
class _Known:
    """Somebody who was let in."""

    who: Principal
    session: str


def _endpoint(office: Office, page: Page) -> Callable[..., Response]:
    def answer(request: Request, form: Form) -> Response:
        known = _known(office, request)
        if not isinstance(known, _Known):
            _note(office, Look(office.app.clock.now(), "", page.path, "", page.does, 401))
            return known
        visit = Visit(
            office=office,
            request=request,
            who=known.who,
            secret=ways.form_secret(known.session),
            now=office.app.clock.now(),
            policy=office.policy(),
            form=form,
            may_become_others=known.who.asserted_by is not None,
        )
        response = _checked(page, visit, known)
        _note(
            office,
            Look(
                visit.now,
                known.who.email,
                page.path,
                visit.about,
                page.does,
                response.status_code,
                known.who.asserted_by,
            ),
        )
        return response

    return answer


def _known(office: Office, request: Request) -> _Known | Response:
    """Who looks; else the answer that asks them to sign in."""
    door = office.door
    session = request.cookies.get(door.cookie) or ""
    email = door.visitor(session)
    if email is None:
        if request.method not in READS:
            return entrance.refusal(office, "Your session has expired. Sign in again.", 401)
        return RedirectResponse(f"/enter?to={quote(request.url.path)}", status_code=303)
    who = principal(email, office.policy())
    if who is None:
        return entrance.refusal(
            office, "You are not a user in the policy. Ask a RevOps admin to add you.", 403
        )
    if door.may_become_others(session):
        who = who.model_copy(update={"asserted_by": os_user()})
    return _Known(who, session)


def _checked(page: Page, visit: Visit, known: _Known) -> Response:
    """The page, if the person's role reaches so far and the form is their own."""
    told = visit.asked("csrf")
    if visit.form is not None and not ways.is_form_of(known.session, told):
        return visit.page(
            "wrong.html", status=403, said="This form has expired. Reload the page and try again."
        )
    if not reaches(visit.who, page.ability, page.least):
        said = f"Your role ({labels.ROLES[visit.who.role]}) doesn't have access to this page."
        return visit.page("wrong.html", status=403, said=said)
    try:
        return page.show(visit)
    except NotThereError as error:
        return visit.page("wrong.html", status=404, said=str(error))
    except NotAllowedError as error:
        return visit.page("wrong.html", status=403, said=str(error))
    except ToolError as error:
        return visit.page("wrong.html", status=502, said=str(error))
    except RoutereadyError as error:
        return visit.page("wrong.html", status=422, said=str(error))


def _note(office: Office, look: Look) -> None:
    office.ledger.visits.keep(look)
