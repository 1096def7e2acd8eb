"""What is wrong with the language model: told once when it begins and once when it ends.

Everything has a way without a model, so that nobody would notice one that never answers.
"""

import threading
from datetime import timedelta

from agent.logs import alert, log
from domain.errors import AuthError, QuotaError, RequestError, RetryableError, ToolError
from domain.health import ModelFault, ModelOut
from domain.language import health as words
from domain.ports import Clock

CUT_OFF = "length"
"""The code of an answer that the limit of tokens left no room for."""
AGAIN = timedelta(days=1)
"""How long the log is silent about the same limit."""
_SHORT = (
    "The language model used up its tokens before an answer began, and they are billed. Raise "
    "max_tokens in the prompt's settings, or set the model to think less."
)
_FAULTS: tuple[tuple[type[ToolError], ModelFault], ...] = (
    (AuthError, ModelFault.KEY),
    (QuotaError, ModelFault.QUOTA),
    (RequestError, ModelFault.SETTINGS),
    (RetryableError, ModelFault.SILENT),
)
"""The first that fits; whatever else goes wrong is an answer, if not a good one."""


class ModelTrouble:
    """Watches one model. Safe to share between threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._fault: ModelFault | None = None
        self._silent_until = clock.now()

    @property
    def fault(self) -> ModelFault | None:
        """What is wrong now, for health; None while the model answers."""
        return self._fault

    def told(self, error: ToolError | None) -> None:
        """Take in how a call went: the error, or None when it was answered."""
        fault = _fault(error)
        with self._lock:
            before, self._fault = self._fault, fault
            now = self._clock.now()
            is_short = error is not None and error.code == CUT_OFF and now >= self._silent_until
            if is_short:
                self._silent_until = now + AGAIN
        if fault is not None and fault != before:
            told = ModelOut(fault=fault)
            code = None if error is None else error.sure_code
            alert("model_trouble", f"{words.trouble(told)}. {words.fix(told)}", code=code)
        if fault is None and before is not None:
            log("model_recovered", "The language model answers again.")
        if is_short:
            alert("model_cut_off", _SHORT)


def _fault(error: ToolError | None) -> ModelFault | None:
    if error is None:
        return None
    return next((fault for kind, fault in _FAULTS if isinstance(error, kind)), None)
