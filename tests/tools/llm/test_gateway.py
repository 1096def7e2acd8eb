"""Asking a model over real HTTP: the sandbox's scripted model, and servers that know less."""

import json
import random
import socket
from collections.abc import Callable, Generator, Mapping
from contextlib import nullcontext, suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, SecretStr

from domain import border
from domain.errors import (
    AuthError,
    QuotaError,
    RateLimitError,
    RequestError,
    ToolError,
    UnavailableError,
)
from prompts import load
from prompts.readings import LeadReading
from sandbox import openai
from sandbox.http.message import Request, Response
from sandbox.server.http_server import Server
from sandbox.state.world import World
from tools.llm import (
    LlmGateway,
    LlmSettings,
    ModelOutputError,
    ModelRefusedError,
    Tool,
    Usage,
)
from tools.llm.completions import Meter, read_answer, tool_calls, usage_of
from tools.llm.schemas import strict_schema

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
KEY = "sk-test"
ASK = [{"role": "user", "content": "Which color is the sky?"}]

Body = dict[str, Any]
Objection = Callable[[Body], Response | None]


class Color(BaseModel):
    """What the model is asked for."""

    name: Literal["blue", "green"]
    sure: float = Field(ge=0, le=1)
    remark: str | None = None
    shade: str = "none"


class Paint(BaseModel):
    """Arguments of a tool."""

    color: Literal["blue", "green"]


BLUE = {"name": "blue", "sure": 0.9, "remark": None, "shade": None}
PAINT = Tool("paint", "Paint the sky.", Paint)


class Clock:
    """A clock that moves when slept on, and with the world that the model lives in."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.naps: list[float] = []

    def now(self) -> datetime:
        """The world's time."""
        return self.world.now

    def sleep(self, seconds: float) -> None:
        """Move on and remember."""
        self.naps.append(seconds)
        self.world.advance(timedelta(seconds=seconds))


class Model:
    """The scripted model behind a port, and what its server objects to."""

    def __init__(self) -> None:
        self.world = World(now=NOW)
        self.clock = Clock(self.world)
        self.bodies: list[Body] = []
        self.headers: list[Mapping[str, str]] = []
        self.objections: list[Objection] = []
        """Looked at before the model is asked; the first answer given is the server's."""
        self.gateways: list[LlmGateway] = []
        openai.add_key(self.world, KEY)
        face = openai.face(self.world)

        def answer(request: Request) -> Response:
            if request.method == "POST":
                body: Body = request.json()
                self.bodies.append(body)
                self.headers.append(request.headers)
                for objection in self.objections:
                    if (objected := objection(body)) is not None:
                        return objected
            return face(request)

        self.server = Server(self.world, {"/openai": answer})
        self.server.start()

    @property
    def forms(self) -> list[str | None]:
        """How each request asked for the form of its answer."""
        return [body.get("response_format", {}).get("type") for body in self.bodies]

    def says(self, reply: Body, *, times: int | None = None, **when: Any) -> None:  # noqa: ANN401  (as the script)
        """Teach the model what to say."""
        openai.add_rule(self.world, when, reply, times=times)

    def gateway(self, **settings: Any) -> LlmGateway:  # noqa: ANN401  (as LlmSettings)
        """A gateway to this model."""
        url = f"http://127.0.0.1:{self.server.port}/openai/v1"
        named: Body = {"api_key": SecretStr(KEY), "model": openai.MODEL, "base_url": url}
        gateway = LlmGateway(LlmSettings(**named | settings), self.clock, random.Random(1))
        self.gateways.append(gateway)
        return gateway

    def stop(self) -> None:
        """Close everything."""
        for gateway in self.gateways:
            gateway.close()
        self.server.stop()


@pytest.fixture
def model() -> Generator[Model]:
    """A running model that nobody taught anything yet."""
    model = Model()
    yield model
    model.stop()


@pytest.fixture
def gateway(model: Model) -> LlmGateway:
    """A gateway to the model."""
    return model.gateway()


def refuses(parameter: str, *, code: str | None = "unsupported_parameter") -> Objection:
    """A server that doesn't know a parameter and says so as OpenAI does."""
    message = f"Unsupported parameter: '{parameter}' is not supported with this model."

    def objection(body: Body) -> Response | None:
        return error(400, message, code=code, param=parameter) if parameter in body else None

    return objection


