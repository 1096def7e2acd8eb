"""One case through the product's own code: its prompts, its gateway, its checks of the answer."""

import random
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr

from agent.app import App, WallClock, open_app
from agent.context import RunContext
from agent.demo import sandbox_settings
from agent.following import Case
from agent.investigating import look_closer
from agent.ledger.records import HeldOff
from agent.wording import LATE, SOON, WAITING, digest, escalations, word
from domain.briefing import Brief, Happening
from domain.crm import Owner, OwnerKind, RecordKind, RecordSeen
from domain.effects import SendReport
from domain.errors import AuthError, QuotaError, RequestError, RetryableError, ToolError
from domain.handoff import Handoff
from domain.ladder import Climb, Seen, next_step
from domain.lead import Activity
from domain.ports import ActivityPage
from domain.touches import Found, Untouched
from domain.values import CycleId, LeadKey, RecordId, content_hash
from evals.apprentice import Apprentice
from evals.cases import (
    ConversationCase,
    DigestCase,
    EscalateCase,
    InvestigateCase,
    Line,
    NudgeCase,
    ReadCase,
    Scenario,
)
from evals.conversation.stage import Scene, Stages, scene
from prompts import Prompt
from prompts.readings import Candidate, LeadReading, supported
from sandbox import openai
from sandbox.openai import MODEL
from sandbox.server.http_server import Server
from sandbox.server.instance import OPENAI_KEY, start
from sandbox.state.world import World
from tools.llm import LlmGateway, LlmSettings, Message
from tools.llm.answers import Completion
from tools.llm.investigator import Choosing, ModelInvestigator
from tools.llm.talker import ModelTalker

NOW = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
"""A Monday, ten in the morning where the owner of every case works."""
OWNER = "ana.torres@meridian.example"
POLICY = Path(__file__).parents[1] / "policy.yaml"

Result = str | Mapping[str, str] | tuple[str, tuple[str, ...]] | Scene | None
"""The wording that is shown; the values that are kept, by field; the move and its evidence; the
conversation that was held; None when nothing came of a case."""

_RUNGS: Mapping[str, tuple[timedelta, tuple[str, ...]]] = {
    "breach": (timedelta(minutes=30), ("reminder",)),
    "reassignment": (timedelta(minutes=45), ("reminder", "breach")),
}
"""When the example policy's rungs are due for a hand-raiser, and what was climbed before."""


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
    mind: Callable[[World], Apprentice] = Apprentice,
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
        page = ActivityPage(activities=tuple(_activities(scenarios)), token="evals", more=False)  # noqa: S106  (a page's)
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
    server = Server(world, {"/openai": Apprentice(world).face()})
    server.start()
    try:
        yield _at(server)
    finally:
        server.stop()


def _at(server: Server) -> LlmSettings:
    address = f"http://127.0.0.1:{server.port}/openai/v1"
    return LlmSettings(api_key=SecretStr(OPENAI_KEY), model=MODEL, base_url=address)


def _lead(scenario: Scenario) -> LeadKey:
    return LeadKey(content_hash(scenario.id))


def _activities(scenarios: Sequence[Scenario]) -> list[Activity]:
    return [
        Activity(
            id=reply.id,
            lead=_lead(one),
            type=reply.type,
            name=reply.name,
            at=NOW - timedelta(minutes=10),
        )
        for one in scenarios
        if isinstance(one.case, InvestigateCase)
        for reply in one.case.replies
    ]


def _handoff(scenario: Scenario, title: str, waited: timedelta, context: RunContext) -> Handoff:
    began = NOW - waited
    return Handoff(
        cycle=CycleId(content_hash(scenario.id)),
        lead=_lead(scenario),
        title=title,
        segment="Hand-raisers",
        record_id=RecordId("00Q000000000001AAA"),
        record_kind=RecordKind.LEAD,
        owner=_owner(context),
        answers=OWNER,
        pool="us_west",
        first_assigned_at=began,
        started_at=began,
        target=timedelta(minutes=30),
        clock="business",
    )


