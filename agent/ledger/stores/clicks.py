"""What people pressed in Slack: kept before it is acknowledged, answered once."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, select, update

from agent.ledger.engine import reading
from agent.ledger.records import Step
from agent.ledger.rows import insert_new, table
from agent.ledger.tables.handoffs import ClickRow
from agent.ledger.transaction.step import write_whole

_CLICK = table(ClickRow)


class Clicks:
    """Presses and their answers."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def keep(
        self, click: str, person: str, verb: str, body: Mapping[str, Any], now: datetime
    ) -> str | None:
        """Keep a press, durably; its answer when it was answered before, else None."""
        row = {
            "id": click,
            "person": person,
            "verb": verb,
            "body": dict(body),
            "received_at": now,
            "handled_at": None,
            "answer": "",
        }
        with self._engine.begin() as connection:
            insert_new(connection, ClickRow, [row])
            known = connection.execute(select(_CLICK).where(_CLICK.c.id == click)).one()
        return None if known.handled_at is None else str(known.answer)

    def settle(self, click: str, answer: str, step: Step) -> None:
        """Write what a press leads to together with its answer; all or nothing.

        Raises:
            LateError: a handoff was changed meanwhile; nothing was written.
        """
        said = {"answer": answer, "handled_at": step.at}
        unanswered = (_CLICK.c.id == click) & _CLICK.c.handled_at.is_(None)
        with self._engine.begin() as connection:
            done = connection.execute(update(_CLICK).where(unanswered).values(said))
            if done.rowcount:
                write_whole(connection, step)

    def unanswered(self) -> list[ClickRow]:
        """Presses that were kept and not answered: the process ended in between."""
        query = select(_CLICK).where(_CLICK.c.handled_at.is_(None)).order_by(_CLICK.c.received_at)
        with reading(self._engine) as connection:
            return [ClickRow(**row) for row in connection.execute(query).mappings()]
