"""One lead on which something fails that nobody foresaw is set aside alone; the others go on.

A batch that fails is done again in halves until what fails is one lead; where the failure names
its leads, it is done again once without them. When every lead of a batch fails that never failed
before, it is not the leads: the error goes on, and the next tick tries again.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.metadata import version
from typing import Generic, Protocol, TypeVar

from agent.ledger.engine import fault_of
from agent.logs import alert, defect, log
from agent.run.context import RunContext
from agent.run.shutdown import is_shutdown
from domain.decision.said import SetAside
from domain.errors import ToolError, UnreadableError
from domain.grammar import counted
from domain.values import CycleId, LeadKey

T = TypeVar("T")


class Claims(Protocol):
    """Where a batch takes its leads from."""

    def claimed(self, run: str) -> Mapping[CycleId, LeadKey]:
        """What a run has claimed and not given back, and whose it is."""
        ...

    def aside(self, cycles: Collection[CycleId]) -> frozenset[CycleId]:
        """Which of these were set aside before."""
        ...

    def release(self, run: str) -> None:
        """Give back what a run claimed."""
        ...

    def set_aside(self, cycle: CycleId, error: str, now: datetime, release: str) -> SetAside:
        """Put one lead off."""
        ...


def isolated(batch: Callable[[RunContext], T], claims: Claims, context: RunContext) -> list[T]:
    """Do a batch, or its parts around whatever fails in it; the parts that were done.

    Raises:
        ToolError: a vendor failed; that is nobody's fault but the vendor's.
        DBAPIError: the ledger can't be read or written; that is no lead's fault either.
        Exception: it failed before any lead was taken, or on every one of them.
    """
    search = _Search(batch, claims, context, [], {}, {})
    try:
        return [batch(context)]
    except Exception as error:
        if _is_not_theirs(error):
            raise
        taken = claims.claimed(context.run)
        claims.release(context.run)
        search.part(list(taken), taken, error)
        fresh = taken.keys() - claims.aside(list(taken))
        if not taken or (len(fresh) > 1 and fresh <= search.failed.keys()):
            raise
    for cycle, told in {**search.failed, **search.named}.items():
        said = claims.set_aside(cycle, told, context.now, running_release())
        alert("lead_set_aside", f"Set aside: {told}", cycle=cycle, tries=said.tries)
    return search.done


def running_release() -> str:
    """Of routeready."""
    return version("routeready")


def retry_after_upgrade(context: RunContext) -> None:
    """Try everybody again at once whom another release set aside: it may know how by now."""
    ledger, release = context.ledger, running_release()
    count = sum(one.retry_aside(release, context.now) for one in (ledger.cycles, ledger.handoffs))
    if count:
        log("upgrade_retries", f"New release: {counted(count, 'lead')} set aside are tried again.")


def _is_not_theirs(error: Exception) -> bool:
    """Whether a vendor or the ledger failed, or all is shut down, which is no lead's fault."""
    if fault_of(error) is not None or is_shutdown(error):
        return True
    return isinstance(error, ToolError) and not isinstance(error, UnreadableError)


@dataclass(frozen=True)
class _Search(Generic[T]):
    """A batch that failed, done again in ever smaller parts."""

    batch: Callable[[RunContext], T]
    claims: Claims
    context: RunContext
    done: list[T]
    failed: dict[CycleId, str]
    """On what nobody foresaw."""
    named: dict[CycleId, str]
    """Those whose records can't be read, as a vendor's gateway says."""

    def part(
        self, taken: Sequence[CycleId], leads: Mapping[CycleId, LeadKey], error: Exception
    ) -> None:
        """Look into a part that failed with an error."""
        if isinstance(error, UnreadableError):
            odd = {one: error.leads[leads[one]] for one in taken if leads[one] in error.leads}
            if odd:
                self.named.update(odd)
                self._again([one for one in taken if one not in odd], leads)
                return
        if len(taken) <= 1:
            self.failed.update(dict.fromkeys(taken, defect(error)))
            return
        middle = len(taken) // 2
        for half in (taken[:middle], taken[middle:]):
            self._again(half, leads)

    def _again(self, some: Sequence[CycleId], leads: Mapping[CycleId, LeadKey]) -> None:
        if not some:
            return
        try:
            self.done.append(self.batch(replace(self.context, only=frozenset(some))))
        except Exception as cause:
            if _is_not_theirs(cause):
                raise
            self.claims.release(self.context.run)
            self.part(some, leads, cause)
