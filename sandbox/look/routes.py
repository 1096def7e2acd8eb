"""The look page's routes: what is shown at which address, and what its forms do."""

import base64
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.http.message import Handler, Request, Response
from sandbox.look import actions, journal, records, slack, switches
from sandbox.look.clock import clock
from sandbox.look.web import (
    MOUNT,
    SHIELDS,
    Asked,
    ElsewhereError,
    LookError,
    data,
    environment,
    form_of,
    go_back,
    html,
    refuse_strangers,
    static,
)
from sandbox.slack.messages.files import FILE
from sandbox.state.world import World

Page = Callable[[World, Asked], dict[str, Any]]
"""What a page shows, for its template."""

PAGES: Mapping[str, tuple[str, Page]] = {
    "slack": ("slack.html", slack.page),
    "records": ("records.html", records.salesforce),
    "persons": ("persons.html", records.marketo),
    "faults": ("faults.html", switches.page),
    "journal": ("journal.html", journal.page),
}
"""Template and content by the first part of the address."""
IMAGES = ("image/png", "image/jpeg", "image/gif")


def face(world: World, is_heard: Callable[[], bool]) -> Handler:
    """Serve the pages of one world; `is_heard` says whether an app listens to its Slack."""
    return _Look(world, is_heard).answer


class _Look:
    """One world, looked at."""

    def __init__(self, world: World, is_heard: Callable[[], bool]) -> None:
        self._world = world
        self._is_heard = is_heard
        self._templates = environment()

    def answer(self, request: Request) -> Response:
        """A page, a file, or what comes of a form."""
        try:
            if request.method == "POST":
                return self._do(request)
            return self._show(request)
        except ElsewhereError as error:
            return Response(303, b"", {"location": error.address})
        except LookError as error:
            text = self._draw("trouble.html", request, section="", sentence=str(error))
            return html(text, error.status)

    def _do(self, request: Request) -> Response:
        refuse_strangers(request)
        form = form_of(request)
        beside = actions.do(self._world, request.path.removeprefix("/do/"), form)
        return go_back(beside or form.get("back", ""))

    def _show(self, request: Request) -> Response:
        section, _, rest = request.path.strip("/").partition("/")
        match section:
            case "":
                raise ElsewhereError(f"{MOUNT}/slack")
            case "file":
                return _file(self._world, rest)
            case "static":
                return static(rest)
            case "version":
                return data({"version": self._version, "clock": clock(self._world)["shown"]})
            case _ if section in PAGES:
                template, page = PAGES[section]
                shown = page(self._world, Asked.of(request))
                return html(self._draw(template, request, section=section, **shown))
            case _:
                raise LookError(f"there is no page {request.path}", 404)

    def _draw(self, template: str, request: Request, **shown: Any) -> str:  # noqa: ANN401  (as Jinja)
        return self._templates.get_template(template).render(
            asked=Asked.of(request),
            clock=clock(self._world),
            version=self._version,
            is_heard=self._is_heard(),
            **shown,
        )

    @property
    def _version(self) -> str:
        """Something that changes whenever what is shown may have changed; the clock aside."""
        return f"{len(self._world.journal)}.{self._world.state.serial}.{self._is_heard()}"


def _file(world: World, file_id: str) -> Response:
    row = world.table(FILE).get(file_id)
    if row is None or row["content"] is None or row["mimetype"] not in IMAGES:
        raise LookError(f"there is no picture {file_id}", 404)
    content = base64.b64decode(row["content"])
    return Response(200, content, {**SHIELDS, "content-type": row["mimetype"]})
