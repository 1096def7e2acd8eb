"""One tick: an idempotent look at everything that is due, under a lease.

Nothing depends on how often it is called or by whom: a tick that dies leaves the next one all it
needs, so a scheduler on one machine or a queue across many may call the same function.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from agent.app import App
from agent.logs import alert, defect
from agent.rollout import publications
from agent.run.context import RunContext
from agent.run.pauses import stops
from domain.conversation.change_requests import WORKER
from domain.errors import ToolError

if TYPE_CHECKING:
    from agent.worker.order import Part

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

    def and_then(self, other: "Report") -> "Report":
        """This part and the next one as one report, under the first one's run."""
        errors = [error for error in (self.error, other.error) if error is not None]
        return replace(
            self,
            verdicts=self.verdicts + other.verdicts,
            steps=self.steps + other.steps,
            error="; ".join(errors) or None,
        )


@dataclass(frozen=True)
class Worker:
    """Who ticks: how contexts are made, and under which name the lease is held."""

    name: str
    context: Callable[[], RunContext]

    @classmethod
    def of(cls, app: App) -> "Worker":
        """The worker of a process."""
        return cls(app.name, app.context)

    def tick(self) -> Report:
        """Do every part in its turn; each vendor failure is reported, and stops only its part."""
        from agent.worker.order import TICK  # noqa: PLC0415  (LangGraph takes a second to import)

        first, *others = TICK
        report = self._run(first)
        if report.busy or report.paused:
            return report
        for part in others:
            report = report.and_then(self._run(part))
        return report

    def route(self) -> Report:
        """Route everything that is due; a vendor's failure ends it and is reported."""
        from agent.worker.order import ROUTE  # noqa: PLC0415  (as above)

        return self._run(ROUTE)

    def follow(self) -> Report:
        """Look after the handed-off leads that are due; a failure ends it and is reported."""
        from agent.worker.order import FOLLOW  # noqa: PLC0415  (as above)

        return self._run(FOLLOW)

    def _run(self, part: "Part") -> Report:
        context = self.context()
        with context.watch("tick", part.name):
            return self._ran(part, context)

    def _ran(self, part: "Part", context: RunContext) -> Report:
        ledger = context.ledger
        stop = stops(context).get(WORKER)
        if stop is not None:
            return Report(context.run, paused=f"paused by {stop.by}: {stop.reason}")
        if ledger.leases.acquire("tick", self.name, context.now, LEASE) is None:
            return Report(context.run, busy=True)
        ledger.leases.begin_run(context.run, part.name, context.now)
        ledger.cycles.keep_policy(context.policy, context.now)
        context = publications.watch(context) or context
        counts: Counter[str] = Counter()
        error: str | None = None
        try:
            for _ in range(ROUNDS):
                done = part.batch(context)
                for job in part.jobs:
                    job(context)
                counts.update(done.counts)
                if not done.is_full:
                    break
        except Exception as failure:  # noqa: BLE001  (no part keeps the next from its turn)
            error = str(failure) if isinstance(failure, ToolError) else defect(failure)
            if not isinstance(failure, ToolError):
                alert("part_failed", f"An unforeseen error ended {part.name}: {error}")
            ledger.cycles.release(context.run)
            ledger.handoffs.release(context.run)
        ledger.leases.end_run(context.run, context.now, counts, error)
        return Report(
            context.run,
            verdicts=counts if part.counts == "verdicts" else Counter(),
            steps=counts if part.counts == "steps" else Counter(),
            error=error,
        )

    def leave(self) -> None:
        """Let another instance have the lease."""
        context = self.context()
        context.ledger.leases.release("tick", self.name, context.now)
