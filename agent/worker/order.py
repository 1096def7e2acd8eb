"""What a tick does, in order: graphs over batches, the jobs after them, and all kinds of effects.

Only a tick imports this: LangGraph takes a second to load, and `--help` must not wait for it.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from agent.effects import outbox
from agent.effects.kind import Kind
from agent.follow_through import graph as follow_through
from agent.follow_through.call_log import LOG_CALL
from agent.follow_through.message_updates import REFRESH_MESSAGE
from agent.follow_through.task import SET_TASK
from agent.follow_through.touch_stamp import STAMP_TOUCH
from agent.handoff.set_owner import SET_OWNER
from agent.marketo_updates.activity import MIRROR_ACTIVITY
from agent.marketo_updates.correction import CORRECT_FIELD
from agent.marketo_updates.fields import MIRROR_FIELDS
from agent.marketo_updates.sync import REQUEST_SYNC
from agent.metrics import alerts, digests
from agent.notifications.manager import TELL_MANAGER
from agent.notifications.owner import TELL_OWNER
from agent.notifications.report import SEND_REPORT
from agent.routing import graph as routing
from agent.routing.batch import Batch
from agent.run.context import RunContext
from agent.worker.isolation import isolated

KINDS: tuple[Kind[Any], ...] = (
    SET_OWNER,
    REQUEST_SYNC,
    CORRECT_FIELD,
    MIRROR_FIELDS,
    MIRROR_ACTIVITY,
    LOG_CALL,
    TELL_OWNER,
    TELL_MANAGER,
    STAMP_TOUCH,
    SET_TASK,
    REFRESH_MESSAGE,
    SEND_REPORT,
)
"""Every kind of effect, and nothing else."""


@dataclass(frozen=True)
class Round:
    """What one batch did, and whether more may be due."""

    counts: Counter[str]
    is_full: bool


@dataclass(frozen=True)
class Part:
    """A graph that is run batch by batch, and the jobs after each; a vendor's failure ends it."""

    name: str
    """As the ledger's runs have it."""
    counts: Literal["verdicts", "steps"]
    """What a batch counts, for the report."""
    batch: Callable[[RunContext], Round]
    jobs: tuple[Callable[[RunContext], None], ...] = ()


def _route(context: RunContext) -> Round:
    return _together(isolated(_routed, context.ledger.cycles, context))


def _routed(context: RunContext) -> Round:
    state: dict[str, Any] = routing.build().invoke(Batch(), context=context)
    verdicts = Counter(verdict.kind for verdict in state["verdicts"].values())
    context.ledger.cycles.release(context.run)
    return Round(verdicts, len(state["claimed"]) == context.batch_size)


def _follow(context: RunContext) -> Round:
    return _together(isolated(_followed, context.ledger.handoffs, context))


def _followed(context: RunContext) -> Round:
    state: dict[str, Any] = follow_through.build().invoke(follow_through.Flock(), context=context)
    steps = Counter(step.kind for step in state["steps"].values())
    context.ledger.handoffs.release(context.run)
    return Round(steps, len(state["due"]) == context.batch_size)


def _together(done: Sequence[Round]) -> Round:
    """The parts of a batch as one."""
    counts = sum((one.counts for one in done), Counter[str]())
    return Round(counts, any(one.is_full for one in done))


def _plan_digests(context: RunContext) -> None:
    context.ledger.cycles.record(digests.plan_reports(context))


def _plan_alerts(context: RunContext) -> None:
    context.ledger.cycles.record(alerts.plan_alerts(context))


def _send_reports(context: RunContext) -> None:
    outbox.perform(SEND_REPORT, context)


ROUTE = Part("routing", "verdicts", _route)
FOLLOW = Part("following", "steps", _follow, (_plan_digests, _plan_alerts, _send_reports))
TICK = (ROUTE, FOLLOW)
"""A tick, part by part; a failure in one doesn't keep the next from its turn."""
