"""Logs: an action word and a sentence, with ids but never a lead's own data."""

import logging
import sys
from typing import Literal

import structlog


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
