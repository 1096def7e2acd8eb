"""What providers answered, kept so that it isn't paid for twice."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

Kept = tuple[Mapping[str, Any], bool, datetime]
"""What was answered as JSON, whether anything was found, and until when it is believed."""


class EnrichmentCache(Protocol):
    """Where answers are kept. The keys name no person: addresses are in them as fingerprints."""

    def get(self, keys: Sequence[str]) -> Mapping[str, Kept]:
        """Those that are kept, those past their time perhaps among them."""
        ...

    def put(self, kept: Mapping[str, Kept]) -> None:
        """Keep these, in place of what was kept before."""
        ...


class MemoryCache:
    """Keeps answers as long as the process lives."""

    def __init__(self) -> None:
        self._kept: dict[str, Kept] = {}

    def get(self, keys: Sequence[str]) -> Mapping[str, Kept]:
        """Those that are kept."""
        return {key: self._kept[key] for key in keys if key in self._kept}

    def put(self, kept: Mapping[str, Kept]) -> None:
        """Keep these."""
        self._kept.update(kept)