def refuses_form(*kinds: str) -> Objection:
    """A server that doesn't know these forms of `response_format`, and names no parameter."""

    def objection(body: Body) -> Response | None:
        kind = body.get("response_format", {}).get("type")
        message = f"response_format.type {kind!r} is not supported"
        return error(400, message) if kind in kinds else None

    return objection


def error(
    status: int, message: str, *, code: str | None = None, param: str | None = None, **headers: str
) -> Response:
    """An error as OpenAI words it."""
    body = {"message": message, "type": "invalid_request_error", "param": param, "code": code}
    return Response.of({"error": body}, status, **headers)


def failing(*answers: Response) -> Objection:
    """A server that gives these answers first."""
    left = list(answers)
    return lambda _: left.pop(0) if left else None


def test_an_answer_has_the_form_asked_for_and_its_circumstances(
    model: Model, gateway: LlmGateway
) -> None:
    """Validated, counted, timed, and traceable to the prompt, the model and the server."""
    model.says({"json": BLUE, "delay_seconds": 2}, schema="Color")
    completion = gateway.complete(ASK, schema=Color, max_tokens=50, prompt="v1")
    assert completion.parsed == Color(name="blue", sure=0.9)
    assert (completion.mode, completion.prompt, completion.model) == (
        "json_schema",
        "v1",
        openai.MODEL,
    )
    assert completion.latency == timedelta(seconds=2)
    assert completion.fingerprint == "fp_scripted"
    assert completion.usage.prompt > 0
    assert model.bodies[0]["max_completion_tokens"] == 50


def test_a_text_needs_no_schema(model: Model, gateway: LlmGateway) -> None:
    """Without a schema the text is the answer."""
    model.says({"text": "Blue."})
    completion = gateway.complete(ASK, max_tokens=50)
    assert (completion.text, completion.parsed, completion.mode) == ("Blue.", None, "text")


def test_a_strict_schema_is_closed_and_complete() -> None:
    """Every property is required, what has a default may be null, and limits are left out."""
    assert strict_schema(Color) == {
        "description": "What the model is asked for.",
        "type": "object",
        "properties": {
            "name": {"type": "string", "enum": ["blue", "green"]},
            "sure": {"type": "number"},
            "remark": {"anyOf": [{"type": "string"}, {"type": "null"}]},
            "shade": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        },
        "required": ["name", "sure", "remark", "shade"],
        "additionalProperties": False,
    }


def test_nested_objects_are_closed_too() -> None:
    """Definitions are treated as the whole is; a property named like a keyword stays."""

    class Outer(BaseModel):
        title: str
        colors: list[Color]

    schema = strict_schema(Outer)
    assert list(schema["properties"]) == ["title", "colors"]
    assert schema["$defs"]["Color"]["additionalProperties"] is False


@pytest.mark.parametrize(
    ("refused", "mode"),
    [(("json_schema",), "json_object"), (("json_schema", "json_object"), "text")],
)
def test_a_server_that_knows_less_is_asked_more_simply(
    model: Model, gateway: LlmGateway, refused: tuple[str, ...], mode: str
) -> None:
    """The schema then stands in the prompt, and what was learnt is remembered."""
    model.objections.append(refuses_form(*refused))
    model.says({"text": f"Here you are:\n```json\n{json.dumps(BLUE)}\n```"})
    messages = [{"role": "system", "content": "Be brief."}, *ASK]
    completion = gateway.complete(messages, schema=Color, max_tokens=50)
    assert (completion.parsed, completion.mode) == (Color(name="blue", sure=0.9), mode)
    system = model.bodies[-1]["messages"][0]["content"]
    assert system.startswith("Be brief.\n\nAnswer with one JSON object")
    asked = len(model.bodies)
    gateway.complete(messages, schema=Color, max_tokens=50)
    assert len(model.bodies) == asked + 1


@pytest.mark.parametrize("parameter", ["temperature", "parallel_tool_calls"])
def test_a_refused_parameter_is_left_out_from_then_on(
    model: Model, gateway: LlmGateway, parameter: str
) -> None:
    """One failure teaches it."""
    model.objections.append(refuses(parameter))
    model.says({"text": "Blue."})
    for _ in range(2):
        gateway.complete(ASK, tools=[PAINT], max_tokens=50)
    assert [parameter in body for body in model.bodies] == [True, False, False]


