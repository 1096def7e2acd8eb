"""What a model answered: typed where a schema was asked for, and never trusted before that."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Generic, TypeVar, cast

from openai.types.chat import ChatCompletion, ChatCompletionMessage
from pydantic import BaseModel, ValidationError

from domain import border
from domain.errors import ToolError
from tools.llm.requests import Tool
from tools.llm.schemas import without_defaults

VENDOR = "model"
LONGEST_ANSWER = 100_000
"""Characters; a longer answer is a fault of the server, and not read."""

T = TypeVar("T", bound=BaseModel)

_FENCED = re.compile(r"```(?:json)?\s*(.*?)```", re.DOTALL)
_LONGEST_EXCUSE = 300
_LONGEST_COMPLAINT = 600


class ModelRefusedError(ToolError):
    """The model would not answer, or the server's filter stopped it."""


class ModelOutputError(ToolError):
    """The model's answer is not of the form that was asked for, even after it was told so."""


class MisfitError(Exception):
    """An answer does not fit; the text is for the model, which may mend it once."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens, as the server counted them; zero where it doesn't count."""

    prompt: int = 0
    completion: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.prompt + self.completion

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(self.prompt + other.prompt, self.completion + other.completion)


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
    usage: Usage
    model: str
    fingerprint: str | None


def read_answer(completion: object) -> Said:
    """Read a chat completion; servers other than OpenAI's leave members out.

    Raises:
        ModelRefusedError: there is a refusal in place of an answer.
        ModelOutputError: there is no message in it, or one too long to be meant.
    """
    if not isinstance(completion, ChatCompletion):
        raise ModelOutputError(VENDOR, "the server's answer is not a chat completion")
    choices = cast("Sequence[Any] | None", completion.choices)
    message = cast("ChatCompletionMessage | None", choices[0].message if choices else None)
    if not choices or message is None:
        raise ModelOutputError(VENDOR, "the answer has no message")
    reason = choices[0].finish_reason
    if message.refusal or reason == "content_filter":
        words = (message.refusal or "stopped by the server's filter")[:_LONGEST_EXCUSE]
        raise ModelRefusedError(VENDOR, words, code="refusal")
    text = border.text(message.content or "")
    if len(text) > LONGEST_ANSWER:
        raise ModelOutputError(VENDOR, f"the answer has {len(text)} characters")
    return Said(
        text=text,
        calls=tuple(_calls(message)),
        is_cut_off=reason == "length",
        usage=_usage(completion),
        model=cast("str | None", completion.model) or "",
        fingerprint=completion.system_fingerprint,
    )


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
    except ValueError as error:
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
    value, _ = json.JSONDecoder().raw_decode(body[start:])
    return value


def _complaints(error: ValidationError) -> str:
    """What is wrong, without repeating the values: they may be personal."""
    told = [
        f"{'.'.join(map(str, one['loc'])) or 'the whole'}: {one['msg']}"
        for one in error.errors(include_url=False, include_input=False, include_context=False)
    ]
    return "; ".join(told[:5])[:_LONGEST_COMPLAINT]


def _calls(message: ChatCompletionMessage) -> list[tuple[str, str, str]]:
    return [
        (
            border.text(call.id),
            border.text(call.function.name),
            border.text(call.function.arguments or ""),
        )
        for call in message.tool_calls or ()
        if call.type == "function"
    ]


def _usage(completion: ChatCompletion) -> Usage:
    usage = completion.usage
    if usage is None:
        return Usage()
    return Usage(usage.prompt_tokens or 0, usage.completion_tokens or 0)
