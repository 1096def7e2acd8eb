"""Logs: an action word and a sentence, with ids but never a lead's own data."""

import logging
import sys
import traceback
from typing import Literal

import structlog

_TREES = ("agent", "domain", "tools")


def configure(form: Literal["text", "json"]) -> None:
    """Log to standard error, as text for people or as JSON lines for machines."""
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
