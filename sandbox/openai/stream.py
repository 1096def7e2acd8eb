"""A completion as server-sent events, piece by piece. Source: OpenAI, "Streaming responses"."""

import json
from collections.abc import Iterator
from typing import cast

from sandbox.http.message import Json, Response
from sandbox.state.world import Row

PIECE = 12
"""Characters of one piece of text."""


def stream(completion: Row, *, with_usage: bool, headers: dict[str, str]) -> Response:
    """The answer to a request with `stream`."""
    chunks = [*_chunks(completion, with_usage=with_usage), "[DONE]"]
    body = "".join(f"data: {one}\n\n" for one in chunks)
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    told = {"content-type": "text/event-stream; charset=utf-8", **named}
    return Response(200, body.encode(), told)


def _chunks(completion: Row, *, with_usage: bool) -> Iterator[str]:
    kept = ("id", "created", "model", "service_tier", "system_fingerprint")
    head: Row = {name: completion[name] for name in kept}
    head["object"] = "chat.completion.chunk"
    usage: Row = {"usage": None} if with_usage else {}
    for choice in cast("list[Row]", completion["choices"]):
        for delta, finish in _deltas(choice):
            told = {"index": choice["index"], "delta": delta, "logprobs": None}
            yield json.dumps({**head, "choices": [told | {"finish_reason": finish}], **usage})
    if with_usage:
        yield json.dumps({**head, "choices": [], "usage": completion["usage"]})


def _deltas(choice: Row) -> Iterator[tuple[Json, str | None]]:
    message: Row = choice["message"]
    yield {"role": "assistant", "content": "", "refusal": None}, None
    for name in ("content", "refusal"):
        for piece in _pieces(message.get(name) or ""):
            yield {name: piece}, None
    for place, call in enumerate(message.get("tool_calls") or ()):
        function: Row = call["function"]
        opened = {"name": function["name"], "arguments": ""}
        first = {"index": place, "id": call["id"], "type": "function", "function": opened}
        yield {"tool_calls": [first]}, None
        for piece in _pieces(function["arguments"]):
            yield {"tool_calls": [{"index": place, "function": {"arguments": piece}}]}, None
    yield {}, choice["finish_reason"]


def _pieces(text: str) -> Iterator[str]:
    return (text[at : at + PIECE] for at in range(0, len(text), PIECE))
