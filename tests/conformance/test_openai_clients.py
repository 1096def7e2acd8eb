"""The chat completions face, used by OpenAI's own clients."""

from collections.abc import Callable, Iterator

import openai
import pytest
from openai import OpenAI

from sandbox.http.message import Json
from sandbox.openai import add_rule
from sandbox.state.world import World

TOO_FAST = {
    "status": 429,
    "code": "rate_limit_exceeded",
    "type": "requests",
    "message": "Rate limit reached",
    "retry_after": 2,
}


@pytest.fixture(scope="module", autouse=True)
def script(world: World) -> None:
    """What the model says."""
    add_rule(world, {"contains": "colour"}, {"text": "blue"})
    call: Json = {"name": "look", "arguments": {}}
    add_rule(world, {"contains": "look it up"}, {"tool_calls": [call]})
    add_rule(world, {"contains": "too fast"}, {"error": TOO_FAST})


@pytest.fixture(scope="module")
def client(details: Json) -> Iterator[OpenAI]:
    """Their client, with nothing changed but the address."""
    there = details["openai"]
    with OpenAI(base_url=there["base_url"], api_key=there["api_key"], max_retries=0) as client:
        yield client


def test_an_answer_and_a_call(client: OpenAI, details: Json) -> None:
    """A text with its tokens, streamed too, and a call of a tool that was offered."""
    model = details["openai"]["model"]
    asked = client.chat.completions.create(
        model=model, messages=[{"role": "user", "content": "Which colour?"}]
    )
    pieces = client.chat.completions.create(
        model=model, messages=[{"role": "user", "content": "Which colour?"}], stream=True
    )
    streamed = "".join(one.choices[0].delta.content or "" for one in pieces if one.choices)
    called = client.chat.completions.create(
        model=model,
        messages=[{"role": "user", "content": "Look it up"}],
        tools=[{"type": "function", "function": {"name": "look", "parameters": {}}}],
    )
    (call,) = called.choices[0].message.tool_calls or []
    assert call.type == "function"
    assert ("blue", "blue", "look") == (
        asked.choices[0].message.content,
        streamed,
        call.function.name,
    )
    assert asked.usage is not None
    assert asked.usage.total_tokens > 0


def test_errors_are_theirs(client: OpenAI, details: Json) -> None:
    """A wrong key, a wrong model, and too many requests raise what they raise at OpenAI."""
    model = details["openai"]["model"]
    stranger = client.with_options(api_key="sk-nobody")
    with pytest.raises(openai.AuthenticationError) as key:
        stranger.models.list()
    with pytest.raises(openai.NotFoundError) as none:
        client.chat.completions.create(
            model="gpt-none", messages=[{"role": "user", "content": "?"}]
        )
    with pytest.raises(openai.RateLimitError) as limited:
        client.chat.completions.create(
            model=model, messages=[{"role": "user", "content": "too fast"}]
        )
    assert ["invalid_api_key", "model_not_found", "rate_limit_exceeded"] == [
        key.value.code,
        none.value.code,
        limited.value.code,
    ]
    assert "2" == limited.value.response.headers["retry-after"]


def test_the_client_of_node_does_the_same(node: Callable[..., Json]) -> None:
    """Openai for JavaScript: an answer, a call, the models, the same errors."""
    assert {
        "said": "blue",
        "tokens": True,
        "called": "look",
        "model": True,
        "errors": [
            [401, "invalid_api_key"],
            [404, "model_not_found"],
            [429, "rate_limit_exceeded"],
        ],
    } == node("openai.mjs")