def test_an_older_server_gets_max_tokens(model: Model, gateway: LlmGateway) -> None:
    """The limit keeps its meaning under its former name."""
    model.objections.append(refuses("max_completion_tokens", code=None))
    model.says({"text": "Blue."})
    gateway.complete(ASK, max_tokens=50)
    assert model.bodies[-1]["max_tokens"] == 50


@pytest.mark.parametrize(
    "objection",
    [
        error(400, "This model's maximum context length is 8192", code="context_length_exceeded"),
        error(400, "Unsupported parameter: 'messages'", param="messages"),
        error(404, "The model does not exist", code="model_not_found"),
        error(422, "temperature out of range"),
    ],
)
def test_a_refusal_that_nothing_mends_is_raised_at_once(
    model: Model, gateway: LlmGateway, objection: Response
) -> None:
    """It isn't tried again in other forms."""
    model.objections.append(lambda _: objection)
    with pytest.raises(RequestError):
        gateway.complete(ASK, schema=Color, max_tokens=50)
    assert len(model.bodies) == 1


@pytest.mark.parametrize(
    ("broken", "complaint"),
    [
        ({"text": '{"name": "blue", "su'}, "it is not JSON"),
        ({"text": "It is blue."}, "there is no JSON object in it"),
        ({"json": BLUE | {"name": "red"}}, "name: Input should be 'blue' or 'green'"),
        ({"json": BLUE | {"sure": 7}}, "sure: Input should be less than or equal to 1"),
        ({"json": BLUE, "finish_reason": "length"}, "it was cut off at the limit of tokens"),
    ],
)
def test_a_broken_answer_is_mended_once(
    model: Model, gateway: LlmGateway, broken: Body, complaint: str
) -> None:
    """The model is told what is wrong, and both tries are counted."""
    model.says(broken, times=1)
    model.says({"json": BLUE})
    completion = gateway.complete(ASK, schema=Color, max_tokens=50)
    assert completion.parsed == Color(name="blue", sure=0.9)
    assert complaint in model.bodies[1]["messages"][-1]["content"]
    assert completion.usage.completion > Usage().completion


def test_an_answer_that_stays_broken_is_an_error(model: Model, gateway: LlmGateway) -> None:
    """After one repair there is no second one, and what was said is not repeated."""
    openai.become(model.world, "broken_json")
    with pytest.raises(ModelOutputError, match="after one repair"):
        gateway.complete(ASK, schema=Color, max_tokens=50)
    assert len(model.bodies) == 2


def test_a_refusing_model_is_an_error_of_its_own(model: Model, gateway: LlmGateway) -> None:
    """A refusal is neither an answer nor an outage."""
    openai.become(model.world, "refusing")
    with pytest.raises(ModelRefusedError, match="I can't help"):
        gateway.complete(ASK, schema=Color, max_tokens=50)


def test_a_filtered_answer_is_a_refusal(model: Model, gateway: LlmGateway) -> None:
    """The server's filter stands for the model."""
    model.says({"text": "", "finish_reason": "content_filter"})
    with pytest.raises(ModelRefusedError):
        gateway.complete(ASK, max_tokens=50)


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (Response.of({"choices": []}), ModelOutputError),
        (Response.of({"choices": [{"index": 0}]}), ModelOutputError),
        (Response.of({}), ModelOutputError),
        (Response.of([1]), ModelOutputError),
        (Response(200, b"<html>", {"content-type": "text/html"}), ModelOutputError),
        (
            Response.of(
                {"choices": [{"message": {"role": "assistant", "content": "x" * 200_000}}]}
            ),
            ModelOutputError,
        ),
        (Response(200, b'{"cho', {"content-type": "application/json"}), UnavailableError),
    ],
)
def test_an_answer_that_is_no_completion_is_an_error(
    model: Model, gateway: LlmGateway, answer: Response, failure: type[ToolError]
) -> None:
    """Nothing is read into it."""
    model.objections.append(lambda _: answer)
    with pytest.raises(failure):
        gateway.complete(ASK, max_tokens=50)


def test_a_server_that_leaves_out_what_it_may_is_understood(
    model: Model, gateway: LlmGateway
) -> None:
    """Local servers count no tokens and name no fingerprint: what it took is estimated."""
    message = {"role": "assistant", "content": "Blue."}
    answer = Response.of({"choices": [{"index": 0, "message": message}]})
    model.objections.append(lambda _: answer)
    completion = gateway.complete(ASK, max_tokens=50)
    assert (completion.text, completion.model) == ("Blue.", openai.MODEL)
    assert completion.usage.is_estimate
    assert completion.usage.total > 0


