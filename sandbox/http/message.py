"""HTTP as values: what a vendor's face is given and what it answers."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

Json = Any
"""A decoded JSON value; the sandbox is the one place where the wire is spoken directly."""


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request as a vendor's server would see it."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    """Header names in lower case."""
    body: bytes = b""
    concurrent: int = 1
    """How many requests to this vendor were being served when it came, itself included."""

    @classmethod
    def parse(cls, method: str, target: str, headers: Mapping[str, str], body: bytes) -> "Request":
        """Build a request from its start line's target, its headers and its raw body."""
        path, _, query = target.partition("?")
        return cls(
            method=method.upper(),
            path=path,
            query=parse_qs(query, keep_blank_values=True) if query else {},
            headers={name.lower(): value for name, value in headers.items()},
            body=body,
        )

    @property
    def content_type(self) -> str:
        """The media type without its parameters, in lower case; empty when absent."""
        return self.headers.get("content-type", "").split(";")[0].strip().lower()

    @property
    def form(self) -> dict[str, list[str]]:
        """The body as a form; empty unless it is one."""
        if self.content_type != "application/x-www-form-urlencoded":
            return {}
        return parse_qs(self.body.decode("utf-8", "replace"), keep_blank_values=True)

    def json(self) -> Json:
        """The body as JSON; raises ValueError when it is not."""
        return json.loads(self.body or b"null")


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP answer."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    is_reset: bool = False
    """Whether the connection is reset instead of this being sent."""
    cut_at: int | None = None
    """After how many bytes of the body the connection is reset; None for never."""
    hold_seconds: float = 0
    """Of the wall clock, for which the answer is held back."""
    drip_seconds: float = 0
    """Of the wall clock, over which the answer's bytes are spread."""
    is_doubled: bool = False
    """Whether the answer is sent twice, one behind the other."""

    @classmethod
    def of(cls, value: Json, status: int = 200, **headers: str) -> "Response":
        """Answer with JSON; header names are given with underscores for dashes."""
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        body = json.dumps(value, separators=(",", ":")).encode()
        return cls(status, body, {"content-type": "application/json;charset=UTF-8"} | named)


Handler = Callable[[Request], Response]
"""A vendor's whole face: one request in, one answer out."""
