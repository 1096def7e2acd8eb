"""The OpenAI-compatible face: `/v1/chat/completions` and `/v1/models`.

Rows: `openai.key` (accepted API keys), `openai.model` (offered models), `openai.script`,
`openai.limit`. Errors carry OpenAI's body `{"error": {message, type, param, code}}`.
"""

import json
from datetime import timedelta
from typing import cast

from sandbox.http.message import Handler, Json, Request, Response
from sandbox.openai import rate_limits
from sandbox.openai.errors import REQUEST, OpenAiError, invalid
from sandbox.openai.personalities import character
from sandbox.openai.request import Ask, spoken
from sandbox.openai.script import choose, voice
from sandbox.openai.stream import stream
from sandbox.openai.validation import check
from sandbox.state.world import Row, World

MODEL = "scripted-model"
CONTEXT = 128_000
"""Tokens that a request and its answer may have together."""
CHARACTERS = 4
"""About so many to a token."""


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
            body, wants = _run(world, request)
            usage = body.get("usage") or {}
            stamp |= rate_limits.headers(world)
            if wants.get("stream"):
                options: Row = wants.get("stream_options") or {}
                told = bool(options.get("include_usage"))
                response = stream(body, with_usage=told, headers=stamp)
            else:
                response = Response.of(body, 200, **stamp)
        except OpenAiError as error:
            response = Response.of({"error": error.body}, error.status, **stamp, **error.headers)
        world.record(
            "request",
            "openai",
            f"{request.method} {request.path}",
            status=response.status,
            tokens=usage.get("total_tokens", 0),
        )
        return response

    return answer


def _run(world: World, request: Request) -> tuple[Row, Row]:
    """The answer's body, and what was asked for."""
    _authenticate(world, request)
    path = request.path.removeprefix("/v1")
    if path == "/models" and request.method == "GET":
        offered = world.table("openai.model")
        return {"object": "list", "data": [_model(one) for one in offered]}, {}
    if path.startswith("/models/") and request.method == "GET":
        return _model(_known(world, path.removeprefix("/models/"))), {}
    if path == "/chat/completions" and request.method == "POST":
        ask = _read(world, request)
        return _complete(world, ask), ask.body
    raise OpenAiError(404, f"Invalid URL ({request.method} {request.path})")


def _authenticate(world: World, request: Request) -> None:
    given = request.headers.get("authorization", "").removeprefix("Bearer").strip()
    if not given:
        told = "You didn't provide an API key. Provide it in an Authorization header: Bearer KEY."
        raise OpenAiError(401, told)
    if given not in world.table("openai.key"):
        hidden = f"{given[:3]}***{given[-4:]}"
        raise OpenAiError(401, f"Incorrect API key provided: {hidden}.", code="invalid_api_key")


def _known(world: World, model: str) -> str:
    """A model's name; characters are known without being listed. Raises `OpenAiError`."""
    if model not in world.table("openai.model") and not character(model):
        raise OpenAiError(
            404,
            f"The model `{model}` does not exist or you do not have access to it.",
            code="model_not_found",
        )
    return model


def _model(name: str) -> Row:
    return {"id": name, "object": "model", "created": 1_700_000_000, "owned_by": "sandbox"}


def _read(world: World, request: Request) -> Ask:
    try:
        body: Json = request.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise invalid("We could not parse the JSON body of your request.", None)
    row = cast("Row", body)
    if not row.get("model"):
        raise invalid("you must provide a model parameter", None)
    _known(world, str(row["model"]))
    check(row)
    return Ask(row)


def _complete(world: World, ask: Ask) -> Row:
    sent = sum(_tokens(spoken(message)) for message in ask.messages)
    sent += _tokens(json.dumps(ask.tools)) if ask.tools else 0
    if sent > CONTEXT:
        raise invalid(
            f"This model's maximum context length is {CONTEXT} tokens. However, your messages "
            f"resulted in {sent} tokens. Please reduce the length of the messages.",
            "messages",
            "context_length_exceeded",
        )
    rate_limits.spend(world, sent)
    reply = choose(world, ask, character(str(ask.body["model"])))
    world.advance(timedelta(seconds=reply.get("delay_seconds", 0)))
    if "error" in reply:
        raise _scripted(reply["error"])
    choices: list[Row] = [
        {"index": place, "logprobs": None, **_limited(voice(reply, ask), ask)}
        for place in range(ask.body.get("n") or 1)
    ]
    for choice in choices:
        for call in cast("list[Row]", choice["message"].get("tool_calls") or []):
            call["id"] = f"call_{world.next_serial():024d}"
    written = sum(_tokens(json.dumps(choice["message"])) for choice in choices)
    return {
        "id": f"chatcmpl-{world.next_serial():024d}",
        "object": "chat.completion",
        "created": int(world.now.timestamp()),
        "model": ask.body["model"],
        "choices": choices,
        "usage": {
            "prompt_tokens": sent,
            "completion_tokens": written,
            "total_tokens": sent + written,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
        },
        "service_tier": "default",
        "system_fingerprint": "fp_scripted",
    }


def _limited(choice: Row, ask: Ask) -> Row:
    """A choice cut at a stop sequence or at the most tokens that were asked for."""
    message: Row = choice["message"]
    text: str | None = message["content"]
    if text is None:
        return choice
    stop: Json = ask.body.get("stop") or []
    for word in [stop] if isinstance(stop, str) else cast("list[str]", stop):
        text = text.partition(word)[0]
    most = ask.body.get("max_completion_tokens") or ask.body.get("max_tokens")
    if most is not None and len(text) > most * CHARACTERS:
        text, choice["finish_reason"] = text[: most * CHARACTERS], "length"
    message["content"] = text
    return choice


def _tokens(text: str) -> int:
    return len(text) // CHARACTERS + 1


def _scripted(error: Row) -> OpenAiError:
    refusal = OpenAiError(
        error["status"],
        error["message"],
        code=error.get("code"),
        kind=error.get("type", REQUEST),
        param=error.get("param"),
    )
    if "retry_after" in error:
        refusal.headers["retry_after"] = str(error["retry_after"])
    return refusal
