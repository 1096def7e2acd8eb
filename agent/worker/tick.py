"""One tick: an idempotent look at everything that is due, under a lease.

Nothing depends on how often it is called or by whom: a tick that dies leaves the next one all it
needs, so a scheduler on one machine or a queue across many may call the same function.
"""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from agent.app import App
from agent.ledger.engine import fault_of
from agent.ledger.stores.leases import Leases
from agent.logs import alert, defect, in_our_words
from agent.rollout import publications
from agent.run.context import RunContext
from agent.run.holder import is_gone
from agent.run.pauses import stops
from domain.conversation.change_requests import WORKER
from domain.errors import ToolError
from domain.health import CheckFailed, LedgerOut, PausedBy, Trouble, VendorOut

if TYPE_CHECKING:
    from agent.worker.order import Part

TICK = "tick"
"""The lease's name."""
LEASE = timedelta(minutes=5)
ROUNDS = 20
"""At most so many batches in one tick; the rest is due in the next."""


@dataclass(frozen=True)
class Report:
    """What one tick did."""

    run: str
    verdicts: Counter[str] = field(default_factory=Counter[str])
    """How many leads got which verdict: `READY`, `WAIT`, `PARK`, `REJECT`."""
    busy: str | None = None
    """Another instance holds the lease: nothing was done, and this is who, and until when."""
    error: str | None = None
    paused: str | None = None
    """A person stopped the worker: nothing was done, and this is who and why."""
    steps: Counter[str] = field(default_factory=Counter[str])
    """How many handed-off leads had which step: `rest`, `climb`, `end`, `pass`."""
    troubles: tuple[Trouble, ...] = ()
    """What is wrong, for health."""

    def and_then(self, other: "Report") -> "Report":
        """This part and the next one as one report, under the first one's run."""
        errors = [error for error in (self.error, other.error) if error is not None]
        return replace(
            self,
            verdicts=self.verdicts + other.verdicts,
            steps=self.steps + other.steps,
            error="; ".join(errors) or None,
            troubles=self.troubles + other.troubles,
        )


@dataclass(frozen=True)
class Worker:
    """Who ticks: how contexts are made, and under which name the lease is held."""

    name: str
    context: Callable[[], RunContext]
    leases: Leases
    now: Callable[[], datetime]
    """The clock, for when a run really ends."""

    @classmethod
    def of(cls, app: App) -> "Worker":
        """The worker of a process."""
        return cls(app.name, app.context, app.ledger.leases, app.clock.now)

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
            paused = PausedBy(by=stop.by, reason=stop.reason)
            said = f"paused by {stop.by}: {stop.reason}"
            return Report(context.run, paused=said, troubles=(paused,))
        if not self._has_lease(context):
            return Report(context.run, busy=self._holder(context))
        ledger.leases.begin_run(context.run, part.name, context.now)
        ledger.cycles.keep_policy(context.policy, context.now)
        context = publications.watch(context) or context
        counts: Counter[str] = Counter()
        error: str | None = None
        kept: str | None = None
        troubles: tuple[Trouble, ...] = ()
        try:
            for _ in range(ROUNDS):
                done = part.batch(context)
                for job in part.jobs:
                    job(context)
                counts.update(done.counts)
                if not done.is_full:
                    break
        except Exception as failure:  # noqa: BLE001  (no part keeps the next from its turn)
            error = in_our_words(failure)
            kept = str(failure) if isinstance(failure, ToolError) else error
            troubles = (trouble_of(failure),)
            if not isinstance(failure, ToolError):
                alert("part_failed", f"An unforeseen error ended {part.name}: {error}")
            ledger.cycles.release(context.run)
            ledger.handoffs.release(context.run)
        ledger.leases.end_run(context.run, self.now(), counts, kept)
        return Report(
            context.run,
            verdicts=counts if part.counts == "verdicts" else Counter(),
            steps=counts if part.counts == "steps" else Counter(),
            error=error,
            troubles=troubles,
        )

    def _has_lease(self, context: RunContext) -> bool:
        """Take the lease, or renew it; that of a process which is certainly gone is taken over."""
        leases, now = context.ledger.leases, context.now
        if leases.acquire(TICK, self.name, now, LEASE) is not None:
            return True
        held = leases.held(TICK, now)
        if held is None or not is_gone(held.holder, self.name):
            return False
        leases.release(TICK, held.holder, now)
        return leases.acquire(TICK, self.name, now, LEASE) is not None

    def _holder(self, context: RunContext) -> str:
        held = context.ledger.leases.held(TICK, context.now)
        if held is None:
            return "It has just ended."
        until = f"{held.until:%Y-%m-%d %H:%M:%S} UTC"
        return f"It is {held.holder}, and unless it renews its lease, this ends at {until}."

    def leave(self) -> None:
        """Let another instance have the lease; nothing that goes wrong here is worth a word.

        A lease that can't be given back runs out by itself.
        """
        with suppress(Exception):
            self.leases.release(TICK, self.name, self.now())


def trouble_of(error: Exception) -> Trouble:
    """What an error says of the worker's health, without a lead's own data."""
    if isinstance(error, ToolError):
        return VendorOut(vendor=error.vendor, detail=error.discreet)
    fault = fault_of(error)
    return CheckFailed(place=defect(error)) if fault is None else LedgerOut(fault=fault)
