"""The look page's routes: what is shown at which address, and what its forms do."""

import base64
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.look import actions, journal, records, slack, switches
from sandbox.look.clock import clock
from sandbox.look.web import (
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
from sandbox.slack.files import FILE
from sandbox.wire import Handler, Request, Response
from sandbox.world import World

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


def face(world: World) -> Handler:
    """Serve the pages of one world."""
    templates = environment()

    def draw(name: str, asked: Asked, **more: Any) -> str:  # noqa: ANN401  (what templates take)
        return templates.get_template(name).render(
            asked=asked, clock=clock(world), version=version(world), **more
        )

    def show(request: Request) -> Response:
        section, _, rest = request.path.strip("/").partition("/")
        bare = BARE.get(section)
        if bare is not None:
            return bare(world, rest)
        if section not in PAGES:
            raise LookError(f"there is no page {request.path}", 404)
        asked, (template, page) = Asked.of(request), PAGES[section]
        return html(draw(template, asked, section=section, **page(world, asked)))

    def answer(request: Request) -> Response:
        try:
            if request.method == "POST":
                refuse_strangers(request)
                form = form_of(request)
                beside = actions.do(world, request.path.removeprefix("/do/"), form)
                return go_back(beside or form.get("back", ""))
            return show(request)
        except ElsewhereError as error:
            return Response(303, b"", {"location": error.address})
        except LookError as error:
            text = draw("trouble.html", Asked.of(request), section="", sentence=str(error))
            return html(text, error.status)

    return answer


def version(world: World) -> str:
    """Something that changes whenever what is shown may have changed; the clock aside."""
    return f"{len(world.journal)}.{world.state.serial}"


def _file(world: World, file_id: str) -> Response:
    row = world.table(FILE).get(file_id)
    if row is None or row["content"] is None or row["mimetype"] not in IMAGES:
        raise LookError(f"there is no picture {file_id}", 404)
    content = base64.b64decode(row["content"])
    return Response(200, content, {"content-type": row["mimetype"], "cache-control": "no-store"})


BARE: Mapping[str, Callable[[World, str], Response]] = {
    "": lambda _world, _rest: Response(303, b"", {"location": "/look/slack"}),
    "file": _file,
    "static": lambda _world, rest: static(rest),
    "version": lambda world, _rest: data(
        {"version": version(world), "clock": clock(world)["shown"]}
    ),
}
"""What is no page."""
