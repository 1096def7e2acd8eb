"""What a benchmark tells."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One thing that was measured."""

    name: str
    calls: int
    seconds: float
    megabytes: float | None
    """Peak of Python's own memory, the sandbox's included; None where only time is measured."""
    ratio: str = ""