def _owner(context: RunContext) -> Owner:
    return Owner(
        id=RecordId("005000000000001AAA"),
        kind=OwnerKind.USER,
        name=context.policy.users[OWNER].name,
        email=OWNER,
    )


def _due(handoff: Handoff, seen: Seen, context: RunContext) -> Case:
    """A case whose next step is the ladder's own answer."""
    step = next_step(handoff, seen, context.policy, NOW)
    held = HeldOff(handoff=handoff, state="open", version=1, sentence="", listed_at=None)
    return Case(held=held, seen=seen, step=step)


def _record(handoff: Handoff) -> RecordSeen:
    return RecordSeen(
        record_id=handoff.record_id,
        kind=handoff.record_kind,
        owner=handoff.owner,
        status="Open - Not Contacted",
        is_converted=False,
        modified_by="routeready",
        modified_at=handoff.started_at,
    )


def puzzling(scenario: Scenario, case: InvestigateCase, context: RunContext) -> Case:
    """A due lead as the follow-through graph would hold it."""
    waited, climbed = _RUNGS[case.rung]
    handoff = _handoff(scenario, case.lead, waited, context).model_copy(
        update={
            "climbed": climbed,
            "accepted_at": NOW - timedelta(minutes=20) if case.on_it else None,
        }
    )
    findings = tuple(
        Found(activity=one.id, code=one.code, sentence=one.said) for one in case.findings
    )
    seen = Seen(
        judgement=Untouched(sentence="No touch was seen.", findings=findings),
        record=_record(handoff),
        absence=case.away,
        online=case.online,
        marketing_replies=tuple(one.id for one in case.replies),
    )
    return _due(handoff, seen, context)


def reminded(scenario: Scenario, case: NudgeCase, context: RunContext) -> Case:
    """A lead whose owner is about to be reminded."""
    handoff = _handoff(scenario, case.lead, timedelta(minutes=15), context)
    did = tuple(Happening(at=handoff.started_at, what=one) for one in case.did)
    brief = Brief(did=did, opening=case.usual)
    handoff = handoff.model_copy(update={"brief": brief})
    untouched = Untouched(sentence="No activity since the assignment.")
    return _due(handoff, Seen(judgement=untouched, record=_record(handoff)), context)


def late(scenario: Scenario, case: EscalateCase, context: RunContext) -> Case:
    """A lead at the breach, of which the owner's manager is told."""
    waited, climbed = _RUNGS["breach"]
    email = next(key for key, user in context.policy.users.items() if user.name == case.owner)
    handoff = _handoff(scenario, case.lead, waited, context)
    did = tuple(Happening(at=handoff.started_at, what=one) for one in case.did)
    handoff = handoff.model_copy(
        update={
            "owner": handoff.owner.model_copy(update={"name": case.owner, "email": email}),
            "answers": email,
            "climbed": climbed,
            "accepted_at": NOW - timedelta(minutes=20) if case.on_it else None,
            "brief": Brief(did=did, opening=""),
        }
    )
    findings = tuple(
        Found(activity=one.id, code=one.code, sentence=one.said) for one in case.findings
    )
    untouched = Untouched(sentence="No touch was seen.", findings=findings)
    return _due(handoff, Seen(judgement=untouched, record=_record(handoff)), context)


def listed(case: DigestCase) -> SendReport:
    """A manager's list as the product sends it."""

    def lines(given: Sequence[Line]) -> tuple[str, ...]:
        return tuple(f"{one.lead}, with {one.owner}, due {one.due}" for one in given)

    return SendReport(
        to="marta.silva@meridian.example",
        title="Your team's leads",
        intro=(
            f"{len(case.late)} late, {len(case.soon)} open in time, "
            f"{len(case.waiting)} waiting for your word. "
            f"Since yesterday {case.touched} touched, {case.in_time} of them in time."
        ),
        sections=((LATE, lines(case.late)), (WAITING, case.waiting), (SOON, lines(case.soon))),
    )


def moves_of(case: Case) -> tuple[str, ...]:
    """The moves that a model may choose among; nothing when the case isn't puzzling."""
    step = case.step
    return tuple(map(str, step.may)) if isinstance(step, Climb) and step.puzzles else ()
