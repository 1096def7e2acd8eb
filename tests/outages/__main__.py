"""`python -m tests.outages [sqlite|postgresql] [SEED]`: the whole matrix, and a table of it.

What was done before is not done again: it can be ended at any time and goes on where it was.
Exit code 1 if a law broke.
"""

import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack, redirect_stderr
from pathlib import Path
from shutil import rmtree

from agent.logs import configure
from tests.kills import server
from tests.outages.absence import a_way
from tests.outages.laws import Verdict
from tests.outages.life import LONG, WHAT, WHEN, Cell, cells
from tests.outages.play import Fates, peaceful, play

ROOT = Path(__file__).parents[2]


def main(kind: str, seed: int) -> int:
    """Every cell on one kind of database."""
    kept = ROOT / "var" / f"outages-{kind}-{seed}.jsonl"
    kept.parent.mkdir(exist_ok=True)
    lines = kept.read_text("utf-8").splitlines() if kept.exists() else []
    done = [Verdict.model_validate_json(line) for line in lines]
    wanted, begun = cells(random.Random(seed), a_way), time.monotonic()
    say(f"{kind}: {len(done)} of {len(wanted)} outages are on record in {kept.relative_to(ROOT)}")
    with ExitStack() as stack:
        log = stack.enter_context(kept.with_suffix(".log").open("a", encoding="utf-8"))
        stack.enter_context(redirect_stderr(log))
        configure("json")
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        address = stack.enter_context(server()) if kind == "postgresql" else ""
        peace: Fates = {} if len(done) == len(wanted) else peaceful(folder / "peace")
        for number, cell in enumerate(wanted[len(done) :], len(done)):
            place = folder / str(number)
            verdict = play(place, cell, address, peace)
            rmtree(place)
            done.append(verdict)
            with kept.open("a", encoding="utf-8") as file:
                file.write(verdict.model_dump_json() + "\n")
            passed = time.monotonic() - begun
            say(f"{number + 1:>4} {cell.name}: {len(verdict.wrong)} wrong  {passed:.0f} s")
    return table(wanted, done)


def table(wanted: Sequence[Cell], done: Sequence[Verdict]) -> int:
    """What became of each cell; 1 if anything is wrong."""
    found = {
        (cell.what, cell.long, cell.when): verdict
        for cell, verdict in zip(wanted, done, strict=False)
    }
    say("\n" + f"{'what is away':14}{'how long':10}" + "".join(f"{when:>11}" for when in WHEN))
    for what in WHAT:
        for long in LONG:
            row = (_cell(found.get((what, long, when))) for when in WHEN)
            say(f"{what:14}{long:10}" + "".join(f"{one:>11}" for one in row))
    laws = Counter(one.partition(":")[0] for verdict in done for one in verdict.wrong)
    leads, writes = sum(one.leads for one in done), sum(one.writes for one in done)
    messages = sum(one.messages for one in done)
    say(f"\n{len(done)} outages, {leads} leads, {writes} owner writes, {messages} messages")
    for law, count in laws.most_common():
        say(f"{count:>6}  {law}")
    for cell, verdict in zip(wanted, done, strict=False):
        for one in verdict.wrong:
            say(f"  {cell.name}\n      {one[:300]}")
    return int(bool(laws))


def _cell(verdict: Verdict | None) -> str:
    if verdict is None:
        return "-"
    return str(len(verdict.wrong)) if verdict.wrong else "ok"


def say(line: str) -> None:
    """Show how it goes."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    which = sys.argv[1:2] or ["sqlite", "postgresql"]
    begin = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    sys.exit(max([main(kind, begin) for kind in which]))
