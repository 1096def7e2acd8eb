"""What is remembered: triggers, cycles, decisions, effects. The one owner of business state."""

from dataclasses import dataclass

from sqlalchemy import Engine

from agent.ledger.cycles import Cycles
from agent.ledger.effects import Effects
from agent.ledger.history import History
from agent.ledger.intake import Intake
from agent.ledger.leases import Leases


@dataclass(frozen=True)
class Ledger:
    """The ledger on one database, by what is asked of it."""

    engine: Engine
    intake: Intake
    cycles: Cycles
    effects: Effects
    leases: Leases
    history: History

    @classmethod
    def on(cls, engine: Engine) -> "Ledger":
        """The ledger on an engine whose tables are in place."""
        return cls(
            engine,
            Intake(engine),
            Cycles(engine),
            Effects(engine),
            Leases(engine),
            History(engine),
        )
