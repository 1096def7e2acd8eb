"""One tick: an idempotent look at everything that is due, under a lease.

Nothing depends on how often it is called or by whom: a tick that dies leaves the next one all it
needs, so a scheduler on one machine or a queue across many may call the same function.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from agent import publishing
from agent.context import RunContext
from agent.stopping import stops
from domain.conversation.change_requests import WORKER
from domain.errors import ToolError

LEASE = timedelta(minutes=5)
ROUNDS = 20
"""At most so many batches in one tick; the rest is due in the next."""


@dataclass(frozen=True)
class Report:
    """What one tick did."""

    run: str
    verdicts: Counter[str] = field(default_factory=Counter[str])
    """How many leads got which verdict: `READY`, `WAIT`, `PARK`, `REJECT`."""
    busy: bool = False
    """Another instance holds the lease: nothing was done."""
    error: str | None = None
    paused: str | None = None
    """A person stopped the worker: nothing was done, and this is who and why."""
    steps: Counter[str] = field(default_factory=Counter[str])
    """How many handed-off leads had which step: `rest`, `climb`, `end`, `pass`."""


@dataclass(frozen=True)
class _Round:
    """What one batch did, and whether more may be due."""

    counts: Counter[str]
    is_full: bool


@dataclass(frozen=True)
class Worker:
    """Who ticks: how contexts are made, and under which name the lease is held."""

    name: str
    context: Callable[[], RunContext]

    def tick(self) -> Report:
        """Route what is due, then follow through; each vendor failure is reported."""
        routed = self.route()
        if routed.busy or routed.paused:
            return routed
        followed = self.follow()
        errors = [error for error in (routed.error, followed.error) if error is not None]
        return replace(routed, steps=followed.steps, error="; ".join(errors) or None)

    def route(self) -> Report:
        """Route everything that is due; a vendor's failure ends it and is reported."""
        from agent.graphs import routing  # noqa: PLC0415  (LangGraph takes a second to import)
        from agent.graphs.batch import Batch  # noqa: PLC0415

        def batch(context: RunContext) -> _Round:
            state: dict[str, Any] = routing.build().invoke(Batch(), context=context)
            verdicts = Counter(verdict.kind for verdict in state["verdicts"].values())
            context.ledger.cycles.release(context.run)
            return _Round(verdicts, len(state["claimed"]) == context.batch_size)

        return self._run("routing", batch)

    def follow(self) -> Report:
        """Look after the handed-off leads that are due; a failure ends it and is reported."""
        from agent.graphs import following  # noqa: PLC0415  (as above)

        def batch(context: RunContext) -> _Round:
            state: dict[str, Any] = following.build().invoke(following.Flock(), context=context)
            steps = Counter(step.kind for step in state["steps"].values())
            context.ledger.handoffs.release(context.run)
            return _Round(steps, len(state["due"]) == context.batch_size)

        report = self._run("following", batch)
        return replace(report, verdicts=Counter(), steps=report.verdicts)

    def _run(self, kind: str, batch: Callable[[RunContext], _Round]) -> Report:
        context = self.context()
        with context.watch("tick", kind):
            return self._ran(kind, batch, context)

    def _ran(self, kind: str, batch: Callable[[RunContext], _Round], context: RunContext) -> Report:
        ledger = context.ledger
        stop = stops(context).get(WORKER)
        if stop is not None:
            return Report(context.run, paused=f"paused by {stop.by}: {stop.reason}")
        if ledger.leases.acquire("tick", self.name, context.now, LEASE) is None:
            return Report(context.run, busy=True)
        ledger.leases.begin_run(context.run, kind, context.now)
        ledger.cycles.keep_policy(context.policy, context.now)
        context = publishing.watch(context) or context
        counts: Counter[str] = Counter()
        error: str | None = None
        try:
            for _ in range(ROUNDS):
                done = batch(context)
                counts.update(done.counts)
                if not done.is_full:
                    break
        except ToolError as failure:
            error = str(failure)
            ledger.cycles.release(context.run)
            ledger.handoffs.release(context.run)
        ledger.leases.end_run(context.run, context.now, counts, error)
        return Report(context.run, counts, error=error)

    def leave(self) -> None:
        """Let another instance have the lease."""
        context = self.context()
        context.ledger.leases.release("tick", self.name, context.now)
