"""What a model answered: typed where a schema was asked for, and never trusted before that."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, TypeVar, cast

from pydantic import BaseModel, ValidationError

from domain import border
from domain.errors import ToolError, UnavailableError
from tools.llm.requests import Tool
from tools.llm.schemas import without_defaults
from tools.llm.wire import Counted, Fault, Wire

VENDOR = "model"
LONGEST_ANSWER = 100_000
"""Characters; a longer answer is a fault of the server, and not read."""

T = TypeVar("T", bound=BaseModel)

_FENCED = re.compile(r"```(?:json)?\s*(.*?)```", re.DOTALL)
_LONGEST_EXCUSE = 300
_LONGEST_COMPLAINT = 600
_LONGEST_CODE = 40
_CHARACTERS = 4
"""About so many to a token, where a server doesn't count."""
CUT_OFF = "length"
"""The code of an answer that the limit of tokens left no room for."""


class ModelRefusedError(ToolError):
    """The model would not answer, or the server's filter stopped it."""


class ModelOutputError(ToolError):
    """The model's answer is not of the form that was asked for, even after it was told so."""


class MisfitError(Exception):
    """An answer does not fit; the text is for the model, which may correct it once."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens, as the server counted them."""

    prompt: int = 0
    completion: int = 0
    is_estimate: bool = False
    """The server doesn't count; the figures are from the length of the texts."""

    @property
    def total(self) -> int:
        """All of them."""
        return self.prompt + self.completion

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            self.prompt + other.prompt,
            self.completion + other.completion,
            self.is_estimate or other.is_estimate,
        )


@dataclass
class Meter:
    """What one call of `complete` takes, told also when it fails; the caller's own."""

    usage: Usage = Usage()


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool that the model wants called."""

    id: str
    name: str
    arguments: BaseModel | None
    """None when they make no sense; `problem` says why."""
    raw: str
    """The arguments as the model wrote them, for the transcript."""
    problem: str | None = None
    """What to answer the model instead of a result."""


@dataclass(frozen=True, slots=True)
class Completion(Generic[T]):
    """One answer, with all that is needed to tell later how it came about."""

    parsed: T | None
    """Given when a schema was asked for."""
    text: str
    tool_calls: tuple[ToolCall, ...]
    usage: Usage
    """All tries together."""
    model: str
    """The model that answered, in the server's words."""
    fingerprint: str | None
    latency: timedelta
    prompt: str
    """The version of the prompt, as it was given."""
    mode: str
    """How the form was asked for: `json_schema`, `json_object` or `text`."""


@dataclass(frozen=True, slots=True)
class Said:
    """One message of the model's, read but not yet judged."""

    text: str
    calls: tuple[tuple[str, str, str], ...]
    """Id, name and arguments of each tool call."""
    is_cut_off: bool
    model: str
    fingerprint: str | None


def read_answer(completion: object) -> Said:
    """Read a chat completion, whatever of it a server left out or worded in its own way.

    Raises:
        ModelRefusedError: there is a refusal in place of an answer.
        ModelOutputError: there is no message in it, or one too long to be meant.
        UnavailableError: there is a provider's error in it.
    """
    if not isinstance(completion, dict):
        raise ModelOutputError(VENDOR, "the server's answer is not a chat completion")
    row = cast("Mapping[str, object]", completion)
    if row.get("error") and not row.get("choices"):
        raise _provider_error(row["error"])
    try:
        answer = Wire.model_validate(row)
    except ValidationError as error:
        raise ModelOutputError(
            VENDOR, f"unlike a completion: {_complaints(error)}", quotes=True
        ) from None
    if not answer.choices:
        raise ModelOutputError(VENDOR, "the answer has no message")
    message, reason = answer.choices[0].message, answer.choices[0].finish_reason
    if message.refusal or reason == "content_filter":
        words = (message.refusal or "stopped by the server's filter")[:_LONGEST_EXCUSE]
        raise ModelRefusedError(VENDOR, words, code="refusal", quotes=True)
    if len(message.content) >= LONGEST_ANSWER:
        raise ModelOutputError(VENDOR, f"the answer has {len(message.content)} characters")
    calls = tuple(message.calls())
    if message.function_call is not None and not calls and not message.content:
        raise ModelOutputError(VENDOR, "it calls a function in the form before tools")
    if reason == "length" and not calls and not message.content.strip():
        detail = "the limit of tokens was used up before an answer began"
        raise ModelOutputError(VENDOR, detail, code=CUT_OFF)
    return Said(
        text=message.content,
        calls=calls,
        is_cut_off=reason == "length",
        model=answer.model,
        fingerprint=answer.system_fingerprint or None,
    )


