"""A chat completion as servers really send it, read once into our own types.

Servers that call themselves compatible leave members out, send null, lists of parts, objects in
place of texts, or fractions of tokens. What has one meaning is read; what has none is refused.
"""

import json
import math
import re
from collections.abc import Mapping
from typing import Annotated, Any, cast

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from domain.values import content_hash

_UNFIT_NAME = re.compile(r"[^A-Za-z0-9_-]+")
_LONGEST_NAME = 64
UNNAMED = "unnamed"
"""A tool call without a name; no tool has this one."""
_TEXTS = (None, "text", "output_text")
"""Kinds of parts that are words for the reader; thinking is not."""


def _words(value: object) -> object:
    """Content as one text; parts are joined, thinking is left out."""
    if value is None:
        return ""
    if not isinstance(value, list):
        return value
    parts = cast("list[Any]", value)
    return "".join(_part(one) for one in parts)


def _part(value: object) -> str:
    if isinstance(value, str):
        return value
    if not isinstance(value, Mapping):
        raise ValueError("a part is neither text nor object")  # noqa: TRY004  (pydantic's kind)
    part = cast("Mapping[str, object]", value)
    text = part.get("text")
    return text if part.get("type") in _TEXTS and isinstance(text, str) else ""


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _name(value: object) -> str:
    """A name that every server takes back in a transcript."""
    return _UNFIT_NAME.sub("_", _text(value))[:_LONGEST_NAME] or UNNAMED


def _arguments(value: object) -> str:
    """Arguments as the text that they should have been."""
    if value is None:
        return "{}"
    return value if isinstance(value, str) else json.dumps(value)


def _count(value: object) -> int:
    """A number of tokens; 0 for what is none."""
    try:
        number = float(str(value))
    except ValueError:
        return 0
    return math.ceil(number) if math.isfinite(number) and number > 0 else 0


def _listed(value: object) -> object:
    return [] if value is None else value


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Function(_Part):
    """What a tool call names."""

    name: Annotated[str, BeforeValidator(_name)] = UNNAMED
    arguments: Annotated[str, BeforeValidator(_arguments)] = "{}"


class Call(_Part):
    """One tool call; a missing type is a function's."""

    id: Annotated[str, BeforeValidator(_text)] = ""
    type: Annotated[str, BeforeValidator(_text)] = ""
    function: Function | None = None


class Message(_Part):
    """What the model said."""

    content: Annotated[str, BeforeValidator(_words)] = ""
    refusal: Annotated[str, BeforeValidator(_words)] = ""
    tool_calls: Annotated[tuple[Call, ...], BeforeValidator(_listed)] = ()
    function_call: object = None
    """The form before tools; nobody asked for it."""

    def calls(self) -> list[tuple[str, str, str]]:
        """Id, name and arguments of each call, every id told once."""
        found: dict[str, tuple[str, str, str]] = {}
        for place, one in enumerate(self.tool_calls):
            if one.type not in ("", "function"):
                continue
            function = one.function or Function()
            told = f"{place} {function.name} {function.arguments}"
            name = one.id if one.id and one.id not in found else f"call_{content_hash(told)}"
            found[name] = (name, function.name, function.arguments)
        return list(found.values())


class Choice(_Part):
    """The first answer; there are no others."""

    message: Message
    finish_reason: Annotated[str, BeforeValidator(_text)] = ""


class Counted(_Part):
    """Tokens as servers count them."""

    prompt_tokens: Annotated[int, BeforeValidator(_count)] = 0
    completion_tokens: Annotated[int, BeforeValidator(_count)] = 0
    total_tokens: Annotated[int, BeforeValidator(_count)] = 0


class Fault(_Part):
    """A provider's error inside an answer of success."""

    message: Annotated[str, BeforeValidator(_text)] = ""
    code: object = None


class Wire(_Part):
    """A whole completion."""

    choices: Annotated[tuple[Choice, ...], BeforeValidator(_listed)] = Field(default=())
    model: Annotated[str, BeforeValidator(_text)] = ""
    system_fingerprint: Annotated[str, BeforeValidator(_text)] = ""
