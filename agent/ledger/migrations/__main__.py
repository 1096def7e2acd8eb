"""Write a new migration: `python -m agent.ledger.migrations "what changes"`."""

import sys
import tempfile
from pathlib import Path

from alembic import command

from agent.ledger.engine import alembic_config, migrate, open_engine

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        engine = open_engine(f"sqlite:///{folder}/ledger.sqlite3")
        migrate(engine)
        existing = len(list((Path(__file__).parent / "versions").glob("0*.py")))
        revision = f"{existing + 1:04}"
        command.revision(alembic_config(engine), sys.argv[1], autogenerate=True, rev_id=revision)
