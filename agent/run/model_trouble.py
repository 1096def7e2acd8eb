"""What is wrong with the language model: told once when it begins and once when it ends.

Everything has a way without a model, so that nobody would notice one that never answers.
"""

import threading
from datetime import timedelta

from agent.logs import alert, log
from domain.errors import AuthError, QuotaError, RequestError, RetryableError, ToolError
from domain.ports import Clock

CUT_OFF = "length"
"""The code of an answer that the limit of tokens left no room for."""
AGAIN = timedelta(days=1)
"""How long the log is silent about the same limit."""
_SHORT = (
    "The language model used up its tokens before an answer began, and they are billed. Raise "
    "max_tokens in the prompt's settings, or set the model to think less."
)
_SAYINGS: tuple[tuple[type[ToolError], str], ...] = (
    (
        AuthError,
        "The language model's server refuses the key. Set OPENAI_API_KEY to a key for it.",
    ),
    (
        QuotaError,
        "The language model's quota is used up. Add credit at the provider.",
    ),
    (
        RequestError,
        "The language model's server refuses the request. Check OPENAI_MODEL and OPENAI_BASE_URL.",
    ),
    (RetryableError, "The language model isn't responding."),
)
"""The first that fits; whatever else goes wrong is an answer, if not a good one."""


class ModelTrouble:
    """Watches one model. Safe to share between threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._problem: str | None = None
        self._silent_until = clock.now()

    @property
    def problem(self) -> str | None:
        """What is wrong now, for health; None while the model answers."""
        return self._problem

    def told(self, error: ToolError | None) -> None:
        """Take in how a call went: the error, or None when it was answered."""
        problem = _problem(error)
        with self._lock:
            before, self._problem = self._problem, problem
            now = self._clock.now()
            is_short = error is not None and error.code == CUT_OFF and now >= self._silent_until
            if is_short:
                self._silent_until = now + AGAIN
        if problem is not None and problem != before:
            code = None if error is None else error.code
            alert("model_trouble", f"{problem} Until then answers come without it.", code=code)
        if problem is None and before is not None:
            log("model_recovered", "The language model answers again.")
        if is_short:
            alert("model_cut_off", _SHORT)


def _problem(error: ToolError | None) -> str | None:
    if error is None:
        return None
    return next((said for kind, said in _SAYINGS if isinstance(error, kind)), None)