def usage_of(completion: object, sent: int) -> Usage:
    """What an answer took, also one that is of no use: it is billed all the same.

    A server that doesn't count has an estimate, from the characters that were `sent` and came.
    """
    told: object = None
    row: Mapping[str, object] = {}
    if isinstance(completion, dict):
        row = cast("Mapping[str, object]", completion)
        told = row.get("usage")
    counted = Counted.model_validate(told) if isinstance(told, dict) else Counted()
    known = counted.prompt_tokens + counted.completion_tokens
    if not known and not counted.total_tokens:
        written = len(json.dumps(row.get("choices") or "")) if row.get("choices") else 0
        return Usage(-(-sent // _CHARACTERS), -(-written // _CHARACTERS), is_estimate=True)
    read = max(counted.prompt_tokens, counted.total_tokens - counted.completion_tokens)
    return Usage(read, counted.completion_tokens)


def _provider_error(error: object) -> UnavailableError:
    """An error that a router of models passes on with a status of success."""
    told = Fault.model_validate(error) if isinstance(error, dict) else Fault(message=str(error))
    words = told.message[:_LONGEST_EXCUSE] or "no reason given"
    code = None if told.code is None else str(told.code)[:_LONGEST_CODE]
    return UnavailableError(VENDOR, f"the provider failed: {words}", code=code, quotes=True)


def parsed(text: str, schema: type[T]) -> T:
    """The answer as what was asked for.

    Raises:
        MisfitError: it isn't JSON, or does not fit.
    """
    try:
        value = _json_in(text)
        return schema.model_validate(without_defaults(schema, value))
    except ValidationError as error:
        raise MisfitError(_complaints(error)) from None
    except (ValueError, RecursionError) as error:
        raise MisfitError(f"it is not JSON: {error}") from None


def tool_calls(said: Said, tools: Sequence[Tool]) -> tuple[ToolCall, ...]:
    """The calls of an answer, each with its arguments checked."""
    known = {tool.name: tool for tool in tools}
    return tuple(_tool_call(call, known) for call in said.calls)


def _tool_call(call: tuple[str, str, str], known: Mapping[str, Tool]) -> ToolCall:
    call_id, name, raw = call
    tool = known.get(name)
    if tool is None:
        problem = f"there is no tool {name[:64]!r}; there are {', '.join(sorted(known)) or 'none'}"
        return ToolCall(call_id, name, None, raw, problem)
    try:
        return ToolCall(call_id, name, parsed(raw or "{}", tool.arguments), raw)
    except MisfitError as misfit:
        return ToolCall(call_id, name, None, raw, f"these arguments do not fit: {misfit}")


def _json_in(text: str) -> object:
    """The JSON value in a text: whole, in a fence, or from the first brace on."""
    fenced = _FENCED.search(text)
    body = (fenced[1] if fenced else text).strip()
    start = body.find("{")
    if start < 0:
        raise ValueError("there is no JSON object in it")
    value, _ = json.JSONDecoder(strict=False).raw_decode(body[start:].replace("\\u0000", ""))
    return border.safe(value)


def _complaints(error: ValidationError) -> str:
    """What is wrong, without repeating the values: they may be personal."""
    told = [
        f"{'.'.join(map(str, one['loc'])) or 'the whole'}: {one['msg']}"
        for one in error.errors(include_url=False, include_input=False, include_context=False)
    ]
    return "; ".join(told[:5])[:_LONGEST_COMPLAINT]
