"""What is remembered: triggers, cycles, decisions, effects. The one owner of business state."""

from dataclasses import dataclass

from sqlalchemy import Engine

from agent.ledger.engine import check, check_is_there, migrate, open_engine
from agent.ledger.stores.approvals import Approvals
from agent.ledger.stores.clicks import Clicks
from agent.ledger.stores.conversations import Conversations
from agent.ledger.stores.cycles import Cycles
from agent.ledger.stores.effects import Effects
from agent.ledger.stores.enrichment_answers import Answers
from agent.ledger.stores.handoffs import Handoffs
from agent.ledger.stores.intake import Intake
from agent.ledger.stores.leases import Leases
from agent.ledger.stores.publications import Publications
from agent.ledger.stores.turns import Turns
from agent.ledger.stores.visits import Visits
from agent.ledger.views.gauges import Watching
from agent.ledger.views.history import History
from agent.ledger.views.journeys import Journeys
from agent.ledger.views.lead_lists import Lists
from agent.ledger.views.workings import Workings


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
    conversations: Conversations
    turns: Turns
    journeys: Journeys
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
            Conversations(engine),
            Turns(engine),
            Journeys(engine),
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


def read_ledger(url: str) -> Ledger:
    """The ledger at a database URL as it is: no file is created, and no table is changed.

    Raises LedgerError saying what to run.
    """
    check_is_there(url)
    engine = open_engine(url)
    check(engine)
    return Ledger.on(engine)