def test_tools_are_offered_strictly_and_their_arguments_checked(
    model: Model, gateway: LlmGateway
) -> None:
    """A call with arguments that fit carries them typed."""
    model.says({"tool_calls": [{"name": "paint", "arguments": {"color": "blue"}}]})
    (call,) = gateway.complete(ASK, tools=[PAINT], max_tokens=50).tool_calls
    assert (call.name, call.arguments, call.problem) == ("paint", Paint(color="blue"), None)
    function = model.bodies[0]["tools"][0]["function"]
    assert function["parameters"]["additionalProperties"] is False
    assert model.bodies[0]["parallel_tool_calls"] is False


@pytest.mark.parametrize(
    ("name", "arguments", "problem"),
    [
        ("delete_all_leads", {"confirm": True}, "there is no tool 'delete_all_leads'"),
        ("paint", {"color": "red"}, "these arguments do not fit: color"),
        ("paint", '{"color": ', "these arguments do not fit: it is not JSON"),
    ],
)
def test_a_call_that_makes_no_sense_says_so(
    model: Model, gateway: LlmGateway, name: str, arguments: object, problem: str
) -> None:
    """It has no arguments to act on, and a sentence to answer the model with."""
    model.says({"tool_calls": [{"name": name, "arguments": arguments}]})
    (call,) = gateway.complete(ASK, tools=[PAINT], max_tokens=50).tool_calls
    assert call.arguments is None
    assert (call.problem or "").startswith(problem)


def test_a_busy_server_is_asked_again_as_it_wishes(model: Model, gateway: LlmGateway) -> None:
    """Retry-After is kept, and the wait is on the run's own clock."""
    busy = error(429, "Rate limit reached", code="rate_limit_exceeded", retry_after="2")
    model.objections.append(failing(busy, error(503, "Overloaded"), error(409, "Conflict")))
    model.says({"text": "Blue."})
    with pytest.raises(UnavailableError):
        gateway.complete(ASK, max_tokens=50)
    assert gateway.complete(ASK, max_tokens=50).text == "Blue."
    assert [2 <= nap <= 2.5 for nap in model.clock.naps] == [True, False]


def test_a_used_up_quota_is_not_asked_again(model: Model, gateway: LlmGateway) -> None:
    """It is a 429 too, but waiting doesn't help."""
    openai.become(model.world, "broke")
    with pytest.raises(QuotaError) as caught:
        gateway.complete(ASK, max_tokens=50)
    assert caught.value.until == NOW + timedelta(hours=1)
    assert len(model.bodies) == 1


def test_a_refused_key_is_not_asked_again(model: Model) -> None:
    """A person must act."""
    with pytest.raises(AuthError):
        model.gateway(api_key=SecretStr("sk-wrong")).complete(ASK, max_tokens=50)
    assert len(model.bodies) == 1


def test_a_wait_beyond_the_deadline_is_not_begun(model: Model, gateway: LlmGateway) -> None:
    """The error says how long the server wanted, and no time is lost."""
    model.objections.append(failing(error(429, "Rate limit reached", retry_after="60")))
    with pytest.raises(RateLimitError) as caught:
        gateway.complete(ASK, max_tokens=50, deadline=NOW + timedelta(seconds=30))
    assert caught.value.retry_after == timedelta(seconds=60)
    assert model.clock.naps == []


def test_an_answer_after_the_deadline_is_not_used(model: Model, gateway: LlmGateway) -> None:
    """A slow model is the same as none."""
    openai.become(model.world, "slow")
    with pytest.raises(UnavailableError, match="no time left"):
        gateway.complete(ASK, max_tokens=50, deadline=NOW + timedelta(seconds=30))


def test_nothing_is_sent_after_the_deadline(model: Model, gateway: LlmGateway) -> None:
    """No tokens are spent on an answer that nobody waits for."""
    with pytest.raises(UnavailableError, match="no time left"):
        gateway.complete(ASK, max_tokens=50, deadline=NOW)
    assert model.bodies == []


