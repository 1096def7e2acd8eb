"""One call to Marketo as its endpoints see it: parameters from wherever clients put them."""

from dataclasses import dataclass
from typing import cast

from sandbox.marketo.envelope import MarketoError
from sandbox.wire import Json, Request
from sandbox.world import Row, World


@dataclass(frozen=True, slots=True)
class Call:
    """A request to an endpoint, with the blanks of its path."""

    world: World
    request: Request
    path: tuple[str, ...] = ()

    def texts(self, name: str) -> list[str]:
        """A parameter's values: repeated, or separated by commas; from query or form."""
        given = [*self.request.query.get(name, []), *self.request.form.get(name, [])]
        return [one.strip() for text in given for one in text.split(",") if one.strip()]

    def text(self, name: str, default: str | None = None) -> str:
        """A single parameter; raises 701 when it is missing and has no default."""
        given = [*self.request.query.get(name, []), *self.request.form.get(name, [])]
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

    def records(self, most: int = 300) -> list[Row]:
        """The body's `input`; raises 701 or 1003."""
        rows: Json = self.body().get("input")
        if not rows:
            raise MarketoError("701", "Input cannot be blank")
        if len(rows) > most:
            raise MarketoError("1003", f"Too many records: at most {most}")
        return rows
