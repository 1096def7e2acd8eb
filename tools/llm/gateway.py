"""Asking a model within bounds: time, tries, tokens, and the form of the answer.

The SDK's own retries are off: it repeats what can't succeed, such as a used-up quota, and waits on
a clock of its own. What a server does not support is found out once and remembered.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar, cast, overload
from urllib.parse import urlsplit

import httpx2
import openai
from pydantic import BaseModel, SecretStr

from domain import border
from domain.errors import (
    AuthError,
    QuotaError,
    RateLimitError,
    RequestError,
    RetryableError,
    ToolError,
    UnavailableError,
)
from domain.ports import Clock, Finding, Watch, unwatched
from tools.llm.completions import (
    VENDOR,
    Completion,
    Meter,
    MisfitError,
    ModelOutputError,
    ModelRefusedError,
    Said,
    Usage,
    parsed,
    read_answer,
    tool_calls,
    usage_of,
)
from tools.llm.requests import Abilities, Ask, Body, Message, Mode, Tool, repair, write

Told = Callable[["ToolError | None"], None]
"""Is told how each call went."""


def untold(error: ToolError | None) -> None:
    """Tell nobody."""
    del error


T = TypeVar("T", bound=BaseModel)
R = TypeVar("R")

_FIRST_WAIT = 0.5
_LONGEST_WAIT = 8.0
"""Seconds; the upper bound of a wait that the server did not ask for."""
_QUOTA_PAUSE = timedelta(hours=1)
_USUAL_PAUSE = timedelta(seconds=1)
_LONGEST_PAUSE = timedelta(hours=1)
_MOST_LESSONS = 6
"""A server that refuses more parameters than we could leave out is not one that we know."""
_LONGEST_EXCUSE = 200
_PASSING = (408, 409)
"""Timeout and conflict: what the SDK would repeat too."""
_SERVER_FAILED = 500
_NOT_FOUND = 404
_TRIAL_TOKENS = 16


@dataclass(frozen=True, slots=True)
class LlmSettings:
    """Where the model is, and how long it is waited for."""

    api_key: SecretStr
    model: str
    base_url: str = "https://api.openai.com/v1"
    timeout: float = 20
    """Seconds for one try."""
    attempts: int = 3
    """Tries per request when the server is busy or can't be reached."""
    temperature: float | None = 0
    """None leaves it to the server, as some models demand."""
    trust_env: bool = False
    """Whether proxies and certificates of the environment are used."""

    def base(self) -> str:
        """The address.

        Raises:
            AuthError: the key would travel unencrypted to another machine.
        """
        parts = urlsplit(self.base_url)
        is_here = parts.hostname in ("127.0.0.1", "localhost", "::1")
        if parts.scheme != "https" and not is_here:
            raise AuthError(VENDOR, "the address must begin with https://")
        return self.base_url


