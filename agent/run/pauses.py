"""What a person has stopped: by a word, in the database; or by a file, beside the worker."""

from agent.ledger.records import Stop
from agent.run.context import RunContext
from domain.conversation.change_requests import WORKER


def stops(context: RunContext) -> dict[str, Stop]:
    """Everything that is stopped now, by scope; asked anew before every write."""
    found = context.ledger.conversations.stops()
    file = context.halted()
    if file is not None:
        found[WORKER] = Stop(WORKER, f"the file {file}", "remove it to go on", context.now)
    return found