def test_a_silent_server_is_given_up(model: Model) -> None:
    """The silence that one try may bear is bounded."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/v1"
        gateway = model.gateway(base_url=url, timeout=0.1, attempts=1)
        with pytest.raises(UnavailableError, match="ReadTimeout"):
            gateway.complete(ASK, max_tokens=50)


def test_the_environment_changes_nothing(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the SDK's own variables nor proxies reach a request."""
    for name, value in {
        "OPENAI_BASE_URL": "http://127.0.0.1:1/v1",
        "OPENAI_ORG_ID": "org-of-the-machine",
        "HTTP_PROXY": "http://127.0.0.1:1",
    }.items():
        monkeypatch.setenv(name, value)
    model.says({"text": "Blue."})
    assert model.gateway().complete(ASK, max_tokens=50).text == "Blue."
    assert "openai-organization" not in model.headers[0]


def test_the_lead_reader_works_with_the_scripted_model(model: Model, gateway: LlmGateway) -> None:
    """The shipped prompt and its form go together; its version is kept with the answer."""
    candidate = {"field": "country", "value": "Germany", "found_in": "city", "evidence": "München"}
    model.says({"json": {"candidates": [candidate]}}, schema="LeadReading")
    prompt = load("read_lead")
    messages = prompt.messages(title="", company="", country="", state="", city="München")
    completion = gateway.complete(
        messages,
        schema=LeadReading,
        max_tokens=prompt.settings.max_tokens,
        prompt=prompt.version,
    )
    assert completion.parsed == LeadReading.model_validate({"candidates": [candidate]})
    assert completion.prompt == prompt.version


def test_examination_finds_the_model(model: Model) -> None:
    """One short question tells whether it answers; what is offered instead is named."""
    assert [one.ok for one in model.gateway().examine()] == [True]
    (finding,) = model.gateway(model="no-such-model").examine()
    assert (finding.ok, finding.fix) == (False, f"Set OPENAI_MODEL to one of: {openai.MODEL}.")
    (finding,) = model.gateway(api_key=SecretStr("sk-wrong")).examine()
    assert finding.fix == "Set OPENAI_API_KEY to a key for this server."
    openai.become(model.world, "broke")
    (finding,) = model.gateway().examine()
    assert finding.fix is not None
    assert "Add credit" in finding.fix


def test_a_key_never_travels_unencrypted(model: Model) -> None:
    """Another machine is spoken to with TLS only."""
    with pytest.raises(AuthError, match="https"):
        model.gateway(base_url="http://api.openai.invalid/v1")


def whole(message: Body, **more: Any) -> Response:  # noqa: ANN401  (JSON)
    """A completion with a message, as a server sends it."""
    choice = {"index": 0, "message": message, "finish_reason": more.pop("finish_reason", "stop")}
    usage = {"prompt_tokens": 900, "completion_tokens": 100, "total_tokens": 1000}
    return Response.of({"choices": [choice], "model": "m", "usage": usage, **more})


def calling(**call: Any) -> Body:  # noqa: ANN401  (JSON)
    """A message that calls a tool."""
    function = {"name": "paint", "arguments": '{"color": "blue"}'}
    return {"content": None, "tool_calls": [{"function": function} | call]}


SHAPES: list[tuple[Body, str]] = [
    ({"content": [{"type": "text", "text": "Bl"}, {"type": "text", "text": "ue."}]}, "Blue."),
    ({"content": [{"type": "thinking", "thinking": []}, {"text": "Blue."}]}, "Blue."),
    ({"content": ["Blue."]}, "Blue."),
    ({"content": "Blue \ud83d"}, "Blue \ufffd"),
    ({"content": "Blue.", "tool_calls": None, "refusal": None}, "Blue."),
    ({"content": "Blue.", "tool_calls": [], "function_call": None}, "Blue."),
]


@pytest.mark.parametrize(("message", "text"), SHAPES)
def test_words_are_read_in_each_shape(
    model: Model, gateway: LlmGateway, message: Body, text: str
) -> None:
    """Parts are joined, thinking is left out, and half an emoji is replaced."""
    model.objections.append(lambda _: whole(message))
    assert text == gateway.complete(ASK, max_tokens=50).text


@pytest.mark.parametrize(
    "call",
    [
        {"id": None},
        {},
        {"id": ""},
        {"id": "c", "type": None},
        {"id": "c", "type": "function"},
        {"id": 7},
        {"id": "c", "function": {"name": "paint", "arguments": {"color": "blue"}}},
        {"id": "c", "function": {"name": "paint", "arguments": '{"color": "bl\\u0000ue"}'}},
    ],
    ids=str,
)
def test_a_call_is_run_in_each_shape(model: Model, gateway: LlmGateway, call: Body) -> None:
    """A call without an id gets one; a call without a type is a function's."""
    model.objections.append(lambda _: whole(calling(**call)))
    (made,) = gateway.complete(ASK, tools=[PAINT], max_tokens=50).tool_calls
    assert (Paint(color="blue"), None) == (made.arguments, made.problem)
    assert made.id


