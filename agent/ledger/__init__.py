"""What is remembered: triggers, cycles, decisions, effects. The one owner of business state."""

from dataclasses import dataclass

from sqlalchemy import Engine

from agent.ledger.answers import Answers
from agent.ledger.approvals import Approvals
from agent.ledger.clicks import Clicks
from agent.ledger.cycles import Cycles
from agent.ledger.effects import Effects
from agent.ledger.engine import check, migrate, open_engine
from agent.ledger.gauges import Watching
from agent.ledger.handoffs import Handoffs
from agent.ledger.history import History
from agent.ledger.intake import Intake
from agent.ledger.leases import Leases
from agent.ledger.lists import Lists
from agent.ledger.measuring import Measuring
from agent.ledger.publications import Publications
from agent.ledger.talks import Talks
from agent.ledger.turns import Turns
from agent.ledger.visits import Visits
from agent.ledger.workings import Workings


@dataclass(frozen=True)
class Ledger:
    """The ledger on one database, by what is asked of it."""

    engine: Engine
    intake: Intake
    cycles: Cycles
    effects: Effects
    leases: Leases
    history: History
    answers: Answers
    approvals: Approvals
    handoffs: Handoffs
    clicks: Clicks
    talks: Talks
    turns: Turns
    measuring: Measuring
    lists: Lists
    visits: Visits
    workings: Workings
    publications: Publications
    watching: Watching

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
            Answers(engine),
            Approvals(engine),
            Handoffs(engine),
            Clicks(engine),
            Talks(engine),
            Turns(engine),
            Measuring(engine),
            Lists(engine),
            Visits(engine),
            Workings(engine),
            Publications(engine),
            Watching(engine),
        )


def open_ledger(url: str) -> Ledger:
    """The ledger at a database URL. A SQLite file is given its tables; others must have them.

    Raises LedgerError saying what to run.
    """
    engine = open_engine(url)
    if engine.dialect.name == "sqlite":
        migrate(engine)
    check(engine)
    return Ledger.on(engine)
