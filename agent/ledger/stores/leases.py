"""One worker at a time, and a record of every run."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Engine, func, insert, select, update

from agent.ledger.engine import reading
from agent.ledger.rows import table, upsert
from agent.ledger.tables.operations import LeaseRow, RunRow

_LEASE = table(LeaseRow)
_RUN = table(RunRow)
TOLERANCE = 2
"""By how many of its lengths a lease may seem to last: clocks of two machines differ a little."""


class Leases:
    """Leases and runs."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def acquire(self, name: str, holder: str, now: datetime, length: timedelta) -> int | None:
        """Take or renew a lease; its fence number, or None while somebody else holds it."""
        with self._engine.begin() as connection:
            found = connection.execute(
                select(_LEASE).where(_LEASE.c.name == name).with_for_update()
            ).one_or_none()
            if found is not None and found.holder != holder and _lasts(found.until, now, length):
                return None
            ours = found is not None and found.holder == holder
            fence = 1 if found is None else found.fence + (not ours)
            row = {"name": name, "holder": holder, "fence": fence, "until": now + length}
            upsert(connection, LeaseRow, "name", [row])
            return fence

    def release(self, name: str, holder: str, now: datetime) -> None:
        """Let the next one have it; harmless when the lease is not ours."""
        ours = (_LEASE.c.name == name) & (_LEASE.c.holder == holder)
        with self._engine.begin() as connection:
            connection.execute(update(_LEASE).where(ours).values(until=now))

    def held(self, name: str, now: datetime) -> LeaseRow | None:
        """A lease that somebody holds now."""
        query = select(_LEASE).where(_LEASE.c.name == name, _LEASE.c.until > now)
        with reading(self._engine) as connection:
            found = connection.execute(query).mappings().one_or_none()
        return None if found is None else LeaseRow(**found)

    def last_run(self) -> datetime | None:
        """When the last run ended that went well: how fresh the ledger's picture is."""
        ended = select(func.max(_RUN.c.ended_at)).where(_RUN.c.error.is_(None))
        with reading(self._engine) as connection:
            return connection.scalar(ended)

    def begin_run(self, run: str, kind: str, now: datetime) -> None:
        """Note that a run begins."""
        with self._engine.begin() as connection:
            connection.execute(
                insert(_RUN).values(id=run, kind=kind, started_at=now, counts={}, error=None)
            )

    def end_run(
        self, run: str, now: datetime, counts: Mapping[str, int], error: str | None
    ) -> None:
        """Note how a run ended."""
        ended = {"ended_at": now, "counts": dict(counts), "error": error}
        with self._engine.begin() as connection:
            connection.execute(update(_RUN).where(_RUN.c.id == run).values(ended))


def _lasts(until: datetime, now: datetime, length: timedelta) -> bool:
    """Whether a lease still holds. One that ends far too late was taken before a clock was set."""
    return now < until <= now + TOLERANCE * length
