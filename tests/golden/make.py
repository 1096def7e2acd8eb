"""Makes the golden ledger: `python -m tests.golden.make`, once, with the code of 0.1.0.

`python -m tests.golden.make --month 130 24 --out FILE` instead lives through a simulated month of
so many leads and days, and leaves its ledger as a SQLite file, to try a migration on.
"""

import argparse
import os
import sys
import tempfile
from itertools import count
from pathlib import Path

from agent import stories
from agent.app import App
from agent.ledger import Ledger
from domain.values import LeadKey
from tests.golden import archive, text
from tests.golden.coverage import Rows, covered
from tests.golden.story import live_through, telling

FOLDER = Path(__file__).parent
REVISION, VERSION = "0006", "0.1.0"
MADE = "three days and a week of Meridian Systems in the sandbox, tests/golden/story.py, seed 7"


def main() -> None:
    """Make what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--month", nargs=2, type=int, metavar=("LEADS", "DAYS"))
    parser.add_argument("--out", type=Path, metavar="FILE")
    asked = parser.parse_args()
    if asked.month is None:
        make(asked.out or FOLDER)
    elif asked.out is None:
        parser.error("--month needs --out")
    else:
        make_month(asked.month[0], asked.month[1], asked.out)


def make(folder: Path) -> None:
    """Live through the story, and write its ledger and how its leads are told."""
    with telling() as story:
        live_through(story)
        ledger = story.app.ledger
        taken = archive.take(ledger.engine, REVISION, VERSION, MADE)
        told = [
            str(stories.tell(ledger, lead, story.app.policy.timezone)) for lead in leads(ledger)
        ]
    archive.write(taken, folder / "ledger.jsonl.xz")
    text.write(told, folder / "stories.txt.xz")
    _tell(taken.tables)


def leads(ledger: Ledger) -> list[LeadKey]:
    """Every lead that has a story, in order."""
    return sorted({LeadKey(cycle.lead) for cycle in ledger.history.cycles()})


def make_month(leads: int, days: int, out: Path) -> None:
    """Live through a simulated month, and copy its ledger."""
    os.environ["MONTH_DAYS"] = str(days)
    from tests.month import month  # noqa: PLC0415  (it reads its days when it is imported)

    with tempfile.TemporaryDirectory() as folder, month(Path(folder), leads=leads) as lived:
        app, runs = lived.here.app, count(1)
        app.new_run = lambda: f"r{next(runs):012}"
        app.__dict__["name"] = "golden-worker"
        lived.live()
        _copy(app, out)
        rows = archive.take(app.ledger.engine, REVISION, VERSION, "a month").tables
    _tell(rows)


def _tell(rows: Rows) -> None:
    """Say what was covered, as a table for the README."""
    lines = ["| what | how often |", "|---|---|"]
    for heading, counts in covered(rows).items():
        told = ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))
        lines.append(f"| {heading} | {told} |")
    sys.stdout.write("\n".join([*lines, ""]))


def _copy(app: App, out: Path) -> None:
    """A file without a write-ahead log beside it; SQLite copies outside of transactions only."""
    out.unlink(missing_ok=True)
    opened = app.ledger.engine.raw_connection()
    opened.cursor().execute("VACUUM INTO ?", (str(out),))
    opened.close()


if __name__ == "__main__":
    main()
