"""One effect on which something fails that nobody foresaw is set aside alone; the others go on.

What is harmless to repeat (looks, and what the ledger alone does) is done again in halves until
what fails is one effect. A send is not: whatever was in it is in doubt, is looked up at the vendor
in a later run, and what is not there is then sent one by one.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

from agent.ledger.engine import fault_of
from agent.ledger.records import Defective, Outstanding, growing
from agent.ledger.tables.states import EffectState
from agent.logs import alert, defect
from agent.run.context import RunContext
from agent.run.shutdown import is_shutdown
from domain.errors import RequestError, RoutereadyError
from domain.grammar import counted

T = TypeVar("T")

NOBODY_ELSE = 3
"""When so many fail alone and none does not, it isn't the effects."""
IN_DOUBT = timedelta(seconds=15)


def is_nobodys(error: Exception) -> bool:
    """Whether a vendor or the database failed, or all is shut down: no effect is to blame."""
    is_outside = isinstance(error, RoutereadyError) or fault_of(error) is not None
    return is_outside or is_shutdown(error)


def apart(
    do: Callable[[Sequence[Outstanding]], T],
    some: Sequence[Outstanding],
    context: RunContext,
    state: EffectState | None = None,
) -> list[T]:
    """Do something harmless for effects, in parts around whatever fails; the parts that were done.

    What fails alone is set aside in `state`, or in the one it is in.

    Raises:
        RoutereadyError: a vendor failed; only a request that it doesn't understand may be the
            effect's own fault.
        Exception: it failed on one effect after the other.
    """
    if not some:
        return []
    done: list[T] = []
    failed: list[tuple[Outstanding, Exception]] = []
    parts = [list(some)]
    while parts:
        part = parts.pop()
        try:
            done.append(do(part))
        except Exception as error:
            if is_nobodys(error) and not isinstance(error, RequestError):
                raise
            middle = len(part) // 2
            if middle:
                parts += [part[middle:], part[:middle]]
                continue
            failed.append((part[0], error))
            if len(failed) >= NOBODY_ELSE and not done and parts:
                raise
    context.ledger.effects.set_aside([alone(one, error, context, state) for one, error in failed])
    return done


def alone(
    one: Outstanding, error: Exception, context: RunContext, state: EffectState | None = None
) -> Defective:
    """An effect that is to blame: put off, longer each time."""
    again = context.now + growing(max(0, one.defects - 1))
    return Defective(one.key, defect(error), again, state)


def suspected(
    sent: Sequence[Outstanding], error: Exception, context: RunContext
) -> list[Defective]:
    """Effects of a send that failed: any may have been sent, and any may be to blame."""
    if len(sent) == 1:
        return [replace(alone(sent[0], error, context, EffectState.UNKNOWN), sent=True)]
    many = counted(len(sent), "update")
    said = f"Sending {many} failed, so they are checked and sent one by one: {defect(error)}"
    alert("send_failed", said, kind=sent[0].action.kind)
    return [
        Defective(one.key, "", context.now + IN_DOUBT, EffectState.UNKNOWN, sent=True)
        for one in sent
    ]