class LlmGateway:
    """One model. Safe to share between threads; nothing is sent before the first call."""

    def __init__(
        self,
        settings: LlmSettings,
        clock: Clock,
        chance: random.Random,
        watch: Watch = unwatched,
        told: Told = untold,
    ) -> None:
        """Take also whom to tell how each call went: the error, or None when it was answered."""
        self._told = told
        self._settings = settings
        self._watch = watch
        self._clock = clock
        self._chance = chance
        self._abilities = Abilities()
        self._client = openai.OpenAI(
            api_key=settings.api_key.get_secret_value(),
            base_url=settings.base(),
            max_retries=0,
            timeout=settings.timeout,
            http_client=httpx2.Client(trust_env=settings.trust_env, follow_redirects=False),
        )
        # The SDK takes these from the environment.
        self._client.organization = self._client.project = None

    @property
    def model(self) -> str:
        """The model that is asked."""
        return self._settings.model

    def now(self) -> datetime:
        """The present, by the clock that calls are timed with."""
        return self._clock.now()

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._client.close()

    @overload
    def complete(
        self,
        messages: Sequence[Message],
        *,
        schema: type[T],
        tools: Sequence[Tool] = (),
        max_tokens: int,
        deadline: datetime | None = None,
        prompt: str = "",
        meter: Meter | None = None,
    ) -> Completion[T]: ...

    @overload
    def complete(
        self,
        messages: Sequence[Message],
        *,
        schema: None = None,
        tools: Sequence[Tool] = (),
        max_tokens: int,
        deadline: datetime | None = None,
        prompt: str = "",
        meter: Meter | None = None,
    ) -> Completion[BaseModel]: ...

    def complete(  # noqa: PLR0913  (one place for all of a question)
        self,
        messages: Sequence[Message],
        *,
        schema: type[BaseModel] | None = None,
        tools: Sequence[Tool] = (),
        max_tokens: int,
        deadline: datetime | None = None,
        prompt: str = "",
        meter: Meter | None = None,
    ) -> Completion[Any]:
        """Ask, and return an answer of the form asked for.

        With a schema the answer is validated here whatever the server promises; one that doesn't
        fit is sent back once with what is wrong. With tools the model may call them instead.
        `prompt` is the prompt's version and is passed through. After `deadline` nothing is sent,
        and an answer that comes later is not used. `meter` is told what was billed, also for
        answers that are of no use.

        Raises:
            ModelRefusedError: the model would not answer.
            ModelOutputError: the answer doesn't fit, even after repair.
            RetryableError: the server is busy or away, or there is no time left.
            QuotaError: nothing is left to spend.
            AuthError: the key is not accepted.
            RequestError: the server does not understand the request.
        """
        ask = Ask(
            model=self._settings.model,
            messages=tuple(messages),
            schema=schema,
            tools=tuple(tools),
            max_tokens=max_tokens,
            temperature=self._settings.temperature,
        )
        turn = _Turn(ask, self._clock.now(), deadline, prompt)
        try:
            return self._completed(ask, turn)
        except ToolError as error:
            self._told(error)
            raise
        finally:
            if meter is not None:
                meter.usage += turn.usage

    def _completed(self, ask: Ask, turn: "_Turn") -> Completion[Any]:
        """The answer, corrected once when it doesn't fit."""
        said = self._say(ask, turn)
        try:
            return self._completion(said, turn)
        except MisfitError as misfit:
            corrected = repair(ask, said.text, str(misfit))
        said = self._say(corrected, turn)
        try:
            return self._completion(said, turn)
        except MisfitError as misfit:
            detail = f"the answer does not fit after one repair: {misfit}"
            raise ModelOutputError(VENDOR, detail, quotes=True) from None

    def examine(self) -> list[Finding]:
        """Try the model: the address, the key, the quota and the name, with one short question."""
        try:
            self.complete([{"role": "user", "content": "Say OK."}], max_tokens=_TRIAL_TOKENS)
        except (ModelOutputError, ModelRefusedError):
            pass  # it was reached, and billed: what it says of so little is no matter
        except ToolError as error:
            return [Finding(subject="model", ok=False, sentence=str(error), fix=self._fix(error))]
        return [Finding(subject="model", ok=True, sentence=f"{self.model} answers.")]

    def _fix(self, error: ToolError) -> str:
        if isinstance(error, AuthError):
            return "Set OPENAI_API_KEY to a key for this server."
        if isinstance(error, QuotaError):
            return "Add credit at the provider, or set OPENAI_API_KEY to a key that has some."
        if error.code == "model_not_found" or error.code == str(_NOT_FOUND):
            return f"Set OPENAI_MODEL to one of: {self._offered() or 'none offered'}."
        return "Check OPENAI_BASE_URL (on most servers it ends in /v1), then try again."

    def _offered(self) -> str:
        """Some of the models that the server has."""
        try:
            names = _translated(lambda: [one.id for one in self._client.models.list()], self._clock)
        except ToolError:
            return ""
        return ", ".join(sorted(names)[:10])

    def _completion(self, said: Said, turn: "_Turn") -> Completion[Any]:
        ask = turn.ask
        if said.is_cut_off:
            raise MisfitError("it was cut off at the limit of tokens; answer more briefly")
        calls = tool_calls(said, ask.tools)
        form = None if ask.schema is None or calls else parsed(said.text, ask.schema)
        return Completion(
            parsed=form,
            text=said.text,
            tool_calls=calls,
            usage=turn.usage,
            model=said.model or ask.model,
            fingerprint=said.fingerprint,
            latency=self._clock.now() - turn.began,
            prompt=turn.prompt,
            mode=Mode.TEXT.value if form is None else self._abilities.mode.value,
        )

    def _say(self, ask: Ask, turn: "_Turn") -> Said:
        """One answer, asked for again in simpler forms until the server understands."""
        for _ in range(_MOST_LESSONS):
            body = write(ask, self._abilities)
            try:
                said = self._send(body, turn)
            except _MisunderstoodError as error:
                if not self._abilities.learn(error.words, error.param, body):
                    raise
            else:
                self._told(None)
                return said
        raise RequestError(VENDOR, "the server refuses one parameter after the other")

    def _send(self, body: Body, turn: "_Turn") -> Said:
        """Send until it is answered, within the tries and the time there are."""
        attempt = 1
        while True:
            left = self._time_left(turn)
            try:
                with self._watch(VENDOR, self.model):
                    answer = _translated(partial(self._create, body, left), self._clock)
            except RetryableError as error:
                wait = self._wait(error, attempt)
                if attempt >= self._settings.attempts or wait >= self._until(turn):
                    raise
            else:
                turn.usage += usage_of(answer, len(str(body)))
                self._time_left(turn)
                return read_answer(answer)
            self._clock.sleep(wait.total_seconds())
            attempt += 1

    def _create(self, body: Body, seconds: float) -> object:
        raw = self._client.chat.completions.with_raw_response
        create = cast("Callable[..., Any]", raw.create)
        answer = create(**body, timeout=seconds)
        if "json" not in str(answer.headers.get("content-type", "json")):
            return None
        return border.decode(answer.content)

    def _until(self, turn: "_Turn") -> timedelta:
        return timedelta.max if turn.deadline is None else turn.deadline - self._clock.now()

    def _time_left(self, turn: "_Turn") -> float:
        """Seconds for one try."""
        left = self._until(turn).total_seconds()
        if left <= 0:
            raise UnavailableError(VENDOR, "there is no time left for an answer")
        return min(left, self._settings.timeout)

    def _wait(self, error: RetryableError, attempt: int) -> timedelta:
        """Full jitter, on top of what the server asked for."""
        asked = error.retry_after if isinstance(error, RateLimitError) else timedelta()
        bound = min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** (attempt - 1))
        return asked + timedelta(seconds=self._chance.uniform(0, bound))