@pytest.mark.parametrize(
    "function", [{"name": None}, {}, {"name": ["paint"]}, None, {"name": "the sky, in blue"}]
)
def test_a_call_without_a_name_is_a_problem_for_the_model(
    model: Model, gateway: LlmGateway, function: object
) -> None:
    """It is answered, not run, and its name can be sent back to any server."""
    model.objections.append(lambda _: whole(calling(id="c", function=function)))
    (made,) = gateway.complete(ASK, tools=[PAINT], max_tokens=50).tool_calls
    assert made.problem is not None
    assert set(made.name) <= set("abcdefghijklmnopqrstuvwxyz_")


def test_two_calls_of_one_id_are_told_apart(model: Model, gateway: LlmGateway) -> None:
    """Some servers give each call of an answer the same id."""
    message = calling(id="c")
    message["tool_calls"] *= 2
    model.objections.append(lambda _: whole(message))
    made = gateway.complete(ASK, tools=[PAINT], max_tokens=50).tool_calls
    assert 2 == len({one.id for one in made})


@pytest.mark.parametrize(
    ("usage", "total"),
    [
        ({"prompt_tokens": "900", "completion_tokens": "100"}, 1000),
        ({"prompt_tokens": 900.5, "completion_tokens": 99.5}, 1001),
        ({"total_tokens": 1000}, 1000),
        ({"prompt_tokens": None, "completion_tokens": 100, "total_tokens": 1000}, 1000),
        ({"prompt_tokens": -5, "completion_tokens": 10}, 10),
    ],
    ids=str,
)
@pytest.mark.parametrize(
    ("message", "finish", "failure"),
    [
        ({"content": "Blue."}, "stop", None),
        ({"content": ""}, "length", ModelOutputError),
        ({"content": None, "refusal": "I will not."}, "stop", ModelRefusedError),
        ({"content": None}, "content_filter", ModelRefusedError),
        ({"content": {"text": "Blue."}}, "stop", ModelOutputError),
        ({"content": 7}, "stop", ModelOutputError),
    ],
    ids=str,
)
def test_what_was_billed_is_counted(
    model: Model,
    gateway: LlmGateway,
    usage: Body,
    total: int,
    message: Body,
    finish: str,
    failure: type[ToolError] | None,
) -> None:
    """However a server counts, and whether or not the answer is of use; once, without a repair."""
    model.objections.append(lambda _: whole(message, finish_reason=finish, usage=usage))
    meter = Meter()
    with nullcontext() if failure is None else pytest.raises(failure):
        gateway.complete(ASK, max_tokens=50, meter=meter)
    assert (total, False) == (meter.usage.total, meter.usage.is_estimate)


def test_a_providers_error_in_an_answer_is_an_error(model: Model, gateway: LlmGateway) -> None:
    """Routers of models answer with success around another server's failure."""
    model.objections.append(lambda _: Response.of({"error": {"message": "busy", "code": 502}}))
    with pytest.raises(UnavailableError, match="busy"):
        gateway.complete(ASK, max_tokens=50)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)
_MEMBERS = ("choices", "message", "content", "tool_calls", "function", "name", "usage", "refusal")


@given(st.sampled_from(_MEMBERS), _JSON)
def test_no_member_of_a_completion_breaks_the_reading(member: str, value: object) -> None:
    """Whatever stands in place of any member, the answer is read or refused as a ToolError."""
    function: Body = {"name": "paint", "arguments": "{}"}
    call: Body = {"id": "c", "type": "function", "function": function}
    message: Body = {"content": "Blue.", "tool_calls": [call]}
    choice: Body = {"message": message, "finish_reason": "stop"}
    answer: Body = {"choices": [choice], "usage": {"total_tokens": 1}}
    for place in (answer, choice, message, call, function):
        if member in place or (member == "refusal" and place is message):
            place[member] = value
    told = border.safe(answer)
    assert usage_of(told, 10).total >= 0
    with suppress(ToolError):
        tool_calls(read_answer(told), [PAINT])
