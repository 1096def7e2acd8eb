"""What Salesforce answers with: JSON, the parts of a composite request, and the org's usage."""

from dataclasses import dataclass
from typing import Any

Json = Any
Row = dict[str, Json]

SUCCESS = range(200, 300)


@dataclass(frozen=True, slots=True)
class Usage:
    """API calls of the org within the last 24 hours."""

    used: int
    limit: int


@dataclass(frozen=True, slots=True)
class Part:
    """The answer to one subrequest of a composite request."""

    status: int
    body: Json

    @property
    def is_success(self) -> bool:
        """Whether the subrequest did what it was asked."""
        return self.status in SUCCESS
