"""`python -m tests.hostile 100000 SEED [FOLDER]`: rounds until so many corruptions reached us.

With a folder it can be ended at any time and goes on where it was. Exit code 1 if a rule broke.
"""

import json
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from agent.logs import configure
from tests.hostile import rounds
from tests.hostile.rounds import Fates, Found

LEADS, STORMED = 250, 40
"""In a round of corrupted records, and in one of corrupted answers."""
STORMS = 4
"""One round of so many is one of corrupted answers."""


def main() -> None:
    """Run it, tell how far it is, and what was found at the end."""
    wanted, seed = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(sys.argv[3]) if len(sys.argv) > 3 else Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "log.jsonl").open("a", encoding="utf-8") as log:
            sys.stderr = log
            configure("json")
            found = _run(wanted, seed, Path(scratch), folder / f"seed-{seed}.json")
    sys.stdout.write(_table(found))
    raise SystemExit(bool(found.faults))


def _run(wanted: int, seed: int, scratch: Path, state: Path) -> Found:
    found, number = _kept(state)
    peace: dict[int, Fates] = {}
    began = time.monotonic()
    before = found.cases
    while found.cases < wanted:
        number += 1
        dice = random.Random(seed * 1_000_003 + number)
        is_storm = number % STORMS == 0
        count = STORMED if is_storm else LEADS
        if count not in peace:
            peace[count], quiet = rounds.in_peace(scratch / f"peace-{count}", count)
            found.add(quiet)
        play = rounds.by_answers if is_storm else rounds.by_rows
        found.add(play(scratch / f"round-{number}", count, dice, peace[count]))
        _keep(state, found, number)
        pace = (found.cases - before) / (time.monotonic() - began) * 60
        sys.stdout.write(
            f"round {number}: {found.cases:,} of {wanted:,}, {pace:,.0f} a minute, "
            f"{found.faults.total()} faults\n"
        )
        sys.stdout.flush()
    return found


def _keep(state: Path, found: Found, number: int) -> None:
    told = {
        "number": number,
        "tried": [[*key, count] for key, count in found.tried.items()],
        "places": sorted(found.places),
        "ends": found.ends,
        "peaceful": found.peaceful,
        "faults": found.faults,
        "examples": found.examples,
    }
    draft = state.with_suffix(".tmp")
    draft.write_text(json.dumps(told), "utf-8")
    draft.replace(state)


def _kept(state: Path) -> tuple[Found, int]:
    if not state.exists():
        return Found(), 0
    told = json.loads(state.read_text("utf-8"))
    tried = Counter[tuple[str, str]]({(kind, value): count for kind, value, count in told["tried"]})
    places = {(kind, place) for kind, place in told["places"]}
    ends, faults = Counter[str](told["ends"]), Counter[str](told["faults"])
    found = Found(tried, places, ends, told["peaceful"], faults, told["examples"])
    return found, told["number"]


def _table(found: Found) -> str:
    kinds = Counter[str]()
    for (kind, _), count in found.tried.items():
        kinds[kind] += count
    values = len({value for _, value in found.tried})
    lines = [
        f"{found.cases:,} corruptions: {values} hostile values at {len(found.places):,} places",
        f"leads beside them that nobody touched: {found.peaceful:,}",
        *(f"  {kind:44}{count:>9,}" for kind, count in kinds.most_common()),
        "what became of the leads that were struck:",
        *(f"  {end:44}{count:>9,}" for end, count in found.ends.most_common()),
        f"rules broken: {found.faults.total()}",
        *(f"  {law}: {count}" for law, count in found.faults.most_common()),
        *(f"    {example}" for example in found.examples),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
