"""Logs: an action word and a sentence, with ids but never a lead's own data."""

import logging
import sys
import threading
import traceback
from pathlib import Path
from types import TracebackType
from typing import Literal

import structlog

from domain.errors import ToolError

_TREES = ("agent", "domain", "tools")


def configure(form: Literal["text", "json"]) -> None:
    """Log to standard error, as text for people or as JSON lines for machines.

    Whatever else would write there goes the same way: warnings and errors of libraries, and errors
    that nobody caught, are told by their kind and place, since their words may be a lead's.
    """
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.captureWarnings(capture=True)
    root = logging.getLogger()
    root.handlers[:] = [_Discreet(logging.WARNING)]
    sys.excepthook = _uncaught
    threading.excepthook = _thread_failed
    sys.unraisablehook = _unraisable


def log(action: str, sentence: str, **ids: str | float | None) -> None:
    """Say what happened: one word for machines, one sentence for people."""
    structlog.get_logger().info(sentence, action=action, **ids)


def alert(action: str, sentence: str, **ids: str | float | None) -> None:
    """Say what a person must look at."""
    structlog.get_logger().error(sentence, action=action, **ids)


def defect(error: BaseException) -> str:
    """An unforeseen error by its kind and place: its words may hold a lead's own data."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [one for one in frames if any(f"/{tree}/" in one.filename for tree in _TREES)]
    kind = type(error).__name__
    if not ours:
        return kind
    last = ours[-1]
    tree = next(one for one in _TREES if f"/{one}/" in last.filename)
    place = f"{tree}/{last.filename.rpartition(f'/{tree}/')[2]}"
    return f"{kind} at {place}:{last.lineno}"


def in_our_words(error: BaseException) -> str:
    """An error without what a lead, a person or a vendor said."""
    return error.discreet if isinstance(error, ToolError) else defect(error)


class _Discreet(logging.Handler):
    """Tells that a library warned, and where: what it warned of may be what it was sent."""

    def emit(self, record: logging.LogRecord) -> None:
        """Tell one."""
        kind = record.exc_info[0] if record.exc_info else None
        said = f"{record.name} at {Path(record.pathname).name}:{record.lineno}"
        cause = "" if kind is None else f" ({kind.__name__})"
        is_error = record.levelno >= logging.ERROR
        tell = structlog.get_logger().error if is_error else structlog.get_logger().warning
        tell(f"A library reported a problem: {said}{cause}", action="library_warned")


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """An error that ends the process."""
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    alert("run_failed", f"An unforeseen error ended the worker: {defect(error)}")


def _thread_failed(failed: threading.ExceptHookArgs) -> None:
    """An error that ends a thread."""
    told = failed.exc_type.__name__ if failed.exc_value is None else defect(failed.exc_value)
    name = "" if failed.thread is None else failed.thread.name
    alert("thread_failed", f"An unforeseen error ended a thread: {told}", thread=name)


def _unraisable(failed: "sys.UnraisableHookArgs") -> None:
    """An error where nobody can catch one."""
    told = failed.exc_type.__name__ if failed.exc_value is None else defect(failed.exc_value)
    alert("cleanup_failed", f"An unforeseen error was ignored while cleaning up: {told}")
