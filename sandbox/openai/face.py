"""The OpenAI-compatible face: `/v1/chat/completions` and `/v1/models`.

Rows: `openai.key` (accepted API keys), `openai.model` (offered models), `openai.script`.
Errors carry OpenAI's body `{"error": {message, type, param, code}}`.
"""

import json
from datetime import timedelta
from typing import cast

from sandbox.openai.ask import Ask, spoken
from sandbox.openai.script import choose, voice
from sandbox.wire import Handler, Json, Request, Response
from sandbox.world import Row, World

MODEL = "scripted-model"
REQUESTS_PER_MINUTE = 500
TOKENS_PER_MINUTE = 200_000


class OpenAiError(Exception):
    """OpenAI refuses: HTTP status and the four members of its error body."""

    def __init__(
        self, status: int, message: str, *, code: str | None, kind: str, param: str | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"message": message, "type": kind, "param": param, "code": code}
        self.headers: dict[str, str] = {}


def add_key(world: World, key: str, *, model: str = MODEL) -> None:
    """Let an API key be accepted, and offer a model."""
    world.table("openai.key")[key] = {"key": key}
    world.table("openai.model")[model] = {"id": model}


def face(world: World) -> Handler:
    """Answer as api.openai.com does, by the script."""

    def answer(request: Request) -> Response:
        stamp: dict[str, str] = {"x_request_id": f"req_{world.next_serial():024x}"}
        usage: Row = {}
        try:
            body = _run(world, request)
            usage = body.get("usage") or {}
            response = Response.of(body, 200, **stamp, **_meter(world, usage))
        except OpenAiError as error:
            body = {"error": error.body}
            response = Response.of(body, error.status, **stamp, **error.headers)
        world.record(
            "request",
            "openai",
            f"{request.method} {request.path}",
            status=response.status,
            tokens=usage.get("total_tokens", 0),
        )
        return response

    return answer


def _run(world: World, request: Request) -> Row:
    given = request.headers.get("authorization", "").removeprefix("Bearer ")
    if given not in world.table("openai.key"):
        raise OpenAiError(
            401,
            "Incorrect API key provided.",
            code="invalid_api_key",
            kind="invalid_request_error",
        )
    if request.path == "/v1/models" and request.method == "GET":
        return {"object": "list", "data": [_model(row) for row in _models(world).values()]}
    if request.path == "/v1/chat/completions" and request.method == "POST":
        return _complete(world, _read(world, request))
    raise OpenAiError(
        404,
        f"Invalid URL ({request.method} {request.path})",
        code=None,
        kind="invalid_request_error",
    )


def _models(world: World) -> dict[str, Row]:
    return world.table("openai.model")


def _model(row: Row) -> Row:
    return {"id": row["id"], "object": "model", "created": 1_700_000_000, "owned_by": "sandbox"}


def _read(world: World, request: Request) -> Ask:
    try:
        body: Json = request.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise _invalid("We could not parse the JSON body of your request.", None)
    row = cast("Row", body)
    if not row.get("messages"):
        raise _invalid("Missing required parameter: 'messages'.", "messages")
    if row.get("model") not in _models(world):
        raise OpenAiError(
            404,
            f"The model `{row.get('model')}` does not exist or you do not have access to it.",
            code="model_not_found",
            kind="invalid_request_error",
        )
    if row.get("stream"):
        raise _invalid("Unsupported parameter: 'stream'.", "stream", "unsupported_parameter")
    _check_tool_answers(row["messages"])
    return Ask(row)


def _invalid(message: str, param: str | None, code: str | None = None) -> OpenAiError:
    return OpenAiError(400, message, code=code, kind="invalid_request_error", param=param)


def _check_tool_answers(messages: list[Row]) -> None:
    """Every tool call must be answered before the next message (OpenAI: Function calling)."""
    open_calls: set[str] = set()
    for message in messages:
        if message["role"] == "tool":
            if message.get("tool_call_id") not in open_calls:
                raise _invalid(
                    "messages with role 'tool' must be a response to a preceding message with "
                    "'tool_calls'.",
                    "messages",
                )
            open_calls.discard(message["tool_call_id"])
            continue
        if open_calls:
            break
        calls: list[Row] = message.get("tool_calls") or []
        open_calls = {call["id"] for call in calls}
    if open_calls:
        raise _invalid(
            "An assistant message with 'tool_calls' must be followed by tool messages responding "
            f"to each 'tool_call_id'. Missing: {', '.join(sorted(open_calls))}",
            "messages",
        )


def _complete(world: World, ask: Ask) -> Row:
    reply = choose(world, ask)
    world.advance(timedelta(seconds=reply.get("delay_seconds", 0)))
    if "error" in reply:
        raise _scripted(reply["error"])
    choice = voice(reply, ask)
    calls: list[Row] = choice["message"].get("tool_calls") or []
    for call in calls:
        call["id"] = f"call_{world.next_serial():024d}"
    sent = sum(_tokens(spoken(message)) for message in ask.messages)
    sent += _tokens(json.dumps(ask.tools)) if ask.tools else 0
    written = _tokens(json.dumps(choice["message"]))
    return {
        "id": f"chatcmpl-{world.next_serial():024d}",
        "object": "chat.completion",
        "created": int(world.now.timestamp()),
        "model": ask.body["model"],
        "choices": [{"index": 0, "logprobs": None, **choice}],
        "usage": {
            "prompt_tokens": sent,
            "completion_tokens": written,
            "total_tokens": sent + written,
            "prompt_tokens_details": {"cached_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0},
        },
        "service_tier": "default",
        "system_fingerprint": "fp_scripted",
    }


def _tokens(text: str) -> int:
    """About four characters to a token."""
    return len(text) // 4 + 1


def _scripted(error: Row) -> OpenAiError:
    refusal = OpenAiError(
        error["status"],
        error["message"],
        code=error.get("code"),
        kind=error.get("type", "invalid_request_error"),
        param=error.get("param"),
    )
    if "retry_after" in error:
        refusal.headers["retry_after"] = str(error["retry_after"])
    return refusal


def _meter(world: World, usage: Row) -> dict[str, str]:
    """The rate limit headers, counted per minute of this world; informative only."""
    meter = world.table("openai.meter").setdefault("meter", {"minute": 0, "requests": 0, "used": 0})
    minute = int(world.now.timestamp()) // 60
    if meter["minute"] != minute:
        meter.update(minute=minute, requests=0, used=0)
    meter["requests"] += 1
    meter["used"] += usage.get("total_tokens", 0)
    rest = f"{60 - int(world.now.timestamp()) % 60}s"
    return {
        "openai_processing_ms": "10",
        "openai_version": "2020-10-01",
        "x_ratelimit_limit_requests": str(REQUESTS_PER_MINUTE),
        "x_ratelimit_limit_tokens": str(TOKENS_PER_MINUTE),
        "x_ratelimit_remaining_requests": str(max(0, REQUESTS_PER_MINUTE - meter["requests"])),
        "x_ratelimit_remaining_tokens": str(max(0, TOKENS_PER_MINUTE - meter["used"])),
        "x_ratelimit_reset_requests": rest,
        "x_ratelimit_reset_tokens": rest,
    }
