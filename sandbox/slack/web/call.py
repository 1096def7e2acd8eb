"""One call of a Slack method: its arguments, however they were sent, and its errors."""

import json
from dataclasses import dataclass, field
from typing import cast

from sandbox.http.message import Json, Request
from sandbox.slack.web.reference import pages
from sandbox.state.world import Row, World

TRUTHS = {"1": True, "true": True, "0": False, "false": False, "": False}


class SlackError(Exception):
    """Slack refuses the call with a documented error name; it travels with HTTP 200."""

    def __init__(self, error: str, *messages: str, **extra: Json) -> None:
        super().__init__(error)
        self.error = error
        self.messages = messages
        self.extra = extra


class RateLimitedError(Exception):
    """Too many calls: HTTP 429 with a Retry-After of whole seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"ratelimited, retry after {retry_after} s")
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Call:
    """What a method is given."""

    world: World
    token: Row
    """The row of `slack.token` that the caller holds."""
    method: str
    args: dict[str, Json] = field(default_factory=dict[str, Json])

    def refusal(self, *errors: str, told: tuple[str, ...] = ()) -> SlackError:
        """The refusal by the first of these names that the method's page documents."""
        documented = pages()[self.method].errors
        return SlackError(next(one for one in errors if one in documented), *told)

    def text(self, name: str, default: str = "") -> str:
        """An argument as text; `default` when absent."""
        value = self.args.get(name)
        return default if value is None else str(value)

    def flag(self, name: str) -> bool:
        """A boolean argument: SDKs send true, "true" or 1. Raises `invalid_arguments`."""
        value = self.text(name).lower()
        if value not in TRUTHS:
            raise SlackError("invalid_arguments", f"[ERROR] {name} must be a boolean")
        return TRUTHS[value]

    def limit(self, default: int, most: int) -> int:
        """The page size, at most `most`. Raises `invalid_limit` or `invalid_arguments`."""
        text = self.text("limit") or str(default)
        if not text.isdecimal() or int(text) < 1:
            told = ("[ERROR] limit must be a positive number",)
            raise self.refusal("invalid_limit", "invalid_arguments", told=told)
        return min(int(text), most)

    def number(self, name: str, error: str = "invalid_arguments") -> int:
        """A whole number that must be there. Raises `error`."""
        text = self.text(name)
        if not text.isdecimal():
            raise SlackError(error, f"[ERROR] {name} must be a number")
        return int(text)

    def names(self, name: str) -> list[str]:
        """A list as SDKs send it: JSON, or text with commas."""
        value = self.args.get(name)
        if isinstance(value, list):
            return [str(one) for one in cast("list[Json]", value)]
        return [part.strip() for part in self.text(name).split(",") if part.strip()]

    def need(self, *scopes: str) -> None:
        """Refuse a call whose token has none of these scopes. Raises `missing_scope`."""
        provided: list[str] = self.token["scopes"]
        if not set(scopes) & set(provided):
            needed = ",".join(scopes)
            raise SlackError("missing_scope", needed=needed, provided=",".join(provided))

    def offset(self, kind: str) -> int:
        """Where a page begins, from a cursor `kind:offset`. Raises `invalid_cursor`."""
        cursor = self.text("cursor")
        if not cursor:
            return 0
        given, _, offset = cursor.partition(":")
        if given != kind or not offset.isdecimal():
            raise SlackError("invalid_cursor")
        return int(offset)

    def decoded(self, name: str, error: str) -> Json:
        """A nested argument: JSON already, or a JSON string in a form; None when absent."""
        value = self.args.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return json.loads(value)
        except ValueError:
            raise SlackError(error) from None


def arguments(request: Request, *, takes_json: bool = True) -> dict[str, Json]:
    """Read query, form and JSON body alike, as every SDK sends a different one.

    An empty JSON body means no arguments: slack_sdk sends `auth.test` so. Methods that only read
    mostly don't look at a JSON body. Raises `SlackError` `invalid_json` (Slack: Web API, "Errors").
    """
    args: dict[str, Json] = {name: values[-1] for name, values in request.query.items()}
    args |= {name: values[-1] for name, values in request.form.items()}
    if takes_json and request.content_type == "application/json" and request.body.strip():
        try:
            body = request.json()
        except ValueError:
            raise SlackError("invalid_json") from None
        if not isinstance(body, dict):
            raise SlackError("json_not_object")
        args |= cast("dict[str, Json]", body)
    return args
