"""A process that is being shut down gives out no threads any more: no lead is to blame for it."""

import re

_NO_THREAD = re.compile(
    r"cannot schedule new futures after (interpreter )?shutdown"
    r"|can't (start|create) new thread at interpreter shutdown"
)
"""What Python says; it has no kind of its own for it."""


def is_shutdown(error: BaseException) -> bool:
    """Whether an error says that the process or the pool of threads was being shut down."""
    return isinstance(error, RuntimeError) and _NO_THREAD.match(str(error)) is not None
