"""One case through the product's own code: its prompts, its gateway, its checks of the answer."""

import random
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr

from agent.app import App, WallClock, open_app
from agent.cli.demo import sandbox_settings
from agent.follow_through.investigation import look_closer
from agent.follow_through.wording import digest, escalations, word
from agent.policy.example import example_policy
from agent.run.context import RunContext
from domain.errors import AuthError, QuotaError, RequestError, RetryableError, ToolError
from domain.ports import ActivityPage
from evals.cases.scenario import Scenario
from evals.cases.tasks import (
    ConversationCase,
    DigestCase,
    EscalateCase,
    InvestigateCase,
    NudgeCase,
    ReadCase,
)
from evals.conversation.stage import Scene, Stages, scene
from evals.harness.handoffs import NOW, late, listed, marketing_activities, puzzling, reminded
from evals.stand_in.model import StandIn
from prompts import Prompt
from prompts.readings import Candidate, LeadReading, supported
from sandbox import openai
from sandbox.openai import MODEL
from sandbox.server.http_server import Server
from sandbox.server.instance import OPENAI_KEY, start
from sandbox.state.world import World
from tools.llm import LlmGateway, LlmSettings, Message
from tools.llm.completions import Completion
from tools.llm.investigator import Choosing, ModelInvestigator
from tools.llm.talker import ModelTalker

POLICY = example_policy()

Result = str | Mapping[str, str] | tuple[str, tuple[str, ...]] | Scene | None
"""The wording that is shown; the values that are kept, by field; the move and its evidence; the
conversation that was held; None when nothing came of a case."""


_NOT_THE_MODELS = (RetryableError, AuthError, QuotaError, RequestError)
"""Errors that tell nothing about a prompt."""


@dataclass(frozen=True)
class Exchange:
    """One question to a model and what came of it."""

    messages: Sequence[Message]
    answer: str
    """Its text, or the tools it called."""
    form: BaseModel | None
    tokens: int
    seconds: float
    error: ToolError | None = None


@dataclass(frozen=True)
class Outcome:
    """What came of one case: the end result that the product let through, and how it came about."""

    result: Result
    exchanges: tuple[Exchange, ...]

    @property
    def broke(self) -> bool:
        """Whether the server, not the model, is why there is no result."""
        errors = [one.error for one in self.exchanges]
        return any(isinstance(one, _NOT_THE_MODELS) for one in errors)

    @property
    def abstained(self) -> bool:
        """Whether the model looked, and then chose nothing on purpose."""
        last = self.exchanges[-1].form if self.exchanges else None
        return len(self.exchanges) > 1 and isinstance(last, Choosing) and not last.move


_TRACE: ContextVar[list[Exchange]] = ContextVar("exchanges")
"""The exchanges of the case that this thread works on."""


class WatchedGateway(LlmGateway):
    """The product's gateway, with every exchange noted; one serves all threads."""

    def complete(self, messages: Sequence[Message], **options: Any) -> Completion[Any]:  # noqa: ANN401  (as the gateway's own)
        """Ask as the product does, and note what was said."""
        began = datetime.now(UTC)
        noted = _TRACE.get()

        def seconds() -> float:
            return (datetime.now(UTC) - began).total_seconds()

        try:
            said = super().complete(messages, **options)
        except ToolError as error:
            noted.append(Exchange(tuple(messages), "", None, 0, seconds(), error))
            raise
        called = " ".join(one.name for one in said.tool_calls)
        noted.append(
            Exchange(tuple(messages), said.text or called, said.parsed, said.usage.total, seconds())
        )
        return said


