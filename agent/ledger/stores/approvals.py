"""Writes that wait for a person's word, and what the person said."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Engine, update
from sqlmodel import Session, col, select

from agent.ledger.records import Step
from agent.ledger.rows import table
from agent.ledger.tables.decisions import ApprovalRow, DecisionRow
from agent.ledger.transaction.step import write

PENDING = "pending"

_APPROVAL = table(ApprovalRow)


class Approvals:
    """Approvals and the decisions they are about."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def pending(self) -> list[ApprovalRow]:
        """Those nobody has answered, oldest first."""
        query = select(ApprovalRow).where(col(ApprovalRow.state) == PENDING)
        with Session(self._engine, expire_on_commit=False) as session:
            return list(session.exec(query.order_by(col(ApprovalRow.requested_at))))

    def answer(
        self,
        approval: str,
        state: str,
        by: str,
        now: datetime,
        follow: Callable[[DecisionRow], Step],
    ) -> bool:
        """Note an answer together with what follows from it; False when it was answered before.

        The database compares and sets in one statement, so that of two answers one counts, and a
        crash leaves either both the answer and what follows, or neither.
        """
        open_one = (_APPROVAL.c.id == approval) & (_APPROVAL.c.state == PENDING)
        said = {"state": state, "decided_by": by, "decided_at": now}
        with Session(self._engine) as session, session.begin():
            connection = session.connection()
            answered = connection.execute(
                update(_APPROVAL).where(open_one).values(said).returning(_APPROVAL.c.decision_id)
            ).scalar_one_or_none()
            if answered is None:
                return False
            write(connection, follow(session.get_one(DecisionRow, answered)))
        return True
