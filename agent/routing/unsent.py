"""The invariant "status assigning means a write of the owner under way", looked after in every run.

A step that breaks it is not written at all (`agent.ledger.transaction.step`). What breaks it from
outside, such as a write that was given up, is found here, told, and decided again.
"""

from agent.handoff.after_write import LOOKS, set_aside
from agent.ledger.records import CycleFields, Step, Unsent
from agent.ledger.tables.states import OPEN, CycleStatus
from agent.logs import alert
from agent.run.context import RunContext
from domain.decision.said import DecidedAgain, GaveUp
from domain.effects import Refused, Unknown, Untried
from domain.follow_through.handoff import Closing
from domain.grammar import counted

NO_WORDS = "no update of the owner was under way"


def decide_again(context: RunContext) -> None:
    """Bring every cycle on that waits for a write which is no longer under way."""
    found = context.ledger.cycles.unsent()
    if not found:
        return
    step = Step(at=context.now)
    for one in found:
        step.cycles[one.cycle] = _next(one, context)
    context.ledger.cycles.record(step)
    names = [one.cycle for one in found]
    said = f"{counted(len(found), 'lead')} had no update of the owner under way; decided again."
    alert("assignment_without_update", said, cycles=", ".join(names[:20]))


def _next(one: Unsent, context: RunContext) -> CycleFields:
    if one.handed is not None:
        return _as_handed(one, one.handed)
    words = _words(one)
    if words is not None or one.looks + 1 >= LOOKS:
        said = GaveUp(times=one.looks + 1, words=words or NO_WORDS)
        return set_aside(said, one.looks, context.now)
    return CycleFields(
        status=CycleStatus.OPEN,
        due_at=context.now,
        looks=one.looks + 1,
        said=DecidedAgain(words=NO_WORDS),
    )


def _as_handed(one: Unsent, state: str) -> CycleFields:
    """It was assigned after all: the handoff says how it stands."""
    if state == OPEN:
        fields = CycleFields(status=CycleStatus.ASSIGNED)
        if one.owner is not None:
            fields["owner"] = one.owner
        return fields
    is_touched = state == Closing.TOUCHED
    return CycleFields(status=CycleStatus.TOUCHED if is_touched else CycleStatus.CLOSED)


def _words(one: Unsent) -> str | None:
    """Why the latest write was given up; None when nothing speaks against the next at once."""
    match one.receipt:
        case Refused():
            return one.receipt.words
        case Untried() | Unknown():
            return one.receipt.detail
        case _:
            return None