@dataclass(frozen=True)
class Bench:
    """A model, and the product around it."""

    app: App
    context: RunContext
    gateway: WatchedGateway
    stages: Stages

    def run(self, scenario: Scenario, prompt: Callable[[str], Prompt]) -> Outcome:
        """One case with one arm's prompts."""
        trace: list[Exchange] = []
        token = _TRACE.set(trace)
        try:
            result = self._result(scenario, prompt)
        except ToolError:
            result = None
        finally:
            _TRACE.reset(token)
        return Outcome(result, tuple(trace))

    def _result(self, scenario: Scenario, prompt: Callable[[str], Prompt]) -> Result:
        context = replace(self.context, prompt=prompt)
        match scenario.case:
            case InvestigateCase():
                case = puzzling(scenario, scenario.case, context)
                choice = look_closer([case], context).get(case.handoff.cycle)
                return None if choice is None else (str(choice.move), choice.said.evidence)
            case NudgeCase():
                case = reminded(scenario, scenario.case, context)
                return word([case], context).get(case.handoff.cycle)
            case EscalateCase():
                case = late(scenario, scenario.case, context)
                return escalations([case], context).get(case.handoff.cycle)
            case DigestCase():
                report = listed(scenario.case)
                worded = digest(report, context)
                return worded.intro.removeprefix(report.intro).strip() or None
            case ReadCase():
                kept = self._read(scenario.case, prompt("read_lead"))
                return None if kept is None else {one.field: one.value for one in kept}
            case ConversationCase():
                return self._talk(scenario.case, prompt)

    def _talk(self, case: ConversationCase, prompt: Callable[[str], Prompt]) -> Scene:
        with self.stages.one(case.world) as stage:
            held = stage.hold(case, ModelTalker(self.gateway), prompt)
            asked = [str(said.get("content")) for one in _TRACE.get() for said in one.messages]
            return scene(stage, case, held, asked)

    def _read(self, case: ReadCase, prompt: Prompt) -> tuple[Candidate, ...] | None:
        typed = case.typed.model_dump()
        said = self.gateway.complete(
            prompt.messages(**typed),
            schema=LeadReading,
            max_tokens=prompt.settings.max_tokens,
            prompt=prompt.version,
        )
        return None if said.parsed is None else supported(said.parsed, typed)


@contextmanager
def open_bench(
    folder: Path,
    scenarios: Sequence[Scenario],
    *,
    model: LlmSettings | None = None,
    mind: Callable[[World], StandIn] = StandIn,
) -> Generator[Bench]:
    """The product on a sandbox, with a model: the one named, or a stand-in of our own.

    `folder` holds its database. What the cases' leads did in marketing is put into the ledger.
    """
    world = World(now=NOW)
    running = start(world)
    server = Server(world, {"/openai": mind(world).face()})
    server.start()
    settings = sandbox_settings(running.details(), folder)
    app = open_app(settings.model_copy(update={"routeready_policy": POLICY}))
    stand_in = _at(server)
    gateway = WatchedGateway(model or stand_in, WallClock(), random.Random(1))  # noqa: S311  (jitter)
    stages = Stages(folder)
    context = replace(app.context(), now=NOW, investigator=ModelInvestigator(gateway, WallClock()))
    try:
        told = tuple(marketing_activities(scenarios))
        page = ActivityPage(activities=told, token="evals", more=False)  # noqa: S106  (a page's)
        app.ledger.intake.take_in("evals", page, (), app.policy.gate, NOW)
        yield Bench(app, context, gateway, stages)
    finally:
        stages.close()
        gateway.close()
        app.close()
        server.stop()
        running.stop()


@contextmanager
def open_stand_in() -> Generator[LlmSettings]:
    """Our own stand-in for a model alone, to be asked over HTTP."""
    world = World(now=NOW)
    openai.add_key(world, OPENAI_KEY, model=MODEL)
    server = Server(world, {"/openai": StandIn(world).face()})
    server.start()
    try:
        yield _at(server)
    finally:
        server.stop()


def _at(server: Server) -> LlmSettings:
    address = f"http://127.0.0.1:{server.port}/openai/v1"
    return LlmSettings(api_key=SecretStr(OPENAI_KEY), model=MODEL, base_url=address)
