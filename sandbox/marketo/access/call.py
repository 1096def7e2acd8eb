"""One call to Marketo as its endpoints see it: parameters from wherever clients put them."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import cast

from sandbox.http.message import Json, Request, Response
from sandbox.marketo.access.envelope import MarketoError, answer
from sandbox.state.world import Row, World

PAGE, MOST_RECORDS = 300, 300
ASSET_PAGE, LARGEST_ASSET_PAGE = 20, 200


@dataclass(frozen=True, slots=True)
class Call:
    """A request to an endpoint, with the blanks of its path."""

    world: World
    request: Request
    path: tuple[str, ...] = ()
    user: str = ""
    """The API user of the token."""
    asked: Mapping[str, list[str]] = field(default_factory=dict[str, list[str]])
    """What `parameters` found."""

    def _given(self, name: str) -> list[str]:
        return self.asked.get(name, [])

    def texts(self, name: str) -> list[str]:
        """A parameter's values: repeated, or separated by commas."""
        return [one.strip() for text in self._given(name) for one in text.split(",") if one.strip()]

    def text(self, name: str, default: str | None = None) -> str:
        """A single parameter; raises 701 when it is missing and has no default."""
        given = self._given(name)
        if given:
            return given[-1]
        if default is None:
            raise MarketoError("701", f"{name} cannot be blank")
        return default

    def number(self, name: str, default: int) -> int:
        """A number; raises 1001 when it is none."""
        text = self.text(name, str(default))
        if not text.isdigit():
            raise MarketoError("1001", f"Invalid value '{text}'. Required of type 'Integer'")
        return int(text)

    def instant(self, name: str) -> datetime | None:
        """An instant, None when it is not given; raises 704 when it is none."""
        text = self.text(name, "")
        return instant(text) if text else None

    def body(self) -> Row:
        """The body as a JSON object; raises 609 or 612."""
        if self.request.content_type != "application/json":
            raise MarketoError("612", "Invalid Content Type")
        try:
            read: Json = self.request.json()
        except ValueError:
            raise MarketoError("609", "Invalid JSON") from None
        if not isinstance(read, dict):
            raise MarketoError("609", "Invalid JSON")
        return cast("Row", read)

    def records(self, most: int = MOST_RECORDS, *, name: str = "input") -> list[Row]:
        """The body's `input`; raises 701, 609 or 1003."""
        rows: Json = self.body().get(name)
        if not rows:
            raise MarketoError("701", f"{name} cannot be blank")
        if not isinstance(rows, list) or not all(
            isinstance(row, dict) for row in cast("list[Json]", rows)
        ):
            raise MarketoError("609", "Invalid JSON")
        found = cast("list[Row]", rows)
        if len(found) > most:
            raise MarketoError("1003", f"Too many records: at most {most}")
        return found

    def lead_ids(self) -> list[int]:
        """The leads named by `id` in the query, or by `input` in the body; raises 701, 1001."""
        given: list[Json] = list(self.texts("id"))
        given = given or [row.get("id") for row in self.records()]
        if len(given) > MOST_RECORDS:
            raise MarketoError("1003", f"Too many records: at most {MOST_RECORDS}")
        return [self.integer(one) for one in given]

    @staticmethod
    def integer(value: Json) -> int:
        """A value as an integer; raises 1001 when it is none."""
        if isinstance(value, bool) or not str(value).isdigit():
            raise MarketoError("1001", f"Invalid value '{value}'. Required of type 'Integer'")
        return int(value)

    def window(self) -> tuple[int, int]:
        """Where this page begins, and where it ends: at most 300 further."""
        start = read_token(self.text("nextPageToken", "")).get("at", 0)
        size = self.number("batchSize", PAGE)
        return start, start + (min(size, PAGE) or PAGE)

    def asset_window(self) -> tuple[int, int]:
        """Where a page of assets begins and ends: 20 unless asked for up to 200."""
        start = self.number("offset", 0)
        return start, start + min(self.number("maxReturn", ASSET_PAGE), LARGEST_ASSET_PAGE)

    def page(self, rows: Sequence[Json], *, says_more: bool = False) -> Response:
        """One page of rows, with a token where there are more behind it.

        `says_more` tells `moreResult` on the last page too, as some endpoints do.
        """
        start, end = self.window()
        return self.slice(rows[start:end], end if end < len(rows) else None, says_more=says_more)

    def slice(
        self, rows: Sequence[Json], following: int | None, *, says_more: bool = False
    ) -> Response:
        """A page that is cut already; `following` is where the next one begins, if any."""
        more: Row = {"moreResult": False} if says_more else {}
        if following is not None:
            more = {"nextPageToken": write_token({"at": following}), "moreResult": True}
        return answer(self.world, rows, **more)


def parameters(request: Request, *, reads: bool) -> Mapping[str, list[str]]:
    """A request's parameters by name, as query, form or, for a read that travels as JSON, body."""
    form = request.form
    if form:
        return {
            name: [*request.query.get(name, []), *form.get(name, [])]
            for name in (*request.query, *form)
        }
    if not (reads and request.body) or request.content_type != "application/json":
        return request.query
    try:
        read: Json = request.json()
    except ValueError:
        read = None
    if not isinstance(read, dict):
        raise MarketoError("609", "Invalid JSON")
    found = dict(request.query)
    for name, value in cast("Row", read).items():
        values = cast("list[Json]", value) if isinstance(value, list) else [value]
        found.setdefault(name, [str(one) for one in values if not isinstance(one, dict)])
    return found


def instant(text: str) -> datetime:
    """Read an ISO 8601 instant, UTC where it names no offset; raises 704."""
    spaced = text.strip().replace(" ", "+") if "T" in text else text.strip()
    try:
        read = datetime.fromisoformat(spaced)
    except ValueError:
        raise MarketoError("704", f"Invalid date format '{text}'") from None
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)


def stamp(at: datetime) -> str:
    """An instant as the Lead Database writes it."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def write_token(state: Mapping[str, Json]) -> str:
    """A paging token: opaque to clients, in the letters that Marketo uses."""
    return base64.b32encode(json.dumps(state).encode()).decode().rstrip("=") + "===="


def read_token(text: str) -> Row:
    """What a paging token says, nothing when there is none; raises 1003."""
    bare = text.rstrip("=")
    if not bare:
        return {}
    try:
        read: Json = json.loads(base64.b32decode(bare + "=" * (-len(bare) % 8)))
    except ValueError:
        read = None
    if not isinstance(read, dict):
        raise MarketoError("1003", "Invalid nextPageToken")
    return cast("Row", read)
