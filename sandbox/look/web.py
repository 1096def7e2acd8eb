"""The look page's HTTP: pages and files with their headers, forms that come back, no strangers."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from urllib.parse import urlencode, urlsplit

from jinja2 import Environment, PackageLoader

from sandbox.http.message import Json, Request, Response

MOUNT = "/look"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SHIELDS = {
    "content-security-policy": POLICY,
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
STATIC = {
    "icon.svg": "image/svg+xml",
    "look.css": "text/css; charset=utf-8",
    "look.js": "text/javascript; charset=utf-8",
}


class LookError(Exception):
    """What was asked for can't be shown or done; a sentence, and the HTTP status."""

    def __init__(self, sentence: str, status: int = 400) -> None:
        super().__init__(sentence)
        self.status = status


class ElsewhereError(Exception):
    """The page is at another address of ours."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.address = address


def environment() -> Environment:
    """The templates; everything is escaped. What a block leaves out counts as false."""
    return Environment(
        loader=PackageLoader("sandbox.look"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@dataclass(frozen=True, slots=True)
class Asked:
    """What a page was asked for: its path below the mount, and its query."""

    path: str
    query: Mapping[str, str]

    @classmethod
    def of(cls, request: Request) -> "Asked":
        """Read a request; of a name that is given twice the last counts."""
        return cls(request.path, {name: given[-1] for name, given in request.query.items()})

    @property
    def here(self) -> str:
        """This page's address, for forms to come back to."""
        return self.with_()

    def with_(self, **changes: str) -> str:
        """This page's address with parts of the query changed; an empty part is left out."""
        query = {name: value for name, value in {**self.query, **changes}.items() if value}
        return f"{MOUNT}{self.path}" + (f"?{urlencode(query)}" if query else "")


def html(text: str, status: int = 200) -> Response:
    """A page."""
    headers = {"content-type": "text/html; charset=utf-8", **SHIELDS}
    return Response(status, text.encode(), headers)


def data(value: Json) -> Response:
    """What the script asks for."""
    answer = Response.of(value)
    return Response(answer.status, answer.body, {**answer.headers, **SHIELDS})


def static(name: str) -> Response:
    """Our own style sheet or script."""
    if name not in STATIC:
        raise LookError(f"there is no file {name}", 404)
    body = files("sandbox.look").joinpath("static", name).read_bytes()
    return Response(200, body, {"content-type": STATIC[name], **SHIELDS})


def go_back(back: str, default: str = f"{MOUNT}/") -> Response:
    """Send the browser back to where a form stood; only to a page of ours."""
    parts = urlsplit(back)
    is_ours = not parts.scheme and not parts.netloc and parts.path.startswith(f"{MOUNT}/")
    return Response(303, b"", {"location": back if is_ours else default, **SHIELDS})


def form_of(request: Request) -> dict[str, str]:
    """A form's fields; several values of one field are joined by line ends."""
    return {name: "\n".join(values) for name, values in request.form.items()}


def refuse_strangers(request: Request) -> None:
    """Raise `LookError` when another site's page made the browser send this."""
    site = request.headers.get("sec-fetch-site", "same-origin")
    origin, host = request.headers.get("origin"), request.headers.get("host")
    is_foreign = origin is not None and urlsplit(origin).netloc != host
    if site not in ("same-origin", "none") or is_foreign:
        raise LookError("forms are taken from this page alone", 403)
