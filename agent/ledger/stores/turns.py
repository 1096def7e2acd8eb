"""Conversations on record: what was asked, looked up and answered, and what models took for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, delete, func, select

from agent.ledger.engine import reading
from agent.ledger.rows import insert_new, table
from agent.ledger.tables.conversations import CallRow, TurnRow

_CALL = table(CallRow)
_TURN = table(TurnRow)


@dataclass(frozen=True)
class ModelCall:
    """One call of a model, to be kept."""

    at: datetime
    purpose: str
    who: str
    """Email of the person it was for; empty for the worker's own runs."""
    prompt: str
    """Version of the prompt."""
    model: str
    tokens: int
    milliseconds: int
    written: int = 0
    """How many of the tokens the model wrote."""
    turn: str = ""
    """What it was for: the turn of a conversation, or a handoff's cycle."""


@dataclass(frozen=True)
class Turn:
    """One turn of a conversation, to be kept."""

    id: str
    at: datetime
    who: str
    thread: str
    asked: str
    used: Sequence[Mapping[str, Any]]
    """Every tool that was used, with its arguments, in order."""
    answered: str
    grounds: Sequence[str]
    """For each sentence of the model's, the record's sentence that holds it."""
    proposal: str | None
    milliseconds: int


@dataclass(frozen=True)
class Tokens:
    """What models took."""

    read: int
    written: int

    @property
    def total(self) -> int:
        """Both."""
        return self.read + self.written


class Turns:
    """Turns and calls of models."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def keep(self, turn: Turn) -> None:
        """Keep a turn; harmless to repeat."""
        row = {
            "id": turn.id,
            "at": turn.at,
            "who": turn.who,
            "thread": turn.thread,
            "asked": turn.asked,
            "used": [dict(one) for one in turn.used],
            "answered": turn.answered,
            "grounds": list(turn.grounds),
            "proposal": turn.proposal,
            "milliseconds": turn.milliseconds,
        }
        with self._engine.begin() as connection:
            insert_new(connection, TurnRow, [row])

    def since(self, since: datetime) -> list[TurnRow]:
        """What was said since a moment, oldest first."""
        query = select(_TURN).where(_TURN.c.at >= since).order_by(_TURN.c.at, _TURN.c.id)
        with reading(self._engine) as connection:
            return [TurnRow(**row) for row in connection.execute(query).mappings()]

    def count(self, who: str, since: datetime) -> int:
        """How much somebody asked since a moment."""
        counted = select(func.count()).where(_TURN.c.who == who, _TURN.c.at >= since)
        with reading(self._engine) as connection:
            return connection.scalar(counted) or 0

    def uses(self, tool: str, since: datetime) -> int:
        """How often a tool was used since a moment."""
        query = select(_TURN.c.used).where(_TURN.c.at >= since)
        with reading(self._engine) as connection:
            rows: list[list[dict[str, Any]]] = list(connection.scalars(query))
        return sum(one["tool"] == tool for used in rows for one in used)

    def called(self, call: ModelCall) -> None:
        """Keep a call of a model."""
        row = {
            "at": call.at,
            "purpose": call.purpose,
            "who": call.who,
            "prompt": call.prompt,
            "model": call.model,
            "tokens": call.tokens,
            "milliseconds": call.milliseconds,
            "written": call.written,
            "turn": call.turn,
        }
        with self._engine.begin() as connection:
            connection.execute(_CALL.insert(), [row])

    def calls(self, turn: str) -> list[CallRow]:
        """The calls of models that a turn, or the work on a handoff's cycle, took."""
        query = select(_CALL).where(_CALL.c.turn == turn).order_by(_CALL.c.id)
        with reading(self._engine) as connection:
            return [CallRow(**row) for row in connection.execute(query).mappings()]

    def tokens_since(self, since: datetime) -> Tokens:
        """What the calls of models for people took since a moment; the worker's own don't count."""
        summed = select(func.sum(_CALL.c.tokens), func.sum(_CALL.c.written)).where(
            _CALL.c.who != ""
        )
        with reading(self._engine) as connection:
            total, written = connection.execute(summed.where(_CALL.c.at >= since)).one()
        return Tokens((total or 0) - (written or 0), written or 0)

    def forget(self, before: datetime) -> None:
        """Forget what was said, and what models took, before a moment."""
        with self._engine.begin() as connection:
            for kept in (_TURN, _CALL):
                connection.execute(delete(kept).where(kept.c.at < before))
