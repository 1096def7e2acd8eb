"""What OpenAI refuses in a chat-completions request: parameter, code and sentence.

Source: openai-python's types of the request for names and values; the sentences are those of the
API as far as they are known.
"""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple, cast

from sandbox.http.message import Json
from sandbox.openai.errors import invalid
from sandbox.openai.request import spoken
from sandbox.openai.strict_schema import check_strict
from sandbox.state.world import Row

ROLES = ("system", "developer", "user", "assistant", "tool", "function")
FORMATS = ("text", "json_object", "json_schema")
CHOICES = ("none", "auto", "required")
KNOWN = frozenset(
    "audio frequency_penalty function_call functions logit_bias logprobs max_completion_tokens"
    " max_tokens messages metadata modalities model moderation n parallel_tool_calls prediction"
    " presence_penalty prompt_cache_key prompt_cache_options reasoning_effort response_format"
    " safety_identifier seed service_tier stop store stream stream_options temperature tool_choice"
    " tools top_logprobs top_p user verbosity web_search_options".split()
)
MOST_TOOLS, MOST_STOPS, MOST_CHOICES = 128, 4, 128
_NAME = re.compile(r"^[a-zA-Z0-9_-]{1,64}$")


class Range(NamedTuple):
    """Between what a number must lie."""

    least: float
    most: float
    is_whole: bool = False


RANGES: Mapping[str, Range] = {
    "temperature": Range(0, 2),
    "top_p": Range(0, 1),
    "presence_penalty": Range(-2, 2),
    "frequency_penalty": Range(-2, 2),
    "top_logprobs": Range(0, 20, is_whole=True),
    "n": Range(1, MOST_CHOICES, is_whole=True),
    "max_completion_tokens": Range(1, 10_000_000, is_whole=True),
    "max_tokens": Range(1, 10_000_000, is_whole=True),
}


def check(body: Row) -> None:
    """Raise `OpenAiError` for the first thing that is wrong."""
    for name in body:
        if name not in KNOWN:
            raise invalid(f"Unrecognized request argument supplied: {name}", None)
    for check_part in _PARTS:
        check_part(body)


def _check_numbers(body: Row) -> None:
    for name, within in RANGES.items():
        value: Json = body.get(name)
        if value is None:
            continue
        kinds = (int,) if within.is_whole else (int, float)
        if isinstance(value, bool) or not isinstance(value, kinds):
            wanted = "an integer" if within.is_whole else "a decimal"
            told = f"Invalid type for '{name}': expected {wanted}, but got {value!r} instead."
            raise invalid(told, name, "invalid_type")
        kind = "integer" if within.is_whole else "decimal"
        if value > within.most:
            told = f"{kind} above maximum value. Expected a value <= {within.most:g}"
            code = f"{kind}_above_max_value"
            raise invalid(f"Invalid '{name}': {told}, but got {value} instead.", name, code)
        if value < within.least:
            told = f"{kind} below minimum value. Expected a value >= {within.least:g}"
            code = f"{kind}_below_min_value"
            raise invalid(f"Invalid '{name}': {told}, but got {value} instead.", name, code)
    if body.get("max_tokens") is not None and body.get("max_completion_tokens") is not None:
        told = "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported."
        raise invalid(told, "max_tokens", "invalid_parameter_combination")


def _check_messages(body: Row) -> None:
    messages: Json = body.get("messages")
    if not isinstance(messages, list):
        code = None if messages is None else "invalid_type"
        raise invalid("Missing required parameter: 'messages'.", "messages", code)
    if not messages:
        told = "Invalid 'messages': empty array. Expected an array with minimum length 1."
        raise invalid(told, "messages", "empty_array")
    for place, message in enumerate(cast("list[Json]", messages)):
        _check_message(message, f"messages[{place}]")
    _check_tool_answers(cast("list[Row]", messages))


def _check_message(message: Json, where: str) -> None:
    row = cast("Row", message) if isinstance(message, dict) else {}
    role = row.get("role")
    if role not in ROLES:
        told = f"Invalid value: '{role}'. Supported values are: {_listed(ROLES)}."
        raise invalid(told, f"{where}.role", "invalid_value")
    content = row.get("content")
    if not isinstance(content, str | list) and not (role == "assistant" and content is None):
        told = f"Invalid value for 'content': expected a string, got {_kind(content)}."
        raise invalid(told, f"{where}.content")
    if role == "tool" and not row.get("tool_call_id"):
        told = f"Missing required parameter: '{where}.tool_call_id'."
        raise invalid(told, f"{where}.tool_call_id", "missing_required_parameter")