@dataclass
class _Turn:
    """One call of `complete`: what it has, and what it has spent."""

    ask: Ask
    began: datetime
    deadline: datetime | None
    prompt: str
    usage: Usage = field(default_factory=Usage)


class _MisunderstoodError(RequestError):
    """The server did not take the request as it was; perhaps it takes a simpler one."""

    def __init__(self, error: openai.APIStatusError, detail: str, code: str) -> None:
        super().__init__(VENDOR, detail, code=code, quotes=True)
        self.words = error.message
        self.param = error.param


def _translated(call: Callable[[], R], clock: Clock) -> R:
    """Make a call; raise what its failure means in our words."""
    try:
        return call()
    except openai.APIStatusError as error:
        raise _status_error(error, clock) from None
    except openai.APIConnectionError as error:
        kind = type(error.__cause__ or error).__name__
        raise UnavailableError(VENDOR, f"no answer ({kind})") from None
    except (openai.OpenAIError, httpx2.HTTPError, ValueError) as error:
        detail = f"the answer can't be read ({type(error).__name__})"
        raise UnavailableError(VENDOR, detail) from None


def _status_error(error: openai.APIStatusError, clock: Clock) -> ToolError:
    status, code = error.status_code, error.code or str(error.status_code)
    words = f"HTTP {status}: {error.message[:_LONGEST_EXCUSE]}"
    match error:
        case openai.RateLimitError() if "insufficient_quota" in (error.code, error.type):
            until = clock.now() + _QUOTA_PAUSE
            return QuotaError(VENDOR, words, until=until, code=code, quotes=True)
        case openai.RateLimitError():
            pause = _pause(error.response.headers)
            return RateLimitError(VENDOR, words, retry_after=pause, code=code, quotes=True)
        case openai.AuthenticationError() | openai.PermissionDeniedError():
            return AuthError(VENDOR, "the key was refused", code=code)
        case openai.BadRequestError() | openai.UnprocessableEntityError():
            return _MisunderstoodError(error, words, code)
        case _ if status in _PASSING or status >= _SERVER_FAILED:
            return UnavailableError(VENDOR, f"HTTP {status}", code=code)
        case _:
            return RequestError(VENDOR, words, code=code, quotes=True)


def _pause(headers: httpx2.Headers) -> timedelta:
    """How long the server asks us to wait, in either of OpenAI's headers."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) * unit
        except ValueError:
            continue
        if seconds >= 0:
            return min(timedelta(seconds=seconds), _LONGEST_PAUSE)
    return _USUAL_PAUSE
