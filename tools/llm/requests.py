"""What a model is asked: a request's JSON, in as much of the protocol as the server understands."""

import json
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pydantic import BaseModel

from tools.llm.schemas import strict_schema

Message = Mapping[str, Any]
"""One message as OpenAI's JSON: `role`, `content` and what belongs to them."""
Body = dict[str, Any]

_OPTIONAL = ("temperature", "parallel_tool_calls", "seed")
"""Parameters that an answer is possible without."""
_NOT_SUPPORTED = re.compile(
    r"unsupported|not support|unknown|unrecogni[sz]ed|unexpected|not permitted|extra inputs",
    re.IGNORECASE,
)


class Mode(StrEnum):
    """How an answer's form is asked for, best first."""

    JSON_SCHEMA = "json_schema"
    """The server guarantees the schema."""
    JSON_OBJECT = "json_object"
    """The server guarantees JSON; the schema stands in the prompt."""
    TEXT = "text"
    """Only the prompt asks for it."""


_NEXT = {Mode.JSON_SCHEMA: Mode.JSON_OBJECT, Mode.JSON_OBJECT: Mode.TEXT}


@dataclass(frozen=True, slots=True)
class Tool:
    """Something that a model may ask to be called."""

    name: str
    description: str
    arguments: type[BaseModel]


@dataclass(frozen=True, slots=True)
class Ask:
    """One question, whatever the server understands."""

    model: str
    messages: tuple[Message, ...]
    schema: type[BaseModel] | None
    tools: tuple[Tool, ...]
    max_tokens: int
    temperature: float | None


@dataclass
class Abilities:
    """What a server was found to understand. Safe to share: it only ever loses abilities."""

    mode: Mode = Mode.JSON_SCHEMA
    without: frozenset[str] = frozenset()
    """Parameters that it refuses."""
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def learn(self, message: str, param: str | None, body: Body) -> bool:
        """Take in a refusal of a request; true when another form of it is worth sending."""
        said = f"{param or ''} {message}"
        with self._lock:
            if _names_form(said) and "response_format" in body:
                used = Mode(body["response_format"]["type"])
                self.mode = max(self.mode, _NEXT[used], key=list(Mode).index)
                return True
            if not (param or _NOT_SUPPORTED.search(message)):
                return False
            refused = next((one for one in _droppable(body) if _names(said, one)), None)
            if refused is None:
                return False
            self.without |= {refused}
            return True


def write(ask: Ask, abilities: Abilities) -> Body:
    """The request's JSON."""
    limit = "max_completion_tokens"
    if limit in abilities.without:
        limit = "max_tokens"
    body: Body = {"model": ask.model, "messages": list(ask.messages), limit: ask.max_tokens}
    if ask.temperature is not None:
        body["temperature"] = ask.temperature
    if ask.tools:
        body["tools"] = [_function(tool) for tool in ask.tools]
        body["parallel_tool_calls"] = False
    if ask.schema is not None:
        _ask_for(ask.schema, abilities.mode, body)
    return {name: value for name, value in body.items() if name not in abilities.without}


def repair(ask: Ask, answer: str, complaint: str) -> Ask:
    """The same question once more, with what was wrong with the answer."""
    schema = "" if ask.schema is None else f"\n{_form_sentence(ask.schema)}"
    turn: list[Message] = [{"role": "assistant", "content": answer}] if answer else []
    turn.append({"role": "user", "content": f"That answer can't be used: {complaint}.{schema}"})
    return Ask(
        model=ask.model,
        messages=(*ask.messages, *turn),
        schema=ask.schema,
        tools=ask.tools,
        max_tokens=ask.max_tokens,
        temperature=ask.temperature,
    )


def _ask_for(schema: type[BaseModel], mode: Mode, body: Body) -> None:
    if mode is Mode.JSON_SCHEMA:
        named = {"name": schema.__name__, "schema": strict_schema(schema), "strict": True}
        body["response_format"] = {"type": mode.value, "json_schema": named}
        return
    body["messages"] = _with_form(body["messages"], schema)
    if mode is Mode.JSON_OBJECT:
        body["response_format"] = {"type": mode.value}


def _with_form(messages: Sequence[Message], schema: type[BaseModel]) -> list[Message]:
    """The form stands in the system message: some servers allow only one, at the beginning."""
    sentence = _form_sentence(schema)
    first = messages[0]
    if first["role"] not in ("system", "developer"):
        return [{"role": "system", "content": sentence}, *messages]
    return [{**first, "content": f"{first['content']}\n\n{sentence}"}, *messages[1:]]


def _form_sentence(schema: type[BaseModel]) -> str:
    form = json.dumps(strict_schema(schema), separators=(",", ":"))
    return f"Answer with one JSON object and nothing else. It must fit this JSON Schema: {form}"


def _function(tool: Tool) -> Body:
    function = {
        "name": tool.name,
        "description": tool.description,
        "parameters": strict_schema(tool.arguments),
    }
    return {"type": "function", "function": function}


def _names_form(said: str) -> bool:
    return "response_format" in said or "json_schema" in said or "json_object" in said


def _droppable(body: Body) -> list[str]:
    return [name for name in (*_OPTIONAL, "max_completion_tokens") if name in body]


def _names(said: str, parameter: str) -> bool:
    return re.search(rf"\b{parameter}\b", said) is not None
