r"""What a fault is: a matcher of requests, when it strikes, and what it does.

As JSON, for example: of the requests to Marketo that write persons, let the second one be
performed and lose its answer.

    {"do": "reset", "after": true, "vendor": "marketo", "method": "POST",
     "path": "/leads\\.json", "skip": 1, "times": 1}
"""

import random
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal, TypeAlias

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    field_validator,
)

from sandbox.http.message import Json, Request


class FaultError(Exception):
    """A fault that makes no sense; the sentence says which part and why."""


class _Fault(BaseModel):
    """Which requests, and how often. Empty matchers match everything; all must match."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    vendor: str = ""
    """The face's mount without its slash: `marketo`, `salesforce`, `slack`, `openai`, `pdl`."""
    method: str = ""
    path: str = ""
    """A regular expression that is searched for in the path as the vendor sees it."""
    body: str = ""
    """Text that the body contains."""
    skip: int = Field(default=0, ge=0)
    """How many matching requests pass first."""
    times: int | None = Field(default=None, ge=1)
    """How many requests are struck at most; None for all."""
    chance: float = Field(default=1, ge=0, le=1)
    """Share of the matching requests that are struck, drawn from `seed`."""
    seed: int = 0
    start: AwareDatetime | None = None
    """From this instant of the world on."""
    until: AwareDatetime | None = None
    """Before this instant of the world."""

    @field_validator("path")
    @classmethod
    def _is_pattern(cls, path: str) -> str:
        try:
            re.compile(path)
        except re.error as error:
            raise ValueError(f"{path!r} is not a regular expression: {error}") from None
        return path

    def matches(self, vendor: str, request: Request) -> bool:
        """Whether this fault is about such a request at all."""
        return (
            self.vendor in ("", vendor)
            and self.method.upper() in ("", request.method)
            and re.search(self.path, request.path) is not None
            and self.body.encode() in request.body
        )

    def strikes(self, now: datetime, seen: int, struck: int) -> bool:
        """Whether a matching request is struck, after so many were seen and struck before."""
        is_time = (self.start is None or self.start <= now) and (
            self.until is None or now < self.until
        )
        is_due = seen >= self.skip and (self.times is None or struck < self.times)
        return is_time and is_due and random.Random(f"{self.seed}/{seen}").random() < self.chance


class Status(_Fault):
    """Another HTTP answer than the vendor's: a gateway's 502, a page of HTML with 200."""

    do: Literal["status"] = "status"
    status: int = Field(ge=100, le=599)
    text: str = ""
    """The body."""
    headers: Mapping[str, str] = Field(default_factory=dict[str, str])
    after: bool = False
    """Whether the request is performed before that."""


class Error(_Fault):
    """The vendor's own error, in its own shape."""

    do: Literal["error"] = "error"
    code: str
    """Such as `606`, `UNABLE_TO_LOCK_ROW`, `ratelimited`, `rate_limit_exceeded`."""
    message: str = ""
    status: int | None = Field(default=None, ge=100, le=599)
    """The HTTP status; None for the one that the vendor gives with this code."""
    retry_after: str | None = None
    """What the header says: seconds or an HTTP date."""
    retry_at_seconds: int | None = Field(default=None, ge=0)
    """The header is the HTTP date that is so many seconds of the world away."""
    after: bool = False
    """Whether the request is performed before that."""


class Delay(_Fault):
    """The answer comes late; or a delivery does, and others overtake it."""

    do: Literal["delay"] = "delay"
    seconds: float = Field(default=0, ge=0)
    """Of the world's time; they pass before the request is performed."""
    wall_seconds: float = Field(default=0, ge=0)
    """Of the wall clock, for clients' real timeouts; they pass after it was performed."""


class Reset(_Fault):
    """The connection is reset (TCP RST) instead of an answer."""

    do: Literal["reset"] = "reset"
    after: bool = False
    """Whether the request is performed before that, so that only its answer is lost."""


class Truncate(_Fault):
    """The request is performed; of its answer's body only a part arrives, then a reset."""

    do: Literal["truncate"] = "truncate"
    keep: int = Field(default=20, ge=0)
    """Bytes of the body that arrive."""


class Repeat(_Fault):
    """The request reaches the vendor more than once; or a delivery the app."""

    do: Literal["repeat"] = "repeat"
    copies: int = Field(default=1, ge=1, le=10)
    """How often beyond the first time."""


class Replay(_Fault):
    """The answer is the one to the last matching request that was not struck.

    A page comes twice; a model says the same again and again.
    """

    do: Literal["replay"] = "replay"


class Reorder(_Fault):
    """The records of an answer come in reverse order."""

    do: Literal["reorder"] = "reorder"


class Hide(_Fault):
    """Fields are missing in an answer, as if they were not there at all."""

    do: Literal["hide"] = "hide"
    fields: tuple[str, ...] = Field(min_length=1)


class Drip(_Fault):
    """The answer's bytes come slowly, a few at a time."""

    do: Literal["drip"] = "drip"
    wall_seconds: float = Field(gt=0)
    """Of the wall clock, that they take."""


class Double(_Fault):
    """The answer is sent twice over the same connection."""

    do: Literal["double"] = "double"


class Stale(_Fault):
    """A read sees the vendor's records as they were when the fault was added.

    Like a replica that fell behind. Match reads only: what a struck request writes is lost.
    """

    do: Literal["stale"] = "stale"


class Partial(_Fault):
    """Of a request with many records some fail, without being performed; the others go on."""

    do: Literal["partial"] = "partial"
    records: tuple[int, ...] = (0,)
    """Which ones, counted from 0."""
    code: str
    message: str = ""


class Quota(_Fault):
    """The vendor's quota is used up; Marketo's until midnight US Central, unless `until` says."""

    do: Literal["quota"] = "quota"


class Act(_Fault):
    """Somebody acts in the middle of it: a deed as `sandbox.acts` documents, then the request.

    `{record}` in the deed stands for the first lead that the request names. A deed that is
    impossible at that moment is journaled and left out.
    """

    do: Literal["act"] = "act"
    deed: Mapping[str, Json]
    after: bool = False
    """Whether the deed is done after the request instead, before its answer leaves."""


Fault: TypeAlias = Annotated[
    Status
    | Error
    | Delay
    | Reset
    | Truncate
    | Repeat
    | Replay
    | Reorder
    | Hide
    | Drip
    | Double
    | Stale
    | Partial
    | Quota
    | Act,
    Field(discriminator="do"),
]

_ADAPTER: TypeAdapter[Fault] = TypeAdapter(Fault)


def parse(row: Json) -> Fault:
    """Read a fault from JSON. Raises `FaultError` with a sentence for each wrong part."""
    try:
        return _ADAPTER.validate_python(row)
    except ValidationError as error:
        parts = [
            f"{'.'.join(str(part) for part in one['loc']) or 'fault'}: {one['msg']}"
            for one in error.errors(include_url=False)
        ]
        raise FaultError("; ".join(parts)) from None
