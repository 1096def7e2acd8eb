"""One tick: an idempotent look at everything that is due, under a lease.

Nothing depends on how often it is called or by whom: a tick that dies leaves the next one all it
needs, so a scheduler on one machine or a queue across many may call the same function.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from agent.context import RunContext
from domain.errors import ToolError

LEASE = timedelta(minutes=5)
ROUNDS = 20
"""At most so many batches in one tick; the rest is due in the next."""


@dataclass(frozen=True)
class Report:
    """What one tick did."""

    run: str
    verdicts: Counter[str] = field(default_factory=Counter[str])
    """How many leads got which verdict, `READY`, `WAIT`, `PARK`, `REJECT`."""
    busy: bool = False
    """Another instance holds the lease: nothing was done."""
    error: str | None = None


@dataclass(frozen=True)
class Worker:
    """Who ticks: how contexts are made, and under which name the lease is held."""

    name: str
    context: Callable[[], RunContext]

    def tick(self) -> Report:
        """Route everything that is due; a vendor's failure ends the tick and is reported."""
        from agent.graphs import routing  # noqa: PLC0415  (LangGraph takes a second to import)
        from agent.graphs.batch import Batch  # noqa: PLC0415

        context = self.context()
        leases = context.ledger.leases
        if leases.acquire("tick", self.name, context.now, LEASE) is None:
            return Report(context.run, busy=True)
        leases.begin_run(context.run, "routing", context.now)
        context.ledger.cycles.keep_policy(context.policy, context.now)
        verdicts: Counter[str] = Counter()
        error: str | None = None
        graph = routing.build()
        try:
            for _ in range(ROUNDS):
                state: dict[str, Any] = graph.invoke(Batch(), context=context)
                verdicts.update(verdict.kind for verdict in state["verdicts"].values())
                context.ledger.cycles.release(context.run)
                if len(state["claimed"]) < context.batch_size:
                    break
        except ToolError as failure:
            error = str(failure)
            context.ledger.cycles.release(context.run)
        leases.end_run(context.run, context.now, verdicts, error)
        return Report(context.run, verdicts, error=error)

    def leave(self) -> None:
        """Let another instance have the lease."""
        context = self.context()
        context.ledger.leases.release("tick", self.name, context.now)
