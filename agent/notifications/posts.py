"""Messages that now stand in Slack: kept, so that they can be brought up to date and answered."""

from collections.abc import Sequence

from agent.effects.kind import Receipts, first_try, found_or_held
from agent.ledger.records import Outstanding, Posted, Step
from agent.notifications.screen import UNCONNECTED
from agent.run.context import RunContext
from domain.effects import Applied, Receipt, SendReport, TellManager, TellOwner


def remember(
    tried: Sequence[tuple[Outstanding, TellOwner | TellManager, Receipt]], context: RunContext
) -> Step:
    """The messages that came of these, each with all the leads it tells of."""
    step = Step(at=context.now)
    told: dict[tuple[str, str, str], list[TellOwner | TellManager]] = {}
    for _, action, receipt in tried:
        if isinstance(receipt, Applied) and "/" in receipt.detail:
            who = action.owner if isinstance(action, TellOwner) else action.manager
            told.setdefault((receipt.detail, who, action.kind), []).append(action)
    for (message, who, kind), actions in told.items():
        items = tuple(action.model_dump(mode="json") for action in actions)
        cycles = tuple(action.cycle for action in actions if action.cycle is not None)
        step.posted.append(Posted(message, who, kind, step.at, items, cycles))
    return step


def look_up(doubtful: Sequence[Outstanding], context: RunContext) -> Receipts:
    """What Slack shows of posts whose answer never came: by the key that each carries."""
    if context.messenger is None:
        return {one.key: UNCONNECTED for one in doubtful}
    planned = {
        one.key: one.action for one in doubtful if isinstance(one.action, TellManager | SendReport)
    }
    found = context.messenger.posted(planned, first_try(doubtful))
    return found_or_held(doubtful, found, context.now)