def _check_tool_answers(messages: list[Row]) -> None:
    """Every tool call must be answered before the next message (OpenAI: Function calling)."""
    open_calls: set[str] = set()
    for place, message in enumerate(messages):
        if message["role"] == "tool":
            if message.get("tool_call_id") not in open_calls:
                raise invalid(
                    "messages with role 'tool' must be a response to a preceding message with "
                    "'tool_calls'.",
                    f"messages[{place}].role",
                )
            open_calls.discard(message["tool_call_id"])
            continue
        if open_calls:
            break
        calls: list[Row] = message.get("tool_calls") or []
        open_calls = {call["id"] for call in calls}
    if open_calls:
        raise invalid(
            "An assistant message with 'tool_calls' must be followed by tool messages responding "
            f"to each 'tool_call_id'. The following tool_call_ids did not have response messages: "
            f"{', '.join(sorted(open_calls))}",
            "messages",
        )


def _check_tools(body: Row) -> None:
    tools: list[Row] = body.get("tools") or []
    if len(tools) > MOST_TOOLS:
        told = f"Expected an array with maximum length {MOST_TOOLS}, but got {len(tools)} instead."
        code = "array_above_max_length"
        raise invalid(f"Invalid 'tools': array too long. {told}", "tools", code)
    for place, tool in enumerate(tools):
        where = f"tools[{place}].function"
        function: Row = tool.get("function") or {}
        if tool.get("type") != "function" or not function:
            told = f"Missing required parameter: '{where}'."
            raise invalid(told, where, "missing_required_parameter")
        if not _NAME.match(str(function.get("name", ""))):
            told = "string does not match pattern. Expected a string that matches the pattern"
            told = f"Invalid '{where}.name': {told} '^[a-zA-Z0-9_-]+$'."
            raise invalid(told, f"{where}.name", "invalid_value")
        if function.get("strict"):
            label = f"function '{function['name']}'"
            fault = check_strict(function.get("parameters") or {})
            if fault:
                told = f"Invalid schema for {label}: {fault}"
                raise invalid(told, f"{where}.parameters", "invalid_function_parameters")


def _check_choice(body: Row) -> None:
    tools: list[Row] = body.get("tools") or []
    for name in ("tool_choice", "parallel_tool_calls"):
        if body.get(name) is not None and not tools:
            told = f"'{name}' is only allowed when 'tools' are specified."
            raise invalid(f"Invalid value for '{name}': {told}", name)
    choice: Json = body.get("tool_choice")
    if choice is None or choice in CHOICES:
        return
    named = cast("Row", choice).get("function", {}).get("name") if isinstance(choice, dict) else ""
    if not named:
        told = f"Invalid value: '{choice}'. Supported values are: {_listed(CHOICES)}."
        raise invalid(told, "tool_choice", "invalid_value")
    if named not in {tool["function"]["name"] for tool in tools}:
        told = f"Tool choice '{named}' not found in 'tools' parameter."
        raise invalid(f"Invalid value for 'tool_choice': {told}", "tool_choice")


def _check_format(body: Row) -> None:
    wanted: Row = body.get("response_format") or {}
    kind = wanted.get("type")
    if wanted and kind not in FORMATS:
        told = f"Invalid value: '{kind}'. Supported values are: {_listed(FORMATS)}."
        raise invalid(told, "response_format.type", "invalid_value")
    if kind == "json_object":
        if not any("json" in spoken(one).lower() for one in body["messages"]):
            told = "'messages' must contain the word 'json' in some form, to use 'response_format'"
            raise invalid(f"{told} of type 'json_object'.", "messages")
    elif kind == "json_schema":
        _check_schema(wanted.get("json_schema") or {})


def _check_schema(named: Row) -> None:
    where = "response_format.json_schema"
    for name in ("name", "schema"):
        if not named.get(name):
            told = f"Missing required parameter: '{where}.{name}'."
            raise invalid(told, f"{where}.{name}", "missing_required_parameter")
    if not _NAME.match(str(named["name"])):
        told = f"Invalid '{where}.name': string does not match pattern '^[a-zA-Z0-9_-]+$'."
        raise invalid(told, f"{where}.name", "invalid_value")
    fault = check_strict(named["schema"]) if named.get("strict") else None
    if fault:
        told = f"Invalid schema for response_format '{named['name']}': {fault}"
        raise invalid(told, "response_format", "invalid_json_schema")


def _check_stop(body: Row) -> None:
    stop: Json = body.get("stop")
    if isinstance(stop, list) and len(cast("list[Json]", stop)) > MOST_STOPS:
        told = f"Invalid 'stop': array too long. Expected at most {MOST_STOPS}."
        raise invalid(told, "stop", "array_above_max_length")


def _check_stream(body: Row) -> None:
    if body.get("stream_options") is not None and not body.get("stream"):
        told = "The 'stream_options' parameter is only allowed when 'stream' is enabled."
        raise invalid(told, "stream_options")


_PARTS: tuple[Callable[[Row], None], ...] = (
    _check_messages,
    _check_numbers,
    _check_tools,
    _check_choice,
    _check_format,
    _check_stop,
    _check_stream,
)


def _listed(words: tuple[str, ...]) -> str:
    return ", ".join(f"'{one}'" for one in words)


def _kind(value: Json) -> str:
    return "null" if value is None else type(value).__name__
