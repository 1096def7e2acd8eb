"""What enrichment providers answered, kept in the ledger so that it isn't paid for twice."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, select

from agent.ledger.engine import reading
from agent.ledger.rows import table, upsert
from agent.ledger.tables.leads import EnrichmentRow

Kept = tuple[Mapping[str, Any], bool, datetime]
"""What was answered as JSON, whether anything was found, and until when it is believed."""

_KEPT = table(EnrichmentRow)


class Answers:
    """Answers by key."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def get(self, keys: Sequence[str]) -> Mapping[str, Kept]:
        """Those that are kept."""
        with reading(self._engine) as connection:
            rows = connection.execute(select(_KEPT).where(_KEPT.c.key.in_(keys)))
            return {row.key: (row.fields, row.found, row.until) for row in rows}

    def put(self, kept: Mapping[str, Kept]) -> None:
        """Keep these, in place of what was kept before."""
        rows = [
            {"key": key, "fields": dict(fields), "found": found, "until": until}
            for key, (fields, found, until) in sorted(kept.items())
        ]
        with self._engine.begin() as connection:
            upsert(connection, EnrichmentRow, "key", rows)
