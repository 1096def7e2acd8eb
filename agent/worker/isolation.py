"""One lead on which something fails that nobody foresaw is set aside alone; the others go on.

A batch that fails is done again in halves until what fails is one lead. When every lead of a batch
fails, it is not the leads: the error goes on, and the next tick tries again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from agent.ledger.engine import fault_of
from agent.logs import alert, defect
from agent.run.context import RunContext
from domain.decision.said import SetAside
from domain.errors import ToolError
from domain.values import CycleId

T = TypeVar("T")


class Claims(Protocol):
    """Where a batch takes its leads from."""

    def claimed(self, run: str) -> list[CycleId]:
        """What a run has claimed and not given back."""
        ...

    def release(self, run: str) -> None:
        """Give back what a run claimed."""
        ...

    def set_aside(self, cycle: CycleId, error: str, now: datetime) -> SetAside:
        """Put one lead off."""
        ...


def isolated(batch: Callable[[RunContext], T], claims: Claims, context: RunContext) -> list[T]:
    """Do a batch, or its parts around whatever fails in it; the parts that were done.

    Raises:
        ToolError: a vendor failed; that is nobody's fault but the vendor's.
        DBAPIError: the ledger can't be read or written; that is no lead's fault either.
        Exception: it failed before any lead was taken, or on every one of them.
    """
    try:
        return [batch(context)]
    except ToolError:
        raise
    except Exception as error:
        if fault_of(error) is not None:
            raise
        taken = claims.claimed(context.run)
        claims.release(context.run)
        search = _Search(batch, claims, context, [], {})
        search.part(taken, error)
        if not taken or len(search.failed) == len(taken) > 1:
            raise
    for cycle, cause in search.failed.items():
        told = defect(cause)
        said = claims.set_aside(cycle, told, context.now)
        alert("lead_set_aside", f"Set aside: {told}", cycle=cycle, tries=said.tries)
    return search.done


@dataclass(frozen=True)
class _Search(Generic[T]):
    """A batch that failed, done again in ever smaller parts."""

    batch: Callable[[RunContext], T]
    claims: Claims
    context: RunContext
    done: list[T]
    failed: dict[CycleId, Exception]

    def part(self, taken: Sequence[CycleId], error: Exception) -> None:
        """Look into a part that failed with an error."""
        if len(taken) <= 1:
            self.failed.update(dict.fromkeys(taken, error))
            return
        middle = len(taken) // 2
        for half in (taken[:middle], taken[middle:]):
            try:
                self.done.append(self.batch(replace(self.context, only=frozenset(half))))
            except ToolError:
                raise
            except Exception as cause:
                if fault_of(cause) is not None:
                    raise
                self.claims.release(self.context.run)
                self.part(half, cause)
